/** The `import` detector: imports that cannot be resolved, or that fail at run time. */
import path from 'node:path';
import { Toolchain } from '../../graph/toolchain.ts';
import { uncheckedFiles } from '../../graph/unchecked.ts';
import { tsconfigFlaws, unreadableConfigurations, unreadableDirectories } from '../../graph/configuration-flaws.ts';
import { IgnoredPaths } from '../../graph/ignored.ts';
import type { Module, ModuleGraph } from '../../graph/index.ts';
import { knownNames } from '../../graph/known.ts';
import { Memo } from '../../graph/memo.ts';
import { ambientNames, typescriptProgram } from '../../graph/program.ts';
import { isLoading, specifierRange, type ModuleRequest } from '../../graph/record.ts';
import type { Missing, Resolution, Via } from '../../graph/resolution.ts';
import { Findings, graphDetector, severitiesOf, type RuleSeverities } from '../../graph/rules.ts';
import type { DetectorOptions, Finding } from '../../protocol/detector-protocol.ts';
import { START, type Flaw } from '../../reading/config-file.ts';
import { expressionOf } from '../../reading/globs.ts';
import { Submodules } from '../../runtime/submodules.ts';
import { checkCommonJs } from './commonjs.ts';
import { checkBuiltin } from './deprecated.ts';
import { checkDuplicates } from './duplicates.ts';
import type { ImportSite, ImportCheck, ImportRule } from './import-check.ts';
import { checkNames } from './names.ts';
import { checkAbsolute, checkCase, checkExtension } from './specifiers.ts';
import { checkFolder } from './folders.ts';
import { checkTypesOnly } from './types-only.ts';
import { unclearNames, type UnclearName } from './unclear.ts';
import { nothingInstalled, reportWrongKind } from './unresolved-package.ts';
import { checkMissing } from './unresolved.ts';
import { defaultSeverities } from '../../protocol/manifest.ts';
import { manifest } from './manifest.ts';

export const IMPORT_RULES: RuleSeverities<ImportRule> = defaultSeverities(manifest);

export const detector = graphDetector({ name: 'import', version: '1', rules: IMPORT_RULES, findings: importFindings });

export function importFindings(graph: ModuleGraph, options: DetectorOptions): ReadonlyMap<string, readonly Finding[]> {
  const ambient = ambientNames(graph);
  const state = JSON.stringify([graph.environmentRevision, options, ambient]);
  return checks.of(graph, () => new ImportChecker(graph, options, ambient), state).run();
}

const checks = new Memo<ModuleGraph, ImportChecker>(new WeakMap());

interface ModuleResult {
  readonly findings: readonly Finding[];
  /** An import was not checked because no packages are installed. */
  readonly hasUnchecked: boolean;
  /** Names that may be right. */
  readonly unclear: readonly UnclearName[];
}

/** Lives until the graph's environment revision or the options change; a changed module is checked again. */
class ImportChecker implements ImportCheck {
  readonly graph: ModuleGraph;
  readonly toolchain: Toolchain;
  readonly gitIgnored: IgnoredPaths;
  readonly submodules: Submodules;
  readonly isIgnored: (file: string) => boolean;
  readonly #severities: RuleSeverities<ImportRule>;
  readonly #results = new Memo<Module, ModuleResult>();
  readonly #dedupes: boolean;
  readonly #isListedAsKnown: (specifier: string) => boolean;
  readonly #ambient: readonly RegExp[];
  #typescriptModules: ReadonlySet<Module> = new Set();

  // State of the module that is being checked.
  #findings = new Findings();
  #hasUnchecked = false;
  #unclear: UnclearName[] = [];

  constructor(graph: ModuleGraph, options: DetectorOptions, ambient: readonly string[]) {
    this.graph = graph;
    this.toolchain = new Toolchain(graph);
    this.gitIgnored = new IgnoredPaths(graph.root);
    this.submodules = new Submodules(graph.root);
    this.isIgnored = uncheckedFiles(graph, options);
    this.#severities = severitiesOf(options, IMPORT_RULES);
    this.#dedupes = options['dedupeWithTypescript'] !== false;
    this.#isListedAsKnown = knownNames(options);
    this.#ambient = ambient.flatMap((name) => ambientPattern(name) ?? []);
  }

