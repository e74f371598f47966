/** One file that ends ESLint's process: it is reported and skipped, and everything else is there. */
import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { activated, file, issues, issuesAre, settled } from './support/bulkhead.ts';
import { driver } from './support/driver.ts';
import { trappedFile, workspaces } from './support/workspaces.ts';
import type { BulkheadApi } from '../../client/extension.ts';

describe('a file that kills ESLint', () => {
  const expected = workspaces.poison().issues;
  let api: BulkheadApi;

  before(async () => {
    api = await activated();
  });

  it('is reported, and nothing else is missing', async () => {
    await issuesAre(expected);
    const server = api.serverPid;
    await settled(api);
    assert.equal(api.serverPid, server);
    const [quarantined] = vscode.languages.getDiagnostics(file(trappedFile));
    assert.match(quarantined?.message ?? '', /SIGKILL/);
    await vscode.commands.executeCommand('workbench.actions.view.problems');
    await driver.read('.markers-panel', /quarantined/);
    await driver.screenshot('poison');
  });

  it('is analysed again when it has changed', async () => {
    await vscode.workspace.fs.writeFile(file(trappedFile), Buffer.from('debugger;\n'));
    const rest = expected.filter((issue) => !issue.includes(trappedFile));
    await issuesAre([...rest, `${trappedFile} eslint no-debugger`].toSorted());
    assert.deepEqual(issues().length, expected.length);
  });
});
