import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { batchesOf } from '../../../server/engine/batches.ts';
import type { Unit } from '../../../workers/protocol/detector-protocol.ts';

describe('batches', () => {
  const files = (count: number, lane: 'light' | 'heavy'): readonly Unit[] =>
    Array.from({ length: count }, (_, index) => {
      return { id: `${index}`, kind: 'file', group: 'g', file: `${index}.ts`, lane } as const;
    });
  const sizes = (units: readonly Unit[]): readonly number[] =>
    batchesOf(units, new Set(), new Set()).map((batch) => batch.units.length);

  it('hold 25 files that need no types', () => {
    assert.deepEqual(sizes(files(60, 'light')), [25, 25, 10]);
  });

  it('hold 5 files that need types, because each takes ten times as long', () => {
    assert.deepEqual(sizes(files(12, 'heavy')), [5, 5, 2]);
  });
});
