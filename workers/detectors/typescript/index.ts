/**
 * The typescript detector: what `tsc -p <tsconfig> --noEmit` prints for every project of the workspace, from the
 * workspace's own TypeScript. Sessions with TypeScript are kept warm between checks, one per version and root, until
 * the worker ends.
 */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { getHeapStatistics } from 'node:v8';
import { component } from '../../protocol/file-patterns.ts';
import type { CheckContext, Detector, PlanContext } from '../../protocol/detector.ts';
import type {
  CheckRequest,
  CheckResult,
  DetectorOptions,
  DetectorProblem,
  PlanRequest,
  PlanResult,
  Unit,
} from '../../protocol/detector-protocol.ts';
import { accelerated } from './accelerated.ts';
import { openCommand } from './command.ts';
import { Checkers, isChecker, toolGroup, toolName, toolOfGroup, type Tool } from './checkers/checkers.ts';
import { ComponentImports } from './checkers/component-imports.ts';
import { openChecker } from './checkers/open.ts';
import { compilerFor, CompilerMissing, type Compiler, type CompilerMode } from './compiler.ts';
import { openJavascript } from './javascript.ts';
import { openNative } from './native.ts';
import { CheckNotes } from './notes.ts';
import { Answering, cycleIn, flawsIn } from './answering.ts';
import { ProgramFiles } from './program-files.ts';
import { findProjects } from './projects.ts';
import { RootPaths, UnitReport } from './report.ts';
import { KilledChild } from '../../protocol/killed-child.ts';
import { CompilerExited, type Changes, type SessionSettings, type TypeScriptSession } from './session.ts';

export const detector: Detector = {
  name: 'typescript',
  version: '1',
  plan,
  check,
  dispose,
};

const NO_PROJECT =
  'This folder has no tsconfig.json or jsconfig.json, so types are not checked. Create one: npx tsc --init';

interface Options {
  readonly engine: CompilerMode;
  readonly projects: readonly string[];
}

async function plan({ root, options }: PlanRequest, { signal }: PlanContext): Promise<PlanResult> {
  const problems: DetectorProblem[] = [];
  const { engine: mode, projects: only } = readOptions(options, problems);
  const found = await findProjects(root, { only, signal });
  problems.push(...found.problems);
  bases.set(root, found.bases);

  const units: Unit[] = [];
  const checkers = new Checkers(root, found.components, mode);
  const engines = new Set<string>();
  const manifests = new Set(manifestsOf(root));
  for (const project of found.projects) {
    const directory = path.dirname(path.join(root, project));
    try {
      const tool = (await checkers.of(project)) ?? (await compilerFor(directory, mode));
      const group = toolGroup(tool, root);
      engines.add(toolName(tool));
      for (const { directory: folder } of isChecker(tool) ? [tool, tool.compiler] : [tool])
        manifests.add(path.join(folder, 'package.json'));
      units.push({ id: project, kind: 'project', group, file: project, lane: 'heavy' });
    } catch (error) {
      if (!(error instanceof CompilerMissing)) throw error;
      problems.push({ ...error.problem, file: project });
    }
  }
  const failed = units.length === 0 && problems.some(({ fatal }) => fatal);
  const empty = units.length === 0 && !failed;
  const notes = empty ? [NO_PROJECT] : checkers.notes;
  return {
    status: failed ? 'failed' : empty ? 'not-applicable' : 'ready',
    ...(notes.length > 0 ? { note: notes.join(' ') } : {}),
    ...(engines.size > 0 ? { engine: [...engines].sort().join(', ') } : {}),
    units,
    problems: withoutRepeats(problems),
    configFiles: [...found.configFiles, ...manifests],
  };
}

