/** `createPool`: several workers of one kind behind one queue. Checks what is asked for; worker-pool.ts does it. */
import os from 'node:os';
import { DriverError } from '../errors.ts';
import type { MessageDefinitions, NoMessages } from '../messages.ts';
import { limitsOf } from '../options.ts';
import type { AnyHostOptions } from '../options.ts';
import { countWithin, duration, numberWithin } from '../timers.ts';
import type { PoolLimits, PoolOptions, WorkerPool } from './pool-types.ts';
import { RunningPool } from './worker-pool.ts';
import type { PoolSettings } from './worker-pool.ts';

/**
 * Makes a pool. Workers start when there is work for them.
 * @throws DriverError for an option that means nothing, or nothing to a pool
 */
export function createPool<M extends MessageDefinitions, H extends MessageDefinitions = NoMessages>(
  options: PoolOptions<H>,
): WorkerPool<M> {
  const pool = new RunningPool(workerOptions(options), settingsOf(options));
  // Types of messages end at the wire.
  return pool as WorkerPool<MessageDefinitions> as unknown as WorkerPool<M>;
}

/** So long a task that was given up may hold its place, unless the caller says otherwise. */
const KILL_AFTER_MS = 5_000;

function workerOptions(options: AnyHostOptions & PoolLimits): AnyHostOptions {
  for (const name of ['socketPath', 'detached', 'transferList'] as const) {
    if (options[name] === undefined) continue;
    throw new DriverError(`A pool has no use for the option '${name}': only one worker could have it.`);
  }
  if (options.maxMemoryMb !== undefined && tellsNoMemory(options)) {
    throw new DriverError(
      "The option 'maxMemoryMb' needs workers that tell their memory: processes and threads of Node. " +
        "Programs run by 'command' and inline workers do not.",
    );
  }
  const checked = { ...options, timeouts: { killAfter: KILL_AFTER_MS, ...options.timeouts } };
  limitsOf(checked);
  return checked;
}

function tellsNoMemory({ driver, command }: AnyHostOptions): boolean {
  return command !== undefined || (typeof driver === 'object' ? driver.name : driver) === 'inline';
}

function settingsOf(options: PoolLimits): PoolSettings {
  const maxWorkers = countWithin(options.maxWorkers ?? os.availableParallelism(), 'maxWorkers', 1);
  const minWorkers = countWithin(options.minWorkers ?? 0, 'minWorkers', 0);
  if (minWorkers > maxWorkers || minWorkers === Infinity) {
    throw new DriverError(`The option 'minWorkers' (${minWorkers}) is more than 'maxWorkers' (${maxWorkers}).`);
  }
  return {
    minWorkers,
    maxWorkers,
    concurrency: countWithin(options.concurrentTasksPerWorker ?? 1, 'concurrentTasksPerWorker', 1),
    maxQueue: countWithin(options.maxQueue ?? Infinity, 'maxQueue', 0),
    idleMs: duration(options.idleMs ?? 30_000, 'idleMs'),
    recycling: {
      tasks: countWithin(options.maxTasksPerWorker ?? Infinity, 'maxTasksPerWorker', 1),
      memoryBytes: 1024 * 1024 * numberWithin(options.maxMemoryMb ?? Infinity, 'maxMemoryMb', Number.MIN_VALUE),
    },
  };
}
