import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, it } from 'mocha';
import {
  parseLinuxStat,
  parsePs,
  parseWindowsList,
  sampleTrees,
  usageOfTrees,
} from '../../../server/pool/process-tree.ts';

describe('process trees', () => {
  it("reads a status line of Linux, whatever the program's name", () => {
    const stat = '42 (a) R (b) S 7 42 42 0 -1 4194560 1 0 0 0 150 50 0 0 20 5 11 0 99 1000 250 18446744073709551615';
    assert.deepEqual(parseLinuxStat(stat, 'Name:\tx\nVmRSS:\t    2048 kB\n'), {
      pid: 42,
      parent: 7,
      cpuMs: 2_000,
      memoryBytes: 2_097_152,
    });
    assert.equal(parseLinuxStat('42 (a) T 7 42 42 0', '')?.stopped, true);
    assert.equal(parseLinuxStat('42 (a) Z 7 42 42 0', ''), undefined, 'a zombie is gone');
    assert.equal(parseLinuxStat('', ''), undefined);
  });

  it('reads the output of ps', () => {
    const rows = parsePs('  1     0   1024 00:01:02 Ss\n 20 1 2048   1:02.50 R\n 30 20 1 2-03:04:05 T+\n\n');
    assert.deepEqual(rows, [
      { pid: 1, parent: 0, memoryBytes: 1_048_576, cpuMs: 62_000 },
      { pid: 20, parent: 1, memoryBytes: 2_097_152, cpuMs: 62_500 },
      { pid: 30, parent: 20, memoryBytes: 1_024, cpuMs: ((51 * 60 + 4) * 60 + 5) * 1_000, stopped: true },
    ]);
  });

  it('reads the output of PowerShell', () => {
    assert.deepEqual(parseWindowsList('4 0 1000 20000\r\n8 4 5 0\r\nnoise\r\n'), [
      { pid: 4, parent: 0, memoryBytes: 1_000, cpuMs: 2 },
      { pid: 8, parent: 4, memoryBytes: 5, cpuMs: 0 },
    ]);
  });

  it('sums whole trees, even if reused ids make a cycle', () => {
    const row = (pid: number, parent: number): { pid: number; parent: number; memoryBytes: number; cpuMs: number } => ({
      pid,
      parent,
      memoryBytes: pid,
      cpuMs: 1,
    });
    const usages = usageOfTrees([row(1, 3), row(2, 1), row(3, 2), row(4, 0)], [1, 4, 99]);
    assert.deepEqual(usages.get(1), { memoryBytes: 6, cpuMs: 3, processes: 3 });
    assert.deepEqual(usages.get(4), { memoryBytes: 4, cpuMs: 1, processes: 1 });
    assert.equal(usages.has(99), false);
  });

  it('measures a real process with its children', async () => {
    const script = `
      const child = require('node:child_process').spawn(process.execPath, ['-e', 'Buffer.alloc(5e7, 1); console.log(1); setInterval(() => {}, 1e3)']);
      child.stdout.once('data', () => console.log(1));`;
    const parent = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'], detached: true });
    try {
      await once(parent.stdout, 'data');
      const pid = parent.pid ?? assert.fail('a process id');
      const usage = (await sampleTrees([pid, 999_999_999])).get(pid);
      assert.equal(usage?.processes, 2);
      assert.ok(usage.memoryBytes > 60_000_000, `${usage.memoryBytes} bytes`);
      assert.ok(usage.cpuMs > 0);
    } finally {
      if (parent.pid !== undefined) process.kill(process.platform === 'win32' ? parent.pid : -parent.pid, 'SIGKILL');
    }
  });
});
