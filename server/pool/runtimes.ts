/**
 * What runs the workers of a group: a driver of the worker library, and how a start becomes this driver's options. The
 * pool hands both to the library and looks at neither. A runtime for a driver of your own is an object of the same shape.
 */
import path from 'node:path';
import { childProcessDriver } from '../../workers/ipc/drivers/child-process.ts';
import { stdioDriver } from '../../workers/ipc/drivers/stdio.ts';
import { workerThreadsDriver } from '../../workers/ipc/drivers/worker-threads.ts';
import type { WorkerRuntime } from './worker-entry.ts';

/** A Node.js process of its own. */
export const nodeProcess: WorkerRuntime = {
  driver: childProcessDriver,
  options: ({ name, heapMb, entry }) => ({
    script: entry.script ?? hostScript(),
    execArgv: [`--title=bulkhead ${name}`, `--max-old-space-size=${heapMb}`, ...(entry.execArgv ?? [])],
    execPath: entry.node,
    env: entry.env,
  }),
  heartbeat: true,
};

/** A thread of the pool's process: for code that is known to behave, as the whole process may die with it. */
export const nodeThread: WorkerRuntime = {
  driver: workerThreadsDriver,
  options: ({ heapMb, entry }) => ({
    script: entry.script ?? hostScript(),
    resourceLimits: { maxOldGenerationSizeMb: heapMb },
    env: entry.env,
  }),
  // A thread stops and starves together with the pool.
  heartbeat: false,
};

/**
 * A program in any language that reads and writes lines of JSON: the messages of `WorkerMessages`, as docs/workers.md
 * describes the wire.
 */
export function program(command: string, args: readonly string[] = []): WorkerRuntime {
  return {
    driver: stdioDriver,
    options: ({ entry }) => ({ command, args, env: entry.env }),
    heartbeat: false,
  };
}

/** The entry of a worker: beside the bundle, or in the sources. */
function hostScript(): string {
  return import.meta.filename.endsWith('.ts')
    ? path.join(import.meta.dirname, '../../workers/host.ts')
    : path.join(import.meta.dirname, 'host.mjs');
}
