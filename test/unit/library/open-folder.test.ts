import assert from 'node:assert/strict';
import { openFolder } from '../../../server/library/open-folder.ts';
import { makeWorkspace } from '../../support/workspace.ts';

describe('openFolder', () => {
  it('lets nobody wait for a folder that is disposed', async () => {
    await using workspace = await makeWorkspace({ 'a.mjs': 'export {};\n' });
    const folder = await openFolder(workspace.root, { detectors: ['circular'], cache: false });
    const waiting = [folder.analyze(), folder.idle()].map((each) => assert.rejects(each, /has been disposed/));
    await folder.dispose();
    await Promise.all(waiting);
    await assert.rejects(folder.analyze(), /has been disposed/);
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
