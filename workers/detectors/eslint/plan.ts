/** Finds how ESLint is run in a workspace and the files that it lints in each run. Keeps nothing. */
import { existsSync, readdirSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { dependenciesOf } from '../../graph/installed.ts';
import { readManifest } from '../../graph/manifests.ts';
import type { PlanContext } from '../../protocol/detector.ts';
import type { DetectorOptions, PlanRequest, PlanResult } from '../../protocol/detector-protocol.ts';
import { readTextSync } from '../../protocol/read-file.ts';
import { BulkSuppressions } from './bulk-suppressions.ts';
import { configurationFiles, loadedModulesUnder } from './config-dependencies.ts';
import { extensionsOf } from './extensions.ts';
import { inDirectory, loadEslint, type EslintInstallation } from './installation.ts';
import { isGone, listFiles } from './listing.ts';
import { configurationOf, looksUpFromFile } from './lookup.ts';
import { PlanOutcome } from './plan-outcome.ts';
import {
  configProblem,
  missingFolderProblem,
  nothingLintedProblem,
  skippedProblem,
  unconfiguredProblem,
  unknownScriptProblem,
  unreadableProblem,
  wrongKindProblem,
} from './problems.ts';
import {
  configsFor,
  configsIn,
  isUnder,
  nestedConfigFolders,
  relativeTo,
  repositoryOf,
  rootFiles,
  type FolderConfigs,
} from './roots.ts';
import { RuleDependencies } from './rule-dependencies.ts';
import { defaultRun, lintRuns, type LintRun } from './runs.ts';
import { catchStrayErrors, takeStrayErrors } from './stray-errors.ts';

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
  await new Planning(outcome, options, context).all();
  return outcome.result();
}

class Planning {
  readonly #outcome: PlanOutcome;
  readonly #options: DetectorOptions;
  readonly #context: PlanContext;
  readonly #workspace: string;
  readonly #repository: string;

  constructor(outcome: PlanOutcome, options: DetectorOptions, context: PlanContext) {
    this.#outcome = outcome;
    this.#options = options;
    this.#context = context;
    this.#workspace = outcome.workspace;
    this.#repository = repositoryOf(outcome.workspace);
  }

