/** A workspace of two folders. */
import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { answered } from './support/agents.ts';
import { activated, file, issuesAre } from './support/bulkhead.ts';
import { workspaces } from './support/workspaces.ts';

describe('a workspace of two folders', () => {
  const expected = workspaces.folders().issues;
  // With one folder left, the editor no longer names the folder.
  const first = expected.filter((issue) => issue.startsWith('first/')).map((issue) => issue.replace('first/', ''));

  before(activated);

  it('shows the problems of both', async () => {
    await issuesAre(expected);
    // An agent asks about both, or about one of them.
    await answered('bulkhead_problems', { rules: ['TS2322'] }, /Folder "[^"]*first"[^]*typed[^]*Folder "[^"]*second"[^]*typed/); // prettier-ignore
    const paths = [vscode.Uri.joinPath(vscode.workspace.workspaceFolders?.[1]?.uri ?? assert.fail(), 'src').fsPath];
    await answered('bulkhead_problems', { paths, rules: ['TS2322'] }, /^[a-z]+ \([^]*typed/);
  });

  it('applies a setting of one folder to that folder', async () => {
    const [one] = vscode.workspace.workspaceFolders ?? [];
    const settings = vscode.workspace.getConfiguration('bulkhead', one?.uri);
    await settings.update('eslint.enable', false, vscode.ConfigurationTarget.WorkspaceFolder);
    await issuesAre(expected.filter((issue) => !/^first\/.* eslint /.test(issue)));
    await settings.update('eslint.enable', undefined, vscode.ConfigurationTarget.WorkspaceFolder);
    await issuesAre(expected);
  });

  it('leaves notebooks alone', async () => {
    const cell = new vscode.NotebookCellData(vscode.NotebookCellKind.Code, 'debugger;\n', 'javascript');
    const notebook = await vscode.workspace.openNotebookDocument('jupyter-notebook', new vscode.NotebookData([cell]));
    await vscode.window.showNotebookDocument(notebook);
    // An answer about the cell would come before that about a file which is checked after it.
    await vscode.commands.executeCommand('bulkhead.analyzeFile', file('eslint.config.mjs'));
    await issuesAre(expected);
    const [shown] = notebook.getCells();
    assert.ok(shown);
    const own = vscode.languages
      .getDiagnostics(shown.document.uri)
      .filter(({ source }) => source?.startsWith('bulkhead'));
    assert.deepEqual(own, []);
    await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
  });

  it('drops the issues of a removed folder, and shows them again when it is back', async () => {
    const second = vscode.workspace.workspaceFolders?.[1];
    vscode.workspace.updateWorkspaceFolders(1, 1);
    await issuesAre(first);
    vscode.workspace.updateWorkspaceFolders(1, 0, ...(second ? [{ uri: second.uri }] : []));
    await issuesAre(expected);
  });
});
