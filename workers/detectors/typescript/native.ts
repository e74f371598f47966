/**
 * TypeScript 7 through its API: a native process that is controlled over its stdin, so it ends with this process. One
 * process per session, with a few projects open at a time.
 *
 * The API is unstable: only this file, `native-server.ts` and `native-check.ts` use it.
 */
import { stat } from 'node:fs/promises';
import path from 'node:path';
import type { Compiler } from './compiler.ts';
import { LikelyImporters, type TextEdit } from './importers.ts';
import { AnswerHistory, type Known } from './answer-history.ts';
import { ProjectCheck, type ProjectFacts } from './native-check.ts';
import { Server, type FileChanges } from './native-server.ts';
import type { Changes, Extent, ProjectRequest, ProjectSink, SessionSettings, TypeScriptSession } from './session.ts';
import { readSource, slashed } from './text.ts';

/** @param engine of kind `native` */
export function openNative(engine: Compiler, settings: SessionSettings): TypeScriptSession {
  return new NativeSession(engine, settings);
}

/** With more changes, a new process is as fast. */
const MANY_CHANGES = 500;

/** Texts of files before they changed. */
type Texts = Map<string, string>;

interface KnownProject {
  readonly facts: ProjectFacts;
  readonly history: AnswerHistory<Texts>;
}

/** Up to this many affected files, the share does not matter. */
const FEW_AFFECTED = 100;
/**
 * Above this share of the files, all are checked at once: the process is fast, and they would be revalidated anyway.
 */
const MANY_AFFECTED = 0.1;

class NativeSession implements TypeScriptSession {
  readonly #engine: Compiler;
  readonly #settings: SessionSettings;
  #overlays: ReadonlyMap<string, string> = new Map();
  #server: Promise<Server> | undefined;
  /** Changes for the next snapshot. */
  #pending: FileChanges = {};
  /** By tsconfig: projects that were checked completely and whose files are still the same. */
  readonly #projects = new Map<string, KnownProject>();
  readonly #importers = new LikelyImporters((file) => this.#read(file));

  constructor(engine: Compiler, settings: SessionSettings) {
    this.#engine = engine;
    this.#settings = settings;
  }

  async update({ overlays, changed }: Changes): Promise<void> {
    const before = this.#overlays;
    this.#overlays = overlays;
    const server = await this.#server?.catch(() => undefined);
    if (!server) return;
    const fresh =
      // The process reads unsaved texts only if it was started with our file system.
      (overlays.size > 0 && !server.overlaid) ||
      // Even if anything may have changed, TypeScript 7.0 does not list the files of a project again.
      changed === undefined ||
      changed.length > MANY_CHANGES ||
      changed.some(affectsEverything);
    if (fresh) {
      await this.#stop();
      return;
    }
    const touched = new Set(changed.map(slashed));
    for (const [file, text] of overlays) if (before.get(file) !== text) touched.add(slashed(file));
    for (const file of before.keys()) if (!overlays.has(file)) touched.add(slashed(file));
    await this.#note(touched, server);
  }

