/** A short differential replay; `node bench/live/replay.ts` does the same for hours, on real projects. */
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
});
