/** The `isolation` detector: imports that reach past what a package, a folder or a layer offers, and couplings. */
import type { Edge } from '../../graph/edges.ts';
import { exportedName } from '../../graph/exports.ts';
import type { Module, ModuleGraph } from '../../graph/index.ts';
import { Kept } from '../../graph/kept.ts';
import { lineCount } from '../../graph/lines.ts';
import { isRecord, type Manifest } from '../../graph/manifests.ts';
import { isDeclarationFile, rangeIn, specifierRange, type ModuleRequest } from '../../graph/record.ts';
import { isRelative, type Resolution } from '../../graph/resolution.ts';
import { Findings, graphDetector, severitiesOf, specifierFix, type RuleSeverities } from '../../graph/rules.ts';
import type { DetectorOptions, Finding, Fix } from '../../protocol/detector-protocol.ts';
import { boundariesOf } from './boundaries.ts';
import type { Crossing, Drawn, Verdict } from './boundary.ts';
import { effectsOnLoad } from './effects.ts';
import { couplingCounts, moduleCouplings, type Coupling } from './metrics.ts';
import {
  applicationOf,
  isSurelyTestFile,
  isTestFile,
  isTestHelper,
  isToolFile,
  privateFolderOf,
} from '../../graph/places.ts';
import { defaultSeverities } from '../../protocol/manifest.ts';
import { manifest } from './manifest.ts';

export { folderCouplings, moduleCouplings, type Coupling } from './metrics.ts';

export type IsolationRule =
  | 'cross-package-relative-import'
  | 'deep-import'
  | 'private-folder'
  | 'prod-imports-test'
  | 'app-imports-app'
  | 'boundary'
  | 'unstable-dependency'
  | 'hub-module'
  | 'god-module'
  | 'mutable-export'
  | 'effect-on-load';

export const ISOLATION_RULES: RuleSeverities<IsolationRule> = defaultSeverities(manifest);

export const detector = graphDetector({
  name: 'isolation',
  version: '2',
  rules: ISOLATION_RULES,
  findings: isolationFindings,
});

export function isolationFindings(
  graph: ModuleGraph,
  options: DetectorOptions,
): ReadonlyMap<string, readonly Finding[]> {
  const state = JSON.stringify([graph.surroundings, options]);
  return checks.of(graph, () => new IsolationCheck(graph, options), state).run();
}

const checks = new Kept<ModuleGraph, IsolationCheck>(new WeakMap());

/** Lives as long as the graph's surroundings and the options stay as they are; modules are checked when they changed. */
class IsolationCheck {
  readonly #graph: ModuleGraph;
  readonly #severities: RuleSeverities<IsolationRule>;
  /** Set by the team itself, not by default: then other tools' own severities do not count. */
  readonly #isBoundarySet: boolean;
  readonly #drawn: readonly Drawn[];
  readonly #results = new Kept<Module, readonly Finding[]>();
  /** Of the module, or the couplings, that are being checked. */
  #findings = new Findings();

  constructor(graph: ModuleGraph, options: DetectorOptions) {
    this.#graph = graph;
    this.#severities = severitiesOf(options, ISOLATION_RULES);
    this.#isBoundarySet = isRecord(options['rules']) && options['rules']['boundary'] !== undefined;
    this.#drawn = this.#severities.boundary === 'off' ? [] : boundariesOf(graph, options);
  }