  async check(order: ProjectRequest, sink: ProjectSink, signal: AbortSignal): Promise<Extent> {
    signal.throwIfAborted();
    const config = slashed(order.configFile);
    const known = this.#projects.get(config);
    const basis = known?.history.asked(order.since);
    const edits = basis && !order.whole ? await this.#editsSince(basis) : undefined;
    if (known && edits?.length === 0) {
      known.history.gave(order.revision, new Map());
      return 'unchanged';
    }
    if (!edits && (await this.#server?.catch(() => undefined))?.outgrown === true) {
      this.#settings.log('info', `TypeScript ${this.#engine.version} restarts because its process has grown too large`);
      await this.#stop();
    }
    try {
      const server = await this.#start(order);
      const pending = this.#pending;
      this.#pending = {};
      const check = new ProjectCheck(await server.open(config, pending), server, this.#overlays, sink, signal);
      const first = order.first.map(slashed);
      const edited = (edits ?? []).map(({ file }) => file);
      if (known && edits) {
        const { facts, history } = known;
        // Check the edited files first, before the other affected files are looked up.
        await check.some(edited, facts);
        const most = Math.max(FEW_AFFECTED, facts.files.size * MANY_AFFECTED);
        const { files, all } = await this.#importers.affected(edits, facts.files, most);
        signal.throwIfAborted();
        if (all) {
          const others = files.filter((file) => !edited.includes(file));
          if (others.length > 0) await check.some(others, facts);
          history.gave(order.revision, new Map());
          return 'affected';
        }
        first.push(...files);
      }
      const facts = await check.all(first);
      await server.checked(config);
      const history = known?.history ?? new AnswerHistory<Texts>();
      history.gave(order.revision, new Map());
      this.#projects.set(config, { facts, history });
      // An editor will need them for the next edit.
      if (order.first.length > 0 || order.whole) await this.#importers.learn(facts.files);
      return 'whole';
    } catch (error) {
      // The process may have missed the last changes, so the next check starts a new one.
      if (!signal.aborted) await this.#stop();
      throw error;
    }
  }

  async processBytes(): Promise<number | undefined> {
    return (await this.#server?.catch(() => undefined))?.residentBytes();
  }

  trim(): void {
    // The process holds a few projects at most, outside the memory of this process.
  }

  async close(): Promise<void> {
    await this.#stop();
  }

  /** If files are open, there will be unsaved texts. */
  #start({ first }: ProjectRequest): Promise<Server> {
    const overlays = this.#overlays.size > 0 || first.length > 0 ? this : undefined;
    this.#server ??= Server.start(this.#engine, this.#settings, overlays);
    return this.#server;
  }

  async #stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    this.#pending = {};
    this.#projects.clear();
    await (await server?.catch(() => undefined))?.close();
  }

  /** The unsaved text of a file, for the process. */
  overlay(file: string): string | undefined {
    return this.#overlays.get(path.normalize(file));
  }

  async #read(file: string): Promise<string> {
    return withoutMark(this.overlay(file) ?? (await readSource(file)));
  }

  /** Files whose text has changed, last edited first. @returns undefined: an earlier text is unknown */
  async #editsSince({ state, touched }: Known<Texts>): Promise<readonly TextEdit[] | undefined> {
    const edits: TextEdit[] = [];
    for (const file of touched) {
      const before = state.get(file);
      const now = await this.#read(file).catch(() => undefined);
      if (before === undefined || now === undefined) return undefined;
      if (now !== before) edits.unshift({ file, before, now });
    }
    return edits;
  }

  async #note(touched: ReadonlySet<string>, server: Server): Promise<void> {
    const { known } = server;
    const changed = new Set(this.#pending.changed);
    const created = new Set(this.#pending.created);
    const deleted = new Set(this.#pending.deleted);
    for (const file of touched) {
      for (const set of [changed, created, deleted]) set.delete(file);
      const there = this.overlay(file) !== undefined || (await isFile(file));
      (there ? (known.has(file) ? changed : created) : deleted).add(file);
      if (there && known.has(file)) await this.#touch(file, server);
      // An added or deleted file can change what imports resolve to.
      else this.#projects.clear();
      if (there) known.add(file);
      else known.delete(file);
      this.#importers.forget(file);
    }
    this.#pending = { changed: [...changed], created: [...created], deleted: [...deleted] };
  }

  async #touch(file: string, server: Server): Promise<void> {
    const concerned = [...this.#projects.values()].filter(({ facts }) => facts.files.has(file));
    const missing = concerned.flatMap(({ history }) => history.states.filter((texts) => !texts.has(file)));
    const text = missing.length > 0 ? await server.textOf(file) : undefined;
    for (const texts of missing) if (text !== undefined) texts.set(file, withoutMark(text));
    for (const { history } of concerned) history.touch(file);
  }
}

/** Changes to packages, configurations and folders can affect everything. */
function affectsEverything(file: string): boolean {
  return /[\\/]node_modules([\\/]|$)/.test(file) || file.endsWith('.json') || path.extname(file) === '';
}

function withoutMark(text: string): string {
  return text.replace(/^\uFEFF/, '');
}

async function isFile(file: string): Promise<boolean> {
  return stat(file).then(
    (found) => found.isFile(),
    () => false,
  );
}
