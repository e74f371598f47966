/** An idle pool does nothing at all, with a health view open too. */
import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'mocha';
import { poolOperations } from '../../../server/pool/pool-requests.ts';
import { Scene } from '../../chaos/support/scene.ts';

describe('an idle pool', function () {
  this.timeout(30_000);
  let scene: Scene | undefined;

  afterEach(() => scene?.close());

  it('sends no health and takes no sample', async () => {
    let samples = 0;
    scene = await Scene.open(
      { a: 'well' },
      {},
      {
        healthIntervalMs: 50,
        sample: () => {
          samples += 1;
          return Promise.resolve(new Map());
        },
      },
    );
    let sent = 0;
    const operations = poolOperations({ pool: scene.pool, captureFolder: scene.root, notify: () => (sent += 1) });
    await operations.requests['bulkhead/watchHealth']({ on: true });
    await scene.check();
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    const [sentThen, samplesThen] = [sent, samples];
    assert.ok(sentThen > 0, 'the check was told');
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    assert.equal(sent, sentThen);
    assert.equal(samples, samplesThen);
    operations.dispose();
  });
});
