/** The `package` detector: whether package.json says what the code uses, and what is installed. Without a network. */
import type { ModuleGraph } from '../../graph/index.ts';
import { Kept } from '../../graph/kept.ts';
import { knipOf, type Knip } from '../../graph/knip.ts';
import type { Manifest } from '../../graph/manifests.ts';
import { Findings, graphDetector, ignoredFiles, severitiesOf, type RuleSeverities } from '../../graph/rules.ts';
import type { DetectorOptions, Finding } from '../../protocol/detector-protocol.ts';
import { checkBinaries } from './binaries.ts';
import { checkEntries, checkFields, checkLockfiles } from './fields.ts';
import { checkInstallation } from './installation.ts';
import { Lockfiles } from './lockfiles.ts';
import { ManifestFile } from './manifest-file.ts';
import type { PackageCheck, PackageRule } from './package-check.ts';
import { UsageCheck } from './usage-check.ts';
import { checkWorkspace } from './workspace.ts';
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
  const state = JSON.stringify([graph.surroundings, options]);
  return checks.of(graph, () => new Check(graph, options), state).run();
}

const checks = new Kept<ModuleGraph, Check>(new WeakMap());

/** Lives as long as the graph's surroundings and the options stay as they are. */
class Check implements PackageCheck {
  readonly graph: ModuleGraph;
  readonly options: DetectorOptions;
  readonly files: readonly ManifestFile[];
  readonly lockfiles: Lockfiles;
  readonly isIgnored: (file: string) => boolean;
  readonly #knip: Knip | undefined;
  readonly #severities: RuleSeverities<PackageRule>;
  readonly #broken: readonly ManifestFile[];
  readonly #usage: UsageCheck;
  readonly #standing = new Kept<Check, ReadonlyMap<string, readonly Finding[]>>();
  #findings = new Findings();

  constructor(graph: ModuleGraph, options: DetectorOptions) {
    this.graph = graph;
    this.options = options;
    this.#severities = severitiesOf(options, PACKAGE_RULES);
    const knip = options['knip'] === 'off' ? undefined : knipOf(graph.root);
    this.#knip = typeof knip === 'string' ? undefined : knip;
    this.lockfiles = new Lockfiles(graph);
    this.isIgnored = ignoredFiles(options, manifest.options.ignore.default);
    const all = [...graph.manifests.all.values()]
      .filter(({ file }) => !this.isIgnored(file))
      .map((manifest) => new ManifestFile(manifest));
    this.files = all.filter(({ manifest }) => manifest.isValid);
    this.#broken = all.filter(({ manifest }) => !manifest.isValid);
    this.#usage = new UsageCheck(this);
  }

  run(): ReadonlyMap<string, readonly Finding[]> {
    const byFile = new Map(this.#standing.of(this, () => this.collected(() => this.#manifests())));
    for (const [file, findings] of this.#usage.findings()) byFile.set(file, [...(byFile.get(file) ?? []), ...findings]);
    return byFile;
  }

  isOn(rule: PackageRule): boolean {
    return this.#severities[rule] !== 'off';
  }

  isLeftToKnip(manifest: Manifest): boolean {
    const { manifests } = this.graph;
    const isOfWorkspace = manifests.workspaceRoots.length > 0 && manifests.isMember(manifest);
    return this.#knip !== undefined && (manifest.directory === '' || isOfWorkspace);
  }

  get isCatalogLeftToKnip(): boolean {
    return this.#knip !== undefined && !this.#knip.version.startsWith('5.');
  }

  report(
    file: string,
    rule: PackageRule,
    finding: Omit<Finding, 'rule' | 'severity' | 'url'>,
    weaker?: 'warning',
  ): void {
    const severity = this.#severities[rule];
    this.#findings.add(file, weaker && severity === 'error' ? weaker : severity, { rule, ...finding });
  }

  collected(work: () => void): ReadonlyMap<string, readonly Finding[]> {
    const outer = this.#findings;
    const own = (this.#findings = new Findings());
    work();
    this.#findings = outer;
    return own.byFile;
  }

  /** What does not depend on modules. */
  #manifests(): void {
    for (const broken of this.#broken) {
      this.report(broken.manifest.file, 'invalid-json', {
        message: 'This is not a JSON object, so no tool can read it. Correct it here.',
        range: broken.mistake,
      });
    }
    checkFields(this);
    checkEntries(this);
    checkLockfiles(this);
    checkWorkspace(this);
    checkInstallation(this);
    checkBinaries(this);
  }
}
