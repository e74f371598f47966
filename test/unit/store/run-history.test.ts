import assert from 'node:assert/strict';
import { asRunEntry, describeRun, runEntry } from '../../../server/store/run-history.ts';

describe('store: history of runs', () => {
  const work = [
    { detector: 'eslint', units: 24, analysed: 3, recalled: 20, borrowed: 1 },
    { detector: 'typescript', units: 1, analysed: 1, recalled: 0, borrowed: 0 },
  ];

  it('is described in one line', () => {
    const entry = asRunEntry(runEntry('editor', work));
    assert.ok(entry);
    assert.equal(
      describeRun(entry),
      'editor: eslint 3 of 24 units (20 remembered, 1 from another process); typescript 1 of 1 units',
    );
  });

  it('ignores entries of an unknown format', () => {
    assert.equal(asRunEntry(null), undefined);
    assert.equal(asRunEntry('editor'), undefined);
    assert.equal(asRunEntry({ by: 'nobody', work: [] }), undefined);
    assert.equal(asRunEntry({ by: 'editor', work: [{ detector: 'eslint' }] }), undefined);
  });
});
