import assert from 'node:assert/strict';
import { readdir, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { status } from '../../../server/cli/status.ts';
import { ReportWriter, type ServerReport } from '../../../server/store/server-reports.ts';
import { makeWorkspace } from '../../support/workspace.ts';

const report: Omit<ServerReport, 'pid'> = {
  version: '0.1.0',
  editor: 'Neovim 0.11',
  roots: [path.resolve('one'), path.resolve('two')],
  status: {
    state: 'analysing',
    analyses: 1,
    problems: [],
    percent: 40,
    detectors: [{ name: 'eslint', title: 'ESLint', status: 'failed', issues: 3, error: 'It crashed.' }],
    workers: [
      { name: 'eslint#1', detector: 'eslint', state: 'busy', memoryBytes: 2 ** 27, peakMemoryBytes: 2 ** 28, restarts: 2, lastExit: 'Out of memory.' }, // prettier-ignore
    ],
    issues: { error: 3, warning: 1, info: 0, hint: 0 },
    memoryBytes: 2 ** 27,
  },
  errors: [{ detector: 'eslint', message: 'Out of memory.', count: 2 }],
};

async function printed(dir: string, folder?: string): Promise<string> {
  let text = '';
  const out = { write: (more: string) => void (text += more), isTTY: false, columns: Infinity };
  const argumentsOf = { once: false, format: 'pretty', ...(folder === undefined ? {} : { folder }) } as const;
  assert.equal(await status(argumentsOf, out, new AbortController().signal, dir), 0);
  return text;
}

describe('bulkhead status', () => {
  it('shows the servers that run: workers, memory, restarts, errors by cause', async () => {
    await using workspace = await makeWorkspace();
    const dir = path.join(workspace.root, 'servers');
    assert.match(await printed(dir), /^No language server is running/);
    const writer = new ReportWriter(dir, () => report);
    writer.changed();
    while (!(await readdir(dir).catch((): string[] => [])).includes(`${process.pid}.json`)) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const text = await printed(dir);
    assert.match(
      text,
      /Bulkhead 0\.1\.0, process \d+, for Neovim 0\.11: analysing 40 %; 3 errors, 1 warnings; workers use 128 MB/,
    );
    assert.match(text, /ESLint +failed +3 +It crashed\./);
    assert.match(text, /eslint#1 +busy +128 MB +256 MB +2 +Out of memory\./);
    assert.match(text, /Out of memory\. +2 +eslint/);
    for (const folder of [path.resolve('one'), path.resolve('two', 'src'), path.resolve()]) {
      assert.equal(await printed(dir, folder), text, folder);
    }
    assert.match(await printed(dir, path.resolve('three')), /^No language server/);
    writer.dispose();
    assert.match(await printed(dir), /^No language server/);
  });

  it('ignores files of servers that were killed, of other versions, and half written ones', async () => {
    await using workspace = await makeWorkspace();
    const at = (name: string): string => path.join(workspace.root, name);
    await writeFile(at('999999999.json'), JSON.stringify({ ...report, pid: 999999999 }));
    await writeFile(at('888888888.json'), '{}');
    await utimes(at('888888888.json'), 0, 0);
    await writeFile(at(`${process.pid}.json`), '{ "status": { "detectors": [');
    assert.match(await printed(workspace.root), /^No language server/);
    await writeFile(at(`${process.pid}.json`), '{ "status": { "detectors": 1 }, "roots": [] }');
    assert.match(await printed(workspace.root), /^No language server/);
    assert.deepEqual((await readdir(workspace.root)).sort(), [`${process.pid}.json`, '999999999.json'].sort());
  });
});
