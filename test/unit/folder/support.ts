/** A pool without processes for tests of Folder: it finds one issue in each `.ts` file that contains `BAD`. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Folder } from '../../../server/folder/folder.ts';
import type { WatcherOptions } from '../../../server/folder/watcher.ts';
import type {
  CheckOutcome,
  CheckTask,
  PoolSettings,
  QuarantinedInput,
  SupervisedPool,
} from '../../../server/pool/types.ts';
import type { CheckEvent, PlanRequest, PlanResult } from '../../../workers/protocol/detector-protocol.ts';
import { walkFiles } from '../../../workers/protocol/files.ts';
import { issue } from '../engine/support.ts';
import { patienceMs } from '../../support/patience.ts';

/** Only one detector of files runs. */
export const onlyEslint = { only: ['eslint'] } as const;

export class SearchingPool implements SupervisedPool {
  readonly checks: CheckTask[] = [];
  readonly openQuarantines = new Set<string>();
  readonly released: string[] = [];
  disposed = false;
  /** Unsettled until the test resolves it. */
  hold: Promise<void> | undefined;

  async plan({ root }: PlanRequest): Promise<PlanResult> {
    const units = [];
    for await (const file of walkFiles(root)) {
      if (file.endsWith('.ts')) units.push({ id: file, kind: 'file', group: 'g', file } as const);
    }
    return { status: 'ready', units, problems: [], configFiles: [] };
  }

  async check(task: CheckTask): Promise<CheckOutcome> {
    this.checks.push(task);
    await this.hold;
    const { detector, root, units, overlays } = task.request;
    for (const { id: unit, file } of units) {
      const overlay = overlays.find((candidate) => candidate.file === file);
      const text = overlay?.text ?? (await readFile(path.join(root, file), 'utf8').catch(() => ''));
      if (task.signal.aborted) return { kind: 'cancelled' };
      const events: CheckEvent[] = [
        { kind: 'begin', unit, file },
        { kind: 'issues', unit, file, issues: text.includes('BAD') ? [issue(detector, file, 0)] : [] },
        { kind: 'done', unit, file },
      ];
      for (const event of events) await task.onEvent(event);
    }
    return { kind: 'done', result: { durationMs: 1, files: units.length, issues: 0 }, quarantined: [] };
  }

  /** Files that were checked, in order. */
  get checked(): readonly string[] {
    return this.checks.flatMap(({ request }) => request.units.map(({ file }) => file));
  }

  openQuarantine(root: string): () => Promise<void> {
    this.openQuarantines.add(root);
    return () => {
      this.openQuarantines.delete(root);
      return Promise.resolve();
    };
  }
  releaseQuarantine(matches: (input: QuarantinedInput) => boolean): number {
    for (const root of this.openQuarantines) {
      const input = { root, file: 'a.ts' } as QuarantinedInput;
      if (matches(input)) this.released.push(`${root}/a.ts`);
    }
    return this.released.length;
  }
  dispose(): Promise<void> {
    this.disposed = true;
    return Promise.resolve();
  }
  configure(_settings: PoolSettings): void {}
  health(): [] {
    return [];
  }
  onHealth(): () => void {
    return () => {};
  }
  onAvailable(): () => void {
    return () => {};
  }
  restart(): Promise<void> {
    return Promise.resolve();
  }
  machine(): Promise<never> {
    return Promise.reject(new Error('There is no machine.'));
  }
  restartWorker(): Promise<void> {
    return Promise.resolve();
  }
  restartTimes(): [] {
    return [];
  }
  tasks(): never {
    throw new Error('There are no tasks.');
  }
  errors(): [] {
    return [];
  }
  clearErrors(): void {}
  quarantined(): [] {
    return [];
  }
  capture(): Promise<void> {
    return Promise.resolve();
  }
}

/** Replaces `FolderWatcher.start` in tests: the watch ends before it has started. */
export async function brokenWatch(_root: string, { onError }: WatcherOptions): Promise<Disposable> {
  await Promise.resolve();
  onError(new Error('The watch ended.'));
  return { [Symbol.dispose]: () => {} };
}

/** Files with issues, as the folder shows them. */
export function shown(folder: Folder): readonly string[] {
  return folder.issues().map(({ file }) => file);
}

/** Resolves when the folder shows issues of exactly these files. */
export async function untilShown(folder: Folder, files: readonly string[]): Promise<void> {
  const isShown = (): boolean => shown(folder).join() === files.join();
  const deadline = AbortSignal.timeout(patienceMs);
  while (!isShown()) {
    if (deadline.aborted) throw new Error(`Expected issues of [${files.join()}]; there are [${shown(folder).join()}].`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