  run(): ReadonlyMap<string, readonly Finding[]> {
    const byFile = new Map<string, readonly Finding[]>();
    for (const module of this.#graph.modules.values()) {
      const findings = this.#results.of(module, this.#module);
      if (findings.length > 0) byFile.set(module.file, findings);
    }
    this.#findings = new Findings();
    this.#couplings();
    this.#boundariesOfFiles();
    if (this.#severities['effect-on-load'] !== 'off') this.#effects();
    for (const [file, findings] of this.#findings.byFile) byFile.set(file, [...(byFile.get(file) ?? []), ...findings]);
    return byFile;
  }

  /** What is wrong with a module by itself and what it asks for. */
  readonly #module = (module: Module): readonly Finding[] => {
    this.#findings = new Findings();
    module.record.requests.forEach((request, index) => {
      const resolution = module.resolutions[index];
      if (!resolution || request.kind === 'reference') return;
      const to = resolution.kind === 'file' ? resolution.file : undefined;
      this.#boundary(module, { from: module.file, to, request, resolution });
      if (resolution.kind === 'file') this.#import(module, request, resolution);
    });
    if (this.#severities['mutable-export'] !== 'off') this.#mutableExports(module);
    return this.#findings.byFile.get(module.file) ?? NONE;
  };

  #import(module: Module, request: ModuleRequest, resolution: Extract<Resolution, { kind: 'file' }>): void {
    const { manifests } = this.#graph;
    const target = resolution.file;
    const [from, to] = [manifests.packageOf(module.file), manifests.packageOf(target)];
    const isOutside = from !== to && from !== undefined && to !== undefined;
    if (isOutside && isRelative(request.specifier)) this.#relative(module, request, target, from, to);
    else if (isOutside) this.#deep(module, request, target, to);
    if (isOutside) this.#application(module, request, from, to);
    const isTest = isTestFile(module.file, manifests);
    if (!isTest) this.#private(module, request, target);
    if (
      !isTest &&
      !isTestHelper(module.file) &&
      !isToolFile(module.file, manifests) &&
      isSurelyTestFile(target, manifests)
    )
      this.#test(module, request, target);
  }

  #boundary(module: Module, crossing: Crossing): void {
    const { from, to, request } = crossing;
    for (const { boundaries } of this.#drawn) {
      for (const boundary of boundaries) {
        const verdict = boundary(crossing);
        if (!verdict) continue;
        const message = `${from} must not import ${to ?? request.specifier} (${verdict.name}).`;
        this.#cross(from, verdict, message, specifierRange(module.record, request));
      }
    }
  }

