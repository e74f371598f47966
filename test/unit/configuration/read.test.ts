import assert from 'node:assert/strict';
import {
  ConfigurationError,
  emptyConfiguration,
  isConfigurationFile,
  readConfiguration,
  type Configuration,
} from '../../../server/configuration/read.ts';
import type { Issue } from '../../../workers/protocol/detector-protocol.ts';
import { makeWorkspace } from '../../support/workspace.ts';

async function read(files: Readonly<Record<string, string>>): Promise<Configuration> {
  await using workspace = await makeWorkspace(files);
  return await readConfiguration(workspace.root);
}

function told({ file, rule, range: { start, end }, message }: Issue): string {
  return `${file}:${start.line}:${start.character}-${end.line}:${end.character} ${rule}: ${message}`;
}

describe('configuration', () => {
  it('is empty without a file', async () => {
    assert.deepEqual(await read({}), emptyConfiguration);
  });

  it('allows comments, trailing commas and a byte order mark', async () => {
    const { exclude, issues } = await read({ 'bulkhead.config.json': '\uFEFF{\n  // why\n  "exclude": ["a/",],\n}\n' });
    assert.deepEqual([exclude, issues], [['a/'], []]);
  });

  it('reports at most a hundred mistakes', async () => {
    const unknown = Array.from({ length: 1_000 }, (_, index) => `"x${index}":0`);
    const { exclude, issues } = await read({ 'bulkhead.config.json': `{${unknown.join()},"exclude":["a/"]}` });
    assert.deepEqual([exclude, issues.length], [['a/'], 100]);
  });

  it('reports each mistake at its place, and uses the rest', async () => {
    const { exclude, detectors, issues } = await read({
      'bulkhead.config.json': `{
  "$schema": "x",
  "excludes": [],
  "exclude": ["dist/", 3],
  "detectors": {
    "imprt": false,
    "knip": "off",
    "eslint": { "fileOnlyPlugins": ["a"], "timing": false },
    "circular": { "rules": { "import-cycel": "off", "self-import": "warn", "dynamic-cycle": "off" } },
    "isolation": { "boundaries": [{ "from": ["a"], "disalow": "b" }, { "allow": "c" }] },
    "package": true
  }
}
`,
    });
    assert.deepEqual(exclude, ['dist/']);
    assert.deepEqual(detectors, {
      eslint: { fileOnlyPlugins: ['a'] },
      circular: { rules: { 'dynamic-cycle': 'off' } },
      isolation: { boundaries: [{ from: ['a'] }] },
      package: true,
    });
    assert.deepEqual(issues.map(told).toSorted(), [
      'bulkhead.config.json:2:2-2:12 unknown-option: Unknown setting: "excludes". Did you mean "exclude"?',
      'bulkhead.config.json:3:23-3:24 invalid-value: Expected a string, found 3.',
      'bulkhead.config.json:5:4-5:11 unknown-option: Unknown detector: "imprt". Did you mean "import"?',
      'bulkhead.config.json:6:12-6:17 invalid-value: Expected true or false or an object, found "off".',
      'bulkhead.config.json:7:42-7:50 unknown-option: Unknown option: "timing". Did you mean "timings"?',
      'bulkhead.config.json:8:29-8:43 unknown-option: Unknown rule: "import-cycel". Did you mean "import-cycle"?',
      'bulkhead.config.json:8:67-8:73 invalid-value: Expected "error", "warning", "info", "hint" or "off", found "warn". Did you mean "warning"?',
      'bulkhead.config.json:9:51-9:60 unknown-option: Unknown option: "disalow". Did you mean "disallow"?',
      'bulkhead.config.json:9:69-9:85 invalid-value: Missing option: "from".',
    ]);
    assert.deepEqual(
      new Set(issues.map(({ detector, severity }) => `${detector} ${severity}`)),
      new Set(['bulkhead warning']),
    );
    assert.equal(new Set(issues.map(({ fingerprint }) => fingerprint)).size, issues.length);
  });

  it('is empty, with an issue, if the file contains no object', async () => {
    const { issues, ...rest } = await read({ 'bulkhead.config.json': '[]' });
    assert.deepEqual({ ...rest, issues: [] }, emptyConfiguration);
    assert.deepEqual(issues.map(told), ['bulkhead.config.json:0:0-0:2 invalid-value: Expected an object, found [].']);
  });

  it('rejects a file that is not JSON, and says where it is broken', async () => {
    await assert.rejects(read({ 'bulkhead.config.json': '{\n  "exclude": [,\n}\n' }), (error) => {
      assert.ok(error instanceof ConfigurationError);
      assert.match(error.message, /bulkhead\.config\.json:2:15: Value expected\. Fix the JSON syntax\.$/);
      assert.deepEqual(error.issues.map(told), [
        'bulkhead.config.json:1:14-1:15 invalid-json: Value expected. Fix the JSON syntax.',
      ]);
      return true;
    });
  });

  it("reports mistakes in the folder's editor settings, and looks at Bulkhead's only", async () => {
    const { issues } = await read({
      '.vscode/settings.json': `{
  // ours and others
  "editor.tabSize": "many",
  "bulkhead.circlar.enable": false,
  "bulkhead.import.rules": { "unresolved": "warn" },
  "bulkhead.run": "onSave"
}
`,
    });
    assert.deepEqual(issues.map(told), [
      '.vscode/settings.json:3:2-3:27 unknown-option: Unknown setting: "bulkhead.circlar.enable". Did you mean "bulkhead.circular.enable"?',
      '.vscode/settings.json:4:43-4:49 invalid-value: Expected "error", "warning", "info", "hint" or "off", found "warn". Did you mean "warning"?',
    ]);
    assert.deepEqual((await read({ '.vscode/settings.json': '{ "bulkhead.run": ' })).issues, []);
  });

  it('recognizes the files that it reads, and their folder, whose deletion is a single change', () => {
    const files = [
      'bulkhead.config.json',
      '.vscode',
      '.vscode/settings.json',
      'a/bulkhead.config.json',
      'package.json',
    ];
    assert.deepEqual(files.filter(isConfigurationFile), ['bulkhead.config.json', '.vscode', '.vscode/settings.json']);
  });
});
