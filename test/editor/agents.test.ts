/** What agents in the editor are offered, through the interface that they have. After other tests of a scenario. */
import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { answered, invoke } from './support/agents.ts';
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
    const rules = ['no-debugger'];
    await answered('bulkhead_problems', { rules }, /^\w+ \([^]*module-0001\.js:2/);
    const document = await vscode.workspace.openTextDocument(file(path));
    await vscode.window.showTextDocument(document);
    const edit = new vscode.WorkspaceEdit();
    edit.insert(document.uri, new vscode.Position(0, 0), 'debugger;\n');
    await vscode.workspace.applyEdit(edit);
    const own = { paths: [path], by: 'issue', rules };
    const unsaved = /Problems: 1 error[^]*Unsaved texts count as they are: 1[^]*module-0003\.js:1:1 /;
    await answered('bulkhead_problems', own, unsaved);
    const shown: number[] = [];
    const watching = vscode.languages.onDidChangeDiagnostics(() => {
      const found = vscode.languages.getDiagnostics(document.uri).filter(({ source }) => source === 'bulkhead(eslint)');
      shown.push(found.length);
    });
    const texts = [{ file: path, text: 'debugger;\n'.repeat(3) }];
    await answered('bulkhead_check', { texts }, /Problems: 3 error/);
    await answered('bulkhead_problems', own, unsaved);
    watching.dispose();
    assert.equal(shown.includes(3), false, 'a text that nobody has was shown');
    await vscode.commands.executeCommand('workbench.action.files.revert');
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
    await answered(tool.name, {}, /"state":"\w+"/);
  });
});
