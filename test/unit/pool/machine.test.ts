import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { hasRoom } from '../../../server/pool/health.ts';
import { diskFree, machineMemory, type MachineSources } from '../../../server/pool/machine.ts';

const GB = 2 ** 30;

function sources(files: Readonly<Record<string, string>>, platform: NodeJS.Platform = 'linux'): MachineSources {
  return { platform, totalBytes: () => 16 * GB, freeBytes: () => GB, read: (file) => Promise.resolve(files[file]) };
}

const meminfo = { '/proc/meminfo': `MemTotal: 16777216 kB\nMemFree: 1 kB\nMemAvailable: ${(8 * GB) / 1024} kB\n` };

describe('memory of the machine', () => {
  it('counts page cache as free on Linux', async () => {
    const memory = await machineMemory(sources(meminfo));
    assert.deepEqual(memory, { totalBytes: 16 * GB, freeBytes: 8 * GB, source: 'machine' });
  });

  it('reads control groups of version 2, and takes the lowest limit of all levels', async () => {
    const memory = await machineMemory(
      sources({
        ...meminfo,
        '/proc/self/cgroup': '0::/user.slice/app.scope\n',
        '/sys/fs/cgroup/user.slice/app.scope/memory.max': 'max\n',
        '/sys/fs/cgroup/user.slice/memory.max': `${2 * GB}\n`,
        '/sys/fs/cgroup/user.slice/memory.current': `${1.5 * GB}\n`,
        '/sys/fs/cgroup/user.slice/memory.stat': `anon 1\ninactive_file ${GB}\n`,
      }),
    );
    assert.deepEqual(memory, { totalBytes: 2 * GB, freeBytes: 1.5 * GB, source: 'cgroup' });
  });

  it('reads control groups of version 1, even if a container shows only the root', async () => {
    const memory = await machineMemory(
      sources({
        ...meminfo,
        '/proc/self/cgroup': '12:cpu:/docker/abc\n4:memory:/docker/abc\n0::/\n',
        '/sys/fs/cgroup/memory/memory.limit_in_bytes': `${GB}\n`,
        '/sys/fs/cgroup/memory/memory.usage_in_bytes': `${GB / 2}\n`,
        '/sys/fs/cgroup/memory/memory.stat': `total_inactive_file ${GB / 4}\n`,
      }),
    );
    assert.deepEqual(memory, { totalBytes: GB, freeBytes: 0.75 * GB, source: 'cgroup' });
  });

  it("knows how version 1 writes 'no limit'", async () => {
    const memory = await machineMemory(
      sources({
        ...meminfo,
        '/proc/self/cgroup': '4:memory:/\n',
        '/sys/fs/cgroup/memory/memory.limit_in_bytes': '9223372036854771712\n',
      }),
    );
    assert.equal(memory.source, 'machine');
  });

  it('asks Node.js on other platforms, or if no file can be read', async () => {
    assert.deepEqual(await machineMemory(sources({}, 'darwin')), {
      totalBytes: 16 * GB,
      freeBytes: GB,
      source: 'machine',
    });
    assert.equal((await machineMemory(sources({}))).freeBytes, GB);
  });

  it('reads this machine', async () => {
    const memory = await machineMemory();
    assert.ok(memory.totalBytes > 0 && memory.freeBytes > 0 && memory.freeBytes <= memory.totalBytes);
    assert.ok(((await diskFree('.')) ?? 0) > 0);
    assert.equal(await diskFree('/there/is/no/such/folder'), undefined);
  });

  it('allows one more process within three quarters of the memory, if some is free', () => {
    assert.equal(hasRoom({ totalBytes: 4 * GB, freeBytes: 2 * GB }, GB), true);
    assert.equal(hasRoom({ totalBytes: 4 * GB, freeBytes: 2 * GB }, 3 * GB), false);
    assert.equal(hasRoom({ totalBytes: 4 * GB, freeBytes: GB / 10 }, 0), false);
  });
});
