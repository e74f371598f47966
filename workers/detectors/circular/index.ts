/** The `circular` detector: import cycles, reported at the imports to remove. */
import { graphDetector, Findings, severitiesOf, type RuleSeverities, type RuleSeverity } from '../../graph/rules.ts';
import type { Edge } from '../../graph/edges.ts';
import type { ModuleGraph } from '../../graph/index.ts';
import { isTestFile } from '../../graph/file-roles.ts';
import { isDeclarationFile, rangeIn, specifierRange } from '../../graph/record.ts';
import type { Use } from '../../graph/uses.ts';
import { isComponentFile } from '../../graph/scripts.ts';
import { uncheckedFiles } from '../../graph/unchecked.ts';
import type { DetectorOptions, Finding, Fix, RelatedPlace } from '../../protocol/detector-protocol.ts';
import { couldBeTypeImport, cyclesOf, type Component, type Cycle, type Cycles } from './cycles.ts';
import { earlyReads, type EarlyRead } from './load-order.ts';
import { partialReads, type PartialRead } from './partial-exports.ts';
import { defaultSeverities, type RuleOf } from '../../protocol/manifest.ts';
import { manifest } from './manifest.ts';

export type CircularRule = RuleOf<typeof manifest>;

export const CIRCULAR_RULES: RuleSeverities<CircularRule> = defaultSeverities(manifest);

export const detector = graphDetector({
  name: 'circular',
  version: '1',
  rules: CIRCULAR_RULES,
  findings: circularFindings,
});

export function circularFindings(
  graph: ModuleGraph,
  options: DetectorOptions,
): ReadonlyMap<string, readonly Finding[]> {
  const severities = severitiesOf(options, CIRCULAR_RULES);
  const findings = new Findings();
  const cycles = cyclesOf(graph);
  const isUnchecked = uncheckedFiles(graph, options);
  const report = (rule: CircularRule, severity: RuleSeverity, found: readonly Component[]): void => {
    for (const component of found) {
      const shown = component.cycles.flatMap((cycle) => inCheckedFile(cycles, cycle, isUnchecked) ?? []);
      for (const cycle of shown.slice(0, MAXIMUM_REPORTED)) {
        const fixes = rule === 'import-cycle' ? typeImportFix(graph, cycles, cycle.edge) : [];
        findings.add(fileOf(cycles, cycle.edge.from), severity, {
          rule,
          message: messageOf(rule, cycles, component, cycle),
          range: placeOf(cycles, cycle.edge),
          related: hopsOf(cycles, cycle),
          ...(fixes.length === 0 ? {} : { fixes }),
        });
      }
    }
  };
  if (severities['import-cycle'] !== 'off') report('import-cycle', severities['import-cycle'], cycles.runtime);
  if (severities['dynamic-cycle'] !== 'off') report('dynamic-cycle', severities['dynamic-cycle'], cycles.deferred());
  if (severities['type-only-cycle'] !== 'off') report('type-only-cycle', severities['type-only-cycle'], cycles.type());
  reportSelfImports(findings, severities['self-import'], cycles, isUnchecked);
  if (severities['cycle-uses-at-load'] !== 'off') {
    reportEarlyReads(findings, severities['cycle-uses-at-load'], graph, cycles, isUnchecked);
  }
  return findings.byFile;
}

/** The cycle from the first of its files that is checked on; undefined: none is. */
function inCheckedFile(cycles: Cycles, cycle: Cycle, isUnchecked: (file: string) => boolean): Cycle | undefined {
  const { path } = cycle;
  const first = path.findIndex((number) => !isUnchecked(fileOf(cycles, number)));
  if (first <= 0) return first === 0 ? cycle : undefined;
  const turned = [...path.slice(first), ...path.slice(0, first)];
  const edge = bestEdge(cycles, turned[0] ?? 0, turned[1]);
  return edge && { edge, path: turned };
}

/** At most so many imports to remove are reported for one group. */
const MAXIMUM_REPORTED = 10;

/** Messages about longer cycles name only the first and last modules. */
const MAXIMUM_HOPS_NAMED = 6;

/** A module that exports its own namespace (`export * as x from './x'`) does so on purpose; a component may contain itself. */
function reportSelfImports(
  findings: Findings,
  severity: RuleSeverity,
  cycles: Cycles,
  isUnchecked: (file: string) => boolean,
): void {
  for (const edge of cycles.self) {
    const { request } = edge;
    const file = fileOf(cycles, edge.from);
    if (isComponentFile(file) || isDeclarationFile(file) || isUnchecked(file)) continue;
    const isNamespace = request.names.some(({ imported, local }) => imported === '*' && local !== '');
    if ((isNamespace && request.kind !== 'require') || request.kind === 'type') continue;
    findings.add(file, severity, {
      rule: 'self-import',
      message: `This module imports itself. Use the name directly, or remove the import.`,
      range: placeOf(cycles, edge),
    });
  }
}

