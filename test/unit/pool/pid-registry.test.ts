import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { PidRegistry } from '../../../server/pool/pid-registry.ts';
import { startTimeCommand, systemProcesses, type ProcessTable } from '../../../server/processes.ts';

class Table implements ProcessTable {
  readonly alive = new Map<number, string>();
  readonly killed: number[] = [];
  startTimeOf(pid: number): Promise<string | undefined> {
    return Promise.resolve(this.alive.get(pid));
  }
  kill(pid: number): void {
    this.killed.push(pid);
    this.alive.delete(pid);
  }
}

describe('registry of worker processes', () => {
  let storageDir: string;
  let table: Table;

  beforeEach(async () => {
    storageDir = await mkdtemp(path.join(os.tmpdir(), 'bulkhead-registry-'));
    table = new Table();
    table.alive.set(process.pid, 'me');
  });

  afterEach(() => rm(storageDir, { recursive: true, force: true }));

  const open = (processes: ProcessTable = table): PidRegistry =>
    new PidRegistry({ storageDir, processes, log: () => {} });
  const leave = (name: string, owner: number, workers: readonly number[], startTime = 'then'): Promise<void> =>
    writeFile(
      path.join(storageDir, `workers-${name}.json`),
      JSON.stringify({
        owner: { pid: owner, startTime },
        workers: workers.map((pid) => ({ pid, startTime })),
      }),
    );

  it('ends only processes of a dead server', async () => {
    await leave('dead', 10, [11, 12, 13]);
    await leave('living', 20, [21]);
    table.alive.set(11, 'then').set(12, 'later: a stranger').set(20, 'then').set(21, 'then');
    assert.deepEqual(await open().sweep(), [11]);
    assert.deepEqual(table.killed, [11]);
    assert.deepEqual(await readdir(storageDir), ['workers-living.json']);
  });

  it('a server whose process id was reused is dead', async () => {
    await leave('reused', 10, [11]);
    table.alive.set(10, 'a stranger').set(11, 'then');
    assert.deepEqual(await open().sweep(), [11]);
  });

  it('kills nothing because of an invalid file', async () => {
    const contents = ['', '{', '[]', '{"owner":{"pid":-1,"startTime":"x"},"workers":[{"pid":11,"startTime":"then"}]}'];
    for (const [index, content] of contents.entries()) {
      await writeFile(path.join(storageDir, `workers-${index}.json`), content);
    }
    await leave('odd', 10, [0, 1, -1, 1.5]);
    table.alive.set(11, 'then').set(1, 'then').set(0, 'then').set(-1, 'then');
    assert.deepEqual(await open().sweep(), []);
    assert.deepEqual(table.killed, []);
    assert.deepEqual(await readdir(storageDir), []);
  });

  it('lists live processes, and has no file if there are none', async () => {
    const registry = open();
    table.alive.set(31, 'a').set(32, 'b');
    await Promise.all([registry.started(31), registry.started(32), registry.started(33)]);
    await registry.settled();
    assert.deepEqual(await readdir(storageDir), [`workers-${process.pid}.json`]);
    assert.deepEqual(await open().sweep(), [], 'we live');
    table.alive.set(process.pid, 'another process with our number');
    assert.deepEqual([...(await open().sweep())].sort(), [31, 32]);
    registry.ended(31);
    registry.ended(32);
    await registry.settled();
    assert.deepEqual(await readdir(storageDir), []);
  });

  it('works without a writable folder', async () => {
    await writeFile(path.join(storageDir, 'file'), '');
    const messages: string[] = [];
    const registry = new PidRegistry({
      storageDir: path.join(storageDir, 'file', 'below'),
      processes: table,
      log: (message) => messages.push(message),
    });
    assert.deepEqual(await registry.sweep(), []);
    table.alive.set(31, 'a');
    await registry.started(31);
    await registry.settled();
    assert.equal(messages.length, 1);
  });

  it('identifies real processes by their start time and ends them with their group', async () => {
    const child: ChildProcess = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { detached: true });
    await once(child, 'spawn');
    const pid = child.pid ?? assert.fail('a process id');
    const startTime = await systemProcesses.startTimeOf(pid);
    assert.ok(startTime !== undefined);
    assert.equal(await systemProcesses.startTimeOf(pid), startTime);
    assert.notEqual(await systemProcesses.startTimeOf(process.pid), startTime);
    systemProcesses.kill(pid);
    await once(child, 'exit');
    assert.equal(await systemProcesses.startTimeOf(pid), undefined);
  });

  it('uses the command of each platform', () => {
    assert.deepEqual(startTimeCommand('darwin', 7), ['ps', '-o', 'lstart=', '-p', '7']);
    assert.match(startTimeCommand('win32', 7).join(' '), /Get-Process -Id 7/);
  });
});
