/**
 * Kills the language server at random points and checks that the next one is correct; see test/integration/store/kills.ts.
 *
 *     npm run build && npm run kills -- [--points 200] [--seed 1]
 *
 * Ends with the counts, or with what was wrong and the seed that reproduces it.
 */
import { parseArgs } from 'node:util';
import { killAtRandomPoints } from '../../test/integration/store/kills.ts';

const { values } = parseArgs({
  options: { points: { type: 'string', default: '200' }, seed: { type: 'string', default: '1' } },
});
const report = await killAtRandomPoints({
  points: Number(values.points),
  seed: Number(values.seed),
  log: (line) => console.log(line),
});
console.log(JSON.stringify(report));