  #boundariesOfFiles(): void {
    for (const { ofFiles, notes } of this.#drawn) {
      for (const verdict of ofFiles?.() ?? [])
        this.#cross(verdict.file, verdict, `${verdict.file} ${verdict.what} (${verdict.name}).`, FIRST_LINE);
      for (const [file, whats] of Map.groupBy(notes ?? [], (note) => note.file)) {
        this.#findings.add(file, 'info', {
          rule: 'boundary',
          message: `Not read, so not held by Bulkhead: ${whats.map(({ what }) => what).join(', ')}.`,
          range: FIRST_LINE,
        });
      }
    }
  }

  #cross(file: string, { message, severity }: Verdict, what: string, range: Finding['range']): void {
    this.#findings.add(
      file,
      this.#isBoundarySet ? this.#severities.boundary : (severity ?? this.#severities.boundary),
      {
        rule: 'boundary',
        message: message === undefined ? what : `${what} ${message}`,
        range,
      },
    );
  }

  #relative(module: Module, request: ModuleRequest, target: string, from: Manifest, to: Manifest): void {
    const { manifests } = this.#graph;
    // The root's own files and tools look after the whole workspace.
    if (!manifests.isMember(from) || !manifests.isMember(to) || from.directory === '' || to.directory === '') return;
    if (manifests.workspaceRoots.length === 0 || isToolFile(module.file, manifests)) return;
    // Tests reach for what no package offers, and mean it.
    if (isTestFile(module.file, manifests)) return;
    const name = to.data.name ?? to.directory;
    const fixes = this.#entryFixes(module, request, to);
    this.#findings.add(module.file, this.#severities['cross-package-relative-import'], {
      rule: 'cross-package-relative-import',
      message: `${from.data.name ?? from.directory} reaches into ${target} of package '${name}' by a relative path. Import it by the package's name, and declare the dependency.`,
      range: specifierRange(module.record, request),
      ...(fixes.length === 0 ? {} : { fixes }),
    });
  }

  /** Past what `exports` of a workspace package lists: by an alias, since by its name it would not resolve. */
  #deep(module: Module, request: ModuleRequest, target: string, to: Manifest): void {
    const { name, exports } = to.data;
    if (
      name === undefined ||
      !request.specifier.startsWith(`${name}/`) ||
      isTestFile(module.file, this.#graph.manifests)
    )
      return;
    // Without `exports` every path of a package is its public surface.
    if (exports === undefined || exports === null) return;
    const subpath = `.${request.specifier.slice(name.length)}`;
    if (isListed(exports, subpath) || subpath === './package.json') return;
    const fixes = this.#entryFixes(module, request, to);
    this.#findings.add(module.file, this.#severities['deep-import'], {
      rule: 'deep-import',
      message: `'${request.specifier}' reaches ${target}, which package '${name}' does not offer. Import what its "exports" lists.`,
      range: specifierRange(module.record, request),
      ...(fixes.length === 0 ? {} : { fixes }),
    });
  }

  /** The package's name instead, if its entry exports the very same things. */
  #entryFixes(module: Module, request: ModuleRequest, to: Manifest): readonly Fix[] {
    const { name } = to.data;
    const entry = name === undefined ? undefined : this.#graph.entryOf(module.file, name);
    if (!entry || name === undefined || request.names.length === 0) return [];
    const target = module.targets[module.record.requests.indexOf(request)];
    const isSame = request.names.every(({ imported }) => {
      if (imported === '*' || imported === 'default' || !target) return false;
      const [there, here] = [exportedName(entry, imported), exportedName(target, imported)];
      return (
        there.kind === 'found' && here.kind === 'found' && there.module === here.module && there.local === here.local
      );
    });
    if (!isSame) return [];
    return [specifierFix(module, request, name, 'suggestion', `Import from '${name}'`)];
  }

  #private(module: Module, request: ModuleRequest, target: string): void {
    const folder = privateFolderOf(target);
    if (folder === undefined) return;
    const parent = folder.includes('/') ? folder.slice(0, folder.lastIndexOf('/') + 1) : '';
    if (module.file.startsWith(parent) || isToolFile(module.file, this.#graph.manifests)) return;
    this.#findings.add(module.file, this.#severities['private-folder'], {
      rule: 'private-folder',
      message: `${folder}/ is for the files of ${parent === '' ? 'the root' : parent} only. Import what ${parent} offers, or move it out of ${folder}/.`,
      range: specifierRange(module.record, request),
    });
  }

  #test(module: Module, request: ModuleRequest, target: string): void {
    this.#findings.add(module.file, this.#severities['prod-imports-test'], {
      rule: 'prod-imports-test',
      message: `${module.file} is not a test but imports ${target}, which is. Move what both need out of the tests.`,
      range: specifierRange(module.record, request),
    });
  }

  #application(module: Module, request: ModuleRequest, from: Manifest, to: Manifest): void {
    const [one, other] = [applicationOf(from), applicationOf(to)];
    if (one === undefined || other === undefined || isTestFile(module.file, this.#graph.manifests)) return;
    this.#findings.add(module.file, this.#severities['app-imports-app'], {
      rule: 'app-imports-app',
      message: `Application ${one} imports application ${other}. Move what both need into a package.`,
      range: specifierRange(module.record, request),
    });
  }

  #mutableExports(module: Module): void {
    if (isDeclarationFile(module.file)) return;
    for (const entry of module.record.exports) {
      if (entry.isMutable !== true) continue;
      this.#findings.add(module.file, this.#severities['mutable-export'], {
        rule: 'mutable-export',
        message: `'${entry.name}' is exported and can be assigned: whoever imports it shares its changes. Export a function that reads it, or make it const.`,
        range: rangeIn(module.record, entry.start, entry.end),
      });
    }
  }

  #couplings(): void {
    const { edges, incoming, outgoing } = couplingCounts(this.#graph);
    const { modules } = edges;
    const often = percentile(incoming, 0.95);
    const widely = percentile(outgoing, 0.95);
    for (let number = 0; number < modules.length; number++) {
      const [ca = 0, ce = 0, module] = [incoming[number], outgoing[number], modules[number]];
      if (ca < 20 || !module) continue;
      const lines = lineCount(module.record.lines);
      if (ce >= 20 && ca >= often && ce >= widely && !/(^|\/)index\.[^/]+$/.test(module.file)) {
        this.#findings.add(module.file, this.#severities['hub-module'], {
          rule: 'hub-module',
          message: `${String(ca)} modules import this one and it imports ${String(ce)}: every change passes through here. Split it by its users.`,
          range: FIRST_LINE,
        });
      }
      const names = module.record.exports.length;
      if (lines > 1000 && names >= 30) {
        this.#findings.add(module.file, this.#severities['god-module'], {
          rule: 'god-module',
          message: `${String(lines)} lines, ${String(names)} exports and ${String(ca)} importers: this module does everything. Split it.`,
          range: FIRST_LINE,
        });
      }
    }
    if (this.#severities['unstable-dependency'] === 'off') return;
    const couplings = moduleCouplings(this.#graph);
    modules.forEach((_, from) => {
      if ((incoming[from] ?? 0) < 5) return;
      const seen = new Set<number>();
      for (const edge of edges.leaving(from)) {
        if (edge.from === edge.to || seen.has(edge.to)) continue;
        seen.add(edge.to);
        this.#instability(edge, modules, couplings);
      }
    });
  }

  #instability({ from, to, request }: Edge, modules: readonly Module[], couplings: readonly Coupling[]): void {
    const [one, other, module] = [couplings[from], couplings[to], modules[from]];
    if (!one || !other || !module || one.ca < 5 || other.instability < one.instability + 0.3) return;
    this.#findings.add(module.file, this.#severities['unstable-dependency'], {
      rule: 'unstable-dependency',
      message: `${String(one.ca)} modules lean on this one (instability ${one.instability.toFixed(2)}), but it leans on ${modules[to]?.file ?? ''} (${other.instability.toFixed(2)}), which changes more easily.`,
      range: specifierRange(module.record, request),
    });
  }

  #effects(): void {
    const { edges, incoming } = couplingCounts(this.#graph);
    edges.modules.forEach((module, number) => {
      if ((incoming[number] ?? 0) === 0 || module.record.exports.length === 0) return;
      if (isTestFile(module.file, this.#graph.manifests) || isDeclarationFile(module.file)) return;
      for (const { start, end } of effectsOnLoad(this.#graph, module)) {
        this.#findings.add(module.file, this.#severities['effect-on-load'], {
          rule: 'effect-on-load',
          message: 'This runs whenever the module is imported. Move it into a function that its users call.',
          range: rangeIn(module.record, start, end),
        });
      }
    });
  }
}

const NONE: readonly Finding[] = [];

const FIRST_LINE: Finding['range'] = { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } };

/** Of numbers from zero up, by counting them. */
function percentile(values: Int32Array, share: number): number {
  const counts: number[] = [];
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  let left = Math.floor((values.length - 1) * share) + 1;
  for (let value = 0; value < counts.length; value++) {
    left -= counts[value] ?? 0;
    if (left <= 0) return value;
  }
  return 0;
}

/** Whether an exports map names a subpath, patterns included, whatever its conditions. */
function isListed(exports: unknown, subpath: string): boolean {
  if (typeof exports !== 'object' || exports === null || Array.isArray(exports)) return false;
  return Object.entries(exports).some(([key, value]) => {
    if (value === null || !key.startsWith('.')) return false;
    const [before = '', after] = key.split('*');
    return after === undefined ? key === subpath : subpath.startsWith(before) && subpath.endsWith(after);
  });
}
