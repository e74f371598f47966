/**
 * The entry of the store's thread, which answers the calls of the store. Everything that blocks on the disk runs here, away
 * from the server's event loop. Lives as long as its store.
 */
import type { HandlerContext, Handlers } from '../../workers/ipc/messages.ts';
import { startWorkerServer } from '../../workers/ipc/server.ts';
import { faultOf, messageOf, StoreError } from './faults.ts';
import { openService, type StoreService } from './store-service.ts';
import type { Answer, CallName, ThreadMessages, ThreadSettings } from './thread-calls.ts';

/** After this long without a call the thread tidies its files. */
const IDLE_MS = 10_000;

let service: StoreService | undefined;
let reportedMemoryReason: string | undefined;
let idle: NodeJS.Timeout | undefined;
/** Of the latest call. Idle work logs through it. */
let context: HandlerContext | undefined;

const log = (level: 'warn' | 'info', message: string): void => context?.log(level, message);

function open(settings: ThreadSettings): void {
  service = openService(settings, log);
}

function called(): StoreService['calls'] {
  if (service === undefined) throw new StoreError('INTERNAL', 'The store has not been opened.');
  return service.calls;
}

/** Answers a call with the function of the same name in `ThreadCalls`. */
function handler(name: CallName): (values: readonly unknown[], callContext: HandlerContext) => Answer {
  return (values, callContext) => {
    context = callContext;
    clearTimeout(idle);
    try {
      const call = (name === 'open' ? open : called()[name]) as (...given: readonly unknown[]) => unknown;
      return answer(call(...values));
    } catch (error) {
      throw new StoreError(codeOf(error), messageOf(error), { cause: error });
    } finally {
      if (name !== 'close' && service?.file.untidy === true) idle = setTimeout(tidy, IDLE_MS).unref();
    }
  };
}

function answer(result: unknown): Answer {
  const memoryReason = service?.file.memoryReason;
  if (memoryReason === undefined || memoryReason === reportedMemoryReason) return { result };
  reportedMemoryReason = memoryReason;
  return { result, memoryReason };
}

/** Nobody waits for it, so failures are only logged. */
function tidy(): void {
  try {
    service?.file.tidy();
  } catch (error) {
    if (faultOf(error) !== 'busy') log('warn', `Maintenance of the store failed: ${messageOf(error)}`);
  }
}

function codeOf(error: unknown): StoreError['code'] {
  if (error instanceof StoreError) return error.code;
  return faultOf(error) === 'busy' ? 'BUSY' : 'INTERNAL';
}

const handlers: Handlers<ThreadMessages> = {
  open: handler('open'),
  stage: handler('stage'),
  commit: handler('commit'),
  units: handler('units'),
  facts: handler('facts'),
  notes: handler('notes'),
  note: handler('note'),
  history: handler('history'),
  hashInputs: handler('hashInputs'),
  readLock: handler('readLock'),
  swapLock: handler('swapLock'),
  stats: handler('stats'),
  verify: handler('verify'),
  clear: handler('clear'),
  snapshot: handler('snapshot'),
  close: handler('close'),
};

await startWorkerServer<ThreadMessages>(handlers);
