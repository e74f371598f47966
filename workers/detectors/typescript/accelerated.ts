/**
 * A workspace's own TypeScript up to 6, with TypeScript 7 to speak first where that is known to be right: the two were
 * compared on this project and configuration, and were equal. The own version always has the last word. The process of
 * TypeScript 7 lives only while it is compared, or while what it said waits for the own version. Lives as long as the
 * session of the own version.
 *
 * Invariant: only an order with `notes` is ever answered by TypeScript 7, and then the project is `unsettled` until the
 * own version has answered for the whole of it.
 */
import { bundledNative, nameOf, type Engine } from './engine.ts';
import { openNative } from './native.ts';
import { RootPaths } from './report.ts';
import { estimatedBytes, hasRoomFor } from './room.ts';
import { HeldSink, nobody, Said } from './said.ts';
import {
  EngineDied,
  type Changes,
  type Extent,
  type Notes,
  type ProjectOrder,
  type ProjectSink,
  type SessionSettings,
  type ThriftySession,
  type TypeScriptSession,
} from './session.ts';
import { fingerprintOf, readVerdict, verdictText, type Verdict } from './verdict.ts';

export interface AcceleratorSettings extends SessionSettings {
  /** Of the detector. */
  readonly version: string;
  /** CPU time of the own version for all projects of the session, from which on there is something to gain, in ms. */
  readonly worthMs?: number;
  /** Finds the accelerator. */
  readonly find?: () => Promise<Engine | undefined>;
  readonly open?: (engine: Engine, settings: SessionSettings) => TypeScriptSession;
  /** Whether a process that grows to this size may be started. */
  readonly hasRoom?: (bytes: number) => boolean;
}

/** @param own session of `engine` */
export function accelerated(own: ThriftySession, engine: Engine, settings: AcceleratorSettings): TypeScriptSession {
  return new AcceleratedSession(own, engine, settings);
}

const WORTH_MS = 2000;
const MEGABYTE = 1024 * 1024;
/** Differences told in the log. */
const TOLD_DIFFERENCES = 3;

/** What is known of a project under one configuration. */
interface Project {
  readonly fingerprint: string;
  verdict?: Verdict | undefined;
  /** The accelerator failed on it. */
  failed: boolean;
  /** The own version's answer for everything, that is to be compared. */
  own?: Answer | undefined;
  /** The accelerator has spoken; `whole`: for everything, and nothing has changed since. */
  first?: { readonly whole?: Answer | undefined } | undefined;
}

interface Answer {
  readonly said: Said;
  readonly generation: number;
  /** As many changes had been heard of. */
  readonly changes: number;
}

interface Accelerator {
  readonly session: TypeScriptSession;
  readonly version: string;
}

class AcceleratedSession implements TypeScriptSession {
  readonly #own: ThriftySession;
  readonly #engine: Engine;
  readonly #settings: Required<AcceleratorSettings>;
  readonly #paths: RootPaths;
  /** By tsconfig. */
  readonly #projects = new Map<string, Project>();
  /** Tsconfigs that say what they said when their project was last looked at. */
  readonly #asKnown = new Set<string>();
  /** CPU time that the own version last needed for everything, by tsconfig. */
  readonly #ownMs = new Map<string, number>();
  #overlays: ReadonlyMap<string, string> = new Map();
  #changes = 0;
  #found: Promise<Engine | undefined> | undefined;
  #native: Accelerator | undefined;
  /** Its process died: no other one is started. */
  #off = false;
  #closing: Promise<unknown> = Promise.resolve();

  constructor(own: ThriftySession, engine: Engine, settings: AcceleratorSettings) {
    this.#own = own;
    this.#engine = engine;
    const defaults = { worthMs: WORTH_MS, find: bundledNative, open: openNative, hasRoom: hasRoomFor };
    this.#settings = { ...defaults, ...settings };
    this.#paths = new RootPaths(settings.root);
  }

