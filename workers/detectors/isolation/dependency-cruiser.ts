/** Boundaries drawn for dependency-cruiser: the `forbidden` rules of its configuration that speak of paths only. Pure. */
import type { ModuleGraph } from '../../graph/index.ts';
import { isRecord } from '../../graph/manifests.ts';
import { stringsOf } from '../../graph/rules.ts';
import type { Boundary, Drawn, Verdict } from './boundary.ts';
import { isKnown, staticConfig } from './static-config.ts';

const FILES = ['json', 'jsonc', 'js', 'cjs', 'mjs'].map((end) => `.dependency-cruiser.${end}`);

/** Anything but paths in a rule, or what only running the file would tell, leaves the rule out. */
export function cruiserBoundaries(graph: ModuleGraph): Drawn {
  return { boundaries: oldBoundaries(graph) };
}

function oldBoundaries(graph: ModuleGraph): readonly Boundary[] {
  const file = FILES.find((name) => graph.files.has(name));
  const content = file === undefined ? undefined : staticConfig(graph, file);
  if (!isRecord(content) || !Array.isArray(content['forbidden'])) return [];
  const isCruised = cruisedFiles(content['options']);
  if (!isCruised) return [];
  return content['forbidden'].flatMap((rule: unknown): readonly Boundary[] => {
    if (!isRecord(rule) || !isKnown(rule) || !isRecord(rule['from']) || !isRecord(rule['to'])) return [];
    const from = pathCondition(rule['from']);
    const to = pathCondition(rule['to']);
    if (!from || !to || rule['to']['path'] === undefined || rule['severity'] === 'ignore') return [];
    const { name, comment } = rule;
    const verdict: Verdict = {
      name: typeof name === 'string' ? name : 'forbidden',
      ...(typeof comment === 'string' ? { message: comment } : {}),
    };
    return [
      (crossing) => {
        if (crossing.to === undefined || !isCruised(crossing.from) || !isCruised(crossing.to)) return undefined;
        const groups = from(crossing.from, []);
        return groups && to(crossing.to, groups) ? verdict : undefined;
      },
    ];
  });
}

/** What `exclude` and `includeOnly` leave for its rules to see; undefined when they are not understood. */
function cruisedFiles(options: unknown): ((file: string) => boolean) | undefined {
  if (options === undefined) return () => true;
  if (!isRecord(options)) return undefined;
  const [excluded, included] = [options['exclude'], options['includeOnly']].map((filter) => {
    if (filter === undefined) return 'any';
    const condition = isRecord(filter) ? filter : { path: filter };
    const { path } = condition;
    const isPattern = typeof path === 'string' || (Array.isArray(path) && path.length > 0);
    return isPattern && isKnown(condition) ? pathCondition(condition) : undefined;
  });
  if (!excluded || !included) return undefined;
  return (file) =>
    (excluded === 'any' || !excluded(file, [])) && (included === 'any' || included(file, []) !== undefined);
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
