/** What agents in the editor are offered, through the interface that they have. After other tests of a scenario. */
import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { finalAnswer, invoke } from './support/agents.ts';
import { activated, extensionId, file, settled } from './support/bulkhead.ts';
import type { BulkheadApi } from '../../client/extension.ts';

interface Manifest {
  readonly contributes: {
    readonly languageModelTools: readonly { readonly name: string; readonly inputSchema: object }[];
  };
}

describe('agents in the editor', () => {
  let api: BulkheadApi;
  const path = 'src/plain/module-0003.js';

  before(async () => {
    api = await activated();
    await settled(api);
  });

  it('are offered the tools of the manifest', () => {
    const { contributes } = vscode.extensions.getExtension(extensionId)?.packageJSON as Manifest;
    const schemasOf = (tools: readonly { readonly name: string; readonly inputSchema?: object | undefined }[]) =>
      Object.fromEntries(
        tools.flatMap(({ name, inputSchema }) => (name.startsWith('bulkhead_') ? [[name, inputSchema]] : [])),
      );
    assert.deepEqual(schemasOf(vscode.lm.tools), schemasOf(contributes.languageModelTools));
  });

  it('are answered by the running analysis, with unsaved text as the editor has it', async () => {
    const question = { paths: [path], by: 'issue', rules: ['no-debugger'] };
    assert.match(await finalAnswer('bulkhead_problems', question), /^(?:complete|incomplete) [^]*Problems: none/);
    const document = await vscode.workspace.openTextDocument(file(path));
    await vscode.window.showTextDocument(document);
    const edit = new vscode.WorkspaceEdit();
    edit.insert(document.uri, new vscode.Position(0, 0), 'debugger;\n');
    await vscode.workspace.applyEdit(edit);
    const unsaved = await finalAnswer('bulkhead_problems', question);
    assert.match(unsaved, /Problems: 1 error[^]*Unsaved texts count as they are: 1[^]*module-0003\.js:1:1 /);
    const shown: number[] = [];
    const watching = vscode.languages.onDidChangeDiagnostics(() => {
      const own = vscode.languages.getDiagnostics(document.uri).filter(({ source }) => source === 'bulkhead(eslint)');
      shown.push(own.length);
    });
    const check = await finalAnswer('bulkhead_check', { texts: [{ file: path, text: 'debugger;\n'.repeat(3) }] });
    assert.match(check, /Problems: 3 error/);
    assert.match(await finalAnswer('bulkhead_problems', question), /Problems: 1 error/);
    watching.dispose();
    assert.deepEqual(shown.filter((count) => count === 3), [], 'a text that nobody has was shown'); // prettier-ignore
    await vscode.commands.executeCommand('workbench.action.files.revert');
    assert.match(await finalAnswer('bulkhead_problems', question), /Problems: none/);
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    assert.match(await invoke('bulkhead_explain', { rule: 'security/sql-injection' }), /SQL/);
    assert.match(await invoke('bulkhead_status', {}), /typescript/);
    await assert.rejects(invoke('bulkhead_problems', { cursor: 'ffffff.1' }), /wrong_use/);
  });

  it('are offered the MCP server, which answers', async () => {
    assert.equal(api.mcpServers.length, 1);
    await vscode.commands.executeCommand('workbench.mcp.startServer', '*', { waitForLiveTools: true });
    const tool = vscode.lm.tools.find(({ name }) => /^mcp_.*problems$/.test(name));
    assert.ok(tool, vscode.lm.tools.map(({ name }) => name).join(' '));
    assert.match(await finalAnswer(tool.name, {}), /"state":"(?:complete|incomplete)"/);
  });
});
