/** Collects a plan: units, problems, files to watch, and which configuration was used for what. Lives while a plan is made. */
import path from 'node:path';
import type { RelatedCommand } from '../../commands/project-commands.ts';
import type { DetectorProblem, PlanResult, Unit } from '../../protocol/detector-protocol.ts';
import { withDependencies } from './config-dependencies.ts';
import type { EslintInstallation } from './installation.ts';
import { canHaveSignature } from './interface-signature.ts';
import { groupOf } from './lint-settings.ts';
import type { ListedFile } from './listed.ts';
import { configurationOf, looksUpFromFile } from './lookup.ts';
import { noteOf, type Usage } from './note.ts';
import { configsIn, isUnder, nestedConfigFolders, relativeTo, rootFiles } from './roots.ts';
import type { RuleDependencies } from './rule-dependencies.ts';
import { nameOf, type LintRun } from './runs.ts';

export class PlanOutcome {
  /** Absolute, without symbolic links. */
  readonly workspace: string;
  /** Absolute folders in which the project says itself what is linted. */
  reserved: readonly string[] = [];
  /** Programs of the project that run ESLint in their own way. */
  related: readonly RelatedCommand[] = [];
  readonly #ruleDependencies: RuleDependencies;
  readonly #units = new Map<string, Unit>();
  /** Working directory by file, both absolute. */
  readonly #lintedFrom = new Map<string, string>();
  readonly #problems: DetectorProblem[] = [];
  readonly #watched = new Set<string>();
  readonly #extensions = new Set<string>();
  readonly #versions = new Set<string>();
  /** By absolute path of the configuration; undefined: none. */
  readonly #usages = new Map<string | undefined, { files: number; readonly origins: Set<string> }>();
  /** Configurations of the eslintrc kind that others are added to, absolute. */
  readonly #cascading = new Set<string>();
  readonly #runs: LintRun[] = [];
  /** Runs whose ESLint is not installed. */
  readonly #uninstalled: DetectorProblem[] = [];
  #failedRoots = 0;

  constructor(workspace: string, ruleDependencies: RuleDependencies) {
    this.workspace = workspace;
    this.#ruleDependencies = ruleDependencies;
    this.watch(rootFiles(workspace));
  }

  get isEmpty(): boolean {
    return this.#versions.size === 0 && this.#failedRoots === 0;
  }

