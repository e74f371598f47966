/**
 * TypeScript 7 through its API: a native process that is controlled over its stdin, so it ends with this process. One
 * process per session, with a few projects open at a time.
 *
 * The API is unstable: only this file, `native-server.ts` and `native-check.ts` use it.
 */
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { scriptOrJson } from '../../protocol/file-patterns.ts';
import { UnreadableFile } from '../../protocol/read-file.ts';
import type { Tsconfig, TsconfigReader } from '../../reading/tsconfig.ts';
import type { Compiler } from './compiler.ts';
import { LikelyImporters, type TextEdit } from './importers.ts';
import { AnswerHistory, type Known } from './answer-history.ts';
import { ProjectCheck, type ProjectFacts } from './native-check.ts';
import { Server, type FileChanges } from './native-server.ts';
import { projectReader } from './projects.ts';
import type { Changes, Extent, ProjectRequest, ProjectSink, SessionSettings, TypeScriptSession } from './session.ts';
import { readSource, slashed } from './text.ts';

/** @param engine of kind `native` */
export function openNative(engine: Compiler, settings: SessionSettings): TypeScriptSession {
  return new NativeSession(engine, settings);
}

/** With more changes, a new process is as fast. */
const MANY_CHANGES = 500;
/** With more new files, everything is checked. */
const MANY_CREATED = 50;
const DECLARATION = /\.d\.([^./]+\.)?[cm]?ts$/;

/** What an answer was made from. */
interface Basis {
  readonly files: ProjectFacts['files'];
  /** Texts of files before they changed; undefined: nobody knows. */
  readonly texts: Map<string, string | undefined>;
}

interface KnownProject {
  readonly facts: ProjectFacts;
  readonly history: AnswerHistory<Basis>;
}

/** Up to this many affected files, the share does not matter. */
const FEW_AFFECTED = 100;
/**
 * Above this share of the files, all are checked at once: the process is fast, and they would be revalidated anyway.
 */
const MANY_AFFECTED = 0.1;

/** `No inputs were found in config file`: a process of TypeScript 7.0 says so for ever. */
const NO_INPUTS = 18_003;

class NativeSession implements TypeScriptSession {
  readonly #engine: Compiler;
  readonly #settings: SessionSettings;
  #overlays: ReadonlyMap<string, string> = new Map();
  #server: Promise<Server> | undefined;
  /** Changes for the next snapshot. */
  #pending: FileChanges = {};
  /**
   * By tsconfig: projects that were checked completely and whose files are still the same. What was answered stays known
   * when the process is replaced: only what changed since has to be checked again.
   */
  readonly #projects = new Map<string, KnownProject>();
  /** All files of all programs so far, each name once; a change to any other file counts as its creation. */
  readonly #files = new Map<string, string>();
  /** Those that are not on disk, so that no configuration includes them. */
  readonly #unwritten = new Set<string>();
  /** The configurations as they were at the last update, and by tsconfig those that it references. */
  #configs = projectReader([]);
  readonly #referenced = new Map<string, readonly Tsconfig[]>();
  readonly #importers = new LikelyImporters((file) => this.#read(file));

  constructor(engine: Compiler, settings: SessionSettings) {
    this.#engine = engine;
    this.#settings = settings;
  }