async function check(request: CheckRequest, context: CheckContext): Promise<CheckResult> {
  const started = performance.now();
  const { root, units, overlays, changed, revision, since, revalidate = false } = request;
  const { engine: mode, projects: only } = readOptions(request.options, []);
  const paths = new RootPaths(root);
  const changes: Changes = {
    overlays: new Map(overlays.map(({ file, text }) => [path.join(root, file), text])),
    ...(changed === undefined ? {} : { changed: changed.map((file) => path.join(root, file)) }),
  };
  // In the other modes only one version answers.
  const notes = request.allowProvisional === true && mode === 'auto' ? new CheckNotes(request.notes) : undefined;
  // A revalidation has no preferred files: they were answered before.
  const first = revalidate ? [] : request.first.map((file) => path.join(root, file));
  // Every session of the root must know the changes, also those that this check does not use.
  const scriptChanges = withoutComponents(changes, missesComponents(root));
  for (const { ready, checksComponents } of openSessions(root)) {
    await ready.update(checksComponents ? changes : scriptChanges);
  }

  const answering = new Answering(root, await basesOf(root, only, context));
  let files = 0;
  let issues = 0;
  const timings: Record<string, number> = {};
  const coverage: Record<string, 'unchanged' | 'affected'> = {};
  const reads: Record<string, readonly string[]> = {};
  for (const [index, unit] of units.entries()) {
    context.signal.throwIfAborted();
    const unitStarted = performance.now();
    let reported = -1;
    const onProgress = (done: number, total: number): void => {
      const share = total === 0 ? 1 : done / total;
      // Hundredths of a unit are precise enough, and few enough.
      const now = Math.round((index + share) * 100);
      if (now !== reported) context.progress((reported = now), units.length * 100, unit.id);
    };
    const report = await checkUnit(
      unit,
      async (retry) => {
        const made = new UnitReport(unit, context, paths, request, onProgress);
        const { ready: session, checksComponents } = await sessionFor(root, unit, mode, changes, context, retry);
        made.begin(path.join(root, unit.file));
        const configFile = path.join(root, unit.id);
        const sink = answering.sinkFor(unit.id, made);
        const imports = checksComponents ? undefined : new ComponentImports(sink, configFile);
        const known = since?.[unit.id];
        const order = {
          configFile,
          first,
          revision,
          whole: revalidate,
          ...(known === undefined ? {} : { since: known }),
          ...(notes ? { notes } : {}),
        };
        const extent = await session.check(order, imports ?? sink, context.signal);
        if (imports && (imports.missesSome || extent === 'whole'))
          missingComponents.set(configFile, imports.missesSome);
        // What a checker of components reads besides scripts is not known, nor what else may explain a consequence.
        const tellsReads = extent === 'whole' && !checksComponents && !made.hasCauses;
        const files = tellsReads ? session.filesOf?.(configFile) : undefined;
        if (files) reads[unit.id] = programFilesOf(root).of(files);
        if (extent !== 'whole') coverage[unit.id] = extent === 'unchanged' ? extent : 'affected';
        if (extent === 'unchanged' || extent === 'later') return made;
        await made.finish();
        freeMemory(root, unit);
        return made;
      },
      context,
      root,
    );
    files += report?.files ?? 0;
    issues += report?.issues ?? 0;
    timings[unit.id] = performance.now() - unitStarted;
    context.progress((index + 1) * 100, units.length * 100, unit.id);
  }
  const provisional = units.map(({ id }) => id).filter((id) => notes && needsRevalidation(root, id));
  return {
    durationMs: performance.now() - started,
    files,
    issues,
    timings,
    coverage,
    reads,
    provisional,
    ...notes?.result,
  };
}

/** By root. */
const programFiles = new Map<string, ProgramFiles>();

function programFilesOf(root: string): ProgramFiles {
  const known = programFiles.get(root) ?? new ProgramFiles(root);
  programFiles.set(root, known);
  return known;
}

/** By root: the configurations that answer only for what no nearer one includes, as the last plan found them. */
const bases = new Map<string, ReadonlySet<string>>();

