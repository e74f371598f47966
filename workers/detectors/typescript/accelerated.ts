/**
 * The workspace's own TypeScript up to 6, accelerated by TypeScript 7. TypeScript 7 answers first if an earlier
 * comparison on this project and configuration found equal results; the workspace's version always revalidates. The
 * process of TypeScript 7 lives only during a comparison or until its answer is revalidated. Lives as long as the
 * session of the workspace's version.
 *
 * Invariant: TypeScript 7 answers only requests with `notes`, and then the project needs revalidation until the
 * workspace's version has checked all of it.
 */
import { bundledNativeCompiler, compilerName, type Compiler } from './compiler.ts';
import { openNative } from './native.ts';
import { RootPaths } from './report.ts';
import { estimatedBytes, hasMemoryFor } from './available-memory.ts';
import { DeferredProjectSink, discardSink, RecordedDiagnostics } from './recorded-diagnostics.ts';
import { KilledChild } from '../../protocol/killed-child.ts';
import {
  CompilerExited,
  editedFiles,
  type Changes,
  type Extent,
  type Notes,
  type ProjectRequest,
  type ProjectSink,
  type SessionSettings,
  type IncrementalSession,
  type TypeScriptSession,
} from './session.ts';
import { fingerprintOf, parseComparison, formatComparison, type Comparison } from './comparison.ts';

export interface AcceleratorSettings extends SessionSettings {
  /** The version of the detector. */
  readonly version: string;
  /**
   * Acceleration pays off if the workspace's version needs at least this CPU time for all projects, in milliseconds.
   */
  readonly worthMs?: number;
  /** Finds TypeScript 7. */
  readonly find?: () => Promise<Compiler | undefined>;
  readonly open?: (engine: Compiler, settings: SessionSettings) => TypeScriptSession;
  /** Whether there is memory for a process of this size in bytes. */
  readonly hasMemory?: (bytes: number) => boolean;
}

/** @param own session of `engine` */
export function accelerated(
  own: IncrementalSession,
  engine: Compiler,
  settings: AcceleratorSettings,
): TypeScriptSession {
  return new AcceleratedSession(own, engine, settings);
}

const WORTH_MS = 2000;
const MEGABYTE = 1024 * 1024;
/** Differences written to the log. */
const LOGGED_DIFFERENCES = 3;

/** The state of a project under one configuration. */
interface ComparedProject {
  readonly fingerprint: string;
  comparison?: Comparison | undefined;
  /** TypeScript 7 failed on it. */
  failed: boolean;
  /** The complete answer of the workspace's version, which awaits a comparison. */
  own?: RecordedAnswer | undefined;
  /** TypeScript 7 has answered; `whole`: for all files, and nothing has changed since. */
  first?: { readonly whole?: RecordedAnswer | undefined } | undefined;
}

interface RecordedAnswer {
  readonly diagnostics: RecordedDiagnostics;
  readonly revision: number;
  /** The number of changes before this answer. */
  readonly changes: number;
}

interface Accelerator {
  readonly session: TypeScriptSession;
  readonly version: string;
}

class AcceleratedSession implements TypeScriptSession {
  readonly #own: IncrementalSession;
  readonly #engine: Compiler;
  readonly #settings: Required<AcceleratorSettings>;
  readonly #paths: RootPaths;
  /** By tsconfig. */
  readonly #projects = new Map<string, ComparedProject>();
  /** Tsconfigs that have not changed since their project was last read. */
  readonly #unchangedConfigs = new Set<string>();
  /** CPU time of the last complete check by the workspace's version, by tsconfig, in milliseconds. */
  readonly #ownMs = new Map<string, number>();
  #overlays: ReadonlyMap<string, string> = new Map();
  #changes = 0;
  #found: Promise<Compiler | undefined> | undefined;
  #native: Accelerator | undefined;
  /** The process of TypeScript 7 exited unexpectedly, so it is not started again. */
  #isDisabled = false;
  #closing: Promise<unknown> = Promise.resolve();

