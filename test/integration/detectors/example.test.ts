/**
 * Adding a detector takes its folder and one line. The test adds one to a copy of the sources, and finds it in the
 * settings, the schema, the documents, the terminal, the language server and the tests that go through all detectors.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { CheckReport } from '../../../server/cli/result.ts';
import { Editor } from '../../support/lsp-client.ts';
import { makeWorkspace, repository, type TestWorkspace } from '../../support/workspace.ts';

const sources = [
  'workers', 'server', 'client', 'scripts', 'schemas', 'docs', 'media', 'l10n', 'test/support', 'test/unit/detectors',
  'test/unit/client', 'package.json', 'package.nls.json', 'README.md', 'esbuild.mjs', 'tsconfig.base.json', '.mocharc.json',
  '.prettierrc.json', '.editorconfig',
]; // prettier-ignore

const detectorFolder = {
  'workers/detectors/example/manifest.ts': `
import { ignoreFile, nothing } from '../../protocol/file-patterns.ts';
import { rulesOption, type DetectorManifest } from '../../protocol/manifest.ts';

export const manifest = {
  name: 'example',
  title: 'Example words',
  kind: 'file',
  reports: 'words that a text should not have',
  source: 'a list of words',
  documentation: 'workers/detectors/example/README.md',
  changes: {
    sources: /\\.txt$/,
    configuration: ignoreFile,
    environment: nothing,
    planFiles: 'configuration',
    invalidates: 'unit',
  },
  untrusted: {},
  without: {},
  sandbox: { network: false, write: [], homeCaches: [], processes: false },
  worker: { group: 'example', count: 'cores', lanes: { light: { memoryFactor: 1, limits: {} } } },
  cached: true,
  options: {
    rules: rulesOption({
      todo: { default: 'warning', description: 'A text that says TODO.' },
      shout: { default: 'off', description: 'A text that shouts.' },
    }),
  },
} as const satisfies DetectorManifest;
`,
  'workers/detectors/example/index.ts': `
import { fileDetector } from '../../runtime/file-detector.ts';
import { manifest } from './manifest.ts';

export const detector = fileDetector({
  manifest,
  version: '1',
  *check({ text, range }) {
    for (const { index } of text.matchAll(/TODO/g)) {
      yield { rule: 'todo', message: 'Something is left to do.', range: range(index, index + 4) };
    }
    for (const { index } of text.matchAll(/!!/g)) {
      yield { rule: 'shout', message: 'There is no need to shout.', range: range(index, index + 2) };
    }
  },
});
`,
  'workers/detectors/example/README.md': '# example\n\nFinds words.\n',
};

/** After which the new one stands, in the order of the alphabet. */
const line = "export { manifest as eslint } from './eslint/manifest.ts';\n";

