/** What a worker is told when it is started, and where it finds that: its own process, its thread, or its import. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { isMainThread, workerData } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';

export interface StartupData {
  /** Name of the driver that started this worker. */
  readonly driver: string;
  readonly serializer: string;
  readonly maxFrameBytes: number;
  /** child-process: where to listen. */
  readonly socketPath?: string;
  /** child-process: the directory of the socket goes with it. */
  readonly ownsDirectory?: boolean;
  /** worker-threads, inline: the line. */
  readonly port?: MessagePort;
  /** worker-threads: answered by return, to tell whether the thread turns its event loop. */
  readonly pulse?: MessagePort;
  /** What the caller passed as `workerData`. */
  readonly workerData?: unknown;
  /** For drivers that are not the library's own. */
  readonly driverData?: unknown;
}

export const STARTUP_VARIABLE = 'ISOLATED_WORKER_STARTUP';
export const STARTUP_KEY = '__isolatedWorker';

export interface InlineSlot {
  startup: StartupData | undefined;
}

/** Set while an inline worker's script is imported, and for whatever it starts. */
export const inlineStartup = new AsyncLocalStorage<InlineSlot>();

let processStartup: StartupData | undefined;

/** The startup data of this worker; undefined when nobody started it as one. */
export function getStartupData(): StartupData | undefined {
  const inline = inlineStartup.getStore();
  if (inline !== undefined) return inline.startup;
  if (!isMainThread) return (workerData as { [STARTUP_KEY]?: StartupData } | null)?.[STARTUP_KEY];
  const text = process.env[STARTUP_VARIABLE];
  if (text !== undefined) {
    // The processes it starts are no workers.
    delete process.env[STARTUP_VARIABLE];
    processStartup = JSON.parse(text) as StartupData;
  }
  return processStartup;
}
