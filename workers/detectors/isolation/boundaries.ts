/** Boundaries a team has drawn itself: in Bulkhead's options, or as path rules of dependency-cruiser. Pure. */
import { parse as parseJson, type ParseError } from 'jsonc-parser';
import picomatch from 'picomatch';
import type { ModuleGraph } from '../../graph/index.ts';
import { isRecord } from '../../graph/manifests.ts';
import { stringsOf } from '../../graph/rules.ts';
import type { DetectorOptions } from '../../protocol.ts';

export interface Boundary {
  readonly name: string;
  readonly message?: string;
  readonly countsTypes: boolean;
  /** Whether an import from one file to another crosses it. */
  readonly forbids: (from: string, to: string) => boolean;
}

/** Option `boundaries`, then the rules of `.dependency-cruiser.json` where there is one. */
export function boundariesOf(graph: ModuleGraph, options: DetectorOptions): readonly Boundary[] {
  const own = Array.isArray(options['boundaries']) ? options['boundaries'].flatMap(ownBoundary) : [];
  return [...own, ...foreignBoundaries(graph)];
}

/** `from` and what it may (`allow`) or may not (`disallow`) import; globs of files. Its own files are always allowed. */
function ownBoundary(value: unknown, index: number): readonly Boundary[] {
  if (!isRecord(value)) return [];
  const [from, allow, disallow] = [value['from'], value['allow'], value['disallow']].map(globs);
  if (!from || (!allow && !disallow)) return [];
  const message = value['message'];
  return [
    {
      name: typeof value['name'] === 'string' ? value['name'] : `boundary ${String(index + 1)}`,
      ...(typeof message === 'string' ? { message } : {}),
      countsTypes: value['types'] !== 'allow',
      forbids: (source, target) =>
        from(source) && ((disallow?.(target) ?? false) || (allow !== undefined && !allow(target) && !from(target))),
    },
  ];
}

function globs(value: unknown): ((file: string) => boolean) | undefined {
  const patterns = typeof value === 'string' ? [value] : stringsOf(value);
  if (!patterns || patterns.length === 0) return undefined;
  const wanted = patterns.filter((pattern) => !pattern.startsWith('!'));
  const unwanted = patterns.filter((pattern) => pattern.startsWith('!')).map((pattern) => pattern.slice(1));
  return picomatch(wanted, { ignore: unwanted, dot: true });
}

/** The part of dependency-cruiser's `forbidden` rules that is paths; anything else in a rule leaves the rule out. */
function foreignBoundaries(graph: ModuleGraph): readonly Boundary[] {
  const file = ['.dependency-cruiser.json', '.dependency-cruiser.jsonc'].find((name) => graph.files.has(name));
  if (file === undefined) return [];
  const errors: ParseError[] = [];
  const content: unknown = parseJson(graph.textOf(file) ?? '', errors, { allowTrailingComma: true });
  if (errors.length > 0 || !isRecord(content) || !Array.isArray(content['forbidden'])) return [];
  return content['forbidden'].flatMap((rule: unknown): readonly Boundary[] => {
    if (!isRecord(rule) || !isRecord(rule['from']) || !isRecord(rule['to']) || rule['severity'] === 'ignore') return [];
    const from = pathCondition(rule['from']);
    const to = pathCondition(rule['to']);
    if (!from || !to || !isRecord(rule['to']) || rule['to']['path'] === undefined) return [];
    const name = typeof rule['name'] === 'string' ? rule['name'] : 'forbidden';
    const { comment } = rule as { readonly comment?: unknown };
    return [
      {
        name,
        ...(typeof comment === 'string' ? { message: comment } : {}),
        countsTypes: true,
        forbids: (source, target) => from(source, []) !== undefined && to(target, from(source, []) ?? []) !== undefined,
      },
    ];
  });
}

/** Gives the groups of the match, or undefined; `$1` in a target's pattern stands for a group of the source's. */
type PathCondition = (file: string, groups: readonly string[]) => readonly string[] | undefined;

function pathCondition(condition: Readonly<Record<string, unknown>>): PathCondition | undefined {
  if (Object.keys(condition).some((key) => key !== 'path' && key !== 'pathNot')) return undefined;
  const [path, pathNot] = [condition['path'], condition['pathNot']].map((value) =>
    value === undefined ? [] : typeof value === 'string' ? [value] : (stringsOf(value) ?? []),
  );
  return (file, groups) => {
    const matches = (pattern: string): RegExpExecArray | null => {
      try {
        return new RegExp(pattern.replace(/\$(\d)/g, (_, group: string) => groups[Number(group) - 1] ?? '')).exec(file);
      } catch {
        return null;
      }
    };
    if (pathNot?.some((pattern) => matches(pattern))) return undefined;
    if (!path || path.length === 0) return [];
    for (const pattern of path) {
      const match = matches(pattern);
      if (match) return match.slice(1);
    }
    return undefined;
  };
}
