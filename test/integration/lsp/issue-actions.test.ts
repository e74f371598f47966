/** What an editor can do about issues, with a server: comments that suppress them, and the baseline. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { CodeAction, Diagnostic, TextEdit } from 'vscode-languageserver-protocol/node';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { acceptCommand } from '../../../server/lsp/issue-actions.ts';
import { issueRequests, type BaselineResult, type ExportResult } from '../../../workers/protocol/issue-requests.ts';
import { Editor } from '../../support/lsp-client.ts';
import { makeWorkspace } from '../../support/workspace.ts';

const files = {
  'package.json': '{ "name": "w", "private": true, "type": "module" }\n',
  'eslint.config.js': "export default [{ rules: { 'no-debugger': 'error' } }];\n",
  'tsconfig.json':
    '{ "compilerOptions": { "strict": true, "lib": ["es2023"], "types": [], "skipLibCheck": true, "noEmit": true }, "include": ["*.ts"] }\n',
  'lint.js': 'if (true) {\n  debugger;\n}\n',
  'typed.ts': "export const a: number = '';\n",
  'ring.ts': "import './ring.ts';\n",
};

describe('actions for issues', function () {
  this.timeout(180_000);

  it('suppress every kind of issue, and add it to the baseline', async () => {
    await using workspace = await makeWorkspace(files);
    await workspace.link({ eslint: 'eslint' });
    await using editor = new Editor();
    const { connection, diagnostics } = editor;
    const settings = { knip: { enable: false }, package: { enable: false } };
    await editor.open([workspace.root], { initializationOptions: { settings }, documentChanges: true });
    await editor.settled();
    const uriOf = (file: string): string => pathToFileURL(path.join(workspace.root, file)).href;
    const rules = (file: string): readonly string[] => editor.rules(workspace.root, file);
    assert.deepEqual([rules('lint.js'), rules('typed.ts'), rules('ring.ts').includes('self-import')], [['no-debugger'], ['TS2322'], true]);

    const actionsFor = (file: string, diagnostic: Diagnostic): Promise<CodeAction[]> =>
      connection.sendRequest<CodeAction[]>('textDocument/codeAction', {
        textDocument: { uri: uriOf(file) },
        range: diagnostic.range,
        context: { diagnostics: [diagnostic] },
      });
    const all = ['lint.js', 'typed.ts', 'ring.ts'].map((file) => [file, diagnostics.get(uriOf(file))?.[0] ?? assert.fail(file)] as const);
    for (const [file, diagnostic] of all) {
      const actions = await actionsFor(file, diagnostic);
      const suppress = actions.find(({ title }) => /^(?:Disable .* for this line|Expect)/.test(title));
      const change = suppress?.edit?.documentChanges?.[0];
      assert.ok(change && 'edits' in change, actions.map(({ title }) => title).join(', '));
      assert.deepEqual(change.textDocument, { uri: uriOf(file), version: null });
      const before = await readFile(path.join(workspace.root, file), 'utf8');
      const text = TextDocument.applyEdits(TextDocument.create('', '', 0, before), change.edits as TextEdit[]);
      await workspace.write({ [file]: text });
      await editor.watched(workspace.root, { [file]: 2 });
      await editor.until(`no issue in ${file}`, () => !rules(file).includes(String(diagnostic.code)));
      await editor.until('the end of the analysis', () => editor.statuses.at(-1)?.state === 'idle');
      await workspace.write({ [file]: before });
      await editor.watched(workspace.root, { [file]: 2 });
      await editor.until(`the issue in ${file}`, () => rules(file).includes(String(diagnostic.code)));
    }

    const lint = uriOf('lint.js');
    const [accept] = (await actionsFor('lint.js', diagnostics.get(lint)?.[0] ?? assert.fail())).flatMap(({ command }) => command ?? []);
    assert.equal(accept?.command, acceptCommand);
    await connection.sendRequest('workspace/executeCommand', { command: accept.command, arguments: accept.arguments });
    await editor.until('the baseline hides the issue', () => rules('lint.js').length === 0);
    assert.deepEqual(rules('typed.ts'), ['TS2322']);
    const baseline = (action: string): Promise<BaselineResult> => connection.sendRequest<BaselineResult>(issueRequests.baseline, { action });
    const compared = await baseline('compare');
    assert.deepEqual([compared.known, compared.fixed, compared.fresh > 0], [1, 0, true]);
    await baseline('create');
    await editor.until('the baseline hides everything', () => [...diagnostics.values()].every((found) => found.length === 0));
    const file = path.join(path.dirname(workspace.root), 'issues.json');
    assert.deepEqual(await connection.sendRequest<ExportResult>(issueRequests.exportIssues, { file }), { issues: 0 });
  });
}); // prettier-ignore
