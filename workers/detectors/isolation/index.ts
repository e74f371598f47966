/**
 * The `isolation` detector: imports past the public surface of a package, folder or layer, and couplings of modules.
 */
import type { Module, ModuleGraph } from '../../graph/index.ts';
import { isRecord } from '../../graph/manifests.ts';
import { Memo } from '../../graph/memo.ts';
import { isLoading } from '../../graph/record.ts';
import { Findings, graphDetector, severitiesOf, type RuleSeverities } from '../../graph/rules.ts';
import { uncheckedFiles } from '../../graph/unchecked.ts';
import type { DetectorOptions, Finding, Severity } from '../../protocol/detector-protocol.ts';
import { boundariesOf } from './boundaries.ts';
import { BoundaryCheck } from './boundary-check.ts';
import { checkCouplings } from './couplings.ts';
import type { IsolationCheck, IsolationRule } from './isolation-check.ts';
import { checkEffectsOnLoad, checkMutableExports } from './module-state.ts';
import { checkPackageImport } from './package-imports.ts';
import { checkPrivateFolders, checkTestImport } from './private-imports.ts';
import { defaultSeverities } from '../../protocol/manifest.ts';
import { manifest } from './manifest.ts';

export { folderCouplings, moduleCouplings, type Coupling } from './metrics.ts';

export const ISOLATION_RULES: RuleSeverities<IsolationRule> = defaultSeverities(manifest);

export const detector = graphDetector({
  name: 'isolation',
  version: '3',
  rules: ISOLATION_RULES,
  findings: isolationFindings,
});

export function isolationFindings(
  graph: ModuleGraph,
  options: DetectorOptions,
): ReadonlyMap<string, readonly Finding[]> {
  const state = JSON.stringify([graph.environmentRevision, options]);
  return checkers.of(graph, () => new IsolationChecker(graph, options), state).run();
}

const checkers = new Memo<ModuleGraph, IsolationChecker>(new WeakMap());

/** Lives until the graph's environment revision or the options change; a changed module is checked again. */
class IsolationChecker implements IsolationCheck {
  readonly graph: ModuleGraph;
  readonly #severities: RuleSeverities<IsolationRule>;
  readonly #boundaries: BoundaryCheck;
  readonly #isUnchecked: (file: string) => boolean;
  readonly #results = new Memo<Module, readonly Finding[]>();
  /** Findings of the module, or of the checks of the whole graph, that are running. */
  #findings = new Findings();

  constructor(graph: ModuleGraph, options: DetectorOptions) {
    this.graph = graph;
    this.#severities = severitiesOf(options, ISOLATION_RULES);
    this.#isUnchecked = uncheckedFiles(graph, options);
    const isSeveritySet = isRecord(options['rules']) && options['rules']['boundary'] !== undefined;
    this.#boundaries = new BoundaryCheck(
      this,
      this.isOn('boundary') ? boundariesOf(graph, options) : [],
      isSeveritySet,
    );
  }

  run(): ReadonlyMap<string, readonly Finding[]> {
    const byFile = new Map<string, readonly Finding[]>();
    for (const module of this.graph.modules.values()) {
      const findings = this.#results.of(module, this.#checkModule);
      if (findings.length > 0) byFile.set(module.file, findings);
    }
    this.#findings = new Findings();
    checkCouplings(this);
    checkPrivateFolders(this);
    this.#boundaries.files();
    checkEffectsOnLoad(this);
    for (const [file, findings] of this.#findings.byFile) byFile.set(file, [...(byFile.get(file) ?? []), ...findings]);
    return byFile;
  }

  isOn(rule: IsolationRule): boolean {
    return this.#severities[rule] !== 'off';
  }

  report(file: string, rule: IsolationRule, finding: Omit<Finding, 'rule' | 'severity'>, severity?: Severity): void {
    // What boundaries apply to, their configuration says.
    if (rule !== 'boundary' && this.#isUnchecked(file)) return;
    const ruleSeverity = this.#severities[rule];
    this.#findings.add(file, ruleSeverity === 'off' ? 'off' : (severity ?? ruleSeverity), { rule, ...finding });
  }

  /** The checks that depend only on the module and what it imports. */
  readonly #checkModule = (module: Module): readonly Finding[] => {
    this.#findings = new Findings();
    module.record.requests.forEach((request, index) => {
      const resolution = module.resolutions[index];
      if (!resolution || !isLoading(request)) return;
      const to = resolution.kind === 'file' ? resolution.file : undefined;
      this.#boundaries.crossing(module, { from: module.file, to, request, resolution });
      if (to === undefined) return;
      checkPackageImport(this, module, request, to);
      checkTestImport(this, module, request, to);
    });
    checkMutableExports(this, module);
    return this.#findings.byFile.get(module.file) ?? NONE;
  };
}

const NONE: readonly Finding[] = [];