  async update({ overlays, changed }: Changes): Promise<void> {
    const before = this.#overlays;
    this.#overlays = overlays;
    if (changed?.some((file) => file.endsWith('.json')) !== false) {
      this.#configs = projectReader([]);
      this.#referenced.clear();
    }
    const isEmpty = [...this.#projects.values()].some(({ facts }) =>
      facts.general.some(({ code }) => code === NO_INPUTS),
    );
    if (changed?.some((file) => isEmpty || affectsEverything(file) || this.#hadFolder(file)) !== false) {
      // Even if anything may have changed, TypeScript 7.0 does not list the files of a project again.
      this.#projects.clear();
      // What comes back is new.
      this.#files.clear();
      this.#unwritten.clear();
      this.#importers.forgetAll();
      await this.#stop();
      return;
    }
    const touched = new Set(changed.map(slashed));
    for (const [file, text] of overlays) if (before.get(file) !== text) touched.add(slashed(file));
    for (const file of before.keys()) if (!overlays.has(file)) touched.add(slashed(file));
    const isMuch = changed.length > MANY_CHANGES;
    const server = await this.#server?.catch(() => undefined);
    await this.#note(touched, isMuch ? undefined : server);
    // The process reads unsaved texts only if it was started with our file system. It reads no configuration again.
    const isUnable = overlays.size > 0 && server?.overlaid === false;
    if (isMuch || isUnable || changed.some((file) => file.endsWith('.json'))) await this.#stop();
  }

  async check(order: ProjectRequest, sink: ProjectSink, signal: AbortSignal): Promise<Extent> {
    signal.throwIfAborted();
    const config = slashed(order.configFile);
    const known = this.#projects.get(config);
    const basis = known?.history.asked(order.since);
    const edits = basis && !order.whole ? await this.#editsSince(basis) : undefined;
    if (known && basis && edits && !(await this.#concerns(config, edits, basis.state.files))) {
      known.history.gave(order.revision, basisOf(basis.state));
      return 'unchanged';
    }
    if (!edits && (await this.#server?.catch(() => undefined))?.outgrown === true) await this.#replace();
    let isTold = false;
    try {
      const server = await this.#start(order);
      const pending = this.#pending;
      this.#pending = {};
      const project = await server.open(config, pending);
      isTold = true;
      const check = new ProjectCheck(project, server, this.#overlays, sink, signal);
      const first = order.first.map(slashed);
      const edited = new Set((edits ?? []).map(({ file }) => file));
      if (known && edits) {
        const { facts, history } = known;
        // Check the edited files first, before the other affected files are looked up.
        await check.some([...edited], facts);
        const { files, all } = await this.#importers.affected(edits, facts.files, mostAffected(facts.files));
        signal.throwIfAborted();
        if (all) {
          const others = files.filter((file) => !edited.has(file));
          if (others.length > 0) await check.some(others, facts);
          history.gave(order.revision, basisOf(facts));
          return 'affected';
        }
        first.push(...files);
      }
      const made = await check.all(first);
      const facts = { ...made, files: new Set([...made.files].map((file) => this.#nameOf(file))) };
      await server.checked(config);
      const history = known?.history ?? new AnswerHistory<Basis>();
      history.gave(order.revision, basisOf(facts));
      this.#projects.set(config, { facts, history });
      if (server.isOverBudget) await this.#replace();
      // An editor will need them for the next edit.
      if (order.first.length > 0 || order.whole) await this.#importers.learn(facts.files);
      return 'whole';
    } catch (error) {
      // The process may have missed the last changes, so the next check starts a new one.
      if (!isTold || !signal.aborted) await this.#stop();
      throw error;
    }
  }

  filesOf(configFile: string): Iterable<string> | undefined {
    return this.#projects.get(slashed(configFile))?.facts.files;
  }

  async processBytes(): Promise<number | undefined> {
    return (await this.#server?.catch(() => undefined))?.residentBytes();
  }

  trim(): void {
    // The process holds a few projects at most, outside the memory of this process.
  }

  async close(): Promise<void> {
    this.#projects.clear();
    await this.#stop();
  }

  /** If files are open, there will be unsaved texts. */
  #start({ first }: ProjectRequest): Promise<Server> {
    const overlays = this.#overlays.size > 0 || first.length > 0 ? this : undefined;
    this.#server ??= Server.start(this.#engine, this.#settings, overlays);
    return this.#server;
  }

  async #replace(): Promise<void> {
    this.#settings.log('info', `TypeScript ${this.#engine.version} restarts because its process has grown too large`);
    await this.#stop();
  }

  /** The next check starts a new process, which reads everything anew. */
  async #stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    this.#pending = {};
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
  async #editsSince({ state: { texts }, touched }: Known<Basis>): Promise<readonly TextEdit[] | undefined> {
    const edits: TextEdit[] = [];
    for (const file of touched) {
      const before = texts.get(file);
      const now = await this.#read(file).catch(() => undefined);
      if (before === undefined || now === undefined) return undefined;
      if (now !== before) edits.unshift({ file, before, now });
    }
    return edits;
  }

  /** Whether files of programs were in a folder of this name. */
  #hadFolder(file: string): boolean {
    if (scriptOrJson.test(file)) return false;
    const start = `${slashed(file)}/`;
    return [...this.#files.keys()].some((known) => known.startsWith(start));
  }

  #nameOf(file: string): string {
    const known = this.#files.get(file);
    if (known === undefined) this.#files.set(file, file);
    return known ?? file;
  }

  /** @param server absent: earlier texts are not asked for */
  async #note(touched: ReadonlySet<string>, server: Server | undefined): Promise<void> {
    const changed = new Set(this.#pending.changed);
    const created = new Set(this.#pending.created);
    const deleted = new Set(this.#pending.deleted);
    const added: string[] = [];
    for (const file of touched) {
      // A check that was cancelled before it began has told the process nothing: what was new then is still new.
      const isUntold = created.has(file) || deleted.has(file);
      for (const set of [changed, created, deleted]) set.delete(file);
      const isOnDisk = await isFile(file);
      const there = this.overlay(file) !== undefined || isOnDisk;
      const isKnown = this.#files.has(file) && !isUntold && !(isOnDisk && this.#unwritten.has(file));
      (there ? changed : deleted).add(file);
      // The process may have it all the same, and does not read the text of a file again that is only created.
      if (there && !isKnown) created.add(file);
      if (there && isKnown) await this.#touch(file, server);
      else if (there) added.push(file);
      else this.#deleted(file);
      if (there) this.#nameOf(file);
      else this.#files.delete(file);
      if (there && !isOnDisk) this.#unwritten.add(file);
      else this.#unwritten.delete(file);
      this.#importers.forget(file);
    }
    await this.#created(added);
    this.#pending = { changed: [...changed], created: [...created], deleted: [...deleted] };
  }

  async #touch(file: string, server: Server | undefined): Promise<void> {
    const all = [...this.#projects.values()];
    const concerned = all.filter(({ history }) => history.states.some(({ files }) => files.has(file)));
    const missing = concerned.flatMap(({ history }) => history.states.filter(({ texts }) => !texts.has(file)));
    const text = missing.length > 0 ? await server?.textOf(file) : undefined;
    for (const { texts } of missing) texts.set(file, text === undefined ? undefined : withoutMark(text));
    for (const { history } of concerned) history.touch(file);
  }

  /**
   * Whether a project has to look at itself again. Of the sources of projects that it references only what they declare
   * matters, as in `tsc -b`.
   */
  async #concerns(config: string, edits: readonly TextEdit[], files: ReadonlySet<string>): Promise<boolean> {
    if (edits.length === 0) return false;
    const own = readConfig(this.#configs, path.normalize(config));
    const referenced = this.#referencedBy(config);
    const isForeign = (file: string): boolean =>
      own?.includes(file) === false && referenced.some((other) => other.includes(file));
    if (!edits.every(({ file }) => isForeign(file))) return true;
    const affected = await this.#importers.affected(edits, files, mostAffected(files));
    return !affected.all || !affected.files.every(isForeign);
  }

  /** All projects that one references, directly or not. */
  #referencedBy(config: string): readonly Tsconfig[] {
    const known = this.#referenced.get(config);
    if (known) return known;
    const found = new Map<string, Tsconfig>();
    const visit = (file: string): void => {
      for (const reference of readConfig(this.#configs, file)?.references ?? []) {
        if (found.has(reference.file)) continue;
        const other = readConfig(this.#configs, reference.file);
        if (!other) continue;
        found.set(reference.file, other);
        visit(reference.file);
      }
    };
    visit(path.normalize(config));
    const all = [...found.values()];
    this.#referenced.set(config, all);
    return all;
  }

  /** What an import means changes only where a program had the file. */
  #deleted(file: string): void {
    for (const [config, { facts }] of this.#projects) if (facts.files.has(file)) this.#projects.delete(config);
  }

  /** Imports can mean a new file, and configurations include it. */
  async #created(files: readonly string[]): Promise<void> {
    if (files.length === 0 || this.#projects.size === 0) return;
    // A declaration may be of a package of types, which nobody has to import.
    if (files.length > MANY_CREATED || files.some((file) => DECLARATION.test(file))) {
      this.#projects.clear();
      return;
    }
    const known = new Set([...this.#projects.values()].flatMap(({ facts }) => [...facts.files]));
    const askers = await this.#importers.likelyFor(files, known);
    for (const [config, { facts }] of this.#projects) {
      const isConcerned =
        facts.missesPackages ||
        [...askers].some((file) => facts.files.has(file)) ||
        files.some((file) => readConfig(this.#configs, path.normalize(config))?.includes(file) !== false);
      if (isConcerned) this.#projects.delete(config);
    }
  }
}

function basisOf({ files }: Pick<Basis, 'files'>): Basis {
  return { files, texts: new Map() };
}

/** Changes to packages and folders can affect everything. The engine asks for everything after those of configurations. */
function affectsEverything(file: string): boolean {
  return /[\\/]node_modules([\\/]|$)/.test(file) || path.extname(file) === '';
}

/** @returns undefined: it cannot be read */
function readConfig(reader: TsconfigReader, config: string): Tsconfig | undefined {
  try {
    return reader.read(config);
  } catch (error) {
    if (error instanceof UnreadableFile) return undefined;
    throw error;
  }
}

/** The number of affected files from which on all are checked at once. */
function mostAffected({ size }: ReadonlySet<string>): number {
  return Math.max(FEW_AFFECTED, size * MANY_AFFECTED);
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
