/** Finds the ESLint roots of a workspace and the files ESLint lints in each. Keeps nothing. */
import { readdirSync, realpathSync } from 'node:fs';
import type { PlanContext } from '../../protocol/detector.ts';
import type { DetectorProblem, PlanRequest, PlanResult, Unit } from '../../protocol/detector-protocol.ts';
import { extensionsOf } from './extensions.ts';
import { inDirectory, loadEslint } from './installation.ts';
import type { EslintInstallation } from './installation.ts';
import { isGone, listFiles } from './listing.ts';
import type { ListedFile } from './listed.ts';
import { canHaveSignature } from './interface-signature.ts';
import { RuleDependencies } from './rule-dependencies.ts';
import { configProblem, relativeTo, skippedProblem, unreadableProblem, wrongKindProblem } from './problems.ts';
import {
  configsFor,
  configsIn,
  configurationFiles,
  groupOf,
  isUnder,
  nestedConfigFolders,
  rootFiles,
} from './roots.ts';
import type { ConfigFolder, FolderConfigs } from './roots.ts';
import { catchStrayErrors, takeStrayErrors } from './stray-errors.ts';
import { BulkSuppressions } from './bulk-suppressions.ts';

/** @see Detector.plan */
export async function plan({ root, options }: PlanRequest, context: PlanContext): Promise<PlanResult> {
  const workspace = realpathSync(root);
  const fileOnlyPlugins: unknown = options['fileOnlyPlugins'];
  const ruleDependencies = new RuleDependencies(Array.isArray(fileOnlyPlugins) ? fileOnlyPlugins.map(String) : []);
  const outcome = new PlanOutcome(workspace, ruleDependencies);
  try {
    readdirSync(workspace);
  } catch (error) {
    outcome.fail(unreadableProblem(workspace, error, workspace));
    return outcome.result();
  }
  catchStrayErrors(workspace);
  await planFolder(workspace, outcome, context);
  return outcome.result();
}

/** Takes a folder as an ESLint root, or else looks for roots below it. */
async function planFolder(folder: string, outcome: PlanOutcome, context: PlanContext): Promise<void> {
  const configs = folder === outcome.workspace ? configsFor(folder) : configsIn(folder);
  if (configs.flat !== undefined || configs.eslintrc !== undefined) {
    if (await planRoot(folder, configs, outcome, context)) return;
  }
  const topmost: ConfigFolder[] = [];
  for (const candidate of nestedConfigFolders(folder)) {
    if (!topmost.some(({ folder: above }) => isUnder(candidate.folder, above))) topmost.push(candidate);
  }
  for (const candidate of topmost) {
    context.signal.throwIfAborted();
    await planFolder(candidate.folder, outcome, context);
  }
}

/** False: the configuration is not one for the ESLint found here, so folders below may be roots of their own. */
async function planRoot(
  folder: string,
  configs: FolderConfigs,
  outcome: PlanOutcome,
  context: PlanContext,
): Promise<boolean> {
  const { workspace } = outcome;
  const { signal } = context;
  const own = configsIn(folder);
  const ownConfig = own.flat ?? own.eslintrc;
  outcome.watch(rootFiles(folder));
  let engine: EslintInstallation;
  try {
    engine = await loadEslint(folder);
  } catch (error) {
    // Ignore a configuration above the workspace unless ESLint is installed for it.
    if (ownConfig === undefined) return false;
    outcome.fail(await configProblem(error, ownConfig, workspace));
    return true;
  }
  const config = configs[engine.configType];
  if (config === undefined) {
    if (ownConfig !== undefined) outcome.fail(wrongKindProblem(engine, ownConfig, workspace));
    return false;
  }
  context.loading?.(relativeTo(workspace, config));
  try {
    BulkSuppressions.load(folder, engine.version);
    const nested = (): readonly string[] => nestedConfigFolders(folder).map((each) => each.folder);
    const { files, skipped } = await inDirectory(folder, () => listFiles(engine, folder, nested, signal));
    for (const place of skipped) {
      if (!isGone(place.error)) outcome.problem(await skippedProblem(place, engine.configType, workspace));
    }
    for (const error of takeStrayErrors()) outcome.problem(await configProblem(error, config, workspace));
    const group = groupOf(engine.version, relativeTo(workspace, folder));
    outcome.add(engine.version, group, files);
    const configurations = configurationFiles(folder, engine.configType, files);
    outcome.watch(configurations);
    outcome.lint(
      extensionsOf(
        files.map((file) => file.path),
        configurations,
      ),
    );
    context.log('debug', `${group}: ${files.length} files`);
  } catch (error) {
    signal.throwIfAborted();
    outcome.fail(await configProblem(error, config, workspace));
  }
  return true;
}

/** The plan so far. */
class PlanOutcome {
  /** Absolute, without symbolic links. */
  readonly workspace: string;
  readonly #ruleDependencies: RuleDependencies;
  readonly #units: Unit[] = [];
  readonly #problems: DetectorProblem[] = [];
  readonly #watched = new Set<string>();
  readonly #extensions = new Set<string>();
  readonly #versions = new Set<string>();
  #failedRoots = 0;

  constructor(workspace: string, reaches: RuleDependencies) {
    this.workspace = workspace;
    this.#ruleDependencies = reaches;
    this.watch(rootFiles(workspace));
  }

  add(version: string, group: string, files: readonly ListedFile[]): void {
    this.#versions.add(version);
    // Signatures are needed if the rules of any file look at other files.
    const needsSignature = files.some(({ config }) => this.#ruleDependencies.of(config).length > 0);
    for (const { path: file, typed, config } of files) {
      const dependsOn = this.#ruleDependencies.of(config);
      const id = relativeTo(this.workspace, file);
      this.#units.push({
        id,
        kind: 'file',
        group,
        file: id,
        lane: typed ? 'heavy' : 'light',
        ...(dependsOn.length > 0 ? { dependsOn: dependsOn } : {}),
        ...(needsSignature && canHaveSignature(id) ? { needsSignature } : {}),
      });
    }
  }

  problem(problem: DetectorProblem): void {
    this.#problems.push(problem);
  }

  /** Reports a problem that prevents a whole root from being linted. */
  fail(problem: DetectorProblem): void {
    this.#failedRoots += 1;
    this.problem(problem);
  }

  watch(files: readonly string[]): void {
    for (const file of files) this.#watched.add(file);
  }

  /** @param extensions of files to lint */
  lint(extensions: Iterable<string>): void {
    for (const extension of extensions) this.#extensions.add(extension);
  }

  result(): PlanResult {
    const common = {
      units: this.#units,
      problems: this.#problems,
      configFiles: [...this.#watched].map((file) => relativeTo(this.workspace, file)).sort(),
      extensions: [...this.#extensions].sort(),
    };
    if (this.#versions.size > 0) {
      const engine = `eslint ${[...this.#versions].join(', ')} (workspace)`;
      if (this.#units.length > 0 || this.#problems.length > 0) return { status: 'ready', engine, ...common };
      return {
        status: 'not-applicable',
        note: 'The ESLint configuration matches no file in this folder.',
        engine,
        ...common,
      };
    }
    if (this.#failedRoots > 0) return { status: 'failed', ...common };
    const note = 'No ESLint configuration found. Create one: npm init @eslint/config@latest';
    return { status: 'not-applicable', note, ...common };
  }
}
