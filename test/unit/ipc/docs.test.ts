/** The examples of docs/workers.md, taken out and run. They import the package by name; here that is the sources. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';

const root = path.resolve(import.meta.dirname, '../../..');
const text = readFileSync(path.join(root, 'docs/workers.md'), 'utf8').replaceAll('\r\n', '\n');

const examples = [...text.matchAll(/^```ts file=(\S+)\n([\s\S]*?)^```$/gm)].map(([, name = '', code = '']) => ({
  name,
  code,
  output: /^\/\/ output\n((?:\/\/ .*\n?)+)/m.exec(code)?.[1]?.replaceAll(/^\/\/ /gm, ''),
}));

describe('docs/workers.md', function () {
  this.timeout(30_000);
  let directory: string;
  before(() => {
    mkdirSync(path.join(root, 'out'), { recursive: true });
    directory = mkdtempSync(path.join(root, 'out', 'docs-workers-'));
    for (const { name, code } of examples) {
      const runnable = code
        .replaceAll("'bulkhead/workers'", "'../../workers/ipc/index.ts'")
        .replaceAll(/'bulkhead\/drivers\/([\w-]+)'/g, "'../../workers/ipc/drivers/$1.ts'");
      writeFileSync(path.join(directory, name), runnable);
    }
    writeFileSync(
      path.join(directory, 'tsconfig.json'),
      JSON.stringify({
        extends: path.join(root, 'tsconfig.base.json'),
        compilerOptions: {
          composite: false,
          noEmit: true,
          emitDeclarationOnly: false,
          declaration: false,
          rootDir: root,
          typeRoots: [path.join(root, 'node_modules/@types')],
        },
        include: ['*.ts'],
      }),
    );
  });
  after(() => rmSync(directory, { recursive: true }));

  it('every block of TypeScript is a file', () => {
    assert.equal(examples.length, [...text.matchAll(/^```ts/gm)].length);
    assert.ok(examples.length >= 9);
  });

  it('the examples compile', async () => {
    const compiler = path.join(root, 'node_modules/typescript7/bin/tsc');
    const { stdout } = await promisify(execFile)(process.execPath, [
      compiler,
      '-p',
      directory,
      '--pretty',
      'false',
    ]).catch((error: unknown) => error as { stdout: string });
    assert.equal(stdout, '');
  });

  for (const { name, output } of examples) {
    if (output === undefined) continue;
    it(`${name} prints what it says`, async () => {
      const { stdout } = await promisify(execFile)(process.execPath, [path.join(directory, name)]);
      assert.equal(stdout.trim(), output.trim());
    });
  }

  it('the links of its contents lead somewhere', () => {
    const headings = new Set(
      [...text.matchAll(/^## (.*)$/gm)].map(([, title = '']) => title.toLowerCase().replaceAll(' ', '-')),
    );
    for (const [, anchor = ''] of text.matchAll(/\]\(#([^)]+)\)/g)) assert.ok(headings.has(anchor), anchor);
  });
});
