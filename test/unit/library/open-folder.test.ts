import assert from 'node:assert/strict';
import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { mock } from 'node:test';
import { FolderWatcher } from '../../../server/folder/watcher.ts';
import { openFolder } from '../../../server/library/open-folder.ts';
import { makeWorkspace } from '../../support/workspace.ts';
import { brokenWatch } from '../folder/support.ts';

describe('openFolder', () => {
  it('lets nobody wait for a folder that is disposed', async () => {
    await using workspace = await makeWorkspace({ 'a.mjs': 'export {};\n' });
    const folder = await openFolder(workspace.root, { detectors: ['circular'], cache: false });
    const waiting = [folder.analyze(), folder.idle()].map((each) => assert.rejects(each, /has been disposed/));
    await folder.dispose();
    await Promise.all(waiting);
    await assert.rejects(folder.analyze(), /has been disposed/);
  });

  it('tells what the user has to know, even while the folder opens', async () => {
    await using workspace = await makeWorkspace({ 'bulkhead.config.json': '{}' });
    const watching = mock.method(FolderWatcher, 'start', brokenWatch);
    const problems = new PassThrough({ objectMode: true });
    try {
      await using folder = await openFolder(workspace.root, {
        detectors: [],
        cache: false,
        watch: true,
        onProblem: (message) => problems.write(message),
      });
      assert.match(String(problems.read()), /are no longer seen: The watch ended\./);
      await workspace.write({ 'bulkhead.config.json': '{' });
      folder.filesChanged([{ file: 'bulkhead.config.json', kind: 'changed' }]);
      assert.match(String(await once(problems, 'data')), /bulkhead\.config\.json/);
    } finally {
      watching.mock.restore();
    }
  });

  it('refuses options that mean nothing', async () => {
    const refused = (options: object): Promise<void> =>
      assert.rejects(openFolder(import.meta.dirname, options), TypeError);
    await refused({ detectors: ['circlar'] });
    await refused({ options: { circular: { rules: { 'import-cycel': 'off' } } } });
    await refused({ exclude: 'dist/' });
    await refused({ maxWorkers: -1 });
    await refused({ memoryLimit: Number.NaN });
  });
});
