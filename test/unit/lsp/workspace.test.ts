import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { Engine } from '../../../server/engine/engine.ts';
import { Workspace } from '../../../server/lsp/workspace.ts';
import { createPool } from '../../../server/pool/pool.ts';
import { readSettings } from '../../../server/configuration/settings.ts';
import { detectorNames } from '../../../workers/detectors/manifests.ts';
import { makeWorkspace } from '../../support/workspace.ts';

describe('workspace', () => {
  let engine: Engine | undefined;
  const own = Engine.prototype.analyzeAll;
  let base: string;

  beforeEach(async () => {
    base = await mkdtemp(path.join(os.tmpdir(), 'bulkhead-storage-'));
    Engine.prototype.analyzeAll = function (this: Engine) {
      engine = this;
      own.call(this);
    };
  });

  afterEach(async () => {
    Engine.prototype.analyzeAll = own;
    await rm(base, { recursive: true, force: true });
  });

  it('loses no change that is told while a folder is on its way', async () => {
    await using folder = await makeWorkspace({ 'package.json': '{}' });
    const off = Object.fromEntries(detectorNames.map((name) => [name, { enable: false }]));
    const { settings } = readSettings({ ...off, shareAnalysis: false });
    const workspace = new Workspace(createPool(), { settings, trusted: true, storageDir: base });
    try {
      const opening = workspace.addRoot(folder.root);
      workspace.filesChanged(new Map([[path.join(folder.root, 'early.ts'), 'created']]));
      workspace.filesChanged(new Map([[path.join(base, 'elsewhere.ts'), 'created']]));
      await opening;
      workspace.filesChanged(new Map([[path.join(folder.root, 'late.ts'), 'created']]));
      await new Promise((resolve) => setImmediate(resolve));
      const known = [...(engine?.journal.since(0)?.values() ?? [])].map(({ file, kind }) => `${file} ${kind}`);
      assert.deepEqual(known, ['early.ts created', 'late.ts created']);
    } finally {
      await workspace.dispose();
    }
  });
});
