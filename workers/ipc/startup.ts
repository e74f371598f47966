/** What a worker is told when it is started, and where it finds that: its own process, its thread, or its import. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { isMainThread, workerData } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import type { Bell } from './bell.ts';
import { unpackWorkerData } from './drivers/worker-data.ts';
import type { PackedData } from './drivers/worker-data.ts';
import type { RelayPlace } from './sandbox/relay.ts';

/** What a worker is told when it is started. */
export interface StartupData {
  /** Name of the driver that started this worker. */
  readonly driver: string;
  readonly serializer: string;
  readonly maxFrameBytes: number;
  /** The worker's script, as a path; absent for a driver of your own. */
  readonly script?: string;
  /** How many workers deep this one is: 1 when its host is no worker. */
  readonly depth?: number;
  /** child-process: where to listen. */
  readonly socketPath?: string;
  /** child-process: the directory of the socket goes with it. */
  readonly ownsDirectory?: boolean;
  /** child-process: the way to the hosts that its sandbox allows. */
  readonly relay?: RelayPlace;
  /** worker-threads, inline: the line. */
  readonly port?: MessagePort;
  /** worker-threads: answered by return, to tell whether the thread turns its event loop. */
  readonly pulse?: MessagePort;
  /** worker-threads: rung after each message of the host. */
  readonly bell?: Bell;
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

/**
 * Set while an inline worker's script is imported, and for whatever it starts. One for all copies of the library in this
 * thread: a bundle of the host has one, and a bundle of the worker another.
 */
export const inlineStartup = sharedStorage();

function sharedStorage(): AsyncLocalStorage<InlineSlot> {
  const key = Symbol.for('bulkhead.workers.inline');
  const shared = globalThis as { [key]?: AsyncLocalStorage<InlineSlot> };
  return (shared[key] ??= new AsyncLocalStorage<InlineSlot>());
}

let processStartup: StartupData | undefined;

const serving = new WeakSet<StartupData>();

/** Notes that `startWorkerServer` was called in this worker. */
export function markServing(startup: StartupData): void {
  serving.add(startup);
}

export function isServing(startup: StartupData): boolean {
  return serving.has(startup);
}

/** The environment variable that a process finds its startup data in; {@link readVariable} reads it. */
export function startupVariable(startup: Omit<StartupData, 'workerData'>, data: PackedData | undefined): string {
  return JSON.stringify({ ...startup, ...(data === undefined ? {} : { packedData: data }) });
}

function readVariable(text: string): StartupData {
  const { packedData, ...startup } = JSON.parse(text) as StartupData & { packedData?: PackedData };
  return packedData === undefined ? startup : { ...startup, workerData: unpackWorkerData(packedData) };
}

/** The startup data of this worker; undefined when nobody started it as one. */
export function getStartupData(): StartupData | undefined {
  const inline = inlineStartup.getStore();
  if (inline !== undefined) return inline.startup;
  if (!isMainThread) return (workerData as { [STARTUP_KEY]?: StartupData } | null)?.[STARTUP_KEY];
  const text = process.env[STARTUP_VARIABLE];
  if (text !== undefined) {
    // The processes it starts are no workers.
    delete process.env[STARTUP_VARIABLE];
    processStartup = readVariable(text);
  }
  return processStartup;
}
