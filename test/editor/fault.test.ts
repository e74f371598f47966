/** A detector that kills its process: the others' issues are complete, the server lives, and the reason is told. */
import assert from 'node:assert/strict';
import os from 'node:os';
import { unzipSync } from 'fflate';
import * as vscode from 'vscode';
import { activated, folder, issues, settled } from './support/bulkhead.ts';
import { driver } from './support/driver.ts';
import { workspaces } from './support/workspaces.ts';
import type { BulkheadApi } from '../../client/extension.ts';

const item = '.statusbar-item[id^="bulkhead.bulkhead"] a';
const row = (label: string): string => `.monaco-list-row[aria-label^="${label}"]`;
const themes = [
  ['vscode-dark', 'Default Dark Modern'],
  ['vscode-light', 'Default Light Modern'],
  ['vscode-high-contrast', 'Default High Contrast'],
] as const;

describe('an ESLint configuration that kills its process', () => {
  const others = workspaces.fault().issues.filter((issue) => !issue.includes(' eslint '));
  let api: BulkheadApi;

  before(async () => {
    api = await activated();
  });

  it('leaves the issues of the other detectors complete and the server alive', async () => {
    const servers = new Set<number | undefined>();
    const listener = api.onDidChangeStatus(() => servers.add(api.serverPid));
    const { state, detectors } = await settled(api);
    servers.add(api.serverPid);
    listener.dispose();
    assert.equal(state, 'problem');
    assert.equal(servers.size, 1, 'the server was replaced');
    assert.deepEqual(
      issues().filter((issue) => !issue.includes(' eslint ')),
      others,
    );
    const undone = detectors.filter(({ status }) => status !== 'done');
    assert.deepEqual(
      undone.map(({ name, status }) => [name, status]),
      [
        ['eslint', 'failed'],
        ['knip', 'not-applicable'],
      ],
    );
    assert.match(undone[0]?.error ?? '', /SIGKILL/);
  });

  it('names it on the face of the status bar item, in the tooltip and in the menu behind a click', async () => {
    const { text } = await driver.read(item, /ESLint.*SIGKILL/);
    assert.match(text, /Bulkhead: ESLint/);
    await driver.hover(item);
    await driver.read('.monaco-hover .hover-contents', /SIGKILL/);
    await driver.screenshot('fault');
    await driver.click(item);
    await driver.read('.quick-input-list', /SIGKILL[^]*eslint\.config\.mjs:1[^]*2 errors, 1 warning[^]*Restart Server/);
    await driver.screenshot('fault-menu');
    await driver.press('Enter');
    await driver.read('.tab.active', /eslint\.config\.mjs/);
  });

  it('shows in the health view which worker ended how, and what it leads to', async () => {
    await vscode.commands.executeCommand('bulkhead.openHealth');
    await driver.read(row('ESLint killed itself'), /SIGKILL/);
    await driver.read(row('eslint#1'), /eslint#1/);
    // From here on with the keyboard alone.
    await driver.click(row('Errors'));
    // The click opened the group, or closed it if it was open already.
    await driver.press('ArrowLeft');
    await driver.press('ArrowRight');
    await driver.read(`${row('Errors')}[aria-expanded="true"]`, /Errors/);
    await driver.press('ArrowDown');
    // Its rows may come later than its arrow: then the next group has the focus.
    const group = '.monaco-list-row.focused[aria-level="1"]';
    for (let round = 0; round < 5 && (await driver.appears(group)); round++) {
      await driver.press('ArrowUp');
      await driver.press('ArrowDown');
    }
    await driver.read('.monaco-list-row.focused', /ESLint killed itself[^]*eslint/);
    await driver.screenshot('health');
    await vscode.env.clipboard.writeText('');
    await vscode.commands.executeCommand('bulkhead.copyHealthReport');
    assert.match(await vscode.env.clipboard.readText(), /eslint#1[^]*SIGKILL/);
  });

  it('reports it in a file that has nothing of the workspace in it', async () => {
    const target = vscode.Uri.joinPath(vscode.Uri.file(os.tmpdir()), `bulkhead-report-${process.pid}.zip`);
    await vscode.commands.executeCommand('bulkhead.reportProblem', target);
    const files = Object.entries(unzipSync(await vscode.workspace.fs.readFile(target)));
    await vscode.workspace.fs.delete(target);
    const texts = new Map(files.map(([name, bytes]) => [name, new TextDecoder().decode(bytes)]));
    const parts = ['versions', 'settings', 'status', 'history', 'health', 'errors', 'timings', 'folders', 'doctor-1'];
    assert.deepEqual(
      parts.filter((part) => !texts.has(`${part}.json`)),
      [],
    );
    assert.match(texts.get('health.json') ?? '', /"kind": "signal"[^]*SIGKILL/);
    assert.match(texts.get('errors.json') ?? '', /SIGKILL/);
    assert.match(texts.get('doctor-1.json') ?? '', /"detectors"[^]*"name": "typescript"/);
    assert.ok((JSON.parse(texts.get('history.json') ?? '[]') as unknown[]).length > 1);
    const all = [...texts.values()].join('\n');
    const sources = [...workspaces.fault().files];
    const lines = sources.flatMap(([, text]) => text.split('\n')).map((line) => line.trim());
    const names = sources.flatMap(([name]) => [name, name.slice(name.lastIndexOf('/') + 1)]);
    const hidden = [folder().path, os.homedir(), ...names, ...lines.filter((line) => line.length > 10)];
    assert.deepEqual(
      hidden.filter((text) => all.includes(text)),
      [],
    );
  });

  it('has a dashboard that can be read in every theme, and by everybody', async () => {
    await vscode.commands.executeCommand('bulkhead.openDashboard');
    await driver.readWebview('#summary', /SIGKILL/);
    await driver.readWebview('table[aria-label="Errors"]', /SIGKILL/);
    await vscode.commands.executeCommand('bulkhead.analyze');
    await driver.readWebview('#charts section:not([hidden]) .legend', /MB/);
    await driver.clickWebview('table[aria-label="Detectors"] th:nth-child(3) button');
    await driver.clickWebview('table[aria-label="Detectors"] th:nth-child(3) button');
    await driver.readWebview('table[aria-label="Detectors"] tbody tr', /TypeScript|ESLint/);
    for (const [name, theme] of themes) {
      await vscode.workspace
        .getConfiguration('workbench')
        .update('colorTheme', theme, vscode.ConfigurationTarget.Workspace);
      await driver.readWebview(`body.${name}`, /Bulkhead Health/);
      await driver.screenshot(`dashboard-${name}`);
      const serious = (await driver.auditWebview()).filter(
        ({ impact }) => impact === 'serious' || impact === 'critical',
      );
      assert.deepEqual(serious, [], theme);
    }
  });
});
