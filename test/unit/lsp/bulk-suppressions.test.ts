/** Entries in `eslint-suppressions.json`. */
import assert from 'node:assert/strict';
import { withSuppression } from '../../../server/lsp/bulk-suppressions.ts';

describe('eslint-suppressions.json', () => {
  it('gets an entry, in the order in which ESLint writes them', () => {
    const text = JSON.stringify({ 'src/b.js': { 'no-x': { count: 2 } } });
    const first = withSuppression(text, 'src/a.js', 'no-y', 3) ?? '';
    assert.deepEqual(JSON.parse(first), { 'src/a.js': { 'no-y': { count: 3 } }, 'src/b.js': { 'no-x': { count: 2 } } });
    const second = withSuppression(first, 'src/b.js', 'no-a', 1) ?? '';
    assert.match(second, /a\.js[^]*b\.js[^]*no-a[^]*no-x/);
    assert.match(withSuppression(second, 'src/b.js', 'no-x', 5) ?? '', /"no-x": \{\n {6}"count": 5\n/);
    assert.equal(withSuppression('', 'a', 'r', 1), '{\n  "a": {\n    "r": {\n      "count": 1\n    }\n  }\n}\n');
  });

  it('is left alone if it is broken', () => {
    for (const text of ['{', '[]', 'null', '1']) assert.equal(withSuppression(text, 'a', 'r', 1), undefined, text);
  });
});