function reportEarlyReads(
  findings: Findings,
  severity: RuleSeverity,
  graph: ModuleGraph,
  cycles: Cycles,
  isUnchecked: (file: string) => boolean,
): void {
  const report = (read: EarlyRead | PartialRead, place: Use | PartialRead['place'], message: string): void => {
    const { module, name, source, always } = read;
    if (isUnchecked(module.file)) return;
    const request = module.record.requests.find((_, index) => module.targets[index] === source);
    const related: RelatedPlace[] = [
      { file: source.file, range: rangeIn(source.record, 0, 0), message: `declares '${name}' and has not run yet` },
    ];
    if (request)
      related.push({ file: module.file, range: specifierRange(module.record, request), message: 'imported here' });
    // If another entry works, nothing is broken yet; a test that is broken fails by itself.
    const isCertain = always && !isTestFile(module.file, graph.manifests);
    findings.add(module.file, isCertain || severity === 'off' ? severity : 'info', {
      rule: 'cycle-uses-at-load',
      message,
      range: rangeIn(module.record, place.start, place.end),
      related,
    });
  };
  for (const read of earlyReads(graph, cycles)) {
    const { name, source, entry, always } = read;
    report(
      read,
      read.use,
      `'${name}' is read while this module loads, before ${source.file} has run: their import cycle ${always ? 'is' : 'can be'} ` +
        `entered through ${entry.file}, so this ${always ? 'throws or gives' : 'may throw or give'} undefined. Read it inside a function, or break the cycle.`,
    );
  }
  for (const read of partialReads(graph, cycles)) {
    const { name, source, entry, always, stays } = read;
    report(
      read,
      read.place,
      `'${name}' is taken from ${source.file} before that has assigned its exports: their cycle ${always ? 'is' : 'can be'} entered ` +
        `through ${entry.file}, so it ${always ? 'is' : 'may be'} undefined ${stays ? 'here for good' : 'while this module loads'}. ` +
        `${stays ? 'Assign the exports before that module requires others' : 'Read it inside a function'}, or break the cycle.`,
    );
  }
}

function messageOf(rule: CircularRule, cycles: Cycles, component: Component, { path }: Cycle): string {
  const chain = pathOf(cycles, path);
  if (rule === 'dynamic-cycle')
    return `Import cycle through a deferred import: ${chain}. It loads, but none of these modules works without the others.`;
  if (rule === 'type-only-cycle') return `Import cycle of types only: ${chain}. It does not exist at run time.`;
  const size = component.members.length;
  const cuts = component.cycles.length;
  const head = `Import cycle of ${String(path.length)} modules: ${chain}.`;
  if (size === path.length && cuts === 1)
    return `${head} Break it here: move the shared code into a module of its own.`;
  const shown = Math.min(cuts, MAXIMUM_REPORTED);
  const which =
    cuts === 1
      ? 'removing this import'
      : `removing ${shown < cuts ? `${String(cuts)} imports, including this one,` : `these ${String(cuts)} imports`}`;
  return `${head} It is part of a group of ${String(size)} modules that all depend on each other; ${which} breaks every cycle in the group.`;
}

function pathOf(cycles: Cycles, path: readonly number[]): string {
  const files = path.map((number) => fileOf(cycles, number));
  const ends =
    files.length <= MAXIMUM_HOPS_NAMED
      ? files
      : [...files.slice(0, 3), `… ${String(files.length - 5)} more …`, ...files.slice(-2)];
  return [...ends, files[0]].join(' → ');
}

function hopsOf(cycles: Cycles, { edge, path }: Cycle): readonly RelatedPlace[] {
  return path.map((from, index) => {
    const to = path[(index + 1) % path.length];
    const hop = index === 0 ? edge : (bestEdge(cycles, from, to) ?? edge);
    return {
      file: fileOf(cycles, from),
      range: placeOf(cycles, hop),
      message: `${fileOf(cycles, from)} imports ${fileOf(cycles, hop.to)}`,
    };
  });
}

/** The strongest of several imports of the same module. */
function bestEdge({ edges, elided }: Cycles, from: number, to: number | undefined): Edge | undefined {
  const candidates = edges.leaving(from).filter((edge) => edge.to === to);
  return (
    candidates.find((edge) => edge.kind === 'runtime' && !elided.has(edge)) ??
    candidates.find(({ kind }) => kind === 'deferred') ??
    candidates[0]
  );
}

/** An import that only `verbatimModuleSyntax` keeps, and that is used for types only, can become `import type`. */
function typeImportFix(graph: ModuleGraph, { edges }: Cycles, edge: Edge): readonly Fix[] {
  const module = edges.modules[edge.from];
  if (!module || !couldBeTypeImport(graph, module, edge)) return [];
  const at = edge.request.start + 'import'.length;
  return [
    {
      title: 'Import the types only',
      kind: 'fix',
      edits: [{ range: rangeIn(module.record, at, at), newText: ' type' }],
    },
  ];
}

function placeOf({ edges }: Cycles, { from, request }: Edge): Finding['range'] {
  const module = edges.modules[from];
  return module ? specifierRange(module.record, request) : NOWHERE;
}

function fileOf({ edges }: Cycles, number: number): string {
  return edges.modules[number]?.file ?? '';
}

const NOWHERE: Finding['range'] = { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } };
