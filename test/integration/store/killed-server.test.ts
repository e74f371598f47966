import assert from 'node:assert/strict';
import { killAtRandomPoints } from './kills.ts';

describe('store: a server that is killed at random points', function () {
  this.timeout(600_000);

  it('shows only true results when it is opened again, and analyses only what it had not stored', async () => {
    const report = await killAtRandomPoints({ points: 15, seed: 6 });
    assert.ok(report.counted > 0 && report.remembered > 0, JSON.stringify(report));
  });
});
