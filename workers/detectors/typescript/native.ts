/**
 * TypeScript 7 through its API: a native program in a child process of its own, spoken to over its stdin, so it ends
 * when we do. One process per session, with a few projects open at a time.
 *
 * The API is named unstable: this file is the only one that knows it.
 */
import type { ChildProcess } from 'node:child_process';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type * as NativeApi from 'typescript7/unstable/async';
import type { Engine } from './engine.ts';
import {
  EngineDied,
  NOWHERE,
  severityOf,
  type Changes,
  type Diagnostic,
  type Extent,
  type ProjectOrder,
  type ProjectSink,
  type SessionSettings,
  type TypeScriptSession,
} from './session.ts';
import { LineMap, readSource, slashed } from './text.ts';

/** @param engine of kind `native` */
export function openNative(engine: Engine, settings: SessionSettings): TypeScriptSession {
  return new NativeSession(engine, settings);
}

/** Questions in flight: as many as TypeScript has checkers for. */
const PARALLEL = 4;
/** Projects kept open: more than these would keep gigabytes of a monorepo in memory. */
const OPEN_PROJECTS = 8;
/** More changes than this and a fresh process is as fast. */
const MANY_CHANGES = 500;

/** Printed by `tsc` only when it writes files; the API cannot be told `--noEmit`. */
const EMIT_ONLY: ReadonlySet<number> = new Set([2396, 2441, 2529, 2818, 5011, 5055, 5056, 5096, 18027]);

class NativeSession implements TypeScriptSession {
  readonly #engine: Engine;
  readonly #settings: SessionSettings;
  #overlays: ReadonlyMap<string, string> = new Map();
  #server: Promise<Server> | undefined;
  /** Told to the process with its next snapshot. */
  #pending: FileChanges = {};

  constructor(engine: Engine, settings: SessionSettings) {
    this.#engine = engine;
    this.#settings = settings;
  }

  async update({ overlays, changed }: Changes): Promise<void> {
    const before = this.#overlays;
    this.#overlays = overlays;
    const server = await this.#server?.catch(() => undefined);
    if (!server) return;
    const fresh =
      // Only a process that was started with our file system asks it.
      (overlays.size > 0 && !server.overlaid) ||
      // Told that anything may have changed, TypeScript 7.0 still keeps the files of a project as they were listed.
      changed === undefined ||
      changed.length > MANY_CHANGES ||
      changed.some(reachesFar);
    if (fresh) {
      await this.#stop();
      return;
    }
    const touched = new Set(changed.map(slashed));
    for (const [file, text] of overlays) if (before.get(file) !== text) touched.add(slashed(file));
    for (const file of before.keys()) if (!overlays.has(file)) touched.add(slashed(file));
    await this.#note(touched, server);
  }

  async check(order: ProjectOrder, sink: ProjectSink, signal: AbortSignal): Promise<Extent> {
    signal.throwIfAborted();
    try {
      const server = await this.#start();
      const pending = this.#pending;
      this.#pending = {};
      const project = await server.open(slashed(order.configFile), pending);
      await new ProjectCheck(project, server, this.#overlays, sink, signal).run(order);
      return 'whole';
    } catch (error) {
      // Whatever the process was told last may be lost: the next check starts another one.
      if (!signal.aborted) await this.#stop();
      throw error;
    }
  }

  trim(): void {
    // The process holds a few projects at most, and not in our memory.
  }

  async close(): Promise<void> {
    await this.#stop();
  }

  #start(): Promise<Server> {
    this.#server ??= Server.start(this.#engine, this.#settings, this.#overlays.size > 0 ? this : undefined);
    return this.#server;
  }

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

