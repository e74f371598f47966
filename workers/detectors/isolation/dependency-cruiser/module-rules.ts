/**
 * Rules of dependency-cruiser about modules: orphans, and modules with too few or too many dependents. They apply to
 * the files that dependency-cruiser starts from, which only its command in package.json names. Recomputed after every
 * change.
 */
import type { Module, ModuleGraph } from '../../../graph/index.ts';
import { isRecord } from '../../../graph/manifests.ts';
import { isLoading } from '../../../graph/record.ts';
import type { Crossing, FileViolation, Violation } from '../boundary.ts';
import { sourceCondition } from './conditions.ts';
import type { CruisedDependency } from './dependency.ts';

/** What the rules see. */
export interface Cruise {
  readonly graph: ModuleGraph;
  /** Start files and folders; undefined: unknown. */
  readonly starts: readonly string[] | undefined;
  /** The options detect imports that the graph does not: in comments, or through custom functions. */
  readonly seesMore: boolean;
  /** Whether the imports of a file are followed. */
  isCruised(file: string): boolean;
  /** Undefined: the options exclude it, or it is unknown. */
  dependencyOf(crossing: Crossing): CruisedDependency | undefined;
}

export type ModuleRule = () => readonly FileViolation[];

/** A string says why the rule is unsupported. */
export function moduleRule(
  rule: Readonly<Record<string, unknown>>,
  violation: Violation,
  cruise: Cruise,
): ModuleRule | string {
  const { from, module } = rule;
  const { starts } = cruise;
  const what = module === undefined ? 'orphan' : 'module';
  if (cruise.seesMore) return `${what}: detectJSDocImports or exoticRequireStrings`;
  if (!starts) return `${what}: no script in package.json runs depcruise, so its start files are unknown`;
  if (module === undefined) {
    const source = sourceCondition(from, ['orphan']);
    if (typeof source === 'string') return source;
    if (!isRecord(from) || from['orphan'] !== true) return 'orphan';
    return () => orphans(cruise, starts).flatMap((file) => (source(file) ? [{ ...violation, file, what: 'is an orphan' }] : [])); // prettier-ignore
  }
  const [source, target] = [sourceCondition(from), sourceCondition(module, COUNTS)];
  if (typeof source === 'string') return source;
  if (typeof target === 'string') return target;
  const [least, most] = COUNTS.map((name) => (isRecord(module) ? module[name] : undefined));
  if ([least, most].every((count) => typeof count !== 'number')) return 'module';
  return () => {
    const { reached, all } = dependentsIn(cruise, starts);
    return [...reached].flatMap(([file, sure]): readonly FileViolation[] => {
      if (!target(file)) return [];
      // Uncertainty must not cause a finding: a minimum is compared with all possible dependents, a maximum with the
      // certain ones.
      const [possible, certain] = [all.get(file) ?? NONE, sure].map((files) => [...files].filter((one) => source(one)).length); // prettier-ignore
      if (typeof least === 'number' && (possible ?? 0) >= least) return [];
      if (typeof most === 'number' && (certain ?? 0) <= most) return [];
      return [{ ...violation, file, what: `has ${String(typeof least === 'number' ? possible : certain)} dependents` }];
    });
  };
}

const COUNTS = ['numberOfDependentsLessThan', 'numberOfDependentsMoreThan'] as const;

const NONE: ReadonlySet<string> = new Set();

/** Modules that certainly import nothing and that nothing can import. */
function orphans(cruise: Cruise, starts: readonly string[]): readonly string[] {
  const { reached, all } = dependentsIn(cruise, starts);
  const { modules } = cruise.graph;
  return [...reached.keys()].filter(
    (file) => !all.has(file) && modules.get(file)?.record.requests.some(isLoading) === false,
  );
}

interface Dependents {
  /** The certain dependents of each file that dependency-cruiser certainly reaches. */
  readonly reached: ReadonlyMap<string, ReadonlySet<string>>;
  /** All possible dependents by file. */
  readonly all: ReadonlyMap<string, ReadonlySet<string>>;
}

function dependentsIn(cruise: Cruise, starts: readonly string[]): Dependents {
  const { modules } = cruise.graph;
  const [reached, all] = [new Map<string, Set<string>>(), new Map<string, Set<string>>()];
  const add = (to: string, from: string, into: Map<string, Set<string>>): void => {
    const known = into.get(to);
    if (known) known.add(from);
    else into.set(to, new Set([from]));
  };
  for (const module of modules.values())
    for (const { to } of importsOf(module)) if (to !== module.file) add(to, module.file, all);
  const waiting = [...modules.keys()].filter((file) => isStart(file, starts) && cruise.isCruised(file));
  for (const file of waiting) reached.set(file, new Set());
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    const module = modules.get(file);
    for (const crossing of module ? importsOf(module) : []) {
      if (cruise.dependencyOf(crossing)?.remains() !== true) continue;
      if (!reached.has(crossing.to) && cruise.isCruised(crossing.to)) waiting.push(crossing.to);
      add(crossing.to, crossing.from, reached);
    }
  }
  return { reached, all };
}

export function isStart(file: string, starts: readonly string[]): boolean {
  return starts.some((start) => start === '' || file === start || file.startsWith(`${start}/`));
}

/** The imports that resolve to files of the root. */
function importsOf({ file, record, resolutions }: Module): readonly (Crossing & { readonly to: string })[] {
  return record.requests.flatMap((request, index) => {
    const resolution = resolutions[index];
    if (resolution?.kind !== 'file' || !isLoading(request)) return [];
    return [{ from: file, to: resolution.file, request, resolution }];
  });
}

/**
 * Files and folders that scripts pass to dependency-cruiser; undefined: there are none, or its options exclude more.
 */
export function startsOf(graph: ModuleGraph): readonly string[] | undefined {
  const scripts = graph.manifests.all.get('')?.data['scripts'];
  const commands = Object.values(isRecord(scripts) ? scripts : {}).flatMap((script) =>
    typeof script === 'string' && !/(^|[\s;&|])cd\s/.test(script)
      ? [...script.matchAll(COMMAND)].map((found) => found[1] ?? '')
      : [],
  );
  const starts = commands.flatMap((command) => startsIn(command) ?? []);
  return starts.length === 0 ? undefined : starts;
}

function startsIn(command: string): readonly string[] | undefined {
  const words = command.trim().split(/\s+/);
  if (words.some((word) => NARROWING.test(word))) return undefined;
  const starts = words
    .filter((word, index) => !word.startsWith('-') && !VALUED.test(words[index - 1] ?? ''))
    .map((word) => word.replace(/^["']|["']$/g, '').replace(/^\.\/|\/+$|^\.$/g, ''));
  return starts.every((start) => !/[*{[$]/.test(start)) ? starts : undefined;
}

const COMMAND = /(?:^|[\s/;&|])(?:depcruise|dependency-cruiser?)(?:\.[cm]?js)?(?:\s+([^;&|>]*))?(?=$|[;&|>])/g;

/** Options that exclude more than the configuration does. */
const NARROWING = /^(-[xIFRPS]|--(exclude|include-only|focus|reaches|affected|highlight|init|info|version))$/;

/** Options that take a value. */
const VALUED = /^(-[TfdCvcm]|--(output-type|output-to|config|validate|do-not-follow|module-systems|metrics-type|ts-config|webpack-config|max-depth|prefix|suffix|cache|cache-strategy|progress|ignore-known|known-issues-file|collapse))$/; // prettier-ignore