/** The plan may be from an earlier session. */
async function basesOf(root: string, only: readonly string[], { signal }: CheckContext): Promise<ReadonlySet<string>> {
  const known = bases.get(root);
  if (known) return known;
  const found = await findProjects(root, { only, signal });
  bases.set(root, found.bases);
  return found.bases;
}

async function dispose(): Promise<void> {
  const open = [...sessions.values()];
  sessions.clear();
  missingComponents.clear();
  programFiles.clear();
  await Promise.all(open.map(async ({ session }) => (await session.catch(() => undefined))?.close()));
}

/**
 * Checks a unit, and retries once if the process of TypeScript exited. Reports a problem if that fails too.
 * @throws {KilledChild} other processes killed it both times
 */
async function checkUnit(
  unit: Unit,
  work: (retry: boolean) => Promise<UnitReport>,
  context: CheckContext,
  root: string,
): Promise<UnitReport | undefined> {
  for (const retry of [false, true]) {
    try {
      return await work(retry);
    } catch (error) {
      context.signal.throwIfAborted();
      const hasEnded = error instanceof CompilerExited || error instanceof KilledChild;
      if (hasEnded && !retry) {
        context.log('warn', `${unit.id}: ${error.message}; trying again`);
        continue;
      }
      if (error instanceof KilledChild) throw error;
      context.log('error', `${unit.id}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
      context.problem(problemOf(error, unit, root));
      return undefined;
    }
  }
  return undefined;
}

function problemOf(error: unknown, unit: Unit, root: string): DetectorProblem {
  if (error instanceof CompilerMissing) return { ...error.problem, file: unit.file };
  const reason = error instanceof Error ? error.message : String(error);
  // TypeScript up to 6 throws at `"references": [null]`, for instance.
  const [flaw] = flawsIn(path.join(root, unit.id)).filter(({ kind }) => kind === 'content');
  if (flaw) {
    return {
      code: 'CONFIG_ERROR',
      message: `TypeScript could not check ${unit.id}: ${reason}. ${flaw.message}`,
      file: path.relative(root, flaw.file).split(path.sep).join('/'),
      range: flaw.range,
      fatal: true,
    };
  }
  return {
    code: 'TOOL_ERROR',
    message: `TypeScript could not check ${unit.id}: ${reason}. Run 'npx tsc -p ${unit.id} --noEmit' to see whether TypeScript fails by itself.`,
    file: unit.file,
    fatal: true,
  };
}

interface OpenSession {
  readonly root: string;
  readonly session: Promise<TypeScriptSession>;
  /** It is no TypeScript alone. */
  readonly checksComponents: boolean;
  ready?: TypeScriptSession;
}

interface ReadySession extends OpenSession {
  readonly ready: TypeScriptSession;
}

/** By root and group: a worker may serve several. */
const sessions = new Map<string, OpenSession>();

/** Sessions keep programs for the next check while the used heap is below this, in bytes. */
const LARGE_HEAP = 1.2e9;
/** … and below this share of the heap limit. */
const FULL_HEAP = 0.4;
/** Above this share of the heap limit, the program of the open file is dropped too. */
const TIGHT_HEAP = 0.6;

function freeMemory(root: string, latest: Unit): void {
  const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics();
  if (used < Math.min(LARGE_HEAP, limit * FULL_HEAP)) return;
  for (const { ready } of sessions.values()) ready?.trim(path.join(root, latest.id), used > limit * TIGHT_HEAP);
}

function needsRevalidation(root: string, project: string): boolean {
  return openSessions(root).some(({ ready }) => ready.needsRevalidation?.(path.join(root, project)));
}

function openSessions(root: string): readonly ReadySession[] {
  return [...sessions.values()].flatMap((open) =>
    open.root === root && open.ready ? [{ ...open, ready: open.ready }] : [],
  );
}

/** By tsconfig that TypeScript alone checks: whether it imports components that are not there. */
const missingComponents = new Map<string, boolean>();

function missesComponents(root: string): boolean {
  return [...missingComponents].some(([configFile, misses]) => misses && configFile.startsWith(root + path.sep));
}

/** To TypeScript alone it only matters whether a component is there. */
function withoutComponents({ overlays, changed }: Changes, areMissing: boolean): Changes {
  return {
    overlays: new Map([...overlays].filter(([file]) => !component.test(file))),
    ...(changed ? { changed: changed.filter((file) => areMissing || !component.test(file) || !existsSync(file)) } : {}),
  };
}

async function sessionFor(
  root: string,
  unit: Unit,
  mode: CompilerMode,
  changes: Changes,
  context: CheckContext,
  fresh: boolean,
): Promise<ReadySession> {
  const configFile = path.join(root, unit.id);
  const chosen = await toolOfGroup(unit.group, path.dirname(configFile), mode);
  const tool = isChecker(chosen) ? chosen : engineFor(chosen, configFile);
  const key = `${root}\n${toolGroup(tool, root)}`;
  const known = sessions.get(key);
  if (known && fresh) {
    sessions.delete(key);
    await (await known.session.catch(() => undefined))?.close();
  }
  const open = sessions.get(key);
  if (open) return { ...open, ready: await open.session };
  const session = openSession(tool, { root, log: context.log.bind(context) }, changes);
  const made: OpenSession = { root, session, checksComponents: isChecker(tool) };
  sessions.set(key, made);
  try {
    made.ready = await session;
    return { ...made, ready: made.ready };
  } catch (error) {
    sessions.delete(key);
    throw error;
  }
}

/** The API of TypeScript 7.0 never answers for a configuration that extends itself; its command line does. */
function engineFor(engine: Compiler, configFile: string): Compiler {
  return engine.kind === 'native' && cycleIn(configFile) ? { ...engine, kind: 'command' } : engine;
}

async function openSession(tool: Tool, settings: SessionSettings, changes: Changes): Promise<TypeScriptSession> {
  const session = isChecker(tool)
    ? await openChecker(tool, settings)
    : { native: openNative, command: openCommand, javascript: openAccelerated }[tool.kind](tool, settings);
  await session.update(isChecker(tool) ? changes : withoutComponents(changes, true));
  return session;
}

function openAccelerated(engine: Compiler, settings: SessionSettings): TypeScriptSession {
  return accelerated(openJavascript(engine, settings), engine, { ...settings, version: detector.version });
}

function readOptions(options: DetectorOptions, problems: DetectorProblem[]): Options {
  const { engine = 'auto', projects = [] } = options;
  const known = engine === 'auto' || engine === 'workspace' || engine === 'native';
  if (!known) problems.push(wrongOption('typescript.engine', engine, "'auto', 'workspace' or 'native'"));
  const listed = Array.isArray(projects) && projects.every((project) => typeof project === 'string');
  if (!listed) problems.push(wrongOption('typescript.projects', projects, 'a list of paths of tsconfig files'));
  return { engine: known ? engine : 'auto', projects: listed ? projects : [] };
}

function wrongOption(name: string, value: unknown, expected: string): DetectorProblem {
  return {
    code: 'CONFIG_ERROR',
    message: `The option '${name}' is ${JSON.stringify(value)}; it must be ${expected}. Bulkhead uses the default.`,
    fatal: false,
  };
}

/** Installing or removing TypeScript changes these files. */
function manifestsOf(root: string): readonly string[] {
  const names = ['package.json', 'package-lock.json', 'yarn.lock', 'pnpm-lock.yaml', 'bun.lock'];
  return names.map((name) => path.join(root, name));
}

/** Reports the same problem once, for instance if TypeScript is missing for fifty projects. */
function withoutRepeats(problems: readonly DetectorProblem[]): readonly DetectorProblem[] {
  return [...new Map(problems.toReversed().map((problem) => [problem.message, problem])).values()].reverse();
}
