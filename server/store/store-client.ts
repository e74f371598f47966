/**
 * Calls the store's thread, and starts a new one when it dies. The thread keeps the process alive only while a call is in
 * work. Lives as long as its store.
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

/** After two crashes a third one is likely. */
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
   * @throws StoreError `BUSY`: try again later; `UNAVAILABLE`: there is no thread, and there will be none; `INTERNAL`: this
   *   call failed; `CLOSED`
   */
  async call<Name extends CallName>(
    name: Name,
    ...values: Parameters<ThreadCalls[Name]>
  ): Promise<ReturnType<ThreadCalls[Name]>> {
    if (this.#closed) throw new StoreError('CLOSED', 'The store has been closed.');
    return this.#ask(await this.#started(), name, values);
  }

  /** Gives up a thread that is blocked, without waiting for its end. */
  abandon(): void {
    this.#closed = true;
    this.#abandoned.abort();
  }

  /** Ends the thread after its pending calls, or after `timeoutMs`. */
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
      return Promise.reject(new StoreError('UNAVAILABLE', 'The thread of the store crashed twice.'));
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
    const thread = await takePrewarmedThread(this.#script, signal).catch((error: unknown) => {
      throw this.#failure(error);
    });
    // The store may be given up while it opens.
    const abandon = (): void => {
      // A thread that is blocked in the kernel ends some day; nobody has to wait for it.
      thread.unref();
      void thread.kill();
    };
    signal.addEventListener('abort', abandon, { once: true });
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
    // The result has the type that `ThreadCalls` gives to the name.
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

interface PrewarmedThread {
  readonly thread: Promise<Thread>;
  readonly ended: AbortController;
}

/** Started before a store needs it. */
let prewarmed: PrewarmedThread | undefined;

/**
 * Starts the thread of the next store, whose folder need not be known yet: a thread takes as long to start as a server
 * takes to load. Once it is ready, it does not keep the process alive.
 */
export function prewarmThread(): void {
  if (prewarmed !== undefined) return;
  const ended = new AbortController();
  const thread = newThread(ownScript(), ended.signal);
  const started: PrewarmedThread = { thread, ended };
  const forget = (): void => {
    if (prewarmed === started) prewarmed = undefined;
  };
  // Errors do not matter: a store that finds no prewarmed thread starts its own.
  thread.then((client) => client.exited.then(forget), forget);
  prewarmed = started;
}

/** Ends the prewarmed thread: no store will be opened soon. */
export function endPrewarmedThread(): void {
  prewarmed?.ended.abort();
  void prewarmed?.thread.then(
    (thread) => thread.kill(),
    () => undefined,
  );
  prewarmed = undefined;
}

/** @param signal aborts a start that is in progress */
async function takePrewarmedThread(script: string, signal: AbortSignal): Promise<Thread> {
  if (prewarmed === undefined || script !== ownScript()) return newThread(script, signal);
  const { thread } = prewarmed;
  prewarmed = undefined;
  return thread.catch(() => newThread(script, signal));
}

function newThread(script: string, signal: AbortSignal): Promise<Thread> {
  return createWorker<ThreadMessages>({
    script,
    driver: workerThreadsDriver,
    name: 'store',
    // Without the options of this process, such as a script or a debugger.
    execArgv: [],
    signal,
  });
}

/** Beside this file, in the sources and in the bundle. */
function ownScript(): string {
  return import.meta.filename.endsWith('.ts')
    ? path.join(import.meta.dirname, 'store-thread.ts')
    : path.join(import.meta.dirname, 'store-thread.mjs');
}
