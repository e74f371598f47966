/** Restricted Mode: no code of the workspace is executed until the user trusts it. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import * as vscode from 'vscode';
import { activated, file, issues, issuesAre, settled, status } from './support/bulkhead.ts';
import { invoke } from './support/agents.ts';
import { driver } from './support/driver.ts';
import { workspaces } from './support/workspaces.ts';
import type { BulkheadApi } from '../../client/extension.ts';

describe('a workspace that is not trusted', () => {
  const expected = workspaces.restricted().issues;
  const executed = () => existsSync(file('executed.txt').fsPath);
  let api: BulkheadApi;

  before(async () => {
    assert.equal(vscode.workspace.isTrusted, false, 'the window is not in Restricted Mode');
    api = await activated();
  });

  it('runs only detectors that execute no code of the workspace', async () => {
    const { detectors } = await settled(api);
    const states = new Map(detectors.map(({ name, status }) => [name, status]));
    assert.equal(states.get('circular'), 'done');
    assert.equal(states.get('eslint'), 'restricted');
    assert.match(detectors.find(({ name }) => name === 'typescript')?.engine ?? '', /bundled/);
    assert.deepEqual(
      issues().filter((issue) => issue.includes(' circular ')),
      expected.filter((issue) => issue.includes(' circular ')),
    );
    assert.deepEqual(
      issues().filter((issue) => issue.includes(' eslint ')),
      [],
    );
    assert.equal(executed(), false, 'the ESLint configuration was executed');
    assert.deepEqual(api.mcpServers, []);
    await assert.rejects(invoke('bulkhead_problems', {}), /The workspace is not trusted/);
    await vscode.commands.executeCommand('workbench.actions.view.problems');
    await driver.screenshot('restricted-mode');
  });

  it('runs everything once the user trusts it', async () => {
    await vscode.commands.executeCommand('workbench.trust.manage');
    const trust = '.workspace-trust-editor .workspace-trust-buttons-row a.monaco-button';
    await driver.read(trust, /Trust/);
    await driver.click(trust);
    await status(api, 'ESLint', ({ detectors }) => {
      return detectors.some(({ name, status }) => name === 'eslint' && status === 'done');
    });
    await issuesAre(expected);
    assert.equal(executed(), true);
  });
});
