/** An editor that does not read: the analysis waits for it, and memory stays where it is. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Editor } from '../support/lsp-client.ts';
import { makeWorkspace } from '../support/workspace.ts';

const FILES = 1_000;
const ISSUES_PER_FILE = 1_000;
/** Measured: 270 MB while the editor stands still, 700 MB with a million issues in the table. */
const MOST_MEGABYTES = 1_500;

describe('slow client', function () {
  this.timeout(600_000);

  it('1,000,000 issues wait in their workers until the editor reads, then all arrive', async () => {
    await using workspace = await makeWorkspace({ 'package.json': '{ "type": "module" }' });
    const seen = path.join(path.dirname(workspace.root), 'seen');
    await workspace.link({ eslint: 'eslint' });
    await workspace.write({
      'eslint.config.js': configuration(seen),
      ...Object.fromEntries(
        Array.from({ length: FILES }, (_, index) => [`src/f${index}.js`, `export const value = ${index};\n`]),
      ),
    });
    await using editor = new Editor();
    await editor.open([workspace.root]);
    editor.server.stdout.pause();
    const analysed = async (): Promise<number> => (await readFile(seen, 'utf8').catch(() => '')).length;
    for (let last = -1, now = 0; now === 0 || now !== last; now = await analysed()) {
      last = now;
      await wait(3_000);
    }
    assert.ok((await analysed()) < FILES, 'the analysis waits');

    editor.server.stdout.resume();
    const status = await editor.settled(500_000);
    assert.equal(status.issues.warning, FILES * ISSUES_PER_FILE);
    await editor.until('every file is shown', () => editor.diagnostics.size === FILES, 300_000);
    for (const list of editor.diagnostics.values()) assert.equal(list.length, ISSUES_PER_FILE);
    assert.equal(await analysed(), FILES, 'each was analysed once');
    if (process.platform === 'linux') {
      const [, peak] = /VmHWM:\s+(\d+) kB/.exec(await readFile(`/proc/${editor.server.pid}/status`, 'utf8')) ?? [];
      assert.ok(Number(peak) / 1024 < MOST_MEGABYTES, `${peak} kB`);
    }
  });
});

/** @param seen a file that gets a byte for each file that is linted */
function configuration(seen: string): string {
  return `import { appendFileSync } from 'node:fs';
const flood = {
  create: (context) => ({
    Program(node) {
      appendFileSync(${JSON.stringify(seen)}, '.');
      for (let index = 0; index < ${ISSUES_PER_FILE}; index += 1) {
        context.report({ node, loc: { line: 1, column: index }, message: 'finding number ' + index });
      }
    },
  }),
};
export default [{ files: ['src/*.js'], plugins: { x: { rules: { flood } } }, rules: { 'x/flood': 'warn' } }];
`;
}
