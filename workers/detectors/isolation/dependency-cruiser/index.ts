/**
 * Boundaries of dependency-cruiser: `forbidden` and `allowed` in its configuration, as far as the graph can tell what
 * they ask. Lives as long as the configuration.
 */
import path from 'node:path';
import type { ModuleGraph } from '../../../graph/index.ts';
import { isRecord } from '../../../graph/manifests.ts';
import type { Severity } from '../../../protocol/detector-protocol.ts';
import type { Boundary, Crossing, BoundarySet, UnsupportedRule, Violation } from '../boundary.ts';
import { isKnown, staticConfig } from '../static-config.ts';
import { sourceCondition, targetCondition } from './conditions.ts';
import { dependencyOf, type CruisedDependency, type CruiseOptions } from './dependency.ts';
import { isStart, moduleRule, startsOf, type Cruise, type ModuleRule } from './module-rules.ts';
import type { Flaw } from '../../../reading/config-file.ts';

type Part = Readonly<Record<string, unknown>>;

const FILES = ['json', 'jsonc', 'js', 'cjs', 'mjs'].map((end) => `.dependency-cruiser.${end}`);

export function cruiserBoundaries(graph: ModuleGraph): BoundarySet {
  const file = FILES.find((name) => graph.files.has(name));
  const flaws: Flaw[] = [];
  const content = file === undefined ? undefined : readConfig(graph, file, new Set(), flaws);
  if (file === undefined || content === undefined) return { boundaries: [], flaws };
  const cruise = cruiseOf(graph, content['options']);
  if (typeof cruise === 'string') return { boundaries: [], unsupported: [{ file, what: `options.${cruise}` }], flaws };
  // An unread preset may set the severity of a rule that does not set it itself.
  const unset = content[UNREAD_PRESET] === true ? {} : { severity: 'warn' };
  const rules = listOf(content['forbidden']).map((rule) => forbidden(isRecord(rule) ? { ...unset, ...rule } : rule, cruise)); // prettier-ignore
  const allowed = allowedOnly(content, cruise);
  const read = allowed === undefined ? rules : [...rules, allowed];
  const ofModules = read.flatMap((rule) => (isRecord(rule) && 'ofModules' in rule ? [rule.ofModules] : []));
  const required = listOf(content['required']).map((rule) => `${nameOf(rule)} (required)`);
  return {
    flaws,
    boundaries: read.flatMap((rule) => (typeof rule === 'function' ? [rule] : [])),
    ...(ofModules.length > 0 ? { fileViolations: () => ofModules.flatMap((rule) => rule()) } : {}),
    unsupported: [...read, ...required].flatMap((one): readonly UnsupportedRule[] =>
      typeof one === 'string' ? [{ file, what: one }] : [],
    ),
  };
}

/** A boundary; a rule of modules; a string that names an unsupported rule; undefined for a rule that is ignored. */
type ReadRule = Boundary | { readonly ofModules: ModuleRule } | string | undefined;

function forbidden(rule: unknown, cruise: Cruise): ReadRule {
  if (!isRecord(rule)) return 'a computed rule';
  const name = nameOf(rule);
  const severity = rule['severity'] === undefined ? 'unset' : severityOf(rule['severity']);
  if (severity === undefined) return undefined;
  if (!isKnown(rule)) return `${name} (a computed value)`;
  const { from, to, module, scope, comment } = rule;
  // The circular detector reports cycles.
  if (isRecord(to) && to['circular'] === true) return undefined;
  // The rule changes one of a preset that is not read.
  if (from === undefined || scope === 'folder') return `${name} (${scope === 'folder' ? 'scope' : 'from'})`;
  const violation: Violation = {
    name,
    ...(severity === 'unset' ? {} : { severity }),
    ...(typeof comment === 'string' ? { message: comment } : {}),
  };
  if (module !== undefined || (isRecord(from) && from['orphan'] !== undefined)) {
    const ofModules = moduleRule(rule, violation, cruise);
    return typeof ofModules === 'string' ? `${name} (${ofModules})` : { ofModules };
  }
  if (!isRecord(to)) return `${name} (to)`;
  const [source, target] = [sourceCondition(from), targetCondition(to)];
  if (typeof source === 'string') return `${name} (${source})`;
  if (typeof target === 'string') return `${name} (${target})`;
  return (crossing) => {
    const groups = isChecked(cruise, crossing.from) ? source(crossing.from) : undefined;
    const dependency = groups && cruise.dependencyOf(crossing);
    return groups && dependency && target(dependency, crossing.from, groups) && dependency.remains()
      ? violation
      : undefined;
  };
}

/** Whatever no rule of `allowed` matches is forbidden, so one unsupported rule makes all of them unusable. */
function allowedOnly({ allowed, allowedSeverity }: Part, cruise: Cruise): Boundary | string | undefined {
  const severity = severityOf(allowedSeverity);
  if (!Array.isArray(allowed) || allowed.length === 0 || severity === undefined) return undefined;
  const rules: ((from: string, dependency: CruisedDependency) => boolean)[] = [];
  for (const rule of allowed as readonly unknown[]) {
    if (!isRecord(rule)) return 'allowed (a computed rule)';
    const [source, target] = [sourceCondition(rule['from']), targetCondition(rule['to'])];
    if (rule['module'] !== undefined || rule['scope'] === 'folder') return 'allowed (module)';
    if (typeof source === 'string') return `allowed (${source})`;
    if (typeof target === 'string') return `allowed (${target})`;
    rules.push((from, dependency) => {
      const groups = source(from);
      return groups !== undefined && target(dependency, from, groups);
    });
  }
  const violation: Violation = { name: 'not-in-allowed', severity };
  return (crossing) => {
    const dependency = isChecked(cruise, crossing.from) ? cruise.dependencyOf(crossing) : undefined;
    return dependency && !rules.some((rule) => rule(crossing.from, dependency)) && dependency.remains()
      ? violation
      : undefined;
  };
}

