/**
 * The `eslint` detector: the workspace's own ESLint, with its own configuration, on exactly the files `eslint .` lints.
 *
 * Loads code of the workspace (configurations, plugins), so it belongs into a process of its own. Sessions live as
 * long as the process, one per ESLint root; README.md beside this file tells the rules and their reasons.
 */
import { readdirSync, realpathSync } from 'node:fs';
import path from 'node:path';
import type { CheckContext, Detector, PlanContext } from '../../detector.ts';
import type { CheckRequest, CheckResult, DetectorProblem, PlanRequest, PlanResult, Unit } from '../../protocol.ts';
import { inDirectory, loadEngine } from './engine.ts';
import type { Engine } from './engine.ts';
import { isGone, listFiles } from './listing.ts';
import { configProblem, relativeTo, skippedProblem, unreadableProblem, wrongKindProblem } from './problems.ts';
import {
  configsFor,
  configsIn,
  decidingFiles,
  isDecidingName,
  isUnder,
  nestedConfigFolders,
  rootFiles,
} from './roots.ts';
import type { ConfigFolder, FolderConfigs } from './roots.ts';
import { ConfigurationError, Session, forgetPrograms, readSource } from './session.ts';
import { Suppressions } from './suppressions.ts';

export const detector: Detector = {
  name: 'eslint',
  version: '1',
  plan: (request, context) => exclusively(() => plan(request, context)),
  check: (request, context) => exclusively(() => check(request, context)),
  dispose: () =>
    exclusively(() => {
      sessions.clear();
      forgetPrograms();
      return Promise.resolve();
    }),
};

/** By absolute folder. */
const sessions = new Map<string, Session>();

/** The working directory and the parsers' programs are the process's: one plan or check at a time. */
let running: Promise<unknown> = Promise.resolve();
function exclusively<T>(work: () => Promise<T>): Promise<T> {
  const result = running.then(work);
  running = result.catch(() => undefined);
  return result;
}

async function plan({ root }: PlanRequest, { signal, log }: PlanContext): Promise<PlanResult> {
  const workspace = realpathSync(root);
  const outcome = new PlanOutcome(workspace);
  try {
    readdirSync(workspace);
  } catch (error) {
    outcome.fail(unreadableProblem(workspace, error, workspace));
    return outcome.result();
  }
  await planFolder(workspace, outcome, { signal, log });
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
  { signal, log }: PlanContext,
): Promise<boolean> {
  const { workspace } = outcome;
  const own = configsIn(folder);
  const ownConfig = own.flat ?? own.eslintrc;
  outcome.watch(rootFiles(folder));
  let engine: Engine;
  try {
    engine = await loadEngine(folder);
  } catch (error) {
    // A configuration above the workspace is none of its business unless ESLint is installed for it.
    if (ownConfig === undefined) return false;
    outcome.fail(await configProblem(error, ownConfig, workspace));
    return true;
  }
  const config = configs[engine.configType];
  if (config === undefined) {
    if (ownConfig !== undefined)
      outcome.fail(wrongKindProblem(engine.version, engine.configType, ownConfig, workspace));
    return false;
  }
  try {
    Suppressions.load(folder, engine.version);
    const nested = (): readonly string[] => nestedConfigFolders(folder).map((each) => each.folder);
    const { files, skipped } = await inDirectory(folder, () => listFiles(engine, folder, nested, signal));
    for (const place of skipped) {
      if (!isGone(place.error)) outcome.problem(await skippedProblem(place, engine.configType, workspace));
    }
    const group = groupOf(engine.version, relativeTo(workspace, folder));
    outcome.add(engine.version, group, files);
    const typed = files.some((file) => file.typed);
    outcome.watch(
      decidingFiles(
        folder,
        engine.configType,
        files.map((file) => file.path),
        typed,
      ),
    );
    log('debug', `${group}: ${files.length} files`);
  } catch (error) {
    signal.throwIfAborted();
    outcome.fail(await configProblem(error, config, workspace));
  }
  return true;
}

/** What a plan has found so far. */
class PlanOutcome {
  /** Absolute, without symbolic links. */
  readonly workspace: string;
  readonly #units: Unit[] = [];
  readonly #problems: DetectorProblem[] = [];
  readonly #watched = new Set<string>();
  readonly #versions = new Set<string>();
  #failedRoots = 0;

  constructor(workspace: string) {
    this.workspace = workspace;
    this.watch(rootFiles(workspace));
  }

  add(version: string, group: string, files: readonly { readonly path: string; readonly typed: boolean }[]): void {
    this.#versions.add(version);
    for (const { path: file, typed } of files) {
      const id = relativeTo(this.workspace, file);
      this.#units.push({ id, kind: 'file', group, file: id, lane: typed ? 'heavy' : 'light' });
    }
  }

  problem(problem: DetectorProblem): void {
    this.#problems.push(problem);
  }

  /** A whole root is lost. */
  fail(problem: DetectorProblem): void {
    this.#failedRoots += 1;
    this.problem(problem);
  }

  watch(files: readonly string[]): void {
    for (const file of files) this.#watched.add(file);
  }

