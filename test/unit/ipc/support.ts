/** What the tests of the worker library share. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import os from 'node:os';
import { fileURLToPath } from 'node:url';
import { createWorker } from '../../../workers/ipc/index.ts';
import type { Channel, DriverName, WorkerClient, WorkerOptions } from '../../../workers/ipc/index.ts';
import type { AnyWorkerOptions } from '../../../workers/ipc/options.ts';
import type { ConformanceMessages } from '../../fixtures/ipc/messages.ts';
import { patienceMs } from '../../support/patience.ts';

export function fixture(name: string): URL {
  return new URL(`../../fixtures/ipc/${name}`, import.meta.url);
}

/** The same as a path, for a process of its own. */
export function fixturePath(name: string): string {
  return fileURLToPath(fixture(name));
}

export type TestClient = WorkerClient<ConformanceMessages>;

/** The conformance worker. */
export function start(
  driver: DriverName | WorkerOptions['driver'],
  options: AnyWorkerOptions = {},
): Promise<TestClient> {
  // What does not compile is tested too.
  return createWorker<ConformanceMessages>({ script: fixture('worker.ts'), ...options, driver } as WorkerOptions);
}

/** A channel to nobody. */
export const silentChannel: Channel = {
  listen: () => undefined,
  send: () => undefined,
  pack: (event) => event,
  sendEvents: () => undefined,
  flush: () => true,
  writable: true,
  drained: () => Promise.resolve(),
  end: () => Promise.resolve(),
  destroy: () => undefined,
};

/** Fails instead of hanging, with what it waited for. */
export async function soon<T>(promise: Promise<T>, what: string, ms = patienceMs): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`Waited ${ms} ms in vain for ${what}.`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Waits until `condition` holds; for what nobody announces, such as the end of a foreign process. */
export async function until(condition: () => boolean, what: string, ms = patienceMs): Promise<void> {
  const end = performance.now() + ms;
  while (!condition()) {
    if (performance.now() > end) assert.fail(`Waited ${ms} ms in vain until ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** A zombie is dead: whoever started it may not look after it. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  if (process.platform !== 'linux') return true;
  try {
    return !/^\d+ \(.*\) [ZX]/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

/** Directories with sockets that this process made and that are still there. */
export function socketDirectories(pid = process.pid): string[] {
  return readdirSync(os.tmpdir()).filter((name) => name.startsWith(`iw-${pid}-`));
}

/** The rejection of a promise that has to be rejected. */
export async function rejection(promise: Promise<unknown>): Promise<Error & Record<string, unknown>> {
  try {
    await promise;
  } catch (error) {
    assert.ok(error instanceof Error);
    return error as Error & Record<string, unknown>;
  }
  assert.fail('It was not rejected.');
}