  /** Configurations that some file is linted with, and what they consist of, absolute. */
  get usedConfigs(): ReadonlySet<string> {
    return withDependencies([...[...this.#usages.keys()].filter((config) => config !== undefined), ...this.#cascading]);
  }

  /** Whether files under a folder are linted from a folder above it. @param folder absolute */
  isCoveredFromAbove(folder: string): boolean {
    return [...this.#lintedFrom].some(([file, directory]) => isUnder(folder, directory) && isUnder(file, folder));
  }

  /** Adds the files of a run. A file that an earlier run lints stays with that. */
  add(engine: EslintInstallation, run: LintRun, listed: readonly ListedFile[]): void {
    this.#versions.add(engine.version);
    this.#runs.push(run);
    const group = groupOf(engine.version, run.settings);
    const reserved = run.origin === undefined ? this.reserved : [];
    const files = listed.filter(
      ({ path: file }) =>
        !this.#units.has(relativeTo(this.workspace, file)) && !reserved.some((folder) => isUnder(file, folder)),
    );
    // Signatures are needed if the rules of any file look at other files.
    const needsSignature = files.some(({ config }) => this.#ruleDependencies.of(config).length > 0);
    for (const { path: file, typed, config } of files) {
      const dependsOn = this.#ruleDependencies.of(config);
      const id = relativeTo(this.workspace, file);
      this.#lintedFrom.set(file, run.directory);
      this.#units.set(id, {
        id,
        kind: 'file',
        group,
        file: id,
        lane: typed ? 'heavy' : 'light',
        ...(dependsOn.length > 0 ? { dependsOn: dependsOn } : {}),
        ...(needsSignature && canHaveSignature(id) ? { needsSignature } : {}),
      });
    }
    this.#countUsages(engine, run, files);
  }

  problem(problem: DetectorProblem): void {
    this.#problems.push(problem);
  }

  /** Reports a problem that prevents a whole root from being linted. */
  fail(problem: DetectorProblem): void {
    this.#failedRoots += 1;
    if (problem.code === 'TOOL_MISSING') this.#uninstalled.push(problem);
    else this.problem(problem);
  }

  watch(files: Iterable<string>): void {
    for (const file of files) this.#watched.add(file);
  }

  /** @param extensions of files to lint */
  lint(extensions: Iterable<string>): void {
    for (const extension of extensions) this.#extensions.add(extension);
  }

  result(): PlanResult {
    const problems = [...this.#problems, ...this.#uninstalledProblem()];
    const common = {
      units: [...this.#units.values()],
      problems,
      configFiles: [...this.#watched].map((file) => relativeTo(this.workspace, file)).sort(),
      extensions: [...this.#extensions].sort(),
    };
    if (this.#versions.size > 0) {
      const engine = `eslint ${[...this.#versions].join(', ')} (workspace)`;
      if (this.#units.size > 0 || problems.length > 0) {
        const note = this.#note();
        return { status: 'ready', ...(note === undefined ? {} : { note }), engine, ...common };
      }
      return {
        status: 'not-applicable',
        note: 'The ESLint configuration matches no file in this folder.',
        engine,
        ...common,
      };
    }
    if (problems.length > 0) return { status: 'failed', ...common };
    const [own] = this.related;
    const note =
      own === undefined
        ? 'No ESLint configuration found. Create one: npm init @eslint/config@latest'
        : `No ESLint configuration found. ${nameOf(own.origin, this.workspace)} runs ${own.text}, which this detector does not.`;
    return { status: 'not-applicable', note, ...common };
  }

  #countUsages(engine: EslintInstallation, run: LintRun, files: readonly ListedFile[]): void {
    const byFolder = new Map<string, string | undefined>();
    const perFile = looksUpFromFile(engine, run.settings) || engine.configType === 'eslintrc';
    for (const { path: file } of files) {
      const folder = perFile ? path.dirname(file) : run.directory;
      if (!byFolder.has(folder)) {
        byFolder.set(folder, configurationOf(file, engine, run.settings, run.directory));
        if (engine.configType === 'eslintrc' && run.settings.lookup !== false) this.#noteCascade(path.dirname(file));
      }
      const config = byFolder.get(folder);
      const usage = this.#usages.get(config) ?? { files: 0, origins: new Set<string>() };
      usage.files += 1;
      const { origin, patterns } = run;
      if (origin) {
        const where =
          patterns.length > 1 || patterns[0] !== '.'
            ? `: ${patterns.slice(0, 3).join(' ')}${patterns.length > 3 ? ' …' : ''}`
            : '';
        usage.origins.add(nameOf(origin, this.workspace) + where);
      }
      this.#usages.set(config, usage);
    }
  }

  /** Each folder's configuration is added to those of the folders above. */
  #noteCascade(folder: string): void {
    for (
      let current = folder;
      isUnder(current, this.workspace) || current === this.workspace;
      current = path.dirname(current)
    ) {
      const { eslintrc } = configsIn(current);
      if (eslintrc !== undefined) this.#cascading.add(eslintrc);
    }
  }

  /** A missing installation is one problem, however many folders need it. */
  #uninstalledProblem(): readonly DetectorProblem[] {
    const [first, ...others] = this.#uninstalled;
    if (!first || others.length === 0) return first ? [first] : [];
    const files = [...new Set(others.flatMap(({ file }) => file ?? []))].filter((file) => file !== first.file);
    if (files.length === 0) return [first];
    const shown = files.slice(0, 3).join(', ');
    const more = files.length > 3 ? ` and ${files.length - 3} more` : '';
    return [{ ...first, message: `${first.message} The same holds for ${shown}${more}.` }];
  }

  #note(): string | undefined {
    const usages: readonly Usage[] = [...this.#usages].map(([config, { files, origins }]) => ({
      config: config === undefined ? undefined : relativeTo(this.workspace, config),
      files,
      origins,
    }));
    const used = this.usedConfigs;
    const folders = [{ folder: this.workspace, ...configsIn(this.workspace) }, ...nestedConfigFolders(this.workspace)];
    const unusedOf = (kind: 'flat' | 'eslintrc'): readonly string[] =>
      folders.flatMap((each) => {
        const config = each[kind];
        return config === undefined || used.has(config) ? [] : [relativeTo(this.workspace, config)];
      });
    return noteOf({
      usages,
      unused: { flat: unusedOf('flat'), eslintrc: unusedOf('eslintrc') },
      version: [...this.#versions].map((version) => version.split('.')[0]).join(' and '),
      runs: this.#runs,
      related: this.related.map(({ text, origin }) => `${nameOf(origin, this.workspace)} (${text})`),
    });
  }
}
