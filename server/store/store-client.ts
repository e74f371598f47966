/**
 * The store's side of its thread: typed calls, and a new thread when one dies. Lives as long as its store. While a call
 * is in work the thread keeps the process alive, otherwise it does not.
 */
import path from 'node:path';
import { workerThreadsDriver } from '../../workers/ipc/drivers/worker-threads.ts';
import { createWorker, RemoteError, type WorkerClient, WorkerError } from '../../workers/ipc/index.ts';
import { isStoreErrorCode, StoreError } from './faults.ts';
import type { CallName, ThreadCalls, ThreadMessages, ThreadSettings } from './thread-calls.ts';

export interface StoreClientListener {
  log(level: 'warn' | 'info', message: string): void;
  /** From now on results are kept in memory only. */
  memory(reason: string): void;
}

type Thread = WorkerClient<ThreadMessages>;

/** A thread that died twice would die again. */
const STARTS = 2;

export class StoreClient {
  readonly #settings: ThreadSettings;
  readonly #listener: StoreClientListener;
  readonly #script: string;
  readonly #abandoned = new AbortController();
  #thread: Promise<Thread> | undefined;
  #starts = 0;
  #closed = false;

  /** @param script of the thread; for tests */
  constructor(settings: ThreadSettings, listener: StoreClientListener, script: string = ownScript()) {
    this.#settings = settings;
    this.#listener = listener;
    this.#script = script;
  }

  /** @throws StoreError when the thread cannot be started or its store not be opened */
  async open(): Promise<void> {
    await this.#started();
  }

  /**
   * @throws StoreError `BUSY`: the same again later; `UNAVAILABLE`: there is no thread and will be none;
   *   `INTERNAL`: this call failed
   */
  async call<Name extends CallName>(
    name: Name,
    ...values: Parameters<ThreadCalls[Name]>
  ): Promise<ReturnType<ThreadCalls[Name]>> {
    if (this.#closed) throw new StoreError('CLOSED', 'The store has been closed.');
    return this.#ask(await this.#started(), name, values);
  }

  /** Gives up a thread that does not come back from what it is at, without waiting for its end. */
  abandon(): void {
    this.#closed = true;
    this.#abandoned.abort();
  }

  /** Lets the thread finish what it was asked before, for at most `timeoutMs`, and ends it. */
  async close(timeoutMs: number): Promise<void> {
    if (this.#closed) return;
    const closing = this.#thread && this.call('close').catch(() => undefined);
    this.#closed = true;
    const thread = await this.#thread?.catch(() => undefined);
    if (thread === undefined) return;
    const timer = setTimeout(() => void thread.kill(), timeoutMs);
    await closing;
    clearTimeout(timer);
    await thread.kill();
  }

  #started(): Promise<Thread> {
    if (this.#thread !== undefined) return this.#thread;
    if (this.#starts >= STARTS) {
      return Promise.reject(new StoreError('UNAVAILABLE', 'The thread of the store died twice.'));
    }
    this.#starts += 1;
    const starting = this.#start();
    this.#thread = starting;
    const forget = (): void => {
      if (this.#thread === starting) this.#thread = undefined;
    };
    starting.then((thread) => thread.exited.then(forget), forget);
    return starting;
  }

  async #start(): Promise<Thread> {
    const { signal } = this.#abandoned;
    const thread = await takeThreadAhead(this.#script, signal).catch((error: unknown) => {
      throw this.#failure(error);
    });
    // Its store is given up while it opens.
    signal.addEventListener('abort', () => void thread.kill(), { once: true });
    thread.onLog(({ source, level, message }) => {
      if (source === 'worker') this.#listener.log(level === 'warn' ? 'warn' : 'info', message);
    });
    void thread.exited.then(({ expected, reason }) => {
      if (!expected) this.#listener.log('warn', `The thread of the store ended. ${reason}`);
    });
    try {
      await this.#ask(thread, 'open', [this.#settings]);
    } catch (error) {
      void thread.kill();
      throw error;
    }
    return thread;
  }

  async #ask<Name extends CallName>(
    thread: Thread,
    name: Name,
    values: Parameters<ThreadCalls[Name]>,
  ): Promise<ReturnType<ThreadCalls[Name]>> {
    const { result, memoryReason } = await thread.send<CallName>(name, values).catch((error: unknown) => {
      throw this.#failure(error);
    });
    if (memoryReason !== undefined) this.#listener.memory(memoryReason);
    // The thread answers a call by the type of its name.
    return result as ReturnType<ThreadCalls[Name]>;
  }

  #failure(error: unknown): unknown {
    if (error instanceof RemoteError) {
      return new StoreError(isStoreErrorCode(error['code']) ? error['code'] : 'INTERNAL', error.message, {
        cause: error,
      });
    }
    return error instanceof WorkerError ? new StoreError('INTERNAL', error.message, { cause: error }) : error;
  }
}

interface ThreadAhead {
  readonly thread: Promise<Thread>;
  readonly ended: AbortController;
}

/** Started before anybody needed it. */
let ahead: ThreadAhead | undefined;

/**
 * Starts the thread of the next store, whose folder need not be known yet: a thread takes as long to start as a server to
 * load. Once it is ready it does not keep the process alive.
 */
export function startThreadAhead(): void {
  if (ahead !== undefined) return;
  const ended = new AbortController();
  const thread = newThread(ownScript(), ended.signal);
  const started: ThreadAhead = { thread, ended };
  const forget = (): void => {
    if (ahead === started) ahead = undefined;
  };
  // Nobody needs it yet: a store that finds none starts its own.
  thread.then((client) => client.exited.then(forget), forget);
  ahead = started;
}

/** There will be no store soon. */
export function endThreadAhead(): void {
  ahead?.ended.abort();
  void ahead?.thread.then(
    (thread) => thread.kill(),
    () => undefined,
  );
  ahead = undefined;
}

/** @param signal gives up a start that is under way */
async function takeThreadAhead(script: string, signal: AbortSignal): Promise<Thread> {
  if (ahead === undefined || script !== ownScript()) return newThread(script, signal);
  const { thread } = ahead;
  ahead = undefined;
  return thread.catch(() => newThread(script, signal));
}

function newThread(script: string, signal: AbortSignal): Promise<Thread> {
  return createWorker<ThreadMessages>({
    script,
    driver: workerThreadsDriver,
    name: 'store',
    // What our process was started with (a script on the command line, a debugger) is not for it.
    execArgv: [],
    keepAlive: 'in-work',
    signal,
  });
}

/** Beside this file, as source and in the bundle. */
function ownScript(): string {
  return import.meta.filename.endsWith('.ts')
    ? path.join(import.meta.dirname, 'store-thread.ts')
    : path.join(import.meta.dirname, 'store-thread.mjs');
}
