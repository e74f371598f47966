/** The contents of docs/workers.md. Its examples are run by test/packed/examples.test.ts. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '../../..');
const text = readFileSync(path.join(root, 'docs/workers.md'), 'utf8').replaceAll('\r\n', '\n');

describe('docs/workers.md', () => {
  it('the links of its contents lead somewhere', () => {
    const headings = new Set(
      [...text.matchAll(/^## (.*)$/gm)].map(([, title = '']) =>
        title
          .toLowerCase()
          .replaceAll(/[^\w\- ]/g, '')
          .replaceAll(' ', '-'),
      ),
    );
    for (const [, anchor = ''] of text.matchAll(/\]\(#([^)]+)\)/g)) assert.ok(headings.has(anchor), anchor);
  });
});
