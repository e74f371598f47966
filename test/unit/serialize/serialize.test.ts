import assert from 'node:assert/strict';
import vm from 'node:vm';
import {
  serializeAsync,
  serializeBatch,
  serializeChunks,
  SerializedTooLong,
  serializeToBytes,
  type SerializeMetrics,
} from '../../../server/serialize/index.ts';
import { seeded } from '../../../bench/chaos/project.ts';

const text = async (value: unknown, pretty = false): Promise<string> => (await serializeAsync(value, { pretty })).text;

/** A value with everything that JSON knows, of up to a few thousand nodes. */
function randomValue(random: () => number, depth = 0): unknown {
  const kind = Math.floor(random() * (depth > 4 ? 6 : 9));
  const word = (): string =>
    Array.from({ length: Math.floor(random() * 12) }, () => String.fromCodePoint([34, 92, 10, 97, 228, 0x2026, 0x1f600, 0xd800][Math.floor(random() * 8)] ?? 97)).join(''); // prettier-ignore
  switch (kind) {
    case 0:
      return word().repeat(random() < 0.005 ? 20_000 : 1);
    case 1:
      return (random() - 0.5) * 1e6;
    case 2:
      return random() < 0.5;
    case 3:
      return null;
    case 4:
      return undefined;
    case 5:
      return random() < 0.5 ? Number.NaN : new Date(Math.floor(random() * 1e12));
    case 6:
      return Array.from({ length: Math.floor(random() * (depth === 0 ? 600 : 5)) }, () => randomValue(random, depth + 1)); // prettier-ignore
    default:
      return Object.fromEntries(Array.from({ length: Math.floor(random() * 6) }, () => [word(), randomValue(random, depth + 1)])); // prettier-ignore
  }
}

