import { describe, it } from 'mocha';
import { simulate } from './support/simulation.ts';

describe('pool simulation', () => {
  it('smoke', async function () {
    this.timeout(120_000);
    const count = Number(process.env['SEEDS'] ?? 500);
    const start = Number(process.env['SEED'] ?? 1);
    const t = performance.now();
    let launches = 0;
    for (let seed = start; seed < start + count; seed += 1) {
      try {
        const s = await simulate(seed);
        launches += s.launches;
        if (count < 4) console.log(s);
      } catch (error) {
        throw new Error(`seed ${seed}: ${(error as Error).message}`, { cause: error });
      }
    }
    console.log((performance.now() - t) / count, 'ms per seed', launches);
  });
});
