/**
 * Compares used and declared packages. Rechecks a module when it changes, and a manifest when the uses of its modules
 * change. Lives as long as its check.
 */
import { Toolchain } from '../../graph/toolchain.ts';
import type { Module } from '../../graph/index.ts';
import { Memo } from '../../graph/memo.ts';
import type { Manifest } from '../../graph/manifests.ts';
import { ambientNames } from '../../graph/program.ts';
import type { Finding } from '../../protocol/detector-protocol.ts';
import type { PackageCheck } from './package-check.ts';
import type { ManifestFile } from './manifest-file.ts';
import { Providers } from './providers.ts';
import { checkUnlisted, misplacedUses, reportMisplaced } from './unlisted.ts';
import { isInside, UnusedCheck } from './unused.ts';
import { packageUses, type PackageUse } from './usage.ts';

type FindingsByFile = ReadonlyMap<string, readonly Finding[]>;

interface ModuleUsage {
  /** Packages it uses; equal lists share one object. */
  readonly names: readonly string[];
  readonly misplaced: readonly PackageUse[];
  readonly findings: FindingsByFile;
}

export class UsageCheck {
  readonly #check: PackageCheck;
  readonly #toolchain: Toolchain;
  readonly #providers: Providers;
  readonly #unused: UnusedCheck;
  readonly #files: ReadonlyMap<Manifest, ManifestFile>;
  readonly #candidates = new Map<ManifestFile, readonly string[]>();
  readonly #sharedUsages = new Map<string, ModuleUsage>();
  readonly #usages = new Memo<Module, ModuleUsage>();
  readonly #reports = new Memo<ManifestFile, FindingsByFile>();
  #ambient: ReadonlySet<string> = new Set();

  // Of the last run: the names of each module, and of all modules of each manifest.
  readonly #listed: (readonly string[])[] = [];
  #used = new Map<Manifest, Set<string>>();

  constructor(check: PackageCheck) {
    this.#check = check;
    this.#toolchain = new Toolchain(check.graph);
    this.#providers = new Providers(check.files);
    this.#unused = new UnusedCheck(check);
    this.#files = new Map(check.files.map((file) => [file.manifest, file]));
  }

  findings(): FindingsByFile {
    const { graph } = this.#check;
    const ambient = ambientNames(graph).map((name) => name.split('*')[0] ?? name);
    const given = ambient.join('\n');
    this.#ambient = new Set(ambient);
    const all = new Map<string, readonly Finding[]>();
    const misplaced = new Map<Manifest, PackageUse[]>();
    let at = 0;
    let isOther = false;
    for (const module of graph.modules.values()) {
      const usage = this.#usages.of(module, this.#usageOf, given);
      isOther ||= this.#listed[at] !== usage.names;
      this.#listed[at++] = usage.names;
      for (const [file, findings] of usage.findings) all.set(file, findings);
      if (usage.misplaced.length > 0) append(misplaced, graph.manifests.packageOf(module.file), usage.misplaced);
    }
    if (isOther) this.#collectUsed();
    for (const [manifest, file] of this.#files) {
      const wrong = firstOfEach(misplaced.get(manifest) ?? []);
      const unused = this.#unusedOf(file);
      if (wrong.length + unused.length === 0) continue;
      const places = wrong.map(({ name, module, request }) => [name, module.file, request.start]);
      const report = (): void => {
        for (const use of wrong) reportMisplaced(this.#check, file, use);
        this.#unused.report(file, unused);
      };
      const reported = this.#reports.of(file, () => this.#check.collect(report), JSON.stringify([places, unused]));
      for (const [name, findings] of reported) all.set(name, findings);
    }
    return all;
  }

  readonly #usageOf = (module: Module): ModuleUsage => {
    const manifest = this.#check.graph.manifests.packageOf(module.file);
    if (!manifest) return NO_USAGE;
    const uses = packageUses(this.#check.graph, module);
    if (uses.length === 0) return NO_USAGE;
    const file = this.#files.get(manifest);
    const rightly = this.#sharedUsageOf(uses);
    // Generated code is not checked, but uses what it imports.
    if (!file || this.#check.isIgnored(module.file)) return rightly;
    const misplaced = misplacedUses(this.#check, file, uses, this.#toolchain);
    const findings = this.#check.collect(() => {
      checkUnlisted(this.#check, file, uses, this.#ambient, this.#toolchain, this.#providers);
    });
    return misplaced.length + findings.size === 0 ? rightly : { names: rightly.names, misplaced, findings };
  };

  /** One shared object for all modules without findings that use the same packages. */
  #sharedUsageOf(uses: readonly PackageUse[]): ModuleUsage {
    const names = [...new Set(uses.map(({ name }) => name))];
    const key = names.join('\n');
    let usage = this.#sharedUsages.get(key);
    if (!usage) this.#sharedUsages.set(key, (usage = { names, misplaced: [], findings: NO_FINDINGS }));
    return usage;
  }

  #collectUsed(): void {
    const { modules, manifests } = this.#check.graph;
    this.#used = new Map();
    let at = 0;
    for (const { file } of modules.values()) {
      const names = this.#listed[at++] ?? [];
      const manifest = names.length === 0 ? undefined : manifests.packageOf(file);
      if (!manifest) continue;
      let used = this.#used.get(manifest);
      if (!used) this.#used.set(manifest, (used = new Set()));
      for (const name of names) used.add(name);
    }
  }

  /** Candidates that no module of this package, or of a package in its folder, uses. */
  #unusedOf(file: ManifestFile): readonly string[] {
    let candidates = this.#candidates.get(file);
    if (!candidates) this.#candidates.set(file, (candidates = this.#unused.candidates(file)));
    if (candidates.length === 0) return candidates;
    const inside = [...this.#used].filter(([owner]) => isInside(file.manifest, owner.file));
    return candidates.filter((name) => !inside.some(([, used]) => used.has(name)));
  }
}

const NO_FINDINGS: FindingsByFile = new Map();

const NO_USAGE: ModuleUsage = { names: [], misplaced: [], findings: NO_FINDINGS };

function append(lists: Map<Manifest, PackageUse[]>, key: Manifest | undefined, uses: readonly PackageUse[]): void {
  const list = key && lists.get(key);
  if (list) list.push(...uses);
  else if (key) lists.set(key, [...uses]);
}

/** The first runtime use of each package, in path order. */
function firstOfEach(uses: readonly PackageUse[]): readonly PackageUse[] {
  const first = new Map<string, PackageUse>();
  const inOrder = uses.toSorted(({ module: one }, { module: other }) =>
    one.file < other.file ? -1 : one.file > other.file ? 1 : 0,
  );
  for (const use of inOrder) if (!first.has(use.name) && !use.isTypeOnly()) first.set(use.name, use);
  return [...first.values()];
}
