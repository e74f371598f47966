/** Bytes to frames: any content, any cut, any nonsense. */
import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import fc from 'fast-check';
import {
  binarySerializer,
  FrameTooLargeError,
  jsonSerializer,
  ProtocolError,
  StreamChannel,
} from '../../../workers/ipc/index.ts';
import type { Serializer } from '../../../workers/ipc/index.ts';
import { FrameDecoder, lengthPrefix } from '../../../workers/ipc/framing.ts';
import { Line } from '../../../workers/ipc/middleware.ts';
import { silentLogger } from '../../../workers/ipc/logger.ts';
import { HandlerTable } from '../../../workers/ipc/handler-table.ts';
import { Session } from '../../../workers/ipc/session.ts';
import { check, seeded } from './seed.ts';

const LIMIT = 1000;

function decodeAll(framing: 'lines' | 'length', chunks: readonly Buffer[], limit = LIMIT): Buffer[] {
  const frames: Buffer[] = [];
  const decoder = new FrameDecoder(framing, limit, (bytes) => frames.push(Buffer.from(bytes)));
  for (const chunk of chunks) decoder.push(chunk);
  decoder.end();
  return frames;
}

function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const edges = [0, ...places.map((place) => place % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length];
  return edges.slice(1).map((end, index) => bytes.subarray(edges[index], end));
}

describe('framing', () => {
  it('gives back every frame of bytes, however it is cut', () => {
    check(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 20 }),
        fc.array(fc.nat(10_000)),
        (frames, places) => {
          const bytes = Buffer.concat(frames.flatMap((frame) => [lengthPrefix(frame.length), Buffer.from(frame)]));
          assert.deepEqual(
            decodeAll('length', cut(bytes, places)),
            frames.map((frame) => Buffer.from(frame)),
          );
        },
      ),
    );
  });

  it('gives back every line of text, however it is cut', () => {
    const line = fc.string({ unit: 'binary', minLength: 1, maxLength: 200 }).map((text) => JSON.stringify(text));
    check(
      fc.property(fc.array(line, { maxLength: 20 }), fc.array(fc.nat(10_000)), (lines, places) => {
        const bytes = Buffer.from(lines.map((text) => `${text}\n`).join(''));
        assert.deepEqual(decodeAll('lines', cut(bytes, places), 10_000).map(String), lines);
      }),
    );
  });

  it('cut at every byte', () => {
    const text = '{"a":"grüße 🚢"}\n\r\n{"b":2}\r\n';
    const bytes = Buffer.from(text);
    assert.deepEqual(decodeAll('lines', cut(bytes, bytes.map((_, n) => n) as unknown as number[])).map(String), [
      '{"a":"grüße 🚢"}',
      '{"b":2}',
    ]);
  });

  it('takes a frame at the limit and refuses one above, before it has all come', () => {
    assert.equal(decodeAll('lines', [Buffer.from(`${'x'.repeat(LIMIT)}\n`)])[0]?.length, LIMIT);
    const lines = new FrameDecoder('lines', LIMIT, () => assert.fail());
    lines.push(Buffer.alloc(LIMIT, 'x'));
    assert.throws(() => lines.push(Buffer.from('x')), FrameTooLargeError);
    lines.push(Buffer.from('ignored\n'));
    const lengths = new FrameDecoder('length', LIMIT, () => assert.fail());
    assert.throws(() => lengths.push(lengthPrefix(LIMIT + 1)), FrameTooLargeError);
  });

  it('tells an end within a frame', () => {
    const decoder = new FrameDecoder('lines', LIMIT, () => undefined);
    decoder.push(Buffer.from('half'));
    assert.throws(() => decoder.end(), ProtocolError);
  });

  it('looks at bytes once and copies them once, however long the frame is', () => {
    const { concat } = Buffer;
    const chunk = Buffer.alloc(16 * 1024, 'x');
    const search: (value: string | number | Uint8Array, from?: number) => number = chunk.indexOf.bind(chunk);
    const total = 64 * chunk.length;
    let [searched, copied] = [0, 0];
    chunk.indexOf = (value: string | number | Uint8Array, from?: number | BufferEncoding): number => {
      searched += chunk.length;
      return search(value, typeof from === 'number' ? from : 0);
    };
    Buffer.concat = (list, length) => {
      const joined = concat(list, length);
      copied += joined.length;
      return joined;
    };
    try {
      const decoder = new FrameDecoder('lines', 1e9, ({ length }) => assert.equal(length, total));
      for (let sent = 0; sent < total; sent += chunk.length) decoder.push(chunk);
      decoder.push(Buffer.from('\n'));
    } finally {
      Buffer.concat = concat;
    }
    assert.deepEqual([searched, copied], [total, total]);
  });
});

