import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { Lines } from '../../../server/mcp/lines.ts';
import { HealthChecks } from '../../../server/mcp/health.ts';
import { REQUEST_TIMEOUT_MS, Requests } from '../../../server/mcp/requests.ts';
import { SimulatedClock } from '../../support/simulated-clock.ts';

const never = new AbortController().signal;
const forever = (): Promise<never> => new Promise(() => {});

describe('requests of an agent', () => {
  it('end with their result, or what they throw', async () => {
    const requests = new Requests();
    assert.equal(await requests.answer('status', never, () => Promise.resolve(1)), 1);
    await assert.rejects(
      requests.answer('status', never, () => Promise.reject(new Error('own'))),
      /own/,
    );
    assert.equal(requests.size, 0);
  });

  it('end by their limit, when they are cancelled, and when the server stops, even if their work does not', async () => {
    await assert.rejects(new Requests(5).answer('status', never, forever), { code: 'timeout' });
    const cancel = new AbortController();
    const requests = new Requests();
    const [cancelled, stopped] = [
      requests.answer('check', cancel.signal, forever),
      requests.answer('status', never, forever),
    ];
    cancel.abort();
    await assert.rejects(cancelled, { code: 'cancelled' });
    assert.equal(requests.size, 1);
    requests.stop();
    await assert.rejects(stopped, { code: 'stopping' });
    await assert.rejects(
      requests.answer('status', never, () => Promise.resolve(1)),
      { code: 'stopping' },
    );
  });
});

describe('a server that stops', () => {
  it('lets open requests end for a while, and refuses new ones', async () => {
    const clock = new SimulatedClock();
    const requests = new Requests(30_000, clock);
    const near = Promise.withResolvers<number>();
    const [answered, stopped] = [requests.answer('status', never, () => near.promise), requests.answer('check', never, forever)]; // prettier-ignore
    void stopped.catch(() => {});
    const finished = requests.finish(1_000);
    await assert.rejects(
      requests.answer('status', never, () => Promise.resolve(1)),
      { code: 'stopping' },
    );
    near.resolve(7);
    assert.equal(await answered, 7);
    await clock.advance(999);
    assert.deepEqual(requests.active.map(({ tool }) => tool), ['check']); // prettier-ignore
    await clock.advance(1);
    await assert.rejects(stopped, { code: 'stopping' });
    await finished;
    assert.deepEqual([requests.size, requests.counts], [0, { answered: 3, timedOut: 0 }]);
  });

  it('does not wait when all is answered', async () => {
    const clock = new SimulatedClock();
    await new Requests(30_000, clock).finish(1_000);
    assert.equal(clock.timers, 0);
  });
});

describe('health of the process', () => {
  it('is looked at every 30 s, and what is wrong is told', async () => {
    const clock = new SimulatedClock();
    const requests = new Requests(REQUEST_TIMEOUT_MS, clock);
    const troubles: string[] = [];
    let [stall, looks, bytes] = [10, 0, 100 << 20];
    const sources = {
      requests,
      crashes: () => 2,
      bytes: () => bytes,
      stall: () => {
        looks += 1;
        return stall;
      },
    };
    const health = new HealthChecks(sources, (message) => troubles.push(message), clock);
    void requests.answer('problems', never, forever).catch(() => {});
    await clock.advance(29_999);
    assert.equal(looks, 1);
    [stall, bytes] = [5_000, 2 ** 31];
    await clock.advance(1);
    assert.deepEqual(health.current, { memoryMb: 2048, stallMs: 5000, uptimeS: 30, answered: 1, timedOut: 1, crashes: 2 });
    assert.equal(troubles.length, 2);
    [stall, bytes] = [1, 100 << 20];
    await clock.advance(30_000);
    assert.deepEqual([looks, health.current.stallMs, troubles.length], [3, 1, 2]);
    health.dispose();
    assert.equal(clock.timers, 0);
  }); // prettier-ignore
});

describe('lines of a client', () => {
  it('are passed on whole, however they arrive, except for those that are too long', async () => {
    let dropped = 0;
    const lines = new Lines(() => (dropped += 1), 8);
    const chunks = ['ab', 'c\nde', 'f\n', '123456789', '0\nlast', '\n', 'unended'].map((text) => Buffer.from(text));
    const passed = await text(Readable.from(chunks).pipe(lines));
    assert.deepEqual([passed, dropped], ['abc\ndef\nlast\n', 1]);
  });
});
