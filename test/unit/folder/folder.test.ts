import assert from 'node:assert/strict';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { mock } from 'node:test';
import { ConfigurationError } from '../../../server/configuration/read.ts';
import { BaselineFilter } from '../../../server/folder/baseline-filter.ts';
import { FolderConfiguration } from '../../../server/folder/configuration.ts';
import { Folder } from '../../../server/folder/folder.ts';
import type { FolderOptions } from '../../../server/folder/options.ts';
import { Peers } from '../../../server/folder/peers.ts';
import { openStorage } from '../../../server/folder/storage.ts';
import { FolderWatcher } from '../../../server/folder/watcher.ts';
import { BaselineError, baselineOf, writeBaseline } from '../../../server/store/baseline.ts';
import { asRunEntry } from '../../../server/store/run-history.ts';
import { makeWorkspace, type TestWorkspace } from '../../support/workspace.ts';
import { issue } from '../engine/support.ts';
import { brokenWatch, onlyEslint, SearchingPool, shown, untilShown } from './support.ts';
import { patienceMs } from '../../support/patience.ts';

const bad = 'BAD;\n';
const good = 'good;\n';

describe('folder', () => {
  let workspace: TestWorkspace;
  let pool: SearchingPool;
  let options: FolderOptions;
  const open: Folder[] = [];

  beforeEach(async () => {
    workspace = await makeWorkspace({ 'a.ts': bad, 'b.ts': bad, 'c.ts': good });
    pool = new SearchingPool();
    options = { pool, settings: { detectors: onlyEslint } };
  });

  afterEach(async () => {
    for (const folder of open.splice(0)) await folder.dispose();
    await workspace[Symbol.asyncDispose]();
  });

  /** Starts a folder that is closed after the test. */
  function start(more: FolderOptions = {}, root = workspace.root): Folder {
    const folder = Folder.start(root, { ...options, ...more });
    open.push(folder);
    return folder;
  }

  async function analysed(more: FolderOptions = {}, root = workspace.root): Promise<Folder> {
    const folder = start(more, root);
    await folder.analyze();
    await folder.idle();
    return folder;
  }

  const stored = (): FolderOptions => ({ storage: { dir: path.join(workspace.root, '../storage') } });
  const baselineFile = (): string => path.join(workspace.root, 'bulkhead-baseline.json');

  describe('while it opens', () => {
    it('analyses nothing before it is requested', async () => {
      const folder = await Folder.open(workspace.root, options);
      open.push(folder);
      assert.equal(folder.isOpen, true);
      assert.deepEqual(pool.checks, []);
    });

    it('loses no change', async () => {
      const folder = start(stored());
      const changes: string[] = [];
      folder.on('changes', (all) => changes.push(...all.map(({ file }) => file)));
      folder.filesChanged([{ file: 'early.ts', kind: 'created' }]);
      assert.equal(folder.isOpen, false);
      await folder.opened;
      folder.filesChanged([{ file: 'late.ts', kind: 'created' }]);
      assert.deepEqual(changes, ['early.ts', 'late.ts']);
    });

    it('loses no message: listeners are attached first', async () => {
      const watching = mock.method(FolderWatcher, 'start', brokenWatch);
      const troubles: string[] = [];
      try {
        const folder = await Folder.open(workspace.root, { ...options, watch: true }, (opening) => {
          opening.on('trouble', (message) => troubles.push(message));
        });
        open.push(folder);
      } finally {
        watching.mock.restore();
      }
      assert.deepEqual(troubles, [`Changes in ${workspace.root} are no longer seen: The watch ended.`]);
    });

    it('reads configuration and baseline again, and tells others, if so much changes that the journal forgets what', async () => {
      const readConfiguration = mock.method(FolderConfiguration.prototype, 'read');
      const readBaseline = mock.method(BaselineFilter.prototype, 'read');
      const sendAnalyze = mock.method(Peers.prototype, 'sendAnalyze');
      try {
        const folder = start(stored());
        const changes = Array.from(
          { length: 100_001 },
          (_, index) => ({ file: `${index}.ts`, kind: 'created' }) as const,
        );
        folder.filesChanged(changes);
        await folder.opened;
        assert.deepEqual([readConfiguration.mock.callCount(), readBaseline.mock.callCount()], [2, 2]);
        assert.equal(sendAnalyze.mock.callCount(), 1);
      } finally {
        for (const method of [readConfiguration, readBaseline, sendAnalyze]) method.mock.restore();
      }
    });

    it('reads a configuration again if it changes meanwhile', async () => {
      const folder = start(stored());
      await workspace.write({ 'bulkhead.config.json': '{ "exclude": ["a.ts"] }' });
      folder.filesChanged([{ file: 'bulkhead.config.json', kind: 'created' }]);
      await folder.analyze();
      await untilShown(folder, ['b.ts']);
    });

    it('keeps unsaved text, open files and settings for the analysis', async () => {
      const folder = start();
      folder.setDocument('c.ts', { text: bad, version: 2 });
      folder.setOpenFiles(['c.ts']);
      folder.configure({ detectors: { ...onlyEslint, exclude: ['b.ts'] } });
      await folder.analyze();
      await folder.idle();
      assert.deepEqual(shown(folder), ['a.ts', 'c.ts']);
      assert.equal(pool.checked[0], 'c.ts', 'open files come first');
      folder.setDocument('c.ts', undefined);
      folder.filesChanged([{ file: 'c.ts', kind: 'changed' }]);
      await untilShown(folder, ['a.ts']);
    });

    it('is busy, and has no issues and no status', async () => {
      const folder = start();
      assert.deepEqual([folder.busy, folder.issues(), folder.status(), folder.generation], [true, [], [], 0]);
      assert.deepEqual(folder.counts(), { error: 0, warning: 0, info: 0, hint: 0 });
      await folder.opened;
    });

    it('can be disposed at any moment, and leaves nothing open', async () => {
      for (let turns = 0; turns < 12; turns += 1) {
        const folder = Folder.start(workspace.root, {
          ...stored(),
          settings: { ...options.settings, sharing: { role: 'member' } },
          watch: true,
        });
        folder.on('trouble', (message) => assert.fail(message));
        void folder.analyze().catch(() => {});
        for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setImmediate(resolve));
        await folder.dispose();
        assert.deepEqual(folder.eventNames(), []);
      }
      // Nobody has the database open any more: Windows would refuse.
      await rm(path.join(workspace.root, '../storage'), { recursive: true, force: true });
    });
  });

  it('analyses changes, and emits `files` before it is done', async () => {
    const folder = await analysed();
    assert.deepEqual(shown(folder), ['a.ts', 'b.ts']);
    assert.equal(folder.counts('eslint').error, 2);
    await workspace.write({ 'a.ts': good });
    const announced = once(folder, 'files');
    folder.filesChanged([{ file: 'a.ts', kind: 'changed' }]);
    assert.deepEqual(await announced, [['a.ts']]);
    await folder.idle();
    assert.deepEqual(shown(folder), ['b.ts']);
  });

  it('watches its files on request', async () => {
    const folder = await analysed({ watch: true });
    await workspace.write({ 'd.ts': bad });
    await untilShown(folder, ['a.ts', 'b.ts', 'd.ts']);
  });

  describe('its configuration', () => {
    it('applies at once when it changes, and stays in force when the new one is broken', async () => {
      const folder = await analysed();
      const troubles: string[] = [];
      folder.on('trouble', (message) => troubles.push(message));
      const rewrite = async (text: string): Promise<void> => {
        await workspace.write({ 'bulkhead.config.json': text });
        folder.filesChanged([{ file: 'bulkhead.config.json', kind: 'changed' }]);
      };
      await rewrite('{ "exclude": ["a.ts"] }');
      await untilShown(folder, ['b.ts']);
      const trouble = once(folder, 'trouble');
      await rewrite('{ "exclude": ["b.ts" }');
      await trouble;
      await folder.idle();
      assert.match(troubles.join('\n'), /bulkhead\.config\.json:1:22/);
      // The mistake is an issue of the file.
      assert.deepEqual(shown(folder), ['b.ts', 'bulkhead.config.json']);
      await rewrite('{ "exclude": ["b.ts"] }');
      await untilShown(folder, ['a.ts']);
      assert.equal(troubles.length, 1);
    });

    it('is read again by the second analysis, which other processes repeat unless it concerns only this one', async () => {
      const sendAnalyze = mock.method(Peers.prototype, 'sendAnalyze');
      try {
        const folder = await analysed(stored());
        pool.checks.length = 0;
        await folder.analyze({ tellPeers: false });
        await folder.idle();
        assert.deepEqual(pool.checked, ['a.ts', 'b.ts', 'c.ts']);
        assert.equal(sendAnalyze.mock.callCount(), 0);
        await folder.analyze();
        assert.equal(sendAnalyze.mock.callCount(), 1);
      } finally {
        sendAnalyze.mock.restore();
      }
    });

    it('is read again by the second analysis even if no change was reported', async () => {
      const folder = await analysed();
      await workspace.write({ 'bulkhead.config.json': '{ "exclude": ["a.ts"] }' });
      await folder.analyze();
      await folder.idle();
      assert.deepEqual(shown(folder), ['b.ts']);
    });

    it('is reported if it is broken from the start; a strict folder fails to open and leaves nothing open', async () => {
      await workspace.write({ 'bulkhead.config.json': '{' });
      const folder = start();
      const trouble = once(folder, 'trouble');
      await folder.opened;
      assert.match(String(await trouble), /bulkhead\.config\.json/);
      await assert.rejects(Folder.open(workspace.root, { ...options, ...stored(), strict: true }), ConfigurationError);
      assert.equal(pool.openQuarantines.size, 0);
      await rm(path.join(workspace.root, '../storage'), { recursive: true });
    });

    it('applies at once when the front end changes it', async () => {
      const folder = await analysed();
      folder.configure({ detectors: { ...onlyEslint, exclude: ['a.ts'] } });
      await untilShown(folder, ['b.ts']);
      folder.configure({ detectors: { only: [] } });
      assert.deepEqual(shown(folder), []);
    });
  });

  describe('its baseline', () => {
    it('applies at once when the file or the setting changes', async () => {
      await writeBaseline(baselineFile(), baselineOf([issue('eslint', 'a.ts', 0)]));
      const hidden = { detectors: onlyEslint, baseline: baselineFile() };
      const folder = await analysed({ settings: hidden });
      assert.deepEqual(shown(folder), ['b.ts']);
      assert.equal(folder.allIssues().length, 2);
      assert.equal(folder.counts().error, 1);

      await writeBaseline(baselineFile(), baselineOf([issue('eslint', 'b.ts', 0)]));
      folder.filesChanged([{ file: 'bulkhead-baseline.json', kind: 'changed' }]);
      await untilShown(folder, ['a.ts']);
      folder.configure({ detectors: onlyEslint });
      await untilShown(folder, ['a.ts', 'b.ts']);
      assert.equal(folder.baseline, undefined);
      folder.configure(hidden);
      await untilShown(folder, ['a.ts']);
      await rm(baselineFile());
      folder.filesChanged([{ file: 'bulkhead-baseline.json', kind: 'deleted' }]);
      await untilShown(folder, ['a.ts', 'b.ts']);
    });

    it('hides nothing when it is broken, which is reported; a strict folder fails to open', async () => {
      await workspace.write({ 'bulkhead-baseline.json': '{' });
      const settings = { detectors: onlyEslint, baseline: baselineFile() };
      const folder = start({ settings });
      const trouble = once(folder, 'trouble');
      await folder.analyze();
      assert.match(String(await trouble), /bulkhead-baseline\.json/);
      await untilShown(folder, ['a.ts', 'b.ts', 'bulkhead-baseline.json']);
      await assert.rejects(Folder.open(workspace.root, { ...options, settings, strict: true }), BaselineError);
    });
  });

  it('analyses and shows only the requested files', async () => {
    const folder = await analysed({ settings: { detectors: onlyEslint, only: (file) => file === 'a.ts' } });
    assert.deepEqual(shown(folder), ['a.ts']);
    assert.deepEqual(pool.checked, ['a.ts']);
  });

  it('shows other files at once when it is told which', async () => {
    const folder = await analysed();
    folder.configure({ detectors: onlyEslint, only: (file) => file === 'b.ts' });
    assert.deepEqual(shown(folder), ['b.ts']);
  });

  it('two folders share a pool, and one works on when the other is closed', async () => {
    await using other = await makeWorkspace({ 'a.ts': bad });
    const first = await analysed(stored());
    const second = await analysed(stored(), other.root);
    assert.equal(pool.openQuarantines.size, 2);
    await first.dispose();
    assert.equal(pool.disposed, false);
    assert.deepEqual([...pool.openQuarantines], [other.root]);
    assert.deepEqual(shown(second), ['a.ts']);
    await other.write({ 'a.ts': good });
    second.filesChanged([{ file: 'a.ts', kind: 'changed' }]);
    await untilShown(second, []);
    await second.dispose();
  });

  it('releases a file from quarantine and checks it again', async () => {
    const folder = await analysed(stored());
    pool.checks.length = 0;
    folder.retry('a.ts');
    await folder.idle();
    assert.deepEqual(pool.released, [`${workspace.root}/a.ts`]);
    assert.deepEqual(pool.checked, ['a.ts']);
  });

  it('stops the analysis, and keeps the issues found so far', async () => {
    const folder = await analysed();
    const { promise, resolve } = Promise.withResolvers<void>();
    pool.hold = promise;
    await workspace.write({ 'a.ts': good });
    folder.filesChanged([{ file: 'a.ts', kind: 'changed' }]);
    folder.cancel();
    resolve();
    await folder.idle();
    assert.deepEqual(shown(folder), ['a.ts', 'b.ts']);
    assert.equal(folder.status()[0]?.state, 'cancelled');
  });

  it('tells when the results of a file are up to date', async () => {
    const folder = await analysed();
    const { promise, resolve } = Promise.withResolvers<void>();
    pool.hold = promise;
    folder.filesChanged([{ file: 'a.ts', kind: 'changed' }]);
    const stop = new AbortController();
    const answered = folder.upToDate('a.ts', AbortSignal.timeout(patienceMs));
    const stopped = folder.upToDate('a.ts', stop.signal);
    stop.abort();
    assert.equal(await stopped, false);
    resolve();
    assert.equal(await answered, true);
  });

  describe('storage', () => {
    it('gives the next session its results, and a history of who analysed what', async () => {
      const first = await analysed({ ...stored(), frontEnd: 'editor' });
      assert.deepEqual(await first.persist(), []);
      await first.dispose();
      pool.checks.length = 0;
      const second = await analysed(stored());
      assert.deepEqual(shown(second), ['a.ts', 'b.ts']);
      assert.deepEqual(pool.checked, []);
      await second.dispose();
      const { store } =
        (await openStorage(workspace.root, { dir: path.join(workspace.root, '../storage') })) ?? assert.fail('a store');
      const [entry] = await store.history.list();
      await store.close();
      const run = entry && asRunEntry(entry.entry);
      assert.equal(run?.by, 'editor');
      assert.deepEqual(run.work, [{ detector: 'eslint', units: 3, analysed: 3, recalled: 0, borrowed: 0 }]);
    });

    it('is written by a live folder when it is quiet, which finds unreported changes', async () => {
      const folder = await analysed({ ...stored(), live: true });
      await workspace.write({ 'c.ts': bad });
      await untilShown(folder, ['a.ts', 'b.ts', 'c.ts']);
    });

    it('is compared with the disk on request', async () => {
      const folder = await analysed(stored());
      await workspace.write({ 'c.ts': bad });
      assert.equal(await folder.confirm(), true);
      assert.deepEqual(shown(folder), ['a.ts', 'b.ts', 'c.ts']);
    });

    it('is not as on disk if a report comes while it is compared, which may be older than the disk', async () => {
      const folder = await analysed(stored());
      assert.equal(await folder.compare(), true);
      // Another process moved the file away and back, and the first half of that is told late, at any moment.
      for (let ms = 0; ms < 30; ms += 1) {
        const late = (async () => {
          await sleep(ms);
          // The issues of the file are gone at once, and nothing is running.
          folder.filesChanged([{ file: 'a.ts', kind: 'deleted' }]);
        })();
        if (await folder.compare()) assert.deepEqual(shown(folder), ['a.ts', 'b.ts'], `after ${ms} ms`);
        await late;
        assert.equal(await folder.confirm(), true);
        assert.deepEqual(shown(folder), ['a.ts', 'b.ts']);
      }
    });
  });

  it('finds dependents in the module graph, and says why it could not', async () => {
    const folder = await Folder.open(workspace.root, options);
    open.push(folder);
    assert.deepEqual(await folder.dependentsOf(['a.ts'], new AbortController().signal), ['.']);
    assert.deepEqual(pool.checks[0]?.request.options, { of: ['a.ts'] });
    pool.check = () => Promise.resolve({ kind: 'failed', message: 'No graph.', unfinished: [], quarantined: [] });
    await assert.rejects(folder.dependentsOf(['a.ts'], new AbortController().signal), /No graph\./);
  });
});
