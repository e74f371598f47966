/** The `package` detector: compares package.json with the code and the installed packages. Uses no network. */
import type { PlaceFinding } from '../../graph/facts.ts';
import type { ModuleGraph } from '../../graph/index.ts';
import { knownNames } from '../../graph/known.ts';
import { Memo } from '../../graph/memo.ts';
import { findKnip, type KnipInstallation } from '../../graph/knip-installation.ts';
import type { Manifest } from '../../graph/manifests.ts';
import { Findings, graphDetector, severitiesOf, type RuleSeverities } from '../../graph/rules.ts';
import { uncheckedFiles } from '../../graph/unchecked.ts';
import type { DetectorOptions, Finding } from '../../protocol/detector-protocol.ts';
import { START } from '../../reading/config-file.ts';
import { checkBinaries } from './binaries.ts';
import { checkConfigurations } from './configurations.ts';
import { checkEntries, checkFields, checkLockfiles } from './fields.ts';
import { checkInstallation } from './installation.ts';
import { IgnoredPaths } from '../../graph/ignored.ts';
import { Lockfiles } from './lockfiles.ts';
import { ManifestFile } from './manifest-file.ts';
import type { PackageCheck, PackageRule } from './package-check.ts';
import { UsageCheck } from './usage-check.ts';
import { checkWorkspace } from './workspace.ts';
import { Submodules } from '../../runtime/submodules.ts';
import { defaultSeverities } from '../../protocol/manifest.ts';
import { manifest } from './manifest.ts';

export const PACKAGE_RULES: RuleSeverities<PackageRule> = defaultSeverities(manifest);

export const detector = graphDetector({
  name: 'package',
  version: '1',
  rules: PACKAGE_RULES,
  findings: packageFindings,
});

export function packageFindings(graph: ModuleGraph, options: DetectorOptions): ReadonlyMap<string, readonly Finding[]> {
  const state = JSON.stringify([graph.environmentRevision, options]);
  return checks.of(graph, () => new PackageChecker(graph, options), state).run();
}

const checks = new Memo<ModuleGraph, PackageChecker>(new WeakMap());

/** Lives until the graph's environment revision or the options change. */
class PackageChecker implements PackageCheck {
  readonly graph: ModuleGraph;
  readonly options: DetectorOptions;
  readonly files: readonly ManifestFile[];
  readonly lockfiles: Lockfiles;
  readonly submodules: Submodules;
  readonly gitIgnored: IgnoredPaths;
  readonly isIgnored: (file: string) => boolean;
  readonly isKnown: (specifier: string) => boolean;
  readonly #knip: KnipInstallation | undefined;
  readonly #severities: RuleSeverities<PackageRule>;
  readonly #broken: readonly ManifestFile[];
  readonly #usage: UsageCheck;
  readonly #manifestFindings = new Memo<PackageChecker, ReadonlyMap<string, readonly Finding[]>>();
  #findings = new Findings();

  constructor(graph: ModuleGraph, options: DetectorOptions) {
    this.graph = graph;
    this.options = options;
    this.#severities = severitiesOf(options, PACKAGE_RULES);
    const knip = options['knip'] === 'off' ? undefined : findKnip(graph.root);
    this.#knip = typeof knip === 'string' ? undefined : knip;
    this.lockfiles = new Lockfiles(graph);
    this.submodules = new Submodules(graph.root);
    this.gitIgnored = new IgnoredPaths(graph.root);
    this.isIgnored = uncheckedFiles(graph, options);
    this.isKnown = knownNames(options);
    const all = [...graph.manifests.all.values()]
      .filter(({ file }) => !this.isIgnored(file))
      .map((manifest) => new ManifestFile(manifest));
    this.files = all.filter(({ manifest }) => manifest.isValid);
    this.#broken = all.filter(({ manifest }) => !manifest.isValid);
    this.#usage = new UsageCheck(this);
  }

  run(): ReadonlyMap<string, readonly Finding[]> {
    const byFile = new Map(this.#manifestFindings.of(this, () => this.collect(() => this.#manifests())));
    for (const [file, findings] of this.#usage.findings()) byFile.set(file, [...(byFile.get(file) ?? []), ...findings]);
    return byFile;
  }

  isOn(rule: PackageRule): boolean {
    return this.#severities[rule] !== 'off';
  }

  isDelegatedToKnip(manifest: Manifest): boolean {
    const { manifests } = this.graph;
    const isOfWorkspace = manifests.workspaceRoots.length > 0 && manifests.isMember(manifest);
    return this.#knip !== undefined && (manifest.directory === '' || isOfWorkspace);
  }

  get isCatalogDelegatedToKnip(): boolean {
    return this.#knip !== undefined && !this.#knip.version.startsWith('5.');
  }

  report(
    file: string,
    rule: PackageRule,
    finding: Omit<PlaceFinding, 'rule' | 'severity' | 'url'>,
    weaker?: 'warning',
  ): void {
    const severity = this.#severities[rule];
    this.#findings.add(file, weaker && severity === 'error' ? weaker : severity, { rule, ...finding });
  }

  collect(work: () => void): ReadonlyMap<string, readonly Finding[]> {
    const outer = this.#findings;
    const own = (this.#findings = new Findings());
    work();
    this.#findings = outer;
    return own.byFile;
  }

  /** Everything that does not depend on modules. */
  #manifests(): void {
    for (const { manifest, start } of this.#broken) {
      const [flaw] = manifest.config.flaws;
      const reason = flaw && flaw.range === START ? flaw.message : 'Fix the syntax here.';
      this.report(manifest.file, 'invalid-json', {
        message: `This file is not a valid JSON object, so no tool can read it. ${reason}`,
        range: flaw?.range ?? start,
      });
    }
    checkConfigurations(this);
    checkFields(this);
    checkEntries(this);
    checkLockfiles(this);
    checkWorkspace(this);
    checkInstallation(this);
    checkBinaries(this);
  }
}
