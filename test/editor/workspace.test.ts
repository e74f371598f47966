/** The main job in a real VS Code: a folder of 1,000 files. The tests go on from each other, in one window. */
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { setTimeout } from 'node:timers/promises';
import * as vscode from 'vscode';
import type { WorkerStatus } from '../../workers/protocol/editor-protocol.ts';
import {
  activated,
  eventually,
  extensionId,
  file,
  isAlive,
  issues,
  issuesAre,
  nextAnalysis,
  setSetting,
  settled,
  status,
} from './support/bulkhead.ts';
import { driver } from './support/driver.ts';
import { workspaces } from './support/workspaces.ts';
import type { BulkheadApi } from '../../client/extension.ts';

const statusItem = '.statusbar-item[id^="bulkhead.bulkhead"] a';

describe('a folder of 1,000 files', () => {
  let expected = workspaces.workspace().issues;
  let api: BulkheadApi;

  before(async () => {
    api = await activated();
  });

  const serverPid = () => {
    assert.ok(api.serverPid, 'the server does not run');
    return api.serverPid;
  };
  /** Waits until the client has noticed. */
  const killServer = async () => {
    process.kill(serverPid(), 'SIGKILL');
    const noticed = () => (api.serverPid === undefined ? true : undefined);
    await eventually('the death of the server', noticed, [(check) => api.onDidChangeStatus(check)]);
  };
  const anotherServer = async () => {
    await eventually('another server', () => api.serverPid, [(check) => api.onDidChangeStatus(check)]);
  };
  const without = (part: string) => expected.filter((issue) => !issue.includes(part));

  it('shows the problems of files that were never opened, of all three detectors', async () => {
    await issuesAre(expected);
    assert.deepEqual(vscode.window.visibleTextEditors, []);
    const { state, detectors, issues: counts } = await settled(api);
    assert.equal(state, 'idle');
    assert.deepEqual(
      detectors.filter(({ status }) => status !== 'done').map(({ name, status }) => [name, status]),
      [['knip', 'not-applicable']],
    );
    const speaking = detectors.filter((detector) => detector.issues > 0).map(({ name }) => name);
    assert.deepEqual(speaking.toSorted(), ['circular', 'eslint', 'typescript']);
    assert.equal(counts.error + counts.warning + counts.info + counts.hint, expected.length);
  });

  it('shows them in the Problems panel and in the status bar', async () => {
    await vscode.commands.executeCommand('workbench.actions.view.problems');
    await vscode.commands.executeCommand('workbench.action.toggleMaximizedPanel');
    await driver.read('.markers-panel', /bulkhead\(eslint\)[^]*bulkhead\(typescript\)[^]*bulkhead\(circular\)/);
    const { text } = await driver.read(statusItem, /up to date, \d+ errors/);
    assert.match(text, /^Bulkhead\s+\d+\s+\d+$/);
    await driver.screenshot('problems-panel');
    await vscode.commands.executeCommand('workbench.action.toggleMaximizedPanel');
    await driver.hover(statusItem);
    await driver.read('.monaco-hover .hover-contents', /typescript/);
    await driver.screenshot('status-bar-tooltip');
  });

  it('shows the issues of unsaved text until it is reverted', async () => {
    const path = 'src/plain/module-0003.js';
    const document = await vscode.workspace.openTextDocument(file(path));
    await vscode.window.showTextDocument(document);
    const edit = new vscode.WorkspaceEdit();
    edit.insert(document.uri, new vscode.Position(0, 0), 'debugger;\n');
    await vscode.workspace.applyEdit(edit);
    await issuesAre([...expected, `${path} eslint no-debugger`].toSorted());
    await vscode.commands.executeCommand('workbench.action.files.revert');
    await issuesAre(expected);
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
  });

  it('shows progress while it analyses', async () => {
    const analysis = nextAnalysis(api);
    const [{ label }] = await Promise.all([
      driver.read(statusItem, /analysing/),
      vscode.commands.executeCommand('bulkhead.analyze'),
    ]);
    assert.match(label, /Bulkhead: analysing/);
    await analysis;
    await issuesAre(expected);
  });

  // The detectors over the module graph share one worker.
  for (const detector of ['typescript', 'eslint', 'graph']) {
    it(`shows the same after the worker of ${detector} was killed during analysis`, async () => {
      const server = api.serverPid;
      const isOurs = (worker: WorkerStatus): boolean => worker.detector === detector && worker.pid !== undefined;
      const analysis = nextAnalysis(api);
      await vscode.commands.executeCommand('bulkhead.analyze');
      // Work may be over before a status, at most four a second, can say which worker is busy.
      const { workers } = await status(api, `a worker of ${detector} at work`, ({ state, workers }) =>
        workers.some((worker) => isOurs(worker) && (detector === 'graph' || state === 'analysing')),
      );
      const pids = workers.flatMap((worker) => (isOurs(worker) && worker.pid ? [worker.pid] : []));
      for (const pid of pids) {
        process.kill(pid, 'SIGKILL');
      }
      await analysis;
      const { state } = await settled(api);
      await issuesAre(expected);
      assert.equal(state, 'idle');
      assert.equal(api.serverPid, server, 'the server was replaced');
    });
  }

  it('clears an issue when its file is fixed and saved', async () => {
    const path = 'src/plain/module-0001.js';
    const document = await vscode.workspace.openTextDocument(file(path));
    await vscode.window.showTextDocument(document);
    const edit = new vscode.WorkspaceEdit();
    const debuggerLine = document.lineAt(1);
    assert.match(debuggerLine.text, /debugger/);
    edit.delete(document.uri, debuggerLine.rangeIncludingLineBreak);
    await vscode.workspace.applyEdit(edit);
    assert.ok(await document.save());
    expected = without(path);
    await issuesAre(expected);
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
  });

  it('drops the issues of a deleted file', async () => {
    const path = 'src/typed/module-0200.ts';
    assert.ok(issues().some((issue) => issue.includes(path)));
    await vscode.workspace.fs.delete(file(path));
    expected = without(path);
    await issuesAre(expected);
  });

  it('shows the issues of a new file', async () => {
    const path = 'src/plain/added.js';
    await vscode.workspace.fs.writeFile(file(path), Buffer.from('debugger;\n'));
    expected = [...expected, `${path} eslint no-debugger`].toSorted();
    await issuesAre(expected);
  });

  it('applies settings at once', async () => {
    await setSetting('eslint.enable', false);
    await issuesAre(without(' eslint '));
    await setSetting('eslint.enable', undefined);
    await issuesAre(expected);
  });

  it('shows how complex each function is above it, if the setting says so', async () => {
    const path = file('src/plain/scored.js');
    await vscode.workspace.fs.writeFile(path, Buffer.from('export function sign(n) {\n  return n < 0 ? -1 : 1;\n}\n'));
    await vscode.window.showTextDocument(path);
    const lenses = async (): Promise<readonly (string | undefined)[]> => {
      const all = await vscode.commands.executeCommand<vscode.CodeLens[]>('vscode.executeCodeLensProvider', path, 10);
      return all.map(({ command }) => command?.title);
    };
    assert.deepEqual(await lenses(), []);
    for (const [codeLens, titles] of [
      [true, ['cyclomatic 2 · cognitive 1']],
      [undefined, []],
    ] as const) {
      await setSetting('codeLens', codeLens);
      // No event tells when the server has the setting.
      while ((await lenses()).length !== titles.length) await setTimeout(100);
      assert.deepEqual(await lenses(), titles);
    }
    await vscode.commands.executeCommand('workbench.action.closeActiveEditor');
    await vscode.workspace.fs.delete(path);
    await issuesAre(expected);
  });

  it('cancels an analysis and keeps the issues found before', async () => {
    await settled(api);
    const started = status(api, 'the start of an analysis', ({ state }) => state === 'analysing');
    await vscode.commands.executeCommand('bulkhead.analyze');
    await started;
    await vscode.commands.executeCommand('bulkhead.cancel');
    await settled(api);
    await issuesAre(expected);
  });

  it('pauses: nothing is analysed, nothing is lost, and changes are checked afterwards', async () => {
    const path = 'src/plain/added.js';
    await vscode.commands.executeCommand('bulkhead.pause');
    await status(api, 'the pause', ({ state }) => state === 'paused');
    const { label } = await driver.read(statusItem, /paused/);
    assert.match(label, /Bulkhead: paused, \d+ errors/);
    await driver.screenshot('paused');
    const { analyses } = await status(api, 'a count', () => true);
    await vscode.workspace.fs.writeFile(file(path), Buffer.from('export {};\n'));
    // The command ends with its menu.
    const menu = vscode.commands.executeCommand('bulkhead.showStatus');
    await driver.read('.quick-input-list', /Resume/);
    await driver.press('Escape');
    await menu;
    assert.deepEqual([api.status?.state, api.status?.analyses], ['paused', analyses]);
    assert.deepEqual(issues(), expected);
    await vscode.commands.executeCommand('bulkhead.resume');
    expected = without(path);
    await issuesAre(expected);
    assert.equal((await settled(api)).state, 'idle');
  });

  it('restarts one worker', async () => {
    const [worker] = api.status?.workers.filter(({ pid }) => pid) ?? [];
    assert.ok(worker);
    await vscode.commands.executeCommand('bulkhead.restartWorker', { worker: worker.name });
    assert.equal(isAlive(worker.pid ?? 0), false);
    const others = api.status?.workers.filter(({ name, pid }) => pid && name !== worker.name) ?? [];
    assert.ok(others.every(({ pid = 0 }) => isAlive(pid)));
  });

  it('restarts the workers', async () => {
    const pids = () => api.status?.workers.flatMap(({ pid }) => (pid ? [pid] : [])) ?? [];
    const before = pids();
    assert.ok(before.length > 0, 'no worker is there to restart');
    const server = api.serverPid;
    await vscode.commands.executeCommand('bulkhead.restartWorkers');
    assert.deepEqual(before.filter(isAlive), []);
    await vscode.commands.executeCommand('bulkhead.analyze');
    await settled(api);
    await issuesAre(expected);
    assert.equal(api.serverPid, server);
  });

  it('restarts the server', async () => {
    const server = serverPid();
    const changes: number[] = [];
    const looks = new Map<string, Set<string>>();
    const look = (uris: readonly vscode.Uri[]) => {
      for (const uri of uris) {
        const shown = JSON.stringify(vscode.languages.getDiagnostics(uri));
        looks.set(String(uri), (looks.get(String(uri)) ?? new Set()).add(shown));
      }
    };
    look(vscode.languages.getDiagnostics().map(([uri]) => uri));
    const listener = vscode.languages.onDidChangeDiagnostics(({ uris }) => {
      changes.push(issues().length);
      look(uris);
    });
    await vscode.commands.executeCommand('bulkhead.restartServer');
    assert.ok(api.serverPid && api.serverPid !== server, 'the server is the same');
    assert.equal(isAlive(server), false);
    await settled(api);
    await issuesAre(expected);
    listener.dispose();
    assert.deepEqual(
      changes.filter((count) => count < expected.length),
      [],
      'issues were gone while the server restarted',
    );
    const changed = [...looks].filter(([, { size }]) => size > 1);
    assert.deepEqual(changed, [], 'what is shown of a file changed');
  });

  // Elsewhere there is no such signal.
  if (process.platform !== 'win32') {
    it('restarts a server that hangs', async () => {
      const server = serverPid();
      process.kill(server, 'SIGSTOP');
      await vscode.commands.executeCommand('bulkhead.restartServer');
      assert.notEqual(serverPid(), server);
      await gone([server]);
      await settled(api);
      await issuesAre(expected);
    });
  }

  it('recovers when the server itself is killed', async () => {
    await killServer();
    await anotherServer();
    await settled(api);
    await issuesAre(expected);
  });

  it('gives up a server that keeps crashing, until the user restarts it', async () => {
    // The fifth death within three minutes is the last; the test before this one was the first.
    for (let deaths = 2; deaths < 5; deaths++) {
      await killServer();
      await anotherServer();
    }
    await killServer();
    await driver.read(statusItem, /was not restarted/);
    await driver.screenshot('server-given-up');
    assert.deepEqual(issues(), expected, 'what was known is not shown any more');
    await vscode.commands.executeCommand('bulkhead.restartServer');
    await settled(api);
    await issuesAre(expected);
  });

  it('leaves no process when it is deactivated', async () => {
    // A server that was restarted has all results: it starts no worker by itself.
    await vscode.commands.executeCommand('bulkhead.analyze');
    await status(api, 'a worker', ({ workers }) => workers.some(({ pid }) => pid));
    const pids = [api.serverPid, ...(api.status?.workers.map(({ pid }) => pid) ?? [])].filter(
      (pid) => pid !== undefined,
    );
    assert.ok(pids.length > 1, 'there is nothing to leave');
    const extension = vscode.extensions.getExtension(extensionId);
    assert.ok(extension);
    const main = vscode.Uri.joinPath(extension.extensionUri, 'dist', 'client.cjs').fsPath;
    // The very module that the extension host has loaded: what it does when the window closes.
    const { deactivate } = createRequire(main)(main) as { deactivate: () => Promise<void> };
    await deactivate();
    await gone(pids);
  });
});

/** Processes may take up to five seconds to end. */
async function gone(pids: readonly number[]): Promise<void> {
  const deadline = Date.now() + 5000;
  while (pids.some(isAlive) && Date.now() < deadline) {
    await setTimeout(50);
  }
  assert.deepEqual(pids.filter(isAlive), []);
}
