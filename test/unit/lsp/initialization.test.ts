import assert from 'node:assert/strict';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { InitializeParams } from 'vscode-languageserver/node';
import { defaultSettings } from '../../../server/configuration/settings.ts';
import { initializationOf, rootUrisOf, sectionIn } from '../../../server/lsp/initialization.ts';

describe('initialization', () => {
  it('takes settings in every form that editors send', () => {
    const wanted = { ...defaultSettings, run: 'onSave', circular: { enable: false } };
    for (const options of [
      { settings: { run: 'onSave', circular: { enable: false } } },
      { settings: { bulkhead: { run: 'onSave', circular: { enable: false } } } },
      { settings: { 'bulkhead.run': 'onSave', 'bulkhead.circular.enable': false } },
      { settings: { 'bulkhead.run': 'onSave', 'bulkhead.circular': { enable: false } } },
      { settings: { bulkhead: { run: 'onSave' }, 'bulkhead.circular.enable': false } },
      { bulkhead: { run: 'onSave', 'circular.enable': false } },
      { 'bulkhead.run': 'onSave', 'bulkhead.circular.enable': false },
      { run: 'onSave', circular: { enable: false }, storageDir: 'somewhere' },
    ]) {
      const { settings, problems, hasSettings } = initializationOf(options);
      assert.deepEqual([settings, problems, hasSettings], [wanted, [], true], JSON.stringify(options));
    }
    for (const options of [undefined, null, 'nonsense', {}, { settings: null }, { trusted: true, version: '1' }]) {
      const { settings, problems, hasSettings } = initializationOf(options);
      assert.deepEqual([settings, problems, hasSettings], [defaultSettings, [], false], JSON.stringify(options));
    }
  });

  it('names what it does not know', () => {
    assert.deepEqual(initializationOf({ settings: { excldue: [] } }).problems, [
      'Unknown setting: "bulkhead.excldue". Did you mean "bulkhead.exclude"?',
    ]);
    assert.equal(initializationOf({ bulkhead: { import: { rulse: {} } } }).problems.length, 1);
  });

  it('finds settings of Bulkhead among those of others, or none', () => {
    assert.deepEqual(sectionIn({ bulkhead: { run: 'onSave' }, typescript: {} }), { run: 'onSave' });
    for (const nothing of [
      null,
      undefined,
      {},
      [],
      { typescript: {} },
      { settings: { run: 'onSave' } },
      { bulkhead: 1 },
    ]) {
      assert.equal(sectionIn(nothing), undefined, JSON.stringify(nothing));
    }
  });

  it('takes workspace folders first, then the root in its older forms', () => {
    const root = path.resolve('root');
    const [uri, other] = [pathToFileURL(root).href, pathToFileURL(path.resolve('other')).href];
    /* eslint-disable @typescript-eslint/no-deprecated -- what older clients send */
    const urisOf = (params: Partial<InitializeParams> & { rootPath?: string | null }): readonly string[] =>
      rootUrisOf({ processId: null, rootUri: null, capabilities: {}, ...params });
    assert.deepEqual(urisOf({ workspaceFolders: [{ uri: other, name: 'o' }], rootUri: uri }), [other]);
    assert.deepEqual(urisOf({ workspaceFolders: [], rootUri: uri }), [uri]);
    assert.deepEqual(urisOf({ workspaceFolders: null, rootPath: root }), [uri]);
    assert.deepEqual(urisOf({ rootPath: null }), []);
    assert.deepEqual(urisOf({ rootPath: '' }), []);
    /* eslint-enable @typescript-eslint/no-deprecated */
  });
});
