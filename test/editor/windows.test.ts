/** A folder in two windows and a terminal: one analysis, the same issues, and it goes on when one server is killed. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import * as vscode from 'vscode';
import { activated, extensionId, file, folder, issues, issuesAre, settled, status } from './support/bulkhead.ts';
import { driver } from './support/driver.ts';
import { workspaces } from './support/workspaces.ts';
import type { BulkheadApi } from '../../client/extension.ts';

/** The editor's own counter of problems. */
const problems = '.statusbar-item[id="status.problems"] a';

describe('a folder in two windows and a terminal', () => {
  const expected = workspaces.windows().issues;
  let api: BulkheadApi;

  before(async () => {
    api = await activated();
    await settled(api);
  });

  it('shows the same in both windows', async () => {
    await issuesAre(expected);
    const all = vscode.languages.getDiagnostics().flatMap(([, diagnostics]) => diagnostics);
    const count = (severity: vscode.DiagnosticSeverity) => all.filter((each) => each.severity === severity).length;
    const [errors, warnings] = [count(vscode.DiagnosticSeverity.Error), count(vscode.DiagnosticSeverity.Warning)];
    assert.ok(errors > 0 && warnings > 0);
    const counted = new RegExp(`Errors: ${errors}\\b.*Warnings: ${warnings}\\b`);
    await driver.read(problems, counted);
    await driver.openWindow();
    await driver.readSecond(problems, counted);
  });

  /** @returns the standard output */
  async function terminal(...argv: readonly string[]): Promise<string> {
    const extension = vscode.extensions.getExtension(extensionId);
    const cli = path.join(extension?.extensionPath ?? '', 'dist', 'cli.mjs');
    const env = { ...process.env, ELECTRON_RUN_AS_NODE: '1' };
    const { stdout } = await promisify(execFile)(process.execPath, [cli, ...argv], { env, maxBuffer: 1 << 26 });
    return stdout;
  }

  it('gives the terminal the issues of the windows, without a worker', async () => {
    const stdout = await terminal('check', folder().fsPath, '--format', 'json', '--fail-on', 'never');
    const report = JSON.parse(stdout) as { readonly issues: readonly unknown[]; readonly health: readonly unknown[] };
    assert.equal(report.issues.length, issues().length);
    assert.deepEqual(report.health, []);
  });

  it('hides the issues of a baseline on command, and shows them again', async () => {
    await terminal('baseline', folder().fsPath);
    await vscode.commands.executeCommand('bulkhead.showNewIssues');
    await issuesAre([]);
    await vscode.commands.executeCommand('bulkhead.showAllIssues');
    await issuesAre(expected);
    await vscode.workspace.fs.delete(file('bulkhead-baseline.json'));
  });

  it('continues in the second window when the server of the first is killed', async () => {
    const killed = api.serverPid;
    assert.ok(killed);
    process.kill(killed, 'SIGKILL');
    const { workers } = await status(api, 'a server that follows', ({ state, detectors }) => {
      return api.serverPid !== undefined && api.serverPid !== killed && state !== 'analysing' && detectors.length > 0;
    });
    assert.deepEqual(workers, [], 'the first window analyses again what the second knows');
    assert.deepEqual(issues(), expected);
  });
});