  result(): PlanResult {
    const common = {
      units: this.#units,
      problems: this.#problems,
      configFiles: [...this.#watched].map((file) => relativeTo(this.workspace, file)).sort(),
    };
    if (this.#versions.size > 0) {
      const engine = `eslint ${[...this.#versions].join(', ')} (workspace)`;
      if (this.#units.length > 0 || this.#problems.length > 0) return { status: 'ready', engine, ...common };
      return {
        status: 'not-applicable',
        note: 'ESLint is configured to lint no file of this folder',
        engine,
        ...common,
      };
    }
    if (this.#failedRoots > 0) return { status: 'failed', ...common };
    const note = 'no ESLint configuration found; create one with npm init @eslint/config@latest';
    return { status: 'not-applicable', note, ...common };
  }
}

async function check(request: CheckRequest, context: CheckContext): Promise<CheckResult> {
  const start = performance.now();
  const workspace = realpathSync(request.root);
  const totals = { files: 0, issues: 0 };
  const timings: Record<string, number> = {};
  // Programs must follow later edits, which those for a single run do not.
  process.env['TSESTREE_SINGLE_RUN'] ??= 'false';
  noteChanges(request.changed, workspace);
  for (const [group, units] of Map.groupBy(inOrder(request.units, request.first), (unit) => unit.group)) {
    const folder = path.join(workspace, folderOf(group));
    await inDirectory(folder, () => checkGroup({ request, context, workspace, folder, units, totals, timings }));
  }
  return {
    durationMs: performance.now() - start,
    ...totals,
    ...(Object.keys(timings).length === 0 ? {} : { timings }),
  };
}

interface GroupCheck {
  readonly request: CheckRequest;
  readonly context: CheckContext;
  readonly workspace: string;
  /** The ESLint root, absolute. */
  readonly folder: string;
  readonly units: readonly Unit[];
  readonly totals: { files: number; issues: number };
  readonly timings: Record<string, number>;
}

async function checkGroup(group: GroupCheck): Promise<void> {
  const { request, context, workspace, folder, units, totals, timings } = group;
  const overlays = new Map(request.overlays.map((overlay) => [overlay.file, overlay.text]));
  const textOf = async (file: string): Promise<string> => overlays.get(relativeTo(workspace, file)) ?? readSource(file);
  let session: Session;
  try {
    session = await sessionFor(folder, request.options['timings'] === true);
  } catch (error) {
    context.problem(await configProblem(error, configOf(folder), workspace));
    return;
  }
  const firstHeavy = units.find((unit) => unit.lane === 'heavy');
  if (firstHeavy) await session.refreshTypes(path.join(workspace, firstHeavy.file), textOf, context.signal);
  const told = new Set<string>();
  for (const [index, unit] of units.entries()) {
    // Lets a cancel message in.
    await new Promise((resolve) => setImmediate(resolve));
    context.signal.throwIfAborted();
    context.begin(unit, unit.file);
    const file = path.join(workspace, unit.file);
    try {
      const findings = await session.lint(file, await textOf(file));
      if (findings.length > 0) context.report(unit, unit.file, findings);
      totals.issues += findings.length;
    } catch (error) {
      if (error instanceof ConfigurationError) {
        // The same broken configuration speaks up for each of its files.
        if (!told.has(error.message)) context.problem(await configProblem(error.cause, configOf(folder), workspace));
        told.add(error.message);
        continue;
      }
      if (!isGone(error)) context.problem(unreadableProblem(file, error, workspace));
    }
    totals.files += 1;
    await context.done(unit, unit.file);
    context.progress(index + 1, units.length, unit.file);
  }
  addInto(timings, session.takeTimings());
}

/** Tells every session what has changed: their roots may turn up in later checks, which will not say it again. */
function noteChanges(changed: readonly string[] | undefined, workspace: string): void {
  if (changed === undefined || changed.some(isDecidingName)) {
    sessions.clear();
    forgetPrograms();
    return;
  }
  for (const session of sessions.values()) {
    for (const file of changed) session.noteChange(path.join(workspace, file));
  }
}

/** The warm session of a root, or a new one. */
async function sessionFor(folder: string, timed: boolean): Promise<Session> {
  const warm = sessions.get(folder);
  if (warm?.timed === timed) return warm;
  const opened = await Session.open(folder, timed);
  sessions.set(folder, opened);
  return opened;
}

function inOrder(units: readonly Unit[], first: readonly string[]): readonly Unit[] {
  const rank = new Map(first.map((file, index) => [file, index]));
  return units.toSorted((a, b) => (rank.get(a.file) ?? first.length) - (rank.get(b.file) ?? first.length));
}

function addInto(sum: Record<string, number>, more: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(more)) sum[name] = (sum[name] ?? 0) + value;
}

function configOf(folder: string): string | undefined {
  const { flat, eslintrc } = configsFor(folder);
  return flat ?? eslintrc;
}

/** The group names the version, as results depend on it, and the root's folder, as that is what a check needs. */
function groupOf(version: string, folder: string): string {
  return `eslint@${version} in ${folder}`;
}

function folderOf(group: string): string {
  return group.slice(group.indexOf(' in ') + ' in '.length);
}