/** Ignores that other files may be reachable from the start files: that would need a walk of the graph per import. */
function isChecked({ starts, isCruised }: Cruise, file: string): boolean {
  return isCruised(file) && (starts === undefined || isStart(file, starts));
}

/** Severities of dependency-cruiser: `error`, `warn` (the default), `info` and `ignore`. */
function severityOf(value: unknown): Severity | undefined {
  return value === 'error' || value === 'info' ? value : value === 'ignore' ? undefined : 'warning';
}

function nameOf(rule: unknown): string {
  return isRecord(rule) && typeof rule['name'] === 'string' ? rule['name'] : 'unnamed';
}

/** A configuration with the files of the root that it extends; presets from packages are not read. */
function readConfig(graph: ModuleGraph, file: string, open: ReadonlySet<string>, flaws: Flaw[]): Part | undefined {
  const content = open.has(file) ? undefined : staticConfig(graph, file, flaws);
  if (!isRecord(content)) return undefined;
  const bases = Array.isArray(content['extends']) ? content['extends'] : content['extends'] === undefined ? [] : [content['extends']]; // prettier-ignore
  return bases.reduce<Part>((own, name) => {
    const isFile = typeof name === 'string' && /^\.\.?\//.test(name);
    const base = isFile ? readConfig(graph, path.posix.join(path.posix.dirname(file), name), new Set(open).add(file), flaws) : undefined; // prettier-ignore
    // bulkhead-ignore-next-line accumulating-spread -- a configuration extends few others
    return base ? merged(own, base) : { ...own, [UNREAD_PRESET]: true };
  }, content);
}

const UNREAD_PRESET = '(an unread preset)';

function merged(own: Part, base: Part): Part {
  const baseRules = listOf(base['forbidden']);
  const rules = listOf(own['forbidden']).map((rule) => {
    const before = isRecord(rule) && baseRules.find((one) => isRecord(one) && one['name'] === rule['name']);
    return isRecord(before) && isRecord(rule) && rule['name'] !== undefined ? { ...before, ...rule } : rule;
  });
  const names = new Set(rules.map(nameOf));
  const [options, baseOptions] = [own['options'], base['options']].map((one) => (isRecord(one) ? one : {}));
  return {
    ...base,
    ...own,
    forbidden: [...rules, ...baseRules.filter((rule) => !isRecord(rule) || rule['name'] === undefined || !names.has(nameOf(rule)))], // prettier-ignore
    allowed: [...listOf(own['allowed']), ...listOf(base['allowed'])],
    required: [...listOf(own['required']), ...listOf(base['required'])],
    options: { ...baseOptions, ...options },
  };
}

/** What the rules see under these options; a string names an unsupported option. */
function cruiseOf(graph: ModuleGraph, given: unknown): Cruise | string {
  if (given !== undefined && !isRecord(given)) return 'a computed value';
  const options = given ?? {};
  const filters = ['exclude', 'includeOnly', 'doNotFollow'].map((name) => filterOf(options[name]));
  const unread = filters.findIndex((filter) => filter === undefined);
  if (unread >= 0) return ['exclude', 'includeOnly', 'doNotFollow'][unread] ?? '';
  const [excluded, included, unfollowed] = filters;
  const isIn = (file: string): boolean => excluded?.(file) !== true && included?.(file) !== false;
  const cruiseOptions: CruiseOptions = {
    seesTypes: options['tsPreCompilationDeps'] === true || options['tsPreCompilationDeps'] === 'specify' || options['parser'] === 'tsc', // prettier-ignore
    hasProject: options['tsConfig'] !== undefined || options['webpackConfig'] !== undefined,
    combinesManifests: options['combinedDependencies'] === true,
  };
  const starts = startsOf(graph);
  // All rules look at the same import in turn.
  let last: { readonly crossing: Crossing; readonly dependency: CruisedDependency | undefined } | undefined;
  return {
    graph,
    starts,
    seesMore: options['detectJSDocImports'] === true || listOf(options['exoticRequireStrings']).length > 0,
    isCruised: (file) => isIn(file) && unfollowed?.(file) !== true,
    dependencyOf: (crossing) => {
      if (last?.crossing !== crossing) {
        const dependency = dependencyOf(graph, crossing, cruiseOptions);
        last = { crossing, dependency: dependency && isIn(dependency.resolved) ? dependency : undefined };
      }
      return last.dependency;
    },
  };
}

/**
 * A filter that returns undefined if there is no pattern; `dependencyTypes` of `doNotFollow` are about packages only.
 */
function filterOf(filter: unknown): ((file: string) => boolean | undefined) | undefined {
  if (filter === undefined) return () => undefined;
  const condition = isRecord(filter) ? filter : { path: filter };
  const { path: wanted } = condition;
  if (!isKnown(condition) || (wanted === undefined && condition['dependencyTypes'] === undefined)) return undefined;
  if (wanted === undefined) return () => undefined;
  const isPattern = typeof wanted === 'string' || (Array.isArray(wanted) && wanted.length > 0);
  const holds = isPattern ? sourceCondition(condition, ['dependencyTypes']) : undefined;
  return typeof holds === 'function' ? (file): boolean => holds(file) !== undefined : undefined;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
