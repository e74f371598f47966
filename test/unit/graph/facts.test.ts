import assert from 'node:assert/strict';
import { onePerFact, type PlaceFinding } from '../../../workers/graph/facts.ts';
import type { Severity } from '../../../workers/protocol/detector-protocol.ts';

function at(line: number, fact?: string, severity: Severity = 'error'): PlaceFinding {
  const position = { line, character: 0 };
  const finding = { rule: 'r', severity, message: 'm', range: { start: position, end: position } };
  return fact === undefined ? finding : { ...finding, fact };
}

describe('facts', () => {
  it('are reported once, at the most severe and first place, with the other places', () => {
    const found = onePerFact(
      new Map([
        ['b.ts', [at(1, 'x'), at(2)]],
        ['a.ts', [at(3, 'x', 'warning'), at(4, 'y')]],
        ['c.ts', [at(5, 'x')]],
      ]),
    );
    assert.deepEqual([...found.keys()].sort(), ['a.ts', 'b.ts']);
    assert.deepEqual(found.get('a.ts'), [at(4)]);
    const [plain, whole] = found.get('b.ts') ?? [];
    assert.deepEqual(plain, at(2));
    assert.deepEqual(
      whole?.related?.map(({ file, range }) => `${file}:${range.start.line}`),
      ['c.ts:5', 'a.ts:3'],
    );
    assert.ok(whole && !('fact' in whole));
  });
});
