/** What the compiler must accept and what it must refuse; each `@ts-expect-error` fails the typecheck if it does not. */
import { createWorker, startWorkerServer } from '../../../workers/ipc/index.ts';
import type {
  DefineMessages,
  EventOf,
  Handlers,
  MessageDefinitions,
  MessageOf,
  MessageType,
  PayloadOf,
  ResultOf,
  WorkerClient,
  WithResult,
} from '../../../workers/ipc/index.ts';

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function isTrue<T extends true>(): T | undefined {
  return undefined;
}

type Messages = DefineMessages<{
  add: { payload: { a: number; b: number }; result: number };
  scan: { payload: string; result: { files: number }; event: { file: string } };
  ping: { payload: void; result: 'pong' };
  built: WithResult<string, boolean, number>;
}>;

isTrue<Equal<PayloadOf<Messages, 'add'>, { a: number; b: number }>>();
isTrue<Equal<ResultOf<Messages, 'scan'>, { files: number }>>();
isTrue<Equal<EventOf<Messages, 'scan'>, { file: string }>>();
isTrue<Equal<EventOf<Messages, 'add'>, never>>();
isTrue<Equal<EventOf<Messages, 'built'>, number>>();
isTrue<Equal<MessageOf<Messages>['type'], 'add' | 'scan' | 'ping' | 'built'>>();

/** A union of messages is told apart by its type. */
export function narrow(message: MessageOf<Messages>): number {
  if (message.type === 'add') return message.payload.a;
  // @ts-expect-error: `scan` and the others have no `a`
  return message.payload.a;
}

// @ts-expect-error: names with a $ are the library's own
export type Reserved = DefineMessages<{ $close: { payload: void; result: void } }>;
// @ts-expect-error: a payload is missing; `void` is none
export type Incomplete = DefineMessages<{ add: { result: number } }>;

type Lenient = DefineMessages<{
  anything: { payload: any; result: any };
  unknown: { payload: unknown; result: string };
  optional: { payload?: { a: number }; result?: number; event?: number };
  union: { payload: string | undefined; result: string };
  silent: { payload: number };
  7: { payload: number; result: number };
}>;
isTrue<Equal<ResultOf<Lenient, 'silent'>, void>>();
isTrue<Equal<ResultOf<Lenient, 'optional'>, number | undefined>>();
isTrue<Equal<EventOf<Lenient, 'optional'>, number>>();
isTrue<Equal<EventOf<Lenient, 'silent'>, never>>();

export async function lenient(): Promise<void> {
  const worker = await createWorker<Lenient>({ script: '/worker.js' });
  await worker.send('anything', { a: 1 });
  await worker.send('anything');
  await worker.send('unknown', 1);
  // @ts-expect-error: it says nothing of undefined
  await worker.send('unknown');
  await worker.send('optional');
  await worker.send('optional', { a: 1 }, { onEvent: (event) => void event.toFixed() });
  // @ts-expect-error: the payload has another type
  await worker.send('optional', { a: '1' });
  await worker.send('union');
  await worker.send('silent', 1);
  await worker.send('7', 1);
  for await (const event of worker.stream('optional')) event.toFixed();
  worker.notify('union');
}

/** Types that are not declared with `DefineMessages` do as well. */
interface Plain {
  readonly add: { payload: number; result: number };
  readonly log: { payload: string };
}
export async function plain(): Promise<number> {
  const worker = await createWorker<Pick<Plain, keyof Plain>>({ script: '/worker.js' });
  await worker.send('log', 'x');
  return worker.send('add', 1);
}

/** Code that knows its messages only by type parameters. */
export async function generic<M extends MessageDefinitions, K extends MessageType<M>>(
  worker: WorkerClient<M>,
  type: K,
  payload: PayloadOf<M, K>,
): Promise<ResultOf<M, K>> {
  worker.notify(type, payload);
  await worker.send(type, payload);
  return worker.send(type, payload, { timeout: 5 });
}

export class Calculator implements Handlers<DefineMessages<{ add: { payload: number; result: number } }>> {
  #total = 0;
  add(n: number): number {
    return (this.#total += n);
  }
}

export async function host(): Promise<void> {
  const worker = await createWorker<Messages>({ script: '/worker.js' });
  const sum = await worker.send('add', { a: 1, b: 2 });
  isTrue<Equal<typeof sum, number>>();
  const pong = await worker.send('ping');
  isTrue<Equal<typeof pong, 'pong'>>();
  await worker.send('ping', undefined, { timeout: 5 });
  await worker.send('scan', '/', { onEvent: (event) => isTrue<Equal<typeof event, { file: string }>>() && undefined });
  for await (const event of worker.stream('scan', '/')) isTrue<Equal<typeof event, { file: string }>>();
  const { result } = worker.stream('scan', '/');
  isTrue<Equal<typeof result, Promise<{ files: number }>>>();
  worker.notify('ping');

  // @ts-expect-error: no such message
  await worker.send('subtract', { a: 1, b: 2 });
  // @ts-expect-error: the payload is missing
  await worker.send('add');
  // @ts-expect-error: the payload has another type
  await worker.send('add', { a: 1, b: '2' });
  // @ts-expect-error: it has no payload
  await worker.send('ping', 1);
  // @ts-expect-error: the result has another type
  const text: string = await worker.send('add', { a: 1, b: 2 });
  // @ts-expect-error: the event has another type
  await worker.send('scan', '/', { onEvent: (event: { file: number }) => void event });
  // @ts-expect-error: it has no events
  await worker.send('add', { a: 1, b: 2 }, { onEvent: (event: string) => void event });
  // @ts-expect-error: a stream gives its events to the loop
  worker.stream('scan', '/', { onEvent: () => undefined });
  void text;
}

export const handlers: Handlers<Messages> = {
  add: ({ a, b }, context) => {
    // @ts-expect-error: it has no events
    context.emit('x');
    return a + b;
  },
  scan: async (path, { emit, signal, log, tx }) => {
    isTrue<Equal<typeof path, string>>();
    isTrue<Equal<typeof signal, AbortSignal>>();
    log('info', `${path} ${tx ?? ''}`);
    await emit({ file: path });
    // @ts-expect-error: the event has another type
    await emit({ path });
    return { files: 1 };
  },
  ping: () => 'pong',
  built: () => true,
};

export async function server(): Promise<void> {
  await startWorkerServer<Messages>(handlers);
  await startWorkerServer<DefineMessages<{ add: { payload: number; result: number } }>>(new Calculator());
  const { add, ...rest } = handlers;
  // @ts-expect-error: a handler is missing
  await startWorkerServer<Messages>(rest);
  // @ts-expect-error: the result has another type
  await startWorkerServer<Messages>({ ...rest, add: () => 'three' });
  // @ts-expect-error: nobody sends this
  await startWorkerServer<Messages>({ ...rest, add, more: () => 1 });
}