  async #note(touched: ReadonlySet<string>, { known }: Server): Promise<void> {
    const changed = new Set(this.#pending.changed);
    const created = new Set(this.#pending.created);
    const deleted = new Set(this.#pending.deleted);
    for (const file of touched) {
      for (const set of [changed, created, deleted]) set.delete(file);
      const there = this.overlay(file) !== undefined || (await isFile(file));
      (there ? (known.has(file) ? changed : created) : deleted).add(file);
      if (!there) known.delete(file);
    }
    this.#pending = { changed: [...changed], created: [...created], deleted: [...deleted] };
  }
}

interface FileChanges {
  changed?: string[];
  created?: string[];
  deleted?: string[];
}

/** The process and what is open in it. */
class Server {
  readonly #api: NativeApi.API;
  readonly #died: Promise<never>;
  /** Most recently used last. */
  readonly #open = new Set<string>();
  #snapshot: NativeApi.Snapshot | undefined;
  readonly overlaid: boolean;
  /** Every file of every program seen: a change of one of them is a change, of another a creation. */
  readonly known = new Set<string>();

  private constructor(api: NativeApi.API, died: Promise<never>, overlaid: boolean) {
    this.#api = api;
    this.#died = died;
    this.overlaid = overlaid;
  }

  /** @param overlays asked for every file that is read; absent: the process reads the disk itself, which is faster */
  static async start(
    engine: Engine,
    { root, log }: SessionSettings,
    overlays: { overlay(file: string): string | undefined } | undefined,
  ): Promise<Server> {
    const { API } = (await import(pathToFileURL(engine.entry).href)) as typeof NativeApi;
    const api = new API({
      cwd: root,
      tsserverPath: engine.executable,
      ...(overlays
        ? {
            fs: {
              readFile: (file: string) => overlays.overlay(file),
              fileExists: (file: string) => (overlays.overlay(file) === undefined ? undefined : true),
            },
          }
        : {}),
    });
    await internalsOf(api).client?.connect?.();
    return new Server(api, deathOf(api, engine, log), overlays !== undefined);
  }

  /** Brings the process up to date, with this project open. */
  async open(configFile: string, fileChanges: FileChanges): Promise<NativeApi.Project> {
    this.#open.delete(configFile);
    this.#open.add(configFile);
    const surplus = [...this.#open].slice(0, Math.max(0, this.#open.size - OPEN_PROJECTS));
    for (const other of surplus) this.#open.delete(other);
    const before = this.#snapshot;
    this.#snapshot = await this.ask(
      this.#api.updateSnapshot({
        openProjects: [configFile],
        closeProjects: surplus,
        fileChanges,
      }),
    );
    await before?.dispose();
    const project = this.#snapshot.getProject(configFile);
    if (!project) throw new Error(`TypeScript did not open ${configFile}`);
    return project;
  }

