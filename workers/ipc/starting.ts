/** Waiting for a worker to be ready, and why it is not. Stateless. */
import type { Channel } from './channel.ts';
import { CancelledError, SpawnError, StartupTimeoutError } from './errors.ts';
import { lastWords } from './exit.ts';
import type { WorkerExit } from './exit.ts';
import { startDeadline } from './timers.ts';

export interface Start {
  /** The line, once the worker has said that it is ready. */
  readonly ready: Promise<Channel>;
  readonly exited: Promise<WorkerExit>;
  /** Milliseconds; `Infinity` is no limit. */
  readonly limitMs: number;
  readonly signal: AbortSignal | undefined;
}

/** @throws StartupTimeoutError, CancelledError, SpawnError when it ended; whatever `ready` rejects with */
export async function firstLine({ ready, exited, limitMs, signal }: Start): Promise<Channel> {
  const giveUp = Promise.withResolvers<never>();
  const onAbort = (): void => giveUp.reject(startCancelled(signal));
  const timer = startDeadline(limitMs, () =>
    giveUp.reject(new StartupTimeoutError(`The worker was not ready within ${limitMs} ms.`)),
  );
  signal?.addEventListener('abort', onAbort, { once: true });
  const ended = exited.then((exit) => {
    throw endedEarly(exit);
  });
  try {
    return await Promise.race([ready, ended, giveUp.promise]);
  } finally {
    timer.cancel();
    signal?.removeEventListener('abort', onAbort);
  }
}

/** What to throw for a start that failed with `error`, now that it is known how the worker ended. */
export function failedStart(error: unknown, exit: WorkerExit): unknown {
  if (error instanceof StartupTimeoutError) return new StartupTimeoutError(error.message + lastWords(exit), { exit });
  // The worker's own end says more than the connection that it took along.
  if (error instanceof SpawnError && error.exit === undefined && !exit.expected) return endedEarly(exit);
  return error;
}

export function startCancelled(signal: AbortSignal | undefined): CancelledError {
  return new CancelledError('The start was cancelled.', { cause: signal?.reason });
}

function endedEarly(exit: WorkerExit): SpawnError {
  return new SpawnError(`The worker was not ready when it ended. ${exit.reason}${lastWords(exit)}`, {
    exit,
    cause: exit.error,
  });
}
