/**
 * The bell of a thread: shared memory that its host rings after each message. Where requests follow one another fast, the
 * thread waits for the next one in `Atomics.wait`, which wakes it sooner than its event loop would. No request is in work
 * then, so there is nothing that could be cancelled meanwhile.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { receiveMessageOnPort } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import { now } from './timers.ts';

/** One number in shared memory that counts the rings. */
export type Bell = Int32Array;

export function createBell(): Bell {
  return new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
}

/** Call it after the message was posted. */
export function ring(bell: Bell): void {
  Atomics.add(bell, 0, 1);
  Atomics.notify(bell, 0);
}

/** Requests follow one another fast when the next one comes within this time of the answer. */
const FAST_MS = 0.2;

/**
 * How long a thread waits in vain, once, when the requests stop. A shorter time than the clock tick of the kernel makes each wait
 * program a timer of the processor, which takes longer than the event loop does.
 */
const WAIT_MS = 5;

/** Timers and sockets of the thread wait no longer than this, and {@link WAIT_MS}, for their turn. */
const LONGEST_MS = 5;

export interface BellListener {
  message(message: unknown): void;
  /** A message came that cannot be read in this thread. */
  unreadable(): void;
}

/** The thread's side. */
export class BellWaiter {
  readonly #port: MessagePort;
  readonly #bell: Bell;
  readonly #listener: BellListener;
  /** A handler must not run in the asynchronous context of the one before it. */
  readonly #inContext = AsyncLocalStorage.snapshot();
  readonly #wait = (): void => this.#inContext(() => this.#waitOnce());
  readonly #now: () => number;
  #restedAt = -Infinity;
  /** The event loop has not turned since then. */
  #since: number | undefined;
  #isFast = false;
  #isWaiting = false;

  constructor(port: MessagePort, bell: Bell, listener: BellListener, clock: () => number = now) {
    this.#port = port;
    this.#bell = bell;
    this.#listener = listener;
    this.#now = clock;
  }

  /** The event loop has brought a message. */
  turned(): void {
    this.#since = undefined;
    this.#isFast = this.#now() - this.#restedAt < FAST_MS;
  }

  /** Everything is answered. */
  rest(): void {
    this.#restedAt = this.#now();
    if (!this.#isFast || this.#isWaiting) return;
    this.#isWaiting = true;
    // What the handler left to do in this turn comes first.
    queueMicrotask(this.#wait);
  }

  #waitOnce(): void {
    this.#isWaiting = false;
    this.#since ??= this.#restedAt;
    if (this.#now() - this.#since > LONGEST_MS) return;
    // Read before looking for a message: one that comes in between ends the wait at once.
    const rings = Atomics.load(this.#bell, 0);
    if (this.#take()) return;
    Atomics.wait(this.#bell, 0, rings, WAIT_MS);
    if (!this.#take()) this.#isFast = false;
  }

  /** Whether there was a message. */
  #take(): boolean {
    let next: { readonly message: unknown } | undefined;
    try {
      next = receiveMessageOnPort(this.#port);
    } catch {
      this.#listener.unreadable();
      return true;
    }
    if (next === undefined) return false;
    this.#listener.message(next.message);
    return true;
  }
}
