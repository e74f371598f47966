/** The examples of docs/workers.md for those who come from other libraries: these libraries run them, as written. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '../../..');
const text = readFileSync(path.join(root, 'docs/workers.md'), 'utf8').replaceAll('\r\n', '\n');
const blocks = [...text.matchAll(/^```js before=(\S+)\n([^]*?)^```$/gm)].map(([, name = '', code = '']) => ({
  name,
  code,
}));

describe('coming from other libraries', function () {
  this.timeout(120_000);
  let folder: string;
  before(() => {
    // Inside of the repository, where these libraries are installed.
    mkdirSync(path.join(root, 'out'), { recursive: true });
    folder = mkdtempSync(path.join(root, 'out', 'migration-'));
    for (const { name, code } of blocks) writeFileSync(path.join(folder, name), code);
  });
  after(() => rmSync(folder, { recursive: true }));

  const hosts = blocks.filter(({ name }) => /-host\./.test(name));
  it('is explained for three of them', () => {
    assert.deepEqual(
      hosts.map(({ name }) => name),
      ['fork-host.cjs', 'workerpool-host.cjs', 'piscina-host.mjs'],
    );
  });

  for (const { name, code } of hosts) {
    it(`${name} prints the documented output`, () => {
      const [, output = ''] = /^\/\/ output\n((?:\/\/ .*\n?)+)/m.exec(code) ?? [];
      const { stdout, stderr } = spawnSync(process.execPath, [name], { cwd: folder, encoding: 'utf8' });
      assert.equal(stdout.trim(), output.replaceAll(/^\/\/ /gm, '').trim(), stderr);
    });
  }
});
