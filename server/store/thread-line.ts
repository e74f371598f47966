/**
 * The store's side of the line to its thread: typed calls, and a new thread when one dies. Lives as long as its store.
 * While a call is in work the thread keeps the process alive, otherwise it does not.
 */
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { StoreError } from './faults.ts';
import type { CallMessage, CallName, ThreadCalls, ThreadMessage, ThreadSettings } from './thread-calls.ts';

export interface LineListener {
  log(level: 'warn' | 'info', message: string): void;
  /** From now on results are kept in memory only. */
  memory(reason: string): void;
}

interface Pending {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: StoreError) => void;
}

/** A thread that died twice would die again. */
const STARTS = 2;

export class ThreadLine {
  readonly #settings: ThreadSettings;
  readonly #listener: LineListener;
  readonly #script: string;
  readonly #pending = new Map<number, Pending>();
  #worker: Promise<Worker> | undefined;
  #thread: Worker | undefined;
  #starts = 0;
  #lastId = 0;
  #closed = false;

  /** @param script of the thread; for tests */
  constructor(settings: ThreadSettings, listener: LineListener, script: string = ownScript()) {
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
    const worker = await this.#started();
    const id = ++this.#lastId;
    const message: CallMessage<Name> = { id, name, values };
    const answer = new Promise<unknown>((resolve, reject) => this.#pending.set(id, { resolve, reject }));
    worker.ref();
    worker.postMessage(message);
    // The thread answers a call by the type of its name.
    return (await answer) as ReturnType<ThreadCalls[Name]>;
  }

  /** The thread does not come back from what it is at: nobody waits for it, and its end is of no interest. */
  abandon(): void {
    this.#closed = true;
    this.#thread?.unref();
    void this.#thread?.terminate();
  }

  /** Lets the thread finish what it was asked before, for at most `patienceMs`, and ends it. */
  async close(patienceMs: number): Promise<void> {
    if (this.#closed) return;
    const closing = this.#worker && this.call('close');
    this.#closed = true;
    const worker = await this.#worker?.catch(() => undefined);
    if (worker === undefined) return;
    const timer = setTimeout(() => void worker.terminate(), patienceMs);
    await closing?.catch(() => undefined);
    clearTimeout(timer);
    await worker.terminate();
  }

  async #started(): Promise<Worker> {
    if (this.#worker === undefined) {
      if (this.#starts >= STARTS) throw new StoreError('UNAVAILABLE', 'The thread of the store died twice.');
      this.#starts += 1;
      this.#worker = this.#start();
    }
    return this.#worker;
  }

  #start(): Promise<Worker> {
    return new Promise((resolve, reject) => {
      const worker = takeAhead(this.#script, this.#settings) ?? newThread(this.#script, this.#settings);
      this.#thread = worker;
      let cause = '';
      let refused = false;
      worker.on('message', (message: ThreadMessage) => {
        if (message.type === 'ready') {
          worker.unref();
          if (message.memoryReason !== undefined) this.#listener.memory(message.memoryReason);
          resolve(worker);
        } else if (message.type === 'failed') {
          refused = true;
          reject(new StoreError(message.code, message.message));
        } else this.#take(message, worker);
      });
      worker.on('error', (error: unknown) => (cause = error instanceof Error ? error.message : String(error)));
      worker.on('exit', (code) => {
        const reason = `The thread of the store ended (${cause === '' ? `exit code ${code}` : cause}).`;
        const error = new StoreError('INTERNAL', reason);
        this.#worker = undefined;
        const waiting = [...this.#pending.values()];
        this.#pending.clear();
        if (!this.#closed && !refused) this.#listener.log('warn', reason);
        for (const pending of waiting) pending.reject(error);
        reject(error);
      });
    });
  }

  #take(message: Exclude<ThreadMessage, { type: 'ready' | 'failed' }>, worker: Worker): void {
    if (message.type === 'log') this.#listener.log(message.level, message.message);
    else if (message.type === 'memory') this.#listener.memory(message.reason);
    else this.#settle(message, worker);
  }

  #settle(message: Extract<ThreadMessage, { type: 'answer' | 'refused' }>, worker: Worker): void {
    const pending = this.#pending.get(message.id);
    if (pending === undefined) return;
    this.#pending.delete(message.id);
    if (this.#pending.size === 0) worker.unref();
    if (message.type === 'answer') pending.resolve(message.result);
    else pending.reject(new StoreError(message.code, message.message));
  }
}

/** Started before anybody needed it. */
let ahead: Worker | undefined;

/**
 * Starts the thread of the next store, whose folder need not be known yet: a thread takes as long to start as a server to
 * load. Does not keep the process alive.
 */
export function startThreadAhead(): void {
  if (ahead !== undefined) return;
  const worker = newThread(ownScript());
  worker.unref();
  // Nobody needs it yet: a store that finds none starts its own.
  worker.on('error', () => {});
  worker.once('exit', () => {
    if (ahead === worker) ahead = undefined;
  });
  ahead = worker;
}

/** There will be no store soon. */
export function endThreadAhead(): void {
  void ahead?.terminate();
  ahead = undefined;
}

function takeAhead(script: string, settings: ThreadSettings): Worker | undefined {
  if (ahead === undefined || script !== ownScript()) return undefined;
  const worker = ahead;
  ahead = undefined;
  worker.removeAllListeners();
  worker.ref();
  worker.postMessage(settings);
  return worker;
}

/** @param settings absent: they are told in the first message */
function newThread(script: string, settings?: ThreadSettings): Worker {
  return new Worker(script, {
    workerData: settings,
    name: 'store',
    // What our process was started with (a script on the command line, a debugger) is not for it.
    execArgv: [],
    // Its output must not get into a protocol on ours.
    stdout: true,
    stderr: true,
  });
}

/** Beside this file, as source and in the bundle. */
function ownScript(): string {
  return import.meta.filename.endsWith('.ts')
    ? path.join(import.meta.dirname, 'store-thread.ts')
    : path.join(import.meta.dirname, 'store-thread.mjs');
}
