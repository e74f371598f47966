/**
 * The process of TypeScript 7: its start, its end, and its snapshots. A session replaces it if it cannot be informed of
 * a change.
 */
import type { ChildProcess } from 'node:child_process';
import type { Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import type * as NativeApi from 'typescript7/unstable/async';
import type { Compiler } from './compiler.ts';
import { budgetBytes } from './available-memory.ts';
import { MemoryGrowth } from './memory-growth.ts';
import { CompilerExited, type SessionSettings } from './session.ts';
import { isFromOutside, KilledChild } from '../../protocol/killed-child.ts';
import { readText } from '../../protocol/read-file.ts';

/** Projects kept open: more than these would keep gigabytes of a monorepo in memory. */
const OPEN_PROJECTS = 8;

export interface FileChanges {
  changed?: string[];
  created?: string[];
  deleted?: string[];
}

/** The process and what is open in it. */
export class Server {
  readonly #api: NativeApi.API;
  readonly #died: Promise<never>;
  /** Most recently used last. */
  readonly #open = new Set<string>();
  #snapshot: NativeApi.Snapshot | undefined;
  readonly overlaid: boolean;
  readonly #growth = new MemoryGrowth(budgetBytes);

  private constructor(api: NativeApi.API, died: Promise<never>, overlaid: boolean) {
    this.#api = api;
    this.#died = died;
    this.overlaid = overlaid;
  }

  /** @param overlays asked for every file that is read; absent: the process reads the disk itself, which is faster */
  static async start(
    engine: Compiler,
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
    try {
      await internalsOf(api).client?.connect?.();
    } catch (error) {
      throw (await startFailure(childOf(api), engine)) ?? error;
    }
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

  get pid(): number | undefined {
    return childOf(this.#api)?.pid;
  }

  /** A project was checked as a whole. */
  async checked(configFile: string): Promise<void> {
    this.#growth.checked(configFile, await this.residentBytes());
  }

  /** Its worker would be ended for its size, with all that the worker knows. */
  get isOverBudget(): boolean {
    return this.#growth.isOverBudget;
  }

  /** It has grown so much that a new process is cheaper. */
  get outgrown(): boolean {
    return this.#growth.isTooMuch;
  }

  /** Undefined: unknown on this platform. */
  async residentBytes(): Promise<number | undefined> {
    if (process.platform !== 'linux' || this.pid === undefined) return undefined;
    const status = await readText(`/proc/${String(this.pid)}/status`).catch(() => '');
    const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
    return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
  }

  /** The text of a file in the current snapshot; undefined: it is in no open project. */
  async textOf(file: string): Promise<string | undefined> {
    for (const { program } of this.#snapshot?.getProjects() ?? []) {
      const source = await this.ask(program.getSourceFile(file));
      if (source) return source.text;
    }
    return undefined;
  }

  /**
   * Waits for an answer, or for the end of the process: then there will be none.
   * @throws {CompilerExited} it ended by itself
   * @throws {KilledChild} another process killed it
   */
  async ask<T>(answer: Promise<T>): Promise<T> {
    try {
      return await Promise.race([answer, this.#died]);
    } catch (error) {
      if (!PIPE_ERRORS.has(codeOf(error))) throw error;
      // The pipe may be found broken before the process is known to have ended, and how.
      await Promise.race([this.#died, sleep(KNOWN_DEAD_MS)]);
      throw new CompilerExited('TypeScript exited unexpectedly', { cause: error });
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

/** The system tells how a process ended a moment after its pipes have broken; on a busy machine that takes seconds. */
const KNOWN_DEAD_MS = 10_000;

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

/** The client would report that it cannot read from a process that it could not start. */
async function startFailure(child: ChildProcess | undefined, { version }: Compiler): Promise<Error | undefined> {
  if (child === undefined || child.pid !== undefined) return undefined;
  const told = new Promise<unknown>((resolve) => child.once('error', resolve));
  const cause = await Promise.race([told, sleep(KNOWN_DEAD_MS)]);
  const reason = cause instanceof Error ? cause.message : 'the system gave no reason';
  return new Error(`TypeScript ${version} could not be started: ${reason}`, { cause });
}

function deathOf(api: NativeApi.API, { version }: Compiler, log: SessionSettings['log']): Promise<never> {
  const died = new Promise<never>((_resolve, reject) => {
    childOf(api)?.once('exit', (code, signal) => {
      if (isFromOutside(signal)) return reject(new KilledChild(`TypeScript ${version}`, signal));
      reject(
        new CompilerExited(`TypeScript ${version} exited unexpectedly (${signal ?? `exit code ${String(code)}`})`),
      );
    });
  });
  died.catch(() => {});
  const stdin = childOf(api)?.stdin;
  stdin?.on('error', (error) => log('debug', `TypeScript ${version}: ${String(error)}`));
  if (stdin) forgiveWrites(stdin);
  return died;
}

/**
 * The JSON-RPC library throws where nobody can catch it if a request cannot be written, which would end this worker by its
 * own fault. Whoever waits for the answer learns from the end of the process that there will be none.
 *
 * It also writes the head of a request, waits, and writes the rest. To write is what small projects cost this worker most:
 * all of one turn of the event loop goes to the process at once.
 */
function forgiveWrites(stream: Writable): void {
  const write = stream.write.bind(stream) as (chunk: unknown, encoding: BufferEncoding) => boolean;
  stream.write = (chunk: unknown, ...rest: readonly unknown[]): boolean => {
    const encoding = typeof rest[0] === 'string' ? (rest[0] as BufferEncoding) : 'utf8';
    const done = rest.find((each) => typeof each === 'function') as (() => void) | undefined;
    if (stream.writableCorked === 0) {
      stream.cork();
      setImmediate(() => stream.uncork());
    }
    const isRoom = write(chunk, encoding);
    done?.();
    return isRoom;
  };
}