describe('serialize', () => {
  it('writes what JSON.stringify writes, in one line and pretty, in any number of steps', async () => {
    const random = seeded(7);
    for (let n = 0; n < 100; n += 1) {
      const value = { value: randomValue(random) };
      for (const pretty of [false, true]) {
        const wanted = JSON.stringify(value, undefined, pretty ? 2 : 0);
        const given = await serializeAsync(value, { pretty });
        assert.ok(given.text === wanted, `value ${n} differs`);
        assert.deepEqual([given.truncated, given.originalSize], [false, Buffer.byteLength(wanted)]);
        assert.ok(Buffer.from((await serializeToBytes(value, { pretty })).bytes).equals(Buffer.from(wanted)));
      }
    }
  });

  it('never exceeds maxSize, stays valid JSON and knows the full size', async () => {
    const random = seeded(11);
    for (let n = 0; n < 100; n += 1) {
      const value = randomValue(random) ?? null;
      for (const pretty of [false, true]) {
        const whole = Buffer.byteLength(JSON.stringify(value, undefined, pretty ? 2 : 0));
        const maxSize = 2 + Math.floor(random() * Math.min(whole + 10, 4000));
        const given = await serializeAsync(value, { maxSize, pretty });
        const size = Buffer.byteLength(given.text);
        assert.ok(size <= maxSize, `${size} bytes, at most ${maxSize} are allowed`);
        assert.equal(given.originalSize, whole);
        JSON.parse(given.text);
        if (!given.truncated) assert.equal(size, whole);
        // It is no excuse for giving nothing.
        if (given.truncated && maxSize > 200 && typeof value === 'object') assert.ok(size > maxSize / 10, given.text);
      }
    }
  });

  it('says what it leaves out', async () => {
    const cut = async (value: unknown, maxSize: number): Promise<unknown> =>
      JSON.parse((await serializeAsync(value, { maxSize })).text);
    assert.deepEqual(await cut(Array.from({ length: 1000 }, (_, n) => n), 60), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, '… 988 more']); // prettier-ignore
    assert.deepEqual(await cut({ a: 1, b: 'x'.repeat(100), c: 2, d: 3 }, 50), { a: 1, '…': '3 more' });
    assert.deepEqual(await cut({ a: { b: Array(50).fill(7) }, c: 1 }, 110), { a: { b: [7, 7, '… 48 more'] }, '…': '1 more' }); // prettier-ignore
    const long = (await cut('😀'.repeat(50_000), 101)) as string;
    assert.match(long, /^(😀)+… \d+ more characters$/u);
    assert.equal(await cut('x'.repeat(9), 8), '…');
    assert.equal(await cut({ a: 1 }, 2), '');
  });

  it('refuses instead, if that is wanted', async () => {
    await assert.rejects(serializeAsync([1, 2, 3], { maxSize: 5, truncate: false }), SerializedTooLong);
    assert.equal((await serializeAsync([1, 2], { maxSize: 5, truncate: false })).text, '[1,2]');
    for (const maxSize of [1, 0, -1, Number.NaN]) await assert.rejects(serializeAsync(1, { maxSize }), RangeError);
  });

  it('has a result for everything that JSON does not know', async () => {
    const circular: Record<string, unknown> = { list: [] };
    circular['self'] = circular;
    (circular['list'] as unknown[]).push({ up: circular['list'] });
    const failing = { ok: 1, get bad(): never { throw new Error('no'); }, toJSON: undefined }; // prettier-ignore
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    const error = Object.assign(new TypeError('outer', { cause: new Error('inner') }), { code: 'E_X' });
    const cases: readonly (readonly [unknown, unknown])[] = [
      [123n, '123'],
      [
        [undefined, () => 1, Symbol('s'), Number.POSITIVE_INFINITY],
        [null, null, null, null],
      ],
      [{ a: undefined, b: () => 1, c: Symbol('s'), d: 1 }, { d: 1 }],
      [undefined, null],
      [new Map([['a', 1n]]), { a: '1' }],
      [new Map([[{ k: 1 }, new Set(['x'])]]), [[{ k: 1 }, ['x']]]],
      [vm.runInNewContext('new Map([["a", new Set([1])]])'), { a: [1] }],
      [new Date(0), '1970-01-01T00:00:00.000Z'],
      [new Date(Number.NaN), null],
      [error, { name: 'TypeError', message: 'outer', code: 'E_X', cause: { name: 'Error', message: 'inner' } }],
      [new AggregateError([1]), { name: 'AggregateError', message: '', errors: [1] }],
      [vm.runInNewContext('new RangeError("far")'), { name: 'RangeError', message: 'far' }],
      [Buffer.from('hi'), 'aGk='],
      [new Uint8Array([1, 2]).buffer, 'AQI='],
      [/a\/b/g, '/a\\/b/g'],
      [
        [new String('s'), new Number(1), Object(2n)],
        ['s', 1, '2'],
      ],
      [{ toJSON: (key: string) => `key ${key}` }, 'key '],
      [{ x: { toJSON: (key: string) => `key ${key}` } }, { x: 'key x' }],
      [{ toJSON: () => { throw new Error('never'); } }, '[Throws: never]'], // prettier-ignore
      [failing, { ok: 1, bad: '[Throws: no]' }],
      [circular, { list: [{ up: '[Circular: $.list]' }], self: '[Circular: $]' }],
    ];
    for (const [value, wanted] of cases) assert.deepEqual(JSON.parse(await text(value)), wanted);
    assert.match(await text([proxy]), /^\["\[Throws: .* revoked\]"\]$/);
  });

  it('survives 10,000 levels', async () => {
    let deep: unknown = 'end';
    for (let n = 0; n < 10_000; n += 1) deep = n % 2 === 0 ? [deep] : { deep };
    const { text: whole, originalSize } = await serializeAsync(deep);
    assert.equal(originalSize, whole.length);
    assert.ok(whole.endsWith(`"end"${']}'.repeat(5000)}`));
    assert.ok((await serializeAsync(deep, { maxSize: 1000 })).text.length <= 1000);
  });

  it('goes on with a batch when a value fails, and stops when it is aborted', async () => {
    const results = await serializeBatch([1, 'x'.repeat(20), [2]], { maxSize: 10, truncate: false });
    assert.deepEqual(
      results.map((result) => (result.status === 'fulfilled' ? result.value.text : (result.reason as Error).name)),
      ['1', 'SerializedTooLong', '[2]'],
    );
    const stop = new AbortController();
    const reason = new Error('enough');
    const metrics: SerializeMetrics[] = [];
    const running = serializeAsync(Array(1_000_000).fill({ a: 1 }), { signal: stop.signal, onMetrics: (one) => metrics.push(one) }); // prettier-ignore
    setImmediate(() => stop.abort(reason));
    await assert.rejects(running, reason);
    assert.equal(metrics.at(0)?.error, reason);
    await assert.rejects(serializeAsync(1, { signal: stop.signal }), reason);
  });

  it('makes way for others again and again, whatever makes the value large', async () => {
    const issue = { file: 'src/a.ts', message: 'x'.repeat(200), range: { start: { line: 1, character: 2 } } };
    for (const value of [
      Array(60_000).fill(issue),
      'ä'.repeat(8_000_000),
      new Map(Array.from({ length: 60_000 }, (_, n) => [String(n), issue])),
    ]) {
      // prettier-ignore
      let turns = 0;
      const timer = setInterval(() => (turns += 1), 1);
      let pauses = 0;
      const { originalSize } = await serializeAsync(value, { onMetrics: (metrics) => ({ pauses } = metrics) });
      clearInterval(timer);
      assert.ok(originalSize > 10_000_000);
      assert.ok(pauses > 2, `${pauses} pauses`);
      assert.ok(turns > 0, 'timers run meanwhile');
    }
  });

  it('gives chunks of bounded length', async () => {
    const value = [Array(40_000).fill({ a: 'b' }), 'x'.repeat(500_000)];
    const chunks: string[] = [];
    for await (const chunk of serializeChunks(value)) chunks.push(chunk);
    assert.equal(chunks.join(''), JSON.stringify(value));
    assert.ok(chunks.length > 5 && chunks.every(({ length }) => length < 200_000));
  });
});
