/** knip in an editor: once for what is on the disk, not for what is typed, and not at all before there is trust. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { requests, type StatusParams } from '../../../workers/protocol/editor-protocol.ts';
import { Editor } from '../../support/lsp-client.ts';
import { makeWorkspace, type TestWorkspace } from '../../support/workspace.ts';

/** Says that every export of src/a.js is unused, and counts its runs. */
const FAKE = `
import fs from 'node:fs';
fs.appendFileSync('node_modules/runs', '.');
const names = [...fs.readFileSync('src/a.js', 'utf8').matchAll(/export const (\\w+)/g)].map(([, name]) => name);
console.log(JSON.stringify({ issues: [{ file: 'src/a.js', exports: names.map((name) => ({ name })) }] }));
`;

const makeProject = (): Promise<TestWorkspace> =>
  makeWorkspace({
    'package.json': '{ "name": "p", "dependencies": { "left": "1" } }\n',
    'package-lock.json': '{}\n',
    'knip.json': '{}\n',
    'src/a.js': 'export const one = 1;\n',
    'node_modules/knip/package.json': '{ "name": "knip", "version": "6.0.0", "type": "module", "bin": "run.js" }\n',
    'node_modules/knip/run.js': FAKE,
    'node_modules/left/package.json': '{ "name": "left", "version": "1.0.0" }\n',
  });

const runsIn = ({ root }: TestWorkspace): number => {
  const file = path.join(root, 'node_modules/runs');
  return existsSync(file) ? readFileSync(file, 'utf8').length : 0;
};

describe('knip in the language server', function () {
  this.timeout(120_000);

  it('runs for saved files when it is quiet', async () => {
    await using workspace = await makeProject();
    const { root } = workspace;
    await using editor = new Editor();
    await editor.open([root]);
    await editor.until('its first word', () => editor.rules(root, 'src/a.js').join() === 'exports');
    assert.equal(runsIn(workspace), 1);
    const uri = pathToFileURL(path.join(root, 'src/a.js')).href;
    const text = "import './gone.js';\nexport const one = 1;\nexport const two = 2;\n";
    await editor.connection.sendNotification('textDocument/didOpen', {
      textDocument: { uri, languageId: 'javascript', version: 1, text: 'export const one = 1;\n' },
    });
    await editor.connection.sendNotification('textDocument/didChange', {
      textDocument: { uri, version: 2 },
      contentChanges: [{ text }],
    });
    await editor.until('what was typed', () => editor.rules(root, 'src/a.js').includes('unresolved'));
    assert.deepEqual(editor.rules(root, 'src/a.js'), ['exports', 'unresolved']);
    await workspace.write({ 'src/a.js': text });
    await editor.connection.sendNotification('textDocument/didSave', { textDocument: { uri } });
    await editor.until('what was saved', () => editor.rules(root, 'src/a.js').length === 3);
    assert.deepEqual(editor.rules(root, 'src/a.js'), ['exports', 'exports', 'unresolved']);
    assert.equal(runsIn(workspace), 2);
    assert.deepEqual(editor.rules(root, 'package.json'), [], 'unused dependencies are left to it');
  });

  it('does not run in a workspace that is not trusted, which gets the hints of ours', async () => {
    await using workspace = await makeProject();
    await using editor = new Editor();
    await editor.open([workspace.root], { initializationOptions: { trusted: false } });
    const hints = (): string => editor.rules(workspace.root, 'package.json').join();
    await editor.until('the hint', () => hints() === 'unused-dependency');
    const { detectors } = await editor.connection.sendRequest<StatusParams>(requests.status, {});
    assert.equal(detectors.find(({ name }) => name === 'knip')?.status, 'restricted');
    assert.equal(runsIn(workspace), 0);
  });
});
