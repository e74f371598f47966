/** A short chaos run; `npm run chaos -- --seed N --faults M` repeats it at any size. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { describe, it } from 'mocha';
import { runChaos } from '../../bench/chaos/chaos.ts';
import { seeded, writeProject } from '../../bench/chaos/project.ts';

describe('chaos run', function () {
  this.timeout(600_000);

  it('20 faults do not change the issues of typescript, eslint and circular, and leave no process', async () => {
    const seed = Number(process.env['CHAOS_SEED'] ?? Math.floor(Math.random() * 1e9));
    const root = await mkdtemp(path.join(os.tmpdir(), 'bulkhead-chaos-'));
    try {
      const random = seeded(seed);
      await writeProject(root, 150, random);
      const report = await runChaos({ root, random, faults: 20, say: () => {} });
      const told = `CHAOS_SEED=${seed} ${JSON.stringify(report)}`;
      assert.ok(report.issues > 100, told);
      assert.ok(report.equal, told);
      assert.deepEqual(report.quarantined, [], told);
      assert.deepEqual(report.orphans, [], told);
    } finally {
      await rm(root, { recursive: true, force: true });
    }
  });
});