  run(): ReadonlyMap<string, readonly Finding[]> {
    if (this.#dedupes) this.#typescriptModules = typescriptProgram(this.graph);
    const byFile = new Map<string, readonly Finding[]>();
    const unclear: UnclearName[] = [];
    let leftOut = false;
    for (const module of this.graph.modules.values()) {
      const result = this.#results.of(module, this.#module, this.isCheckedByTypescript(module));
      if (result.findings.length > 0) byFile.set(module.file, result.findings);
      leftOut ||= result.hasUnchecked;
      unclear.push(...result.unclear);
    }
    for (const found of [this.#reportUnclear(unclear), this.#inputs()])
      for (const [file, findings] of found) byFile.set(file, [...(byFile.get(file) ?? []), ...findings]);
    const note = leftOut && this.isOn('unresolved-package') ? nothingInstalled(this.graph) : undefined;
    if (note) byFile.set(note.file, [...(byFile.get(note.file) ?? []), note.finding]);
    return byFile;
  }

  #reportUnclear(names: readonly UnclearName[]): ReadonlyMap<string, readonly Finding[]> {
    this.#findings = new Findings();
    for (const { file, finding } of unclearNames(this.graph, names))
      if (this.isOn('unresolved')) this.#findings.add(file, 'hint', { rule: 'unresolved', ...finding });
    return this.#findings.byFile;
  }

  isKnown({ request: { specifier } }: ImportSite, via: Via): boolean {
    if (this.#isListedAsKnown(specifier)) return true;
    // A `declare module '*.vue'` tells the type of such files, not that this one exists.
    return (via === 'package' || via === 'imports') && this.#isAmbient(specifier);
  }

  #isAmbient(specifier: string): boolean {
    return this.#ambient.some((pattern) => pattern.test(specifier));
  }

  isCheckedByTypescript(module: Module): boolean {
    return this.#typescriptModules.has(module);
  }

  /**
   * TypeScript resolves every form of import except a plain `require` in a TypeScript file and, depending on version
   * and option, an import without names. A `declare module '*.vue'` satisfies it whether or not the file exists.
   */
  isReportedByTypescript({ module, request }: ImportSite): boolean {
    if (!this.isCheckedByTypescript(module) || this.#isAmbient(request.specifier)) return false;
    if (!isLoading(request) || request.kind === 'glob') return false;
    if (request.kind === 'require') return request.names.some(({ imported }) => imported === '*');
    return !isSideEffect(request) || this.#checksSideEffects(module);
  }

  #checksSideEffects({ file }: Module): boolean {
    const { projects, installed, root } = this.graph;
    const project = projects.programOf(file) ?? projects.projectOf(file);
    const version = installed.find('typescript', path.join(root, project?.directory ?? ''))?.data.version;
    // Bulkhead's own TypeScript checks where the workspace has none.
    const [major = 0, minor = 0] = version === undefined ? [7, 0] : version.split('.').map(Number);
    if (major < 5 || (major === 5 && minor < 6)) return false;
    const { noUncheckedSideEffectImports } = (project?.options ?? {}) as Readonly<Record<string, unknown>>;
    return typeof noUncheckedSideEffectImports === 'boolean' ? noUncheckedSideEffectImports : major >= 6;
  }

  isOn(rule: ImportRule): boolean {
    return this.#severities[rule] !== 'off';
  }

  report({ file }: Module, rule: ImportRule, finding: Omit<Finding, 'rule' | 'severity' | 'url'>): void {
    this.#findings.add(file, this.#severities[rule], { rule, ...finding });
  }

  noteUnchecked(): void {
    this.#hasUnchecked = true;
  }

  noteUnclear({ module: { file, record }, request }: ImportSite, { by }: Missing): void {
    const range = specifierRange(record, request);
    this.#unclear.push({ file, specifier: request.specifier, range, ...(by === undefined ? {} : { by }) });
  }

  /** What is wrong with what the graph is made from. */
  #inputs(): ReadonlyMap<string, readonly Finding[]> {
    const found = (this.#findings = new Findings());
    const { graph } = this;
    const flaws = [
      ...tsconfigFlaws(graph, this.#dedupes),
      ...unreadableConfigurations(graph, 'import'),
      ...(this.#dedupes ? [] : [...unreadableConfigurations(graph, 'typescript'), ...unreadableDirectories(graph)]),
    ];
    for (const { file, message, range } of distinct(flaws)) {
      const rule = 'invalid-configuration';
      if (!this.isIgnored(file)) found.add(file, this.#severities[rule], { rule, message, range });
    }
    return found.byFile;
  }

  readonly #module = (module: Module): ModuleResult => {
    if (this.isIgnored(module.file)) return NOTHING;
    this.#findings = new Findings();
    this.#hasUnchecked = false;
    this.#unclear = [];
    if (module.record.isTooDeep) this.report(module, 'too-deep', { message: TOO_DEEP, range: START });
    module.record.requests.forEach((request, index) => {
      const resolution = module.resolutions[index];
      if (!resolution || request.kind === 'reference') return;
      const site = { module, request, index };
      if (request.kind === 'glob') checkFolder(this, site);
      else if (isLoading(request)) this.#resolution(site, resolution);
      else if (resolution.kind === 'missing') checkMissing(this, site, resolution);
    });
    checkDuplicates(this, module);
    checkCommonJs(this, module);
    const findings = this.#findings.byFile.get(module.file) ?? [];
    const isNothing = findings.length + this.#unclear.length === 0 && !this.#hasUnchecked;
    return isNothing ? NOTHING : { findings, hasUnchecked: this.#hasUnchecked, unclear: this.#unclear };
  };

  #resolution(asked: ImportSite, resolution: Resolution): void {
    if ('onlyFor' in resolution) reportWrongKind(this, asked, resolution.onlyFor);
    if (resolution.kind === 'missing') checkMissing(this, asked, resolution);
    else if (resolution.kind === 'package' && resolution.isDeclaredElsewhere)
      checkTypesOnly(this, asked, resolution.name);
    else if (resolution.kind === 'builtin') checkBuiltin(this, asked, resolution.name);
    else if (resolution.kind === 'file' && resolution.wrongCase) checkCase(this, asked, resolution.file);
    else if (resolution.kind === 'file') {
      checkNames(this, asked);
      if (resolution.via === 'relative') checkExtension(this, asked, resolution.file);
      if (resolution.via === 'absolute') checkAbsolute(this, asked, resolution.file);
    } else if (resolution.kind === 'outside' && resolution.via === 'absolute') checkAbsolute(this, asked);
  }
}

const TOO_DEEP =
  'This file is nested too deeply for the parser, so only its import statements are read, and nothing else in it is checked. Make it flatter, turn it into a JSON file, or exclude it.';

/** Configurations may extend the same one. */
function distinct(flaws: readonly Flaw[]): readonly Flaw[] {
  return [...new Map(flaws.map((flaw) => [JSON.stringify([flaw.file, flaw.range, flaw.message]), flaw])).values()];
}

/** Nobody asks for a module of a longer name. */
const LONGEST_NAME = 1_000;

const NOTHING: ModuleResult = { findings: [], hasUnchecked: false, unclear: [] };

/** `import 'x'`, not `import {} from 'x'`. */
function isSideEffect({ kind, names, start, specifierStart }: ModuleRequest): boolean {
  return kind === 'import' && names.length === 0 && specifierStart - start < "import{}from'".length - 1;
}

function ambientPattern(name: string): RegExp | undefined {
  if (name.length > LONGEST_NAME) return undefined;
  const parts = name.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return expressionOf(`^${parts.join('.*')}$`);
}