describe('a new detector', function () {
  this.timeout(120_000);
  let clone: TestWorkspace;

  const run = (...argv: readonly string[]): string => {
    const { status, stdout, stderr } = spawnSync(process.execPath, argv, { cwd: clone.root, encoding: 'utf8' });
    assert.equal(status, 0, `${argv.join(' ')}\n${stdout}\n${stderr}`);
    return stdout;
  };
  const read = (file: string): string => readFileSync(path.join(clone.root, file), 'utf8');
  const check = (root: string, ...argv: readonly string[]): CheckReport => {
    const cli = ['dist/cli.mjs', 'check', root, '--format', 'json', '--no-cache', '--detectors', 'example'];
    return JSON.parse(run(...cli, ...argv)) as CheckReport;
  };

  before(async () => {
    clone = await makeWorkspace();
    const filter = (file: string): boolean => !file.split(path.sep).includes('fixtures');
    for (const name of sources)
      cpSync(path.join(repository, name), path.join(clone.root, name), { recursive: true, filter });
    symlinkSync(path.join(repository, 'node_modules'), path.join(clone.root, 'node_modules'), 'junction');
    // The folder and the line: all that somebody writes.
    await clone.write(detectorFolder);
    const list = read('workers/detectors/list.ts');
    assert.ok(list.includes(line));
    writeFileSync(
      path.join(clone.root, 'workers/detectors/list.ts'),
      list.replace(line, line + line.replaceAll('eslint', 'example')),
    );
    run('scripts/settings.mjs');
    run('esbuild.mjs');
  });
  after(() => clone[Symbol.asyncDispose]());

  it('compiles, unless its manifest is incomplete', async () => {
    const extended = path.join(clone.root, 'tsconfig.base.json');
    const compilerOptions = { noEmit: true, emitDeclarationOnly: false, composite: false, declaration: false };
    const include = ['workers/detectors/*.ts', 'workers/detectors/example/*.ts'];
    await clone.write({ 'tsconfig.json': JSON.stringify({ extends: extended, compilerOptions, include }) });
    const compile = ['node_modules/typescript7/bin/tsc', '-p', 'tsconfig.json'];
    run(...compile);

    const file = 'workers/detectors/example/manifest.ts';
    const complete = detectorFolder[file];
    // Whether it says itself that it is a manifest or not.
    for (const [end, blamed] of [
      ['as const satisfies DetectorManifest', file],
      ['as const', 'workers/detectors/manifests.ts'],
    ]) {
      const lacking = complete
        .replace(/ {2}sandbox: .*\n/, '')
        .replace('as const satisfies DetectorManifest', end ?? '');
      await clone.write({ [file]: lacking });
      const { status, stdout } = spawnSync(process.execPath, compile, { cwd: clone.root, encoding: 'utf8' });
      assert.notEqual(status, 0);
      assert.ok(stdout.includes(blamed ?? ''), stdout);
      assert.match(stdout, /sandbox/);
    }
    await clone.write({ [file]: complete });
  });

  it('has settings, a place in the schema of bulkhead.config.json, and its rows in the documents', () => {
    const { contributes } = JSON.parse(read('package.json')) as {
      contributes: { configuration: { properties: Record<string, { default: unknown }> }[] };
    };
    const properties = contributes.configuration[0]?.properties ?? {};
    const own = Object.keys(properties).filter((key) => key.startsWith('bulkhead.example.'));
    assert.deepEqual(own, ['bulkhead.example.enable', 'bulkhead.example.rules']);
    const schema = JSON.parse(read('schemas/bulkhead.config.schema.json')) as {
      properties: { detectors: { properties: Record<string, { properties: object }> } };
    };
    assert.deepEqual(Object.keys(schema.properties.detectors.properties['example']?.properties ?? {}), ['rules']);
    assert.match(read('README.md'), /\| \[`example`\]\(workers\/detectors\/example\/README\.md\) \| words that/);
    assert.match(read('docs/detectors.md'), /\| `rules\.todo` \| `warning` \| A text that says TODO\. \|/);
  });

  it('reports in the terminal, with severities, suppression comments and exclude patterns', async () => {
    await using workspace = await makeWorkspace({
      'a.txt': 'TODO: this\nand that!!\n',
      'b.txt': 'TODO # bulkhead-ignore-line todo -- on purpose\n# bulkhead-ignore-line todo\n',
      'left/out.txt': 'TODO\n',
      'bulkhead.config.json': '{ "exclude": ["left/"] }',
    });
    const told = (report: CheckReport): readonly string[] =>
      report.issues.map(({ file, detector, rule, severity, range }) => {
        return `${file}:${range.start.line}:${range.start.character} ${severity} ${detector}/${rule}`;
      });
    const report = check(workspace.root);
    assert.deepEqual(told(report), ['a.txt:0:0 warning example/todo', 'b.txt:1:0 warning example/unused-suppression']);
    assert.deepEqual(
      report.detectors.map(({ name, status }) => `${name} ${status}`),
      ['example done'],
    );
    await workspace.write({
      'bulkhead.config.json':
        '{ "exclude": ["left/", "b.txt"], "detectors": { "example": { "rules": { "todo": "info", "shout": "hint", "shuot": "off" } } } }',
    });
    assert.deepEqual(told(check(workspace.root)), [
      'a.txt:0:0 info example/todo',
      'a.txt:1:8 hint example/shout',
      'bulkhead.config.json:0:105 warning bulkhead/unknown-option',
    ]);
  });

  it('reports in the editor, also for unsaved text', async () => {
    await using workspace = await makeWorkspace({ 'a.txt': 'all is done\n' });
    await using editor = new Editor(process.env, clone.root);
    await editor.open([workspace.root]);
    const { detectors } = await editor.settled();
    const own = detectors.find(({ name }) => name === 'example');
    assert.deepEqual([own?.status, own?.title], ['done', 'Example words']);
    const uri = pathToFileURL(path.join(workspace.root, 'a.txt')).href;
    await editor.connection.sendNotification('textDocument/didOpen', {
      textDocument: { uri, languageId: 'plaintext', version: 1, text: 'all is done\n' },
    });
    await editor.connection.sendNotification('textDocument/didChange', {
      textDocument: { uri, version: 2 },
      contentChanges: [{ text: 'TODO\n' }],
    });
    await editor.until('the finding', () => editor.rules(workspace.root, 'a.txt').includes('todo'));
  });

  it('is in the tests that go through all detectors, and passes them', () => {
    const output = run(
      'node_modules/mocha/bin/mocha.js',
      'test/unit/detectors/manifests.test.ts',
      'test/unit/client/manifest.test.ts',
    );
    assert.match(output, /\n {4}example\n/);
    assert.doesNotMatch(output, /failing/);
  });
});
