/**
 * Replays random edits and, after each one, compares what the engine shows with a cold `eslint .`:
 *
 *     node bench/eslint/replay.ts [--seed 1] [--seeds 5] [--steps 20]
 *
 * The exit code is 1 at the first difference.
 */
import { parseArgs } from 'node:util';
import { replay } from '../../test/integration/eslint/replay.ts';
import { removeWorkspaces } from '../../test/integration/eslint/workspaces.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    seeds: { type: 'string', default: '5' },
    steps: { type: 'string', default: '20' },
  },
});
try {
  for (let seed = Number(values.seed); seed < Number(values.seed) + Number(values.seeds); seed += 1) {
    const differences = await replay(seed, Number(values.steps), (line) => console.log(line));
    for (const line of differences) console.log(line);
    if (differences.length > 0) process.exitCode = 1;
    if (differences.length > 0) break;
  }
} finally {
  removeWorkspaces();
}
