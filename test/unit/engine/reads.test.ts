/** What a result was made from, in short. */
import assert from 'node:assert/strict';
import { ReadFiles } from '../../../server/engine/reads.ts';

describe('files that a result was made from', () => {
  const hashes = { 'b/c.ts': '3', 'a/x.ts': '1', 'a/y.ts': '2', 'b/a.ts': '4', 'z.ts': '5' };
  const of = (files: Readonly<Record<string, string>>): ReadFiles =>
    new ReadFiles({ files: new Map(Object.entries(files)) });

  it('are a few ranges of the sorted list, and become names again', () => {
    const files = of(hashes);
    const encoded = files.encode(['z.ts', 'b/a.ts', 'a/y.ts', '../o.ts', 'a/y.ts']);
    assert.deepEqual(encoded, { ranges: [[1, 2], [4, 4]], others: ['../o.ts'] }); // prettier-ignore
    assert.deepEqual(files.decode(encoded), ['a/y.ts', 'b/a.ts', 'z.ts', '../o.ts']);
    assert.deepEqual(files.decode(files.encode([])), []);
  });

  it('have a hash that follows their contents, and no others', () => {
    const encoded = of(hashes).encode(['a/x.ts', 'a/y.ts', '../o.ts']);
    const hash = (more: Readonly<Record<string, string>>, outside = '9'): string =>
      of({ ...hashes, ...more }).hashOf(encoded, new Map([['../o.ts', outside]]));
    assert.equal(hash({ 'b/c.ts': 'other' }), hash({}));
    for (const other of [hash({ 'a/x.ts': 'other' }), hash({ 'a/y.ts': 'other' }), hash({}, 'other')])
      assert.notEqual(other, hash({}));
  });
});
