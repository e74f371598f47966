/**
 * Keeps a program from starting itself as a worker, over and over: host and worker in one file, a worker that imports
 * its host, an executable that is the program and not Node.
 */
import { writeSync } from 'node:fs';
import type * as Sea from 'node:sea';
import { REPORT_FD } from './drivers/file-descriptors.ts';
import { DriverError } from './errors.ts';
import { getStartupData, isServing } from './startup.ts';
import type { StartupData } from './startup.ts';
import { WIRE_VERSION } from './wire.ts';

/** In the environment of every process that is started, so that it is there behind programs of others too. */
export const DEPTH_VARIABLE = 'ISOLATED_WORKER_DEPTH';

/** Workers that start workers are rare; deeper than this, something starts itself. */
const DEEPEST = 16;

/** How many workers deep what this process starts will be: 1 for a worker of a host that is no worker itself. */
export function nextDepth(): number {
  const inherited = Number(process.env[DEPTH_VARIABLE]);
  const known = Number.isSafeInteger(inherited) && inherited > 0 ? inherited : 0;
  return Math.max(known, getStartupData()?.depth ?? 0) + 1;
}

/** @throws DriverError when starting `script` here would not come to an end; undefined is a program of somebody else */
export function refuseEndlessStart(script: string | undefined): void {
  const startup = getStartupData();
  if (startup !== undefined && script !== undefined && startup.script === script && !isServing(startup)) {
    const reason =
      `The worker '${script}' starts itself: it was started as a worker, but calls createWorker instead of ` +
      'startWorkerServer. Put host and worker into two files, or ask getStartupData() which of them this is. In a ' +
      "single executable, pass the option 'execPath' with the path of Node.";
    tellHost(startup, reason);
    throw new DriverError(reason);
  }
  if (nextDepth() <= DEEPEST) return;
  throw new DriverError(`Workers started each other ${DEEPEST} deep. It looks as if a worker starts itself.`);
}

/** The program may catch the error, or print it where nobody reads it; its host rejects with it too. */
function tellHost(startup: StartupData, refused: string): void {
  if (startup.port !== undefined) return startup.port.postMessage({ ready: WIRE_VERSION, refused });
  if (!['child-process', 'stdio', 'container'].includes(startup.driver)) return;
  try {
    writeSync(REPORT_FD, `${JSON.stringify({ refused })}\n`);
  } catch {
    // The host is gone.
  }
}

/** @throws DriverError where `process.execPath` is the program itself */
export function nodeToRun(execPath: string | undefined): string {
  if (execPath !== undefined) return execPath;
  // Undefined in versions of Node without the module.
  const sea = process.getBuiltinModule('node:sea') as typeof Sea | undefined;
  if (sea?.isSea() !== true) return process.execPath;
  throw new DriverError(
    'This program is a single executable: to start process.execPath would start the program itself. Pass the option ' +
      "'execPath' with the path of Node, or use the driver 'worker-threads'.",
  );
}