  async update(changes: Changes): Promise<void> {
    const { overlays, changed } = changes;
    const open = [...new Set([...this.#overlays.keys(), ...overlays.keys()])];
    const edited = open.filter((file) => this.#overlays.get(file) !== overlays.get(file));
    this.#overlays = overlays;
    const all = changed && [...changed, ...edited];
    if (all?.length !== 0) this.#changes += 1;
    if (all?.some((file) => file.endsWith('.json')) !== false) this.#asKnown.clear();
    await this.#own.update(changes);
    await this.#native?.session.update(changes);
  }

  async check(order: ProjectOrder, sink: ProjectSink, signal: AbortSignal): Promise<Extent> {
    const { notes } = order;
    if (!notes) {
      this.#forgetAll();
      return this.#own.check(order, sink, signal);
    }
    const project = await this.#projectOf(order.configFile, notes);
    if (!project) return this.#own.check(order, sink, signal);
    if (order.whole) return this.#confirm(order, notes, project, sink, signal);
    const part = await this.#own.checkPart(order, sink, signal);
    if (part !== undefined) {
      const { own } = project;
      const isSame = part === 'unchanged' && own?.generation === order.since;
      project.own = isSame && own ? this.#answer(order, own.said) : undefined;
      this.#ownSpoke(project);
      return part;
    }
    const extent = project.verdict?.word === 'equal' && (await this.#checkFirst(order, project, sink, signal));
    return extent || this.#checkOwn(order, project, sink, signal);
  }

  unsettled(configFile: string): boolean {
    const project = this.#projects.get(configFile);
    return project !== undefined && this.#isUnsettled(project);
  }

  trim(kept?: string, all?: boolean): void {
    this.#own.trim(kept, all);
  }

  async close(): Promise<void> {
    this.#forgetAll();
    await Promise.all([this.#own.close(), this.#closing]);
  }

  async #checkOwn(order: ProjectOrder, project: Project, sink: ProjectSink, signal: AbortSignal): Promise<'whole'> {
    const before = process.cpuUsage();
    const said = new Said(this.#paths, sink);
    await this.#own.check({ ...order, whole: true }, said, signal);
    // Not time on the wall: that another program keeps the machine busy is nothing to gain from.
    const { user, system } = process.cpuUsage(before);
    this.#ownMs.set(order.configFile, (user + system) / 1000);
    const { verdict, failed } = project;
    project.own = verdict || failed || this.#off ? undefined : this.#answer(order, said);
    await project.first?.whole?.said.takeBack(said);
    this.#ownSpoke(project);
    return 'whole';
  }

  /** @returns undefined: it cannot, and nothing it said counts */
  async #checkFirst(
    order: ProjectOrder,
    project: Project,
    sink: ProjectSink,
    signal: AbortSignal,
  ): Promise<Extent | undefined> {
    const native = await this.#start(project);
    if (!native) return undefined;
    const before = project.first?.whole;
    project.first = {};
    sink.speaks(`typescript ${native.version} first, ${nameOf(this.#engine)} confirms`);
    const said = new Said(this.#paths, sink);
    const held = new HeldSink(said);
    try {
      const extent = await native.session.check(order, held, signal);
      held.release();
      const whole = extent === 'whole' ? said : extent === 'unchanged' ? before?.said : undefined;
      project.first = { whole: whole && this.#answer(order, whole) };
      return extent;
    } catch (error) {
      signal.throwIfAborted();
      this.#fault(order.configFile, project, error);
      sink.speaks(nameOf(this.#engine));
      project.first = { whole: this.#answer(order, said) };
      return undefined;
    }
  }

  /** The last word: by the own version, unless it has said it and only the accelerator is to be held against it. */
  async #confirm(
    order: ProjectOrder,
    notes: Notes,
    project: Project,
    sink: ProjectSink,
    signal: AbortSignal,
  ): Promise<Extent> {
    const { own, first, verdict } = project;
    if (own && this.#isToBeCompared(project) && own.generation === order.since && own.changes === this.#changes) {
      // What is warm of it is to know the new generation.
      await this.#own.checkPart({ ...order, whole: false }, nobody, signal);
      await this.#compare(order, notes, project, own.said, sink, signal);
      project.own = undefined;
      this.#closeUnlessNeeded();
      return 'unchanged';
    }
    const said = new Said(this.#paths, sink);
    const extent = await this.#checkOwn(order, project, said, signal);
    if (verdict?.word === 'equal' && first?.whole?.changes === this.#changes) {
      const difference = first.whole.said.differenceTo(said);
      if (difference.length > 0) this.#judge(order, notes, project, { ...verdict, word: 'different' }, difference);
    }
    return extent;
  }

  async #compare(
    { configFile, generation }: ProjectOrder,
    notes: Notes,
    project: Project,
    own: Said,
    sink: ProjectSink,
    signal: AbortSignal,
  ): Promise<void> {
    const native = await this.#start(project);
    if (!native) return;
    const said = new Said(this.#paths, { ...nobody, progress: (done, total) => sink.progress(done, total) });
    const held = new HeldSink(said);
    const check = native.session.check({ configFile, first: [], generation, whole: false }, held, signal);
    try {
      await orAborted(check, signal);
    } catch (error) {
      if (!signal.aborted) return this.#fault(configFile, project, error);
      // Somebody waits, and it takes the process a moment to hear of it.
      if ([...this.#projects.values()].some(({ first }) => first)) await check.catch(() => {});
      else this.#drop();
      throw error;
    }
    held.release();
    const bytes = (await native.session.processBytes?.()) ?? estimatedBytes();
    const difference = said.differenceTo(own);
    const word = difference.length === 0 ? 'equal' : 'different';
    const megabytes = Math.min(Math.ceil(bytes / MEGABYTE), 999_999);
    this.#judge({ configFile }, notes, project, { word, megabytes }, difference);
  }

  #judge(
    { configFile }: Pick<ProjectOrder, 'configFile'>,
    notes: Notes,
    project: Project,
    verdict: Verdict,
    difference: readonly string[],
  ): void {
    project.verdict = verdict;
    const name = this.#paths.relative(configFile);
    notes.set(keyOf(name), verdictText(verdict, project.fingerprint));
    const examples = difference.slice(0, TOLD_DIFFERENCES).map((line) => `\n  ${line}`);
    const outcome =
      verdict.word === 'equal'
        ? 'says the same; it will speak first where everything has to be checked'
        : `differs (${String(difference.length)} lines) and stays silent:${examples.join('')}`;
    this.#settings.log('info', `${name}: the bundled TypeScript, held against ${nameOf(this.#engine)}, ${outcome}`);
  }

  /** @returns undefined: there is no accelerator on this machine */
  async #projectOf(configFile: string, notes: Notes): Promise<Project | undefined> {
    const native = await (this.#found ??= this.#settings.find());
    if (!native) return undefined;
    const known = this.#projects.get(configFile);
    const project = known && this.#asKnown.has(configFile) ? known : this.#lookAt(configFile, native, known);
    const key = keyOf(this.#paths.relative(configFile));
    const { fingerprint } = project;
    // What was found out by a check that was cancelled has not been noted yet.
    if (project.verdict) notes.set(key, verdictText(project.verdict, fingerprint));
    else project.verdict = readVerdict(notes.get(key), fingerprint);
    return project;
  }

  #lookAt(configFile: string, native: Engine, known: Project | undefined): Project {
    const versions = [this.#settings.version, this.#engine.version, native.version];
    const fingerprint = fingerprintOf(...versions, this.#own.optionsOf(configFile));
    const same = known?.fingerprint === fingerprint ? known : undefined;
    const project: Project = same ?? { fingerprint, failed: false, first: known?.first && {} };
    this.#projects.set(configFile, project);
    this.#asKnown.add(configFile);
    return project;
  }

  async #start({ failed, verdict }: Project): Promise<Accelerator | undefined> {
    const engine = await this.#found;
    if (this.#off || failed || !engine) return undefined;
    if (this.#native) return this.#native;
    const { root, log, open, hasRoom } = this.#settings;
    const bytes = verdict ? verdict.megabytes * MEGABYTE : estimatedBytes();
    if (!hasRoom(bytes)) {
      log('info', `No room for TypeScript ${engine.version} beside ${nameOf(this.#engine)}`);
      return undefined;
    }
    const session = open(engine, { root, log });
    this.#native = { session, version: engine.version };
    await session.update({ overlays: this.#overlays });
    return this.#native;
  }

  #fault(configFile: string, project: Project, error: unknown): void {
    project.failed = true;
    this.#off ||= error instanceof EngineDied;
    this.#drop();
    const reason = error instanceof Error ? error.message : String(error);
    const name = this.#paths.relative(configFile);
    this.#settings.log(
      'warn',
      `${name}: the bundled TypeScript failed (${reason}); ${nameOf(this.#engine)} goes on alone`,
    );
  }

  #answer({ generation }: ProjectOrder, said: Said): Answer {
    return { said, generation, changes: this.#changes };
  }

  #ownSpoke(project: Project): void {
    project.first = undefined;
    this.#closeUnlessNeeded();
  }

  #isUnsettled(project: Project): boolean {
    return project.first !== undefined || this.#isToBeCompared(project);
  }

  #isToBeCompared({ own, verdict, failed }: Project): boolean {
    if (!own || verdict || failed || this.#off) return false;
    return [...this.#ownMs.values()].reduce((sum, ms) => sum + ms, 0) >= this.#settings.worthMs;
  }

  #closeUnlessNeeded(): void {
    if (this.#native && ![...this.#projects.values()].some((project) => this.#isUnsettled(project))) this.#drop();
  }

  #forgetAll(): void {
    for (const project of this.#projects.values()) project.own = project.first = undefined;
    this.#drop();
  }

  /** Nobody waits for its end. */
  #drop(): void {
    const native = this.#native;
    this.#native = undefined;
    if (native) this.#closing = Promise.all([this.#closing, native.session.close()]);
  }
}

function keyOf(project: string): string {
  return `verdict ${project}`;
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
