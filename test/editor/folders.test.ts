/** A workspace of two folders. */
import * as vscode from 'vscode';
import { activated, issuesAre } from './support/bulkhead.ts';
import { workspaces } from './support/workspaces.ts';

describe('a workspace of two folders', () => {
  const expected = workspaces.folders().issues;
  // With one folder left, the editor no longer names the folder.
  const first = expected.filter((issue) => issue.startsWith('first/')).map((issue) => issue.replace('first/', ''));

  before(activated);

  it('shows the problems of both', async () => {
    await issuesAre(expected);
  });

  it('drops the issues of a removed folder, and shows them again when it is back', async () => {
    const second = vscode.workspace.workspaceFolders?.[1];
    vscode.workspace.updateWorkspaceFolders(1, 1);
    await issuesAre(first);
    vscode.workspace.updateWorkspaceFolders(1, 0, ...(second ? [{ uri: second.uri }] : []));
    await issuesAre(expected);
  });
});
