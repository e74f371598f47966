import assert from 'node:assert/strict';
import { ReturnedFiles } from '../../../server/engine/returned-files.ts';
import type { ChangeKind } from '../../../server/journal.ts';

describe('files that were deleted and are there again', () => {
  let files: ReturnedFiles;
  const tell = (kind: ChangeKind, file: string, isPlanned = false): boolean => files.changed({ file, kind }, isPlanned);

  beforeEach(() => {
    files = new ReturnedFiles();
  });

  it('may be missing in the plan, once for each deletion', () => {
    for (let round = 0; round < 2; round += 1) {
      assert.equal(tell('deleted', 'src/a.js'), false);
      assert.equal(tell('changed', 'src/a.js'), true);
      assert.equal(tell('changed', 'src/a.js'), false);
    }
  });

  it('may have been deleted with their folder', () => {
    tell('deleted', 'src');
    assert.equal(tell('changed', 'src/deep/a.js'), true);
    assert.equal(tell('changed', 'src/deep/a.js'), false);
    assert.equal(tell('changed', 'source/a.js'), false);
    tell('deleted', 'src/deep');
    assert.equal(tell('changed', 'src/deep/a.js'), true);
  });

  it('are no others: those of the plan, those that were never deleted, and those whose creation is reported', () => {
    assert.equal(tell('changed', 'b.js'), false);
    tell('deleted', 'a.js');
    assert.equal(tell('created', 'a.js'), false);
    assert.equal(tell('changed', 'a.js', true), false);
  });
});
