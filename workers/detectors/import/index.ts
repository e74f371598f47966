/** The `import` detector: what is asked for and is not there, or is asked for in a way that will not work. */
import picomatch from 'picomatch';
import { Environment } from '../../graph/environment.ts';
import { IgnoredPaths } from '../../graph/ignored.ts';
import type { Module, ModuleGraph } from '../../graph/index.ts';
import { Kept } from '../../graph/kept.ts';
import { ambientNames, typescriptProgram } from '../../graph/program.ts';
import type { Resolution } from '../../graph/resolution.ts';
import {
  Findings,
  graphDetector,
  ignoredFiles,
  severitiesOf,
  stringsOf,
  type RuleSeverities,
} from '../../graph/rules.ts';
import type { DetectorOptions, Finding } from '../../protocol/detector-protocol.ts';
import { checkCommonJs } from './commonjs.ts';
import { checkBuiltin } from './deprecated.ts';
import { checkDuplicates } from './duplicates.ts';
import type { Asked, ImportCheck, ImportRule } from './import-check.ts';
import { checkNames } from './names.ts';
import { checkAbsolute, checkCase, checkExtension } from './specifiers.ts';
import { nothingInstalled } from './unresolved-package.ts';
import { checkMissing } from './unresolved.ts';
import { defaultSeverities } from '../../protocol/manifest.ts';
import { manifest } from './manifest.ts';

export const IMPORT_RULES: RuleSeverities<ImportRule> = defaultSeverities(manifest);

export const detector = graphDetector({ name: 'import', version: '1', rules: IMPORT_RULES, findings: importFindings });

export function importFindings(graph: ModuleGraph, options: DetectorOptions): ReadonlyMap<string, readonly Finding[]> {
  const ambient = ambientNames(graph);
  const state = JSON.stringify([graph.surroundings, options, ambient]);
  return checks.of(graph, () => new Check(graph, options, ambient), state).run();
}

const checks = new Kept<ModuleGraph, Check>(new WeakMap());

interface ModuleResult {
  readonly findings: readonly Finding[];
  /** An import was not judged because nothing is installed where it would be. */
  readonly leftOut: boolean;
}

/** Lives as long as the graph's surroundings and the options stay as they are; modules are checked when they changed. */
class Check implements ImportCheck {
  readonly graph: ModuleGraph;
  readonly environment: Environment;
  readonly generated: IgnoredPaths;
  readonly isIgnored: (file: string) => boolean;
  readonly #severities: RuleSeverities<ImportRule>;
  readonly #results = new Kept<Module, ModuleResult>();
  readonly #dedupes: boolean;
  readonly #isVouchedFor: (specifier: string) => boolean;
  readonly #ambient: readonly RegExp[];
  #covered: ReadonlySet<Module> = new Set();

  // Of the module that is being checked.
  #findings = new Findings();
  #leftOut = false;

  constructor(graph: ModuleGraph, options: DetectorOptions, ambient: readonly string[]) {
    this.graph = graph;
    this.environment = new Environment(graph);
    this.generated = new IgnoredPaths(graph.root);
    this.isIgnored = ignoredFiles(options, manifest.options.ignore.default);
    this.#severities = severitiesOf(options, IMPORT_RULES);
    this.#dedupes = options['dedupeWithTypescript'] !== false;
    const known = stringsOf(options['known']) ?? [];
    this.#isVouchedFor = known.length === 0 ? () => false : picomatch(known, { dot: true });
    this.#ambient = ambient.map(ambientPattern);
  }

  run(): ReadonlyMap<string, readonly Finding[]> {
    if (this.#dedupes) this.#covered = typescriptProgram(this.graph);
    const byFile = new Map<string, readonly Finding[]>();
    let leftOut = false;
    for (const module of this.graph.modules.values()) {
      const result = this.#results.of(module, this.#module, this.isCovered(module));
      if (result.findings.length > 0) byFile.set(module.file, result.findings);
      leftOut ||= result.leftOut;
    }
    const note = leftOut && this.isOn('unresolved-package') ? nothingInstalled(this.graph) : undefined;
    if (note) byFile.set(note.file, [note.finding]);
    return byFile;
  }

  isKnown(specifier: string): boolean {
    return this.#isVouchedFor(specifier) || this.#ambient.some((pattern) => pattern.test(specifier));
  }

  isCovered(module: Module): boolean {
    return this.#covered.has(module);
  }

  /** TypeScript resolves every form but a plain `require` in a TypeScript file. */
  isReported({ module, request: { kind, names } }: Asked): boolean {
    return this.isCovered(module) && (kind !== 'require' || names.some(({ imported }) => imported === '*'));
  }

  isOn(rule: ImportRule): boolean {
    return this.#severities[rule] !== 'off';
  }

  report({ file }: Module, rule: ImportRule, finding: Omit<Finding, 'rule' | 'severity' | 'url'>): void {
    this.#findings.add(file, this.#severities[rule], { rule, ...finding });
  }

  leaveOut(): void {
    this.#leftOut = true;
  }

  readonly #module = (module: Module): ModuleResult => {
    if (this.isIgnored(module.file)) return NOTHING;
    this.#findings = new Findings();
    this.#leftOut = false;
    module.record.requests.forEach((request, index) => {
      const resolution = module.resolutions[index];
      if (resolution && request.kind !== 'reference') this.#resolution({ module, request, index }, resolution);
    });
    checkDuplicates(this, module);
    checkCommonJs(this, module);
    const findings = this.#findings.byFile.get(module.file) ?? [];
    return findings.length === 0 && !this.#leftOut ? NOTHING : { findings, leftOut: this.#leftOut };
  };

  #resolution(asked: Asked, resolution: Resolution): void {
    if (resolution.kind === 'missing') checkMissing(this, asked, resolution);
    else if (resolution.kind === 'builtin') checkBuiltin(this, asked, resolution.name);
    else if (resolution.kind === 'file' && resolution.wrongCase) checkCase(this, asked, resolution.file);
    else if (resolution.kind === 'file') {
      checkNames(this, asked);
      if (resolution.via === 'relative') checkExtension(this, asked, resolution.file);
      if (resolution.via === 'absolute') checkAbsolute(this, asked, resolution.file);
    } else if (resolution.kind === 'outside' && resolution.via === 'absolute') checkAbsolute(this, asked);
  }
}

const NOTHING: ModuleResult = { findings: [], leftOut: false };

function ambientPattern(name: string): RegExp {
  const parts = name.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`);
}