describe('a frame fuzzer', () => {
  const INPUTS = 100_000;

  it(`survives ${INPUTS} malformed inputs on the host's and the worker's side`, () => {
    const random = seeded('fuzzer');
    const int = (below: number): number => Math.floor(random() * below);
    const pieces = [
      '{"tx":1,"type":"echo","payload":1}',
      '{"tx":1,"type":"echoResult"',
      '"type":',
      '{',
      '}',
      '[',
      ']',
      'null',
      '\0',
      '\r',
      '\n',
      '\n\n',
      ',',
      '"',
      '\\u0000',
      '{"type":"$close"}',
      '{"type":"$credit","tx":1,"frames":-1e99}',
      '{"type":"$cancel"}',
      '{"type":"$cancel","tx":{}}',
      '{"__proto__":{"type":"echo"}}',
      '{"type":"__proto__","tx":1}',
      '{"type":"constructor","tx":"constructor"}',
      '{"tx":NaN}',
      '{"ready":1}',
      '{"type":5}',
      '[[[[',
      '1e999',
      '"\ud800"',
      'x'.repeat(500),
      '{"type":"$log","level":7,"message":{}}',
      '{"tx":1,"type":"echoError","error":{"cause":{"cause":{}},"fields":{"__proto__":1}}}',
      '{"tx":1,"type":"echoEvent","events":7}',
    ];
    const encoded = pieces.map((piece) => Buffer.from(piece));
    const input = (): Buffer => {
      if (int(3) === 0) {
        const bytes = Buffer.alloc(int(40));
        for (let n = 0; n < bytes.length; n += 1) bytes[n] = int(256);
        return bytes;
      }
      return Buffer.concat(Array.from({ length: 1 + int(4) }, () => encoded[int(encoded.length)] ?? Buffer.alloc(0)));
    };
    let rejected = 0;
    let handled = 0;
    for (let n = 0; n < INPUTS;) {
      const serializer: Serializer = int(2) === 0 ? jsonSerializer : binarySerializer;
      const input$ = new PassThrough();
      const output = new PassThrough();
      output.resume();
      const channel = new StreamChannel(input$, output, { serializer, maxFrameBytes: LIMIT });
      let ended = false;
      if (int(2) === 0) {
        new Session(
          new Line(channel),
          new HandlerTable({
            echo: (value: unknown) => {
              handled += 1;
              return value;
            },
          }),
          { logger: silentLogger, onClose: () => undefined },
        );
        input$.on('close', () => (ended = true));
      } else {
        channel.listen({ message: () => (handled += 1), ended: () => (ended = true) });
      }
      const until = Math.min(INPUTS, n + 50);
      for (; n < until && !ended; n += 1) {
        // Straight into the channel: the stream's own buffering would only take time.
        input$.emit('data', Buffer.concat([input(), Buffer.from('\n')]));
        if (ended || input$.destroyed) {
          rejected += 1;
          n += 1;
          break;
        }
      }
      channel.destroy();
      output.destroy();
    }
    assert.ok(rejected > 1000, `${rejected} were rejected`);
    assert.ok(handled > 1000, `${handled} were handled`);
    assert.equal(Object.hasOwn(Object.prototype, 'type'), false);
  });
});
