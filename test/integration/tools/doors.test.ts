/** Declared tools through the doors: the terminal, the library and an editor, all as they are built. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { checkJson, cli } from '../../support/cli.ts';
import { Editor } from '../../support/lsp-client.ts';
import { alive } from '../../support/processes.ts';
import { makeWorkspace, repository } from '../../support/workspace.ts';
import type { Issue } from '../../../workers/protocol/detector-protocol.ts';

/** The example of docs/detectors.md, as it is printed there. */
const example = /^```python file=tools\/todo\.py\n([^]*?)^```$/m.exec(readFileSync(path.join(repository, 'docs/detectors.md'), 'utf8').replaceAll('\r\n', '\n'))?.[1] ?? ''; // prettier-ignore
const python = process.platform === 'win32' ? 'python' : 'python3';
const todo = { command: [python, 'tools/todo.py'], files: ['src/**'], output: 'bulkhead' };

const brief = ({ detector, file, range: { start }, rule, severity }: Issue): string =>
  `${detector} ${file}:${start.line + 1}:${start.character + 1} ${severity} ${rule}`;

describe('declared tools through the doors', function () {
  this.timeout(120_000);

  before(() => {
    const { error, stdout } = spawnSync(python, ['--version'], { encoding: 'utf8' });
    assert.ok(
      error === undefined && /Python 3/.test(stdout),
      `Python 3 is missing: these tests run "${python}". Install it.`,
    );
    assert.ok(example.split('\n').length > 20, 'docs/detectors.md has no example of tools/todo.py');
  });

  it('give their issues in the terminal: a program, ESLint as a tool, SARIF, a missing one', async () => {
    const sarif = { runs: [{ tool: { driver: { rules: [] } }, results: [{ ruleId: 'S1', level: 'note', message: { text: 'm' }, locations: [{ physicalLocation: { artifactLocation: { uri: 'src/a.js' }, region: { startLine: 2 } } }] }] }] }; // prettier-ignore
    await using workspace = await makeWorkspace({
      'package.json': '{ "name": "t", "private": true, "type": "module" }',
      'bulkhead.config.json': JSON.stringify({
        external: {
          todo,
          lint: { command: ['eslint', '--format', 'json', '{files}'], files: ['src/*.js'], output: 'eslint' },
          scan: { command: ['node', 'scan.js'], output: 'sarif' },
          missing: { command: ['no-such-tool', '{files}'], install: 'Run: get no-such-tool.' },
          oxlnt: true,
        },
      }),
      'tools/todo.py': example,
      'scan.js': `console.log(${JSON.stringify(JSON.stringify(sarif))});`,
      'eslint.config.js': "export default [{ rules: { 'no-var': 'warn' } }];",
      'src/a.js': '// 😀 TODO later\nvar a = 1; // TODO(me) fine\n',
    });
    await workspace.link({ eslint: 'eslint', '.bin': '.bin' });
    const { code, report } = await checkJson(workspace.root, '--detectors', 'todo,lint,scan,missing');
    assert.deepEqual(report.issues.map(brief), [
      'missing bulkhead.config.json:1:252 error tool-missing',
      'bulkhead bulkhead.config.json:1:344 warning invalid-value',
      'todo src/a.js:1:7 warning todo-without-owner',
      'lint src/a.js:2:1 warning no-var',
      'scan src/a.js:2:1 info S1',
    ]);
    assert.equal(code, 3);
    const states = report.detectors.map(({ name, status, error = '' }) => `${name} ${status} ${error}`);
    assert.match(states.join('\n'), /todo done[^]*lint done[^]*scan done[^]*missing failed .*Run: get no-such-tool\./);
    const unknown = await cli('check', workspace.root, '--detectors', 'todoo');
    assert.equal(unknown.code, 2);
    assert.match(
      unknown.stderr,
      /Unknown detector "todoo"\. The detectors are typescript, .*, todo, lint, scan, missing\./,
    );
  });

  it('follow an editor: unsaved text, a kill, and the end of their declaration', async () => {
    const config = JSON.stringify({ external: { todo } });
    await using workspace = await makeWorkspace({
      'tools/todo.py': example.replace('"Say who does it: TODO(name)."', 'f"Say who does it. {os.getpid()}"'),
      'bulkhead.config.json': config,
      'src/a.txt': 'TODO\n',
      'src/b.txt': 'fine\n',
    });
    const { root } = workspace;
    await using editor = new Editor();
    const rules = (file: string): string => editor.rules(root, file).join(' ');
    await editor.open([root]);
    await editor.until('the first issue', () => rules('src/a.txt') === 'todo-without-owner');
    const textDocument = { uri: pathToFileURL(path.join(root, 'src/b.txt')).href, languageId: 'plaintext' };
    const type = (version: number, text: string): Promise<void> =>
      editor.connection.sendNotification('textDocument/didChange', {
        textDocument: { uri: textDocument.uri, version },
        contentChanges: [{ text }],
      });
    await editor.connection.sendNotification('textDocument/didOpen', {
      textDocument: { ...textDocument, version: 1, text: 'fine\n' },
    });
    await type(2, 'TODO\nTODO\n');
    await editor.until('issues of unsaved text', () => rules('src/b.txt') === 'todo-without-owner todo-without-owner');
    const pid = Number(/(\d+)"/.exec(JSON.stringify(editor.diagnostics.get(textDocument.uri)?.[0]?.message))?.[1]);
    process.kill(pid, 'SIGKILL');
    while (alive(pid)) await delay(10);
    await type(3, 'TODO\n');
    await editor.until('an issue after the kill', () => rules('src/b.txt') === 'todo-without-owner');
    await workspace.write({ 'bulkhead.config.json': '{}' });
    await editor.watched(root, { 'bulkhead.config.json': 2 });
    await editor.until('nothing is left', () => rules('src/a.txt') === '' && rules('src/b.txt') === '');
  });
});
