/**
 * Short differential replays; `node bench/live/replay.ts` does the same for hours, on real projects. More steps of the second:
 * BULKHEAD_REPLAY_STEPS=50 BULKHEAD_REPLAY_EVERY=1 BULKHEAD_REPLAY_SEED=1 npm run -s mocha -- test/integration/replay/replay.test.ts
 */
import assert from 'node:assert/strict';
import { makeReplayProject } from '../../support/replay/project.ts';
import { replay } from '../../support/replay/replay.ts';

describe('replay of random changes', function () {
  this.timeout(300_000);

  it('ends with the issues of a cold check, of all detectors', async () => {
    await using workspace = await makeReplayProject();
    const log: string[] = [];
    const result = await replay({
      ...{ source: workspace.root, seed: 20, steps: 40, every: 20, graceMs: 60_000 },
      log: (line) => log.push(line),
    });
    assert.deepEqual(result.differences, [], log.join('\n'));
    assert.equal(result.comparisons, 2);
    const { typescript = 0, eslint = 0 } = result.issues;
    assert.ok(typescript > 0 && eslint > 0, JSON.stringify(result.issues));
  });

  it("shows whenever it says 'ready' what a fresh run finds, whatever is checked out, edited or broken", async () => {
    const { BULKHEAD_REPLAY_SEED: seed = '11', BULKHEAD_REPLAY_STEPS: steps = '6', BULKHEAD_REPLAY_EVERY: every = '3' } = process.env; // prettier-ignore
    await using workspace = await makeReplayProject();
    const log: string[] = [];
    const result = await replay({
      ...{ source: workspace.root, seed: Number(seed), steps: Number(steps), every: Number(every), atReady: true },
      log: (line) => log.push(line),
    });
    assert.deepEqual(result.differences, [], log.join('\n'));
    assert.ok(result.comparisons > 0);
  });
});
