/** Input streams: what the host streams to a handler. The handler asks for it by a call, whose events it is. */
import { ClosedError } from './errors.ts';
import { eventStream } from './event-stream.ts';
import type { HandlerContext, TransactionId } from './messages.ts';
import { transferListOf } from './transfer.ts';

export type InputSource = AsyncIterable<unknown> | Iterable<unknown>;

type Streaming = Pick<HandlerContext<unknown>, 'emit' | 'signal'>;

interface OpenInput {
  readonly source: InputSource;
  /** Aborted when its request settles. */
  readonly settled: AbortController;
  asked: boolean;
}

/** The host's side: the sources of the requests in flight. Lives as long as its connection. */
export class Inputs {
  readonly #open = new Map<TransactionId, OpenInput>();

  add(tx: TransactionId, source: InputSource): void {
    this.#open.set(tx, { source, settled: new AbortController(), asked: false });
  }

  /** Its request has settled. */
  remove(tx: TransactionId): void {
    const input = this.#open.get(tx);
    if (input === undefined) return;
    this.#open.delete(tx);
    input.settled.abort();
  }

  /** Answers the worker's call for the input of the request `tx`. */
  async stream(tx: TransactionId, context: Streaming): Promise<void> {
    const input = this.#open.get(tx);
    if (input === undefined) throw new ClosedError('The request whose input was asked for has settled.');
    if (input.asked) throw new ClosedError('An input can be read only once.');
    input.asked = true;
    await pump(input.source, context, AbortSignal.any([context.signal, input.settled.signal]));
  }
}

async function pump(source: InputSource, { emit }: Streaming, stop: AbortSignal): Promise<void> {
  const iterator = Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
  let isOver = false;
  try {
    while (!stop.aborted) {
      // What the source throws ends it.
      isOver = true;
      const step = await unlessAborted(iterator.next(), stop);
      isOver = step?.done === true;
      if (step === undefined || isOver) return;
      const item: unknown = step.value;
      const transfer = transferListOf(item);
      const room = emit(item, transfer === undefined ? {} : { transfer });
      if (room !== undefined) await unlessAborted(room, stop);
    }
  } finally {
    if (!isOver) leave(iterator);
  }
}

/** Lets the source clean up. Nobody waits for it: it may hang. */
function leave(iterator: AsyncIterator<unknown> | Iterator<unknown>): void {
  void (async () => iterator.return?.())().catch(() => undefined);
}

/** Undefined when `signal` is aborted first; unlike a race, it leaves nothing behind on the signal. */
function unlessAborted<T>(value: Promise<T> | T, signal: AbortSignal): Promise<T | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<T | undefined>();
  const onAbort = (): void => resolve(undefined);
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort, { once: true });
  const release = (): void => signal.removeEventListener('abort', onAbort);
  Promise.resolve(value).then(
    (settled) => {
      release();
      resolve(settled);
    },
    (error: unknown) => {
      release();
      reject(error);
    },
  );
  return promise;
}

/** The worker's side. `ask` sends the call once somebody reads, and gives it up when `left` is aborted. */
export function readInput(
  ask: (onEvent: (event: unknown) => Promise<void> | undefined, left: AbortSignal) => Promise<unknown>,
): AsyncIterable<unknown> {
  let items: AsyncIterator<unknown> | undefined;
  return {
    [Symbol.asyncIterator]: () => {
      if (items !== undefined) return items;
      const left = new AbortController();
      const stream = eventStream(
        (onEvent) => ask(onEvent, left.signal),
        () => left.abort(),
      );
      items = stream[Symbol.asyncIterator]();
      return items;
    },
  };
}

/** The input of a request that has none. */
export const noInput: AsyncIterable<never> = {
  [Symbol.asyncIterator]: () => ({ next: () => Promise.resolve({ done: true, value: undefined }) }),
};
