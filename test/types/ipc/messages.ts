/** What the compiler must accept and what it must refuse; each `@ts-expect-error` fails the typecheck if it does not. */
import { createWorker, startWorkerServer } from '../../../workers/ipc/index.ts';
import type {
  DefineMessages,
  EventOf,
  Handlers,
  MessageOf,
  PayloadOf,
  ResultOf,
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
// @ts-expect-error: a result is missing
export type Incomplete = DefineMessages<{ add: { payload: number } }>;

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
  const { add, ...rest } = handlers;
  // @ts-expect-error: a handler is missing
  await startWorkerServer<Messages>(rest);
  // @ts-expect-error: the result has another type
  await startWorkerServer<Messages>({ ...rest, add: () => 'three' });
  // @ts-expect-error: nobody sends this
  await startWorkerServer<Messages>({ ...rest, add, more: () => 1 });
}
