/** The runtimes that Bulkhead comes with: processes, threads, and programs in other languages. Stateless. */
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
    endStrays: true,
  }),
  heartbeat: true,
};

/** A thread of the pool's process. Only for trusted code: if it crashes, the whole process may. */
export const nodeThread: WorkerRuntime = {
  driver: workerThreadsDriver,
  options: ({ heapMb, entry }) => ({
    script: entry.script ?? hostScript(),
    resourceLimits: { maxOldGenerationSizeMb: heapMb },
    env: entry.env,
  }),
  // A thread stops together with the pool.
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

/** The script of a worker: beside the bundle, or in the sources. */
function hostScript(): string {
  return import.meta.filename.endsWith('.ts')
    ? path.join(import.meta.dirname, '../../workers/host.ts')
    : path.join(import.meta.dirname, 'host.mjs');
}
