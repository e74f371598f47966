/** Every answer of docs/pains.md is held by a test that exists. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { repository } from '../../support/workspace.ts';

const rows = readFileSync(path.join(repository, 'docs/pains.md'), 'utf8')
  .split('\n')
  .filter((line) => /^\| \d/.test(line));

describe('docs/pains.md', () => {
  it('answers twenty complaints', () => {
    assert.deepEqual(
      rows.map((row) => Number(row.split('|')[1])),
      Array.from({ length: 20 }, (_, index) => index + 1),
    );
  });

  for (const row of rows) {
    const [, number = '', complaint = '', , held = ''] = row.split('|').map((cell) => cell.trim());
    it(`${number}, ${complaint.replace(/ \(.*/, '')}: its test exists`, () => {
      const [, file = '', title = ''] = /\]\(\.\.\/(test\/[^)]+)\): `([^`]+)`/.exec(held) ?? [];
      const text = readFileSync(path.join(repository, file), 'utf8');
      const tests = text.replaceAll(/\bscenario\(\s*/g, 'it(');
      assert.ok(
        [`'`, `"`, '`'].some((quote) => tests.includes(`it(${quote}${title}${quote}`)),
        `${file} has no "${title}"`,
      );
    });
  }
});
