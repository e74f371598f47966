/** When the server dies, by `kill -9` too, everything it started is gone within five seconds, and no file stays. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { PidRegistry } from '../../server/pool/pid-registry.ts';
import { systemProcesses } from '../../server/processes.ts';
import { descendantsOf } from '../support/processes.ts';

const serverScript = path.join(import.meta.dirname, '../fixtures/workers/server.ts');

/** Five seconds are promised, on a machine that has time for it. */
const PATIENCE_MS = 30_000;

describe('killed server', function () {
  this.timeout(120_000);
  let root: string;
  let storageDir: string;

  beforeEach(async () => {
    root = await mkdtemp(path.join(os.tmpdir(), 'bulkhead-killed-'));
    storageDir = path.join(root, 'storage');
    await mkdir(storageDir);
  });

  afterEach(() => rm(root, { recursive: true, force: true }));

  for (const [what, first, second] of [
    ['endless loops', 'endless loop', 'endless loop'],
    ['a blocked thread and grandchildren', 'blocked read', 'grandchild that stays'],
  ] as const) {
    it(`leaves no process: ${what}`, async () => {
      await writeFile(path.join(root, 'a.job'), `${first}\n`);
      await writeFile(path.join(root, 'b.job'), `${second}\n`);
      const server = spawn(process.execPath, [serverScript, root, storageDir], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const lines = createInterface(server.stdout);
      const [line] = (await once(lines, 'line')) as [string];
      const workers = line.split(' ').slice(1).map(Number);
      assert.equal(workers.length, 2);
      if (second === 'grandchild that stays') workers.push(await grandchildOf(root));
      // In a sandbox the grandchild has another id outside, and there are more processes.
      const pids = process.platform === 'win32' ? workers : descendantsOf(server.pid ?? 0).map(({ pid }) => pid);
      assert.ok(pids.length >= workers.length);
      for (const pid of pids) assert.ok(await systemProcesses.startTimeOf(pid), `${pid} lives`);
      await registered(storageDir);
      server.kill('SIGKILL');
      await once(server, 'exit');
      const killedAt = performance.now();
      let left = pids;
      while (left.length > 0 && performance.now() - killedAt < PATIENCE_MS) {
        await wait(50);
        const alive = await Promise.all(left.map((pid) => systemProcesses.startTimeOf(pid)));
        left = left.filter((_, index) => alive[index] !== undefined);
      }
      assert.deepEqual(left, [], 'gone by themselves');
      const registry = new PidRegistry({ storageDir, log: () => {} });
      assert.deepEqual(await registry.sweep(), []);
      assert.deepEqual(await readdir(storageDir), [], 'the next server tidies up');
    });
  }
});

/** The workers are on disk, so that a next server could end them. */
async function registered(storageDir: string): Promise<void> {
  for (;;) {
    for (const name of await readdir(storageDir)) {
      const text = await readFile(path.join(storageDir, name), 'utf8').catch(() => '{}');
      if (name.endsWith('.json') && text.split('startTime').length === 4) return;
    }
    await wait(20);
  }
}

async function grandchildOf(root: string): Promise<number> {
  for (;;) {
    const text = await readFile(path.join(root, 'grandchild'), 'utf8').catch(() => '');
    if (text !== '') return Number(text);
    await wait(20);
  }
}
