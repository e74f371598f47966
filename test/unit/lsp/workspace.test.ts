import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { mock } from 'node:test';
import { readSettings } from '../../../server/configuration/settings.ts';
import { Folder } from '../../../server/folder/folder.ts';
import { FileNames } from '../../../server/lsp/file-names.ts';
import { Workspace } from '../../../server/lsp/workspace.ts';
import { createPool } from '../../../server/pool/pool.ts';
import { detectorNames } from '../../../workers/detectors/manifests.ts';
import { makeWorkspace } from '../../support/workspace.ts';

describe('workspace', () => {
  it('reports changes to the folder that contains them, even while it opens', async () => {
    const base = await mkdtemp(path.join(os.tmpdir(), 'bulkhead-storage-'));
    const filesChanged = mock.method(Folder.prototype, 'filesChanged');
    const off = Object.fromEntries(detectorNames.map((name) => [name, { enable: false }]));
    const { settings } = readSettings({ ...off, shareAnalysis: false });
    const workspace = new Workspace(createPool(), { settings, trusted: true, storageDir: base }, new FileNames());
    try {
      await using folder = await makeWorkspace({ 'package.json': '{}' });
      await workspace.setRoots([folder.root]);
      workspace.filesChanged(new Map([[path.join(folder.root, 'early.ts'), 'created']]));
      workspace.filesChanged(new Map([[path.join(base, 'elsewhere.ts'), 'created']]));
      while (workspace.opening) await new Promise((resolve) => setImmediate(resolve));
      workspace.filesChanged(new Map([[path.join(folder.root, 'late.ts'), 'created']]));
      assert.deepEqual(
        filesChanged.mock.calls.flatMap(({ arguments: [changes] }) =>
          changes.map(({ file, kind }) => `${file} ${kind}`),
        ),
        ['early.ts created', 'late.ts created'],
      );
    } finally {
      filesChanged.mock.restore();
      await workspace.dispose();
      await rm(base, { recursive: true, force: true });
    }
  });
});
