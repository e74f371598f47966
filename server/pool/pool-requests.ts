/**
 * The pool's operations as requests with JSON parameters, and the notification of its health. The language server registers
 * them as they are; docs/protocol.md describes them. Lives as long as the front end.
 */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { AggregatedError, HealthParams, ServerHealth } from '../../workers/protocol/health.ts';
import { systemClock, type Clock } from '../clock.ts';
import type { SupervisedPool } from './types.ts';

export interface PoolRequests {
  'bulkhead/health': () => Promise<HealthParams>;
  'bulkhead/watchHealth': (params: { readonly on: boolean }) => Promise<HealthParams>;
  'bulkhead/restartWorker': (params: { readonly detector?: string; readonly worker?: string }) => Promise<null>;
  'bulkhead/releaseQuarantine': (params: {
    readonly detector?: string;
    readonly root?: string;
    readonly file?: string;
  }) => {
    readonly released: number;
  };
  'bulkhead/errors': (params: { readonly detector?: string; readonly clear?: boolean }) => {
    readonly errors: readonly AggregatedError[];
  };
  'bulkhead/captureHeapSnapshot': (params: { readonly worker: string }) => Promise<{ readonly file: string }>;
  'bulkhead/captureCpuProfile': (params: {
    readonly worker: string;
    readonly durationMs?: number;
  }) => Promise<{ readonly file: string }>;
}

export interface OperationsOptions {
  readonly pool: SupervisedPool;
  /** Absolute path of the folder that snapshots and profiles go to. */
  readonly captureFolder: string;
  /** Sends `bulkhead/health`. */
  readonly notify: (health: HealthParams) => void;
  readonly clock?: Clock;
}

export interface PoolOperations {
  readonly requests: PoolRequests;
  dispose(): void;
}

/** At most one notification in this time. */
const NOTIFY_EVERY_MS = 500;
const MAX_PROFILE_MS = 60_000;

export function poolOperations({
  pool,
  captureFolder,
  notify,
  clock = systemClock,
}: OperationsOptions): PoolOperations {
  let stopListening: (() => void) | undefined;
  let cancelTimer: (() => void) | undefined;
  let captures = 0;
  let cpu = { at: clock.now(), ms: cpuMs() };

  const cpuPercent = (): number => {
    const now = { at: clock.now(), ms: cpuMs() };
    const elapsed = now.at - cpu.at;
    const percent = elapsed > 0 ? (100 * (now.ms - cpu.ms)) / elapsed : 0;
    cpu = now;
    return percent;
  };

  const health = async (): Promise<HealthParams> => {
    const machine = await pool.machine();
    return {
      workers: pool.health(),
      machine,
      quarantined: pool.quarantined(),
      tasks: pool.tasks(),
      server: { ...serverHealth(), cpuPercent: cpuPercent() },
    };
  };
  const changed = (): void => {
    cancelTimer ??= clock.after(
      NOTIFY_EVERY_MS,
      () => {
        // Measuring is a change too; only a change after it may cause the next notification.
        void health().then((params) => {
          cancelTimer = undefined;
          if (stopListening !== undefined) notify(params);
        });
      },
      true,
    );
  };
  const watch = (on: boolean): void => {
    stopListening?.();
    stopListening = on ? pool.onHealth(changed) : undefined;
    if (on) return;
    cancelTimer?.();
    cancelTimer = undefined;
  };
  const capture = async (
    worker: string,
    kind: 'heap-snapshot' | 'cpu-profile',
    extension: string,
    durationMs = 5_000,
  ): Promise<{ file: string }> => {
    await mkdir(captureFolder, { recursive: true });
    captures += 1;
    const name = `${worker.replaceAll(/[^\w-]/g, '-')}-${clock.date()}-${captures}.${extension}`;
    const file = path.join(captureFolder, name);
    await pool.capture(worker, kind, file, Math.min(durationMs, MAX_PROFILE_MS));
    return { file };
  };

  return {
    requests: {
      'bulkhead/health': health,
      'bulkhead/watchHealth': ({ on }) => {
        watch(on);
        return health();
      },
      'bulkhead/restartWorker': async ({ detector, worker }) => {
        await (worker === undefined ? pool.restart(detector) : pool.restartWorker(worker));
        return null;
      },
      'bulkhead/releaseQuarantine': ({ detector, root, file }) => ({
        released: pool.releaseQuarantine(
          (input) =>
            (detector === undefined || input.detector === detector) &&
            (root === undefined || input.root === root) &&
            (file === undefined || input.file === file),
        ),
      }),
      'bulkhead/errors': ({ detector, clear = false }) => {
        const errors = pool.errors(detector);
        if (clear) pool.clearErrors(detector);
        return { errors };
      },
      'bulkhead/captureHeapSnapshot': ({ worker }) => capture(worker, 'heap-snapshot', 'heapsnapshot'),
      'bulkhead/captureCpuProfile': ({ worker, durationMs }) =>
        capture(worker, 'cpu-profile', 'cpuprofile', durationMs),
    },
    dispose: () => watch(false),
  };
}

function serverHealth(): Omit<ServerHealth, 'cpuPercent'> {
  const uptimeMs = Math.round(process.uptime() * 1_000);
  return { pid: process.pid, memoryBytes: process.memoryUsage.rss(), uptimeMs, node: process.version };
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}