  constructor(own: IncrementalSession, engine: Compiler, settings: AcceleratorSettings) {
    this.#own = own;
    this.#engine = engine;
    const defaults = { worthMs: WORTH_MS, find: bundledNativeCompiler, open: openNative, hasMemory: hasMemoryFor };
    this.#settings = { ...defaults, ...settings };
    this.#paths = new RootPaths(settings.root);
  }

  async update(changes: Changes): Promise<void> {
    const { overlays, changed } = changes;
    const edited = editedFiles(this.#overlays, overlays);
    this.#overlays = overlays;
    const all = changed && [...changed, ...edited];
    if (all?.length !== 0) this.#changes += 1;
    if (all?.some((file) => file.endsWith('.json')) !== false) this.#unchangedConfigs.clear();
    await this.#own.update(changes);
    await this.#native?.session.update(changes);
  }

  async check(order: ProjectRequest, sink: ProjectSink, signal: AbortSignal): Promise<Extent> {
    const { notes } = order;
    if (!notes) {
      this.#forgetAll();
      return this.#own.check(order, sink, signal);
    }
    const project = await this.#projectOf(order.configFile, notes);
    if (!project) return this.#own.check(order, sink, signal);
    if (order.whole) return this.#revalidate(order, notes, project, sink, signal);
    const part = await this.#own.checkPart(order, sink, signal);
    if (part !== undefined) {
      const { own } = project;
      const isSame = part === 'unchanged' && own?.revision === order.since;
      project.own = isSame && own ? this.#answer(order, own.diagnostics) : undefined;
      this.#ownAnswered(project);
      return part;
    }
    const extent = project.comparison?.outcome === 'equal' && (await this.#checkFirst(order, project, sink, signal));
    return extent || this.#checkOwn(order, project, sink, signal);
  }

  filesOf(configFile: string): Iterable<string> | undefined {
    return this.#own.filesOf?.(configFile);
  }

  needsRevalidation(configFile: string): boolean {
    const project = this.#projects.get(configFile);
    return project !== undefined && this.#isPending(project);
  }

  trim(kept?: string, all?: boolean): void {
    this.#own.trim(kept, all);
  }

  async close(): Promise<void> {
    this.#forgetAll();
    await Promise.all([this.#own.close(), this.#closing]);
  }

  async #checkOwn(
    order: ProjectRequest,
    project: ComparedProject,
    sink: ProjectSink,
    signal: AbortSignal,
  ): Promise<'whole'> {
    const before = process.cpuUsage();
    const recorded = new RecordedDiagnostics(this.#paths, sink);
    await this.#own.check({ ...order, whole: true }, recorded, signal);
    // CPU time, not elapsed time, which also depends on the load of the machine.
    const { user, system } = process.cpuUsage(before);
    this.#ownMs.set(order.configFile, (user + system) / 1000);
    const { comparison, failed } = project;
    project.own = comparison || failed || this.#isDisabled ? undefined : this.#answer(order, recorded);
    await project.first?.whole?.diagnostics.clearMissingIn(recorded);
    this.#ownAnswered(project);
    return 'whole';
  }

  /** @returns undefined: it cannot answer, and none of its results count */
  async #checkFirst(
    order: ProjectRequest,
    project: ComparedProject,
    sink: ProjectSink,
    signal: AbortSignal,
  ): Promise<Extent | undefined> {
    const native = await this.#start(project);
    if (!native) return undefined;
    const before = project.first?.whole;
    project.first = {};
    sink.answeredBy(`typescript ${native.version} first, ${compilerName(this.#engine)} confirms`);
    const recorded = new RecordedDiagnostics(this.#paths, sink);
    const deferred = new DeferredProjectSink(recorded);
    try {
      const extent = await native.session.check(order, deferred, signal);
      deferred.release();
      const kept = before && before.revision === order.since ? before.diagnostics : undefined;
      const whole = extent === 'whole' ? recorded : extent === 'unchanged' ? kept : undefined;
      project.first = { whole: whole && this.#answer(order, whole) };
      return extent;
    } catch (error) {
      signal.throwIfAborted();
      this.#acceleratorFailed(order.configFile, project, error);
      sink.answeredBy(compilerName(this.#engine));
      project.first = { whole: this.#answer(order, recorded) };
      return undefined;
    }
  }

  /**
   * Checks with the workspace's version; or compares with TypeScript 7 if the workspace's version has answered already.
   */
  async #revalidate(
    order: ProjectRequest,
    notes: Notes,
    project: ComparedProject,
    sink: ProjectSink,
    signal: AbortSignal,
  ): Promise<Extent> {
    const { own, first, comparison } = project;
    if (own && this.#isComparisonDue(project) && own.revision === order.since && own.changes === this.#changes) {
      // The warm state must know the new revision.
      await this.#own.checkPart({ ...order, whole: false }, discardSink, signal);
      await this.#compare(order, notes, project, own.diagnostics, sink, signal);
      project.own = undefined;
      this.#closeUnlessNeeded();
      return 'unchanged';
    }
    const recorded = new RecordedDiagnostics(this.#paths, sink);
    const extent = await this.#checkOwn(order, project, recorded, signal);
    if (comparison?.outcome === 'equal' && first?.whole?.changes === this.#changes) {
      const difference = first.whole.diagnostics.differencesFrom(recorded);
      if (difference.length > 0)
        this.#recordComparison(order, notes, project, { ...comparison, outcome: 'different' }, difference);
    }
    return extent;
  }

  async #compare(
    { configFile, revision }: ProjectRequest,
    notes: Notes,
    project: ComparedProject,
    own: RecordedDiagnostics,
    sink: ProjectSink,
    signal: AbortSignal,
  ): Promise<void> {
    const native = await this.#start(project);
    if (!native) return;
    const recorded = new RecordedDiagnostics(this.#paths, {
      ...discardSink,
      progress: (done, total) => sink.progress(done, total),
    });
    const deferred = new DeferredProjectSink(recorded);
    const check = native.session.check({ configFile, first: [], revision, whole: false }, deferred, signal);
    try {
      await orAborted(check, signal);
    } catch (error) {
      if (!signal.aborted) return this.#acceleratorFailed(configFile, project, error);
      // Another project still needs the process, so wait until it has handled the abort.
      if ([...this.#projects.values()].some(({ first }) => first)) await check.catch(() => {});
      else this.#drop();
      throw error;
    }
    deferred.release();
    const bytes = (await native.session.processBytes?.()) ?? estimatedBytes();
    const difference = recorded.differencesFrom(own);
    const outcome = difference.length === 0 ? 'equal' : 'different';
    const megabytes = Math.min(Math.ceil(bytes / MEGABYTE), 999_999);
    this.#recordComparison({ configFile }, notes, project, { outcome, megabytes }, difference);
  }

  #recordComparison(
    { configFile }: Pick<ProjectRequest, 'configFile'>,
    notes: Notes,
    project: ComparedProject,
    comparison: Comparison,
    difference: readonly string[],
  ): void {
    project.comparison = comparison;
    const name = this.#paths.relative(configFile);
    notes.set(keyOf(name), formatComparison(comparison, project.fingerprint));
    const examples = difference.slice(0, LOGGED_DIFFERENCES).map((line) => `\n  ${line}`);
    const outcome =
      comparison.outcome === 'equal'
        ? 'gives the same results; it will answer first when everything has to be checked'
        : `differs (${String(difference.length)} lines) and is not used:${examples.join('')}`;
    this.#settings.log(
      'info',
      `${name}: the bundled TypeScript, compared with ${compilerName(this.#engine)}, ${outcome}`,
    );
  }

  /** @returns undefined: TypeScript 7 is not available on this machine */
  async #projectOf(configFile: string, notes: Notes): Promise<ComparedProject | undefined> {
    const native = await (this.#found ??= this.#settings.find());
    if (!native) return undefined;
    const known = this.#projects.get(configFile);
    const project =
      known && this.#unchangedConfigs.has(configFile) ? known : this.#refreshProject(configFile, native, known);
    const key = keyOf(this.#paths.relative(configFile));
    const { fingerprint } = project;
    // A cancelled check has not saved its comparison yet.
    if (project.comparison) notes.set(key, formatComparison(project.comparison, fingerprint));
    else project.comparison = parseComparison(notes.get(key), fingerprint);
    return project;
  }

  #refreshProject(configFile: string, native: Compiler, known: ComparedProject | undefined): ComparedProject {
    const versions = [this.#settings.version, this.#engine.version, native.version];
    const fingerprint = fingerprintOf(...versions, this.#own.optionsOf(configFile));
    const same = known?.fingerprint === fingerprint ? known : undefined;
    const project: ComparedProject = same ?? { fingerprint, failed: false, first: known?.first && {} };
    this.#projects.set(configFile, project);
    this.#unchangedConfigs.add(configFile);
    return project;
  }

  async #start({ failed, comparison }: ComparedProject): Promise<Accelerator | undefined> {
    const engine = await this.#found;
    if (this.#isDisabled || failed || !engine) return undefined;
    if (this.#native) return this.#native;
    const { root, log, open, hasMemory } = this.#settings;
    const bytes = comparison ? comparison.megabytes * MEGABYTE : estimatedBytes();
    if (!hasMemory(bytes)) {
      log('info', `Not enough memory for TypeScript ${engine.version} beside ${compilerName(this.#engine)}`);
      return undefined;
    }
    const session = open(engine, { root, log });
    this.#native = { session, version: engine.version };
    await session.update({ overlays: this.#overlays });
    return this.#native;
  }

  #acceleratorFailed(configFile: string, project: ComparedProject, error: unknown): void {
    project.failed = true;
    this.#isDisabled ||= error instanceof CompilerExited || error instanceof KilledChild;
    this.#drop();
    const reason = error instanceof Error ? error.message : String(error);
    const name = this.#paths.relative(configFile);
    this.#settings.log(
      'warn',
      `${name}: the bundled TypeScript failed (${reason}); ${compilerName(this.#engine)} continues alone`,
    );
  }

  #answer({ revision }: ProjectRequest, diagnostics: RecordedDiagnostics): RecordedAnswer {
    return { diagnostics, revision, changes: this.#changes };
  }

  #ownAnswered(project: ComparedProject): void {
    project.first = undefined;
    this.#closeUnlessNeeded();
  }

  #isPending(project: ComparedProject): boolean {
    return project.first !== undefined || this.#isComparisonDue(project);
  }

  #isComparisonDue({ own, comparison, failed }: ComparedProject): boolean {
    if (!own || comparison || failed || this.#isDisabled) return false;
    return [...this.#ownMs.values()].reduce((sum, ms) => sum + ms, 0) >= this.#settings.worthMs;
  }

  #closeUnlessNeeded(): void {
    if (this.#native && ![...this.#projects.values()].some((project) => this.#isPending(project))) this.#drop();
  }

  #forgetAll(): void {
    for (const project of this.#projects.values()) project.own = project.first = undefined;
    this.#drop();
  }

  /** Closes TypeScript 7 without waiting for it. */
  #drop(): void {
    const native = this.#native;
    this.#native = undefined;
    if (native) this.#closing = Promise.all([this.#closing, native.session.close()]);
  }
}

function keyOf(project: string): string {
  return `comparison ${project}`;
}

async function orAborted(work: Promise<unknown>, signal: AbortSignal): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>();
  const stop = (): void => reject(signal.reason as Error);
  signal.addEventListener('abort', stop, { once: true });
  work.catch(() => {});
  try {
    signal.throwIfAborted();
    await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
