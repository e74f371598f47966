import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { Lines } from '../../../server/mcp/lines.ts';
import { Requests } from '../../../server/mcp/requests.ts';

const never = new AbortController().signal;
const forever = (): Promise<never> => new Promise(() => {});

describe('requests of an agent', () => {
  it('end with their result, or what they throw', async () => {
    const requests = new Requests();
    assert.equal(await requests.answer(never, () => Promise.resolve(1)), 1);
    await assert.rejects(
      requests.answer(never, () => Promise.reject(new Error('own'))),
      /own/,
    );
    assert.equal(requests.size, 0);
  });

  it('end by their limit, when they are cancelled, and when the server stops, even if their work does not', async () => {
    await assert.rejects(new Requests(5).answer(never, forever), { code: 'timeout' });
    const cancel = new AbortController();
    const requests = new Requests();
    const [cancelled, stopped] = [requests.answer(cancel.signal, forever), requests.answer(never, forever)];
    cancel.abort();
    await assert.rejects(cancelled, { code: 'cancelled' });
    assert.equal(requests.size, 1);
    requests.stop();
    await assert.rejects(stopped, { code: 'stopping' });
    await assert.rejects(
      requests.answer(never, () => Promise.resolve(1)),
      { code: 'stopping' },
    );
  });
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
