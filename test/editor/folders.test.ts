/** A workspace of two folders. */
import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { answered } from './support/agents.ts';
import { activated, issuesAre } from './support/bulkhead.ts';
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

  it('drops the issues of a removed folder, and shows them again when it is back', async () => {
    const second = vscode.workspace.workspaceFolders?.[1];
    vscode.workspace.updateWorkspaceFolders(1, 1);
    await issuesAre(first);
    vscode.workspace.updateWorkspaceFolders(1, 0, ...(second ? [{ uri: second.uri }] : []));
    await issuesAre(expected);
  });
});
