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

  it('of files that need no types hold 25', () => {
    assert.deepEqual(sizes(files(60, 'light')), [25, 25, 10]);
  });

  it('of files that need types hold 5: each takes ten times as long', () => {
    assert.deepEqual(sizes(files(12, 'heavy')), [5, 5, 2]);
  });
});