  async all(): Promise<void> {
    const { runs, isExplicit, related, unknownScript, missing, files } = await lintRuns(this.#workspace, this.#options);
    this.#outcome.watch(files);
    this.#outcome.related = related;
    for (const name of missing) this.#outcome.fail(missingFolderProblem(name));
    for (const run of runs) {
      this.#context.signal.throwIfAborted();
      // What a package does itself counts only where the root leaves it alone.
      if (!this.#outcome.isCoveredFromAbove(run.directory)) await this.#run(run);
    }
    if (isExplicit) return;
    if (!this.#outcome.isEmpty) {
      await this.#leftOver(runs);
      return;
    }
    await this.#folder(this.#workspace);
    if (unknownScript !== undefined && this.#outcome.isEmpty && dependsOnEslint(this.#workspace)) {
      this.#outcome.fail(unknownScriptProblem(unknownScript, this.#workspace));
    }
  }

  /** Takes a folder as an ESLint root, or else looks for roots below it. */
  async #folder(folder: string): Promise<void> {
    const configs = folder === this.#workspace ? this.#configsOfWorkspace() : configsIn(folder);
    if (configs.flat !== undefined || configs.eslintrc !== undefined) {
      if (await this.#run(defaultRun(this.#workspace, folder, this.#options), configs)) return;
    }
    for (const candidate of topmost(nestedConfigFolders(folder).map((each) => each.folder))) {
      this.#context.signal.throwIfAborted();
      await this.#folder(candidate);
    }
  }

  /**
   * The configurations that ESLint finds from the workspace. One that lies outside of the repository counts only if the
   * repository has none, because there it is most likely one that somebody left behind.
   */
  #configsOfWorkspace(): FolderConfigs {
    const within = configsFor(this.#workspace, this.#repository);
    if (within.flat !== undefined || within.eslintrc !== undefined) return within;
    return nestedConfigFolders(this.#workspace).length > 0 ? within : configsFor(this.#workspace);
  }

  /** Folders with a configuration that no run of the project uses, and in which it runs nothing. */
  async #leftOver(runs: readonly LintRun[]): Promise<void> {
    const used = this.#outcome.usedConfigs;
    const isUnused = ({ flat, eslintrc }: FolderConfigs): boolean => {
      const own = [flat, eslintrc].filter((config) => config !== undefined);
      return own.length > 0 && !own.some((config) => used.has(config));
    };
    const isVisited = (folder: string): boolean =>
      runs.some(({ directory }) => directory === folder || isUnder(folder, directory));
    this.#outcome.reserved = runs.map(({ directory }) => directory);
    const own = configsIn(this.#workspace);
    if (isUnused(own) && !isVisited(this.#workspace)) {
      if (await this.#run(defaultRun(this.#workspace, this.#workspace, this.#options), own)) return;
    }
    const folders = nestedConfigFolders(this.#workspace).filter((each) => isUnused(each) && !isVisited(each.folder));
    for (const folder of topmost(folders.map((each) => each.folder))) await this.#folder(folder);
  }

  /**
   * Lists the files of a run.
   * @param found the configurations that ESLint may use there
   * @returns false: the configuration is not one for the ESLint found here, so folders below may be roots of their own
   */
  async #run(run: LintRun, found: FolderConfigs = configsFor(run.directory)): Promise<boolean> {
    const { directory, settings } = run;
    this.#outcome.watch(rootFiles(directory));
    return inDirectory(directory, settings.env ?? {}, async () => {
      const own = configsIn(directory);
      const ownConfig = own.flat ?? own.eslintrc;
      let engine: EslintInstallation;
      try {
        engine = await loadEslint(directory, settings.useFlatConfig);
      } catch (error) {
        // Ignore a configuration above the workspace, or an example, unless ESLint is installed for it.
        const isMeant = run.origin !== undefined && run.origin.isStray !== true;
        if (ownConfig === undefined && !isMeant) return false;
        const blamed = ownConfig ?? found.flat ?? found.eslintrc ?? run.origin?.file;
        this.#outcome.fail(await configProblem(error, blamed, this.#workspace));
        return true;
      }
      return this.#list(run, engine, found, ownConfig);
    });
  }

  async #list(
    run: LintRun,
    engine: EslintInstallation,
    found: FolderConfigs,
    ownConfig: string | undefined,
  ): Promise<boolean> {
    const outcome = this.#outcome;
    const workspace = this.#workspace;
    const { directory, settings, patterns, origin } = run;
    const { signal } = this.#context;
    const config =
      origin === undefined && settings.config === undefined
        ? found[engine.configType]
        : configurationOf(path.join(directory, 'file.js'), engine, settings, directory);
    const isPerFile = looksUpFromFile(engine, settings);
    const nested = (): readonly string[] =>
      isPerFile ? nestedConfigFolders(directory).flatMap((each) => (each[engine.configType] === undefined ? [] : [each.folder])) : []; // prettier-ignore
    if (config === undefined && settings.lookup !== false && (origin === undefined || nested().length === 0)) {
      if (ownConfig !== undefined) outcome.fail(wrongKindProblem(engine, ownConfig, workspace));
      else if (!run.allowsNothing) outcome.fail(unconfiguredProblem(engine, run, workspace));
      return false;
    }
    if (settings.config !== undefined && config !== undefined && !existsSync(config)) {
      outcome.fail(unconfiguredProblem(engine, run, workspace));
      return true;
    }
    this.#context.loading?.(relativeTo(workspace, config ?? directory));
    try {
      BulkSuppressions.load(directory, engine.version, settings.suppressions);
      const needsConfig = config !== undefined;
      const { files, skipped } = await listFiles({ engine, settings, directory, patterns, nestedConfigFolders: nested, needsConfig, signal }); // prettier-ignore
      for (const place of skipped) {
        if (!isGone(place.error)) outcome.problem(await skippedProblem(place, engine.configType, workspace));
      }
      for (const error of takeStrayErrors()) outcome.problem(await configProblem(error, config, workspace));
      outcome.add(engine, run, files);
      if (files.length === 0 && skipped.length === 0 && !run.allowsNothing)
        outcome.problem(nothingLintedProblem(run, workspace));
      const configurations = configurationFiles(directory, config === undefined ? [] : [config], files);
      outcome.watch(configurations);
      outcome.lint([
        ...extensionsOf(files.map((file) => file.path), configurations),
        ...(settings.ext ?? []).map((extension) => extension.slice(1)),
      ]); // prettier-ignore
      outcome.watch(loadedModulesUnder(this.#repository));
      this.#context.log('debug', `${settings.folder}: ${files.length} files with ESLint ${engine.version}`);
    } catch (error) {
      signal.throwIfAborted();
      outcome.fail(await configProblem(error, config ?? origin?.file, workspace));
    }
    return true;
  }
}

function dependsOnEslint(folder: string): boolean {
  try {
    return dependenciesOf(readManifest('package.json', readTextSync(path.join(folder, 'package.json')))).some(({ name }) => name === 'eslint'); // prettier-ignore
  } catch {
    return false;
  }
}

/** The folders that lie in no other. @param folders absolute, parents before children */
function topmost(folders: readonly string[]): readonly string[] {
  const found: string[] = [];
  for (const folder of folders) if (!found.some((above) => isUnder(folder, above))) found.push(folder);
  return found;
}