  /**
   * Waits for an answer, or for the end of the process: then there will be none.
   * @throws {EngineDied}
   */
  async ask<T>(answer: Promise<T>): Promise<T> {
    try {
      return await Promise.race([answer, this.#died]);
    } catch (error) {
      // The pipe may be found broken before the process is known to have ended.
      if (PIPE_ERRORS.has(codeOf(error))) throw new EngineDied('TypeScript ended by itself', { cause: error });
      throw error;
    }
  }

  async close(): Promise<void> {
    const child = childOf(this.#api);
    this.#died.catch(() => {});
    const gone = child && child.exitCode === null && child.signalCode === null ? exitOf(child) : undefined;
    // Releasing snapshots waits for answers that a dead process does not give.
    await Promise.race([this.#api.close().catch(() => {}), this.#died.catch(() => {})]);
    child?.stdin?.destroy();
    const timer = setTimeout(() => child?.kill('SIGKILL'), 1000);
    await gone;
    clearTimeout(timer);
  }
}

/** Of the stream, and of the JSON-RPC library: cannot write or read, pending or new requests of a closed line. */
const PIPE_ERRORS: ReadonlySet<unknown> = new Set([
  ...['EPIPE', 'ECONNRESET', 'EOF', 'ERR_STREAM_DESTROYED'],
  ...[-32099, -32098, -32097, -32096, 1, 2],
]);

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

function exitOf(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => child.once('exit', () => resolve()));
}

/**
 * The client keeps its child to itself, and its questions open when the child dies; there is no other way to know.
 * Should a later version hide these, a dead process looks like a slow one, and the pool ends it.
 */
interface Internals {
  readonly client?: { readonly process?: ChildProcess; connect?(): Promise<void> };
}

function internalsOf(api: NativeApi.API): Internals {
  return api as unknown as Internals;
}

function childOf(api: NativeApi.API): ChildProcess | undefined {
  return internalsOf(api).client?.process;
}

function deathOf(api: NativeApi.API, { version }: Engine, log: SessionSettings['log']): Promise<never> {
  const died = new Promise<never>((_resolve, reject) => {
    childOf(api)?.once('exit', (code, signal) => {
      reject(new EngineDied(`TypeScript ${version} ended by itself (${signal ?? `exit code ${String(code)}`})`));
    });
    childOf(api)?.stdin?.on('error', (error) => log('debug', `TypeScript ${version}: ${String(error)}`));
  });
  died.catch(() => {});
  return died;
}

/** One walk over one project in one snapshot. */
class ProjectCheck {
  readonly #project: NativeApi.Project;
  readonly #server: Server;
  readonly #overlays: ReadonlyMap<string, string>;
  readonly #sink: ProjectSink;
  readonly #signal: AbortSignal;
  readonly #noEmit: boolean;
  readonly #lines = new Map<string, Promise<LineMap | undefined>>();

  constructor(
    project: NativeApi.Project,
    server: Server,
    overlays: ReadonlyMap<string, string>,
    sink: ProjectSink,
    signal: AbortSignal,
  ) {
    this.#project = project;
    this.#server = server;
    this.#overlays = overlays;
    this.#sink = sink;
    this.#signal = signal;
    this.#noEmit = project.compilerOptions.noEmit === true;
  }

  async run(order: ProjectOrder): Promise<void> {
    const { program, compilerOptions } = this.#project;
    const names = await this.#ask(program.getSourceFileNames());
    for (const name of names) this.#server.known.add(name);
    const configuration = await this.#ask(program.getConfigFileParsingDiagnostics());
    const options = await this.#ask(program.getProgramDiagnostics());
    await this.#aboutProject([...configuration, ...options]);

    const syntax = groupByFile(await this.#ask(program.getSyntacticDiagnostics()));
    const skips = compilerOptions.skipLibCheck === true;
    const files = inOrder(
      names.filter((name) => syntax.has(name) || !(skips && DECLARATION.test(name))),
      order.first.map(slashed),
    );
    const semantics = new Map<string, readonly NativeApi.Diagnostic[]>();
    let next = 0;
    const walk = async (): Promise<void> => {
      for (let file = files[next]; file !== undefined; file = files[next]) {
        next += 1;
        const found = await this.#ask(program.getSemanticDiagnostics(file));
        semantics.set(file, found);
        await this.#answer(file, [...(syntax.get(file) ?? []), ...found]);
        this.#sink.progress(semantics.size, files.length);
      }
    };
    await Promise.all(Array.from({ length: PARALLEL }, walk));

    // Checking one file can find something in another one that was answered for before. Asked once more for
    // everything, TypeScript tells what it knows without checking again.
    const all = await this.#ask(program.getSemanticDiagnostics());
    const settled = groupByFile(all);
    for (const file of new Set([...settled.keys(), ...semantics.keys()])) {
      const found = settled.get(file) ?? [];
      if (sameDiagnostics(found, semantics.get(file) ?? [])) continue;
      await this.#answer(file, [...(syntax.get(file) ?? []), ...found]);
    }
    const general = await this.#ask(program.getGlobalDiagnostics());
    await this.#aboutProject([...general, ...(settled.get('') ?? [])]);

    const clean = [options, all, general].every((some) => some.length === 0) && syntax.size === 0;
    if (tellsDeclarations(compilerOptions, clean)) {
      const declarations = groupByFile(await this.#ask(program.getDeclarationDiagnostics()));
      for (const [file, found] of declarations) {
        await this.#answer(file, [...(syntax.get(file) ?? []), ...(settled.get(file) ?? []), ...found]);
      }
    }
  }

  async #ask<T>(answer: Promise<T>): Promise<T> {
    const value = await this.#server.ask(answer);
    this.#signal.throwIfAborted();
    return value;
  }

  async #answer(file: string, found: readonly NativeApi.Diagnostic[]): Promise<void> {
    await this.#sink.answer(file, await this.#convertAll(found));
  }

  async #aboutProject(found: readonly NativeApi.Diagnostic[]): Promise<void> {
    if (found.length > 0) this.#sink.project(await this.#convertAll(found));
  }

  #convertAll(found: readonly NativeApi.Diagnostic[]): Promise<readonly Diagnostic[]> {
    const printed = this.#noEmit ? found : found.filter(({ code }) => !EMIT_ONLY.has(code));
    return Promise.all(printed.map((diagnostic) => this.#convert(diagnostic)));
  }

  async #convert(diagnostic: NativeApi.Diagnostic): Promise<Diagnostic> {
    const { fileName, pos, end, code, category, relatedInformation } = diagnostic;
    const lines = fileName === undefined ? undefined : await this.#linesOf(fileName);
    return {
      ...(fileName === undefined ? {} : { file: fileName }),
      range: lines ? lines.range(pos, end) : NOWHERE,
      code,
      severity: severityOf(category),
      message: flatten(diagnostic),
      ...(diagnostic.reportsUnnecessary === true ? { unnecessary: true } : {}),
      ...(diagnostic.reportsDeprecated === true ? { deprecated: true } : {}),
      ...(relatedInformation ? { related: await this.#convertAll(relatedInformation) } : {}),
    };
  }

  #linesOf(file: string): Promise<LineMap | undefined> {
    const known = this.#lines.get(file);
    if (known) return known;
    const overlay = this.#overlays.get(path.normalize(file));
    const text = overlay === undefined ? readSource(file) : Promise.resolve(overlay.replace(/^\uFEFF/, ''));
    const lines = text.then(
      (found) => new LineMap(found),
      () => undefined,
    );
    this.#lines.set(file, lines);
    return lines;
  }
}

/**
 * Whether `tsc --noEmit` goes on to what is wrong with declaration files. TypeScript 7.0 goes through the motions of
 * writing them even so, unless it keeps a record of the build or is to write nothing after an error.
 */
function tellsDeclarations(options: NativeApi.CompilerOptions, clean: boolean): boolean {
  const { declaration, composite, incremental, noEmitOnError } = options;
  if (declaration !== true && composite !== true) return false;
  return clean || (composite !== true && incremental !== true && noEmitOnError !== true);
}

const DECLARATION = /\.d\.([^./]+\.)?[cm]?ts$/;

function inOrder(files: readonly string[], first: readonly string[]): readonly string[] {
  const all = new Set(files);
  const wanted = new Set(first.filter((file) => all.has(file)));
  return [...wanted, ...files.filter((file) => !wanted.has(file))];
}

function groupByFile(found: readonly NativeApi.Diagnostic[]): Map<string, NativeApi.Diagnostic[]> {
  return Map.groupBy(found, ({ fileName }) => fileName ?? '');
}

function sameDiagnostics(one: readonly NativeApi.Diagnostic[], other: readonly NativeApi.Diagnostic[]): boolean {
  return one.length === other.length && JSON.stringify(one) === JSON.stringify(other);
}

function flatten({ text, messageChain }: NativeApi.Diagnostic, depth = 0): string {
  const line = `${'  '.repeat(depth)}${text}`;
  return [line, ...(messageChain ?? []).map((nested) => flatten(nested, depth + 1))].join('\n');
}

/** Changes that can turn anything: what packages and configurations say, and folders. */
function reachesFar(file: string): boolean {
  return /[\\/]node_modules([\\/]|$)/.test(file) || file.endsWith('.json') || path.extname(file) === '';
}

async function isFile(file: string): Promise<boolean> {
  return stat(file).then(
    (found) => found.isFile(),
    () => false,
  );
}
