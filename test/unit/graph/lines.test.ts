import assert from 'node:assert/strict';
import fc from 'fast-check';
import { lineCount, lineTableOf, positionAt } from '../../../workers/graph/lines.ts';

const piece = fc.oneof(
  fc.constantFrom('\n', '\r\n', '\r', 'a', '😀', 'é'),
  fc.integer({ min: 250, max: 515 }).map((length) => 'x'.repeat(length)),
);

describe('a table of lines', () => {
  it('gives the position that counting gives, at any offset', () => {
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), fc.nat(2000), (pieces, at) => {
        const text = pieces.join('');
        const offset = Math.min(at, text.length);
        // A carriage return with its line feed ends one line, and between the two is still that line.
        const starts = [0, ...Array.from(text.matchAll(/\r\n|\n|\r/g), ({ index, 0: end }) => index + end.length)];
        const line = starts.findLastIndex((start) => start <= offset);
        const table = lineTableOf(text);
        assert.deepEqual(positionAt(table, offset), { line, character: offset - (starts[line] ?? 0) });
        assert.equal(lineCount(table), starts.length);
      }),
      { numRuns: 500, seed: 20261121 },
    );
  });

  it('handles more lines than a call can have arguments', () => {
    const table = lineTableOf('\n'.repeat(300_000));
    assert.equal(lineCount(table), 300_001);
    assert.deepEqual(positionAt(table, 299_999), { line: 299_999, character: 0 });
  });
});
