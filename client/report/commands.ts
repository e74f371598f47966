/** The command that reports a problem: a zip file that a person can pass on. Registered for the life of the extension. */
import os from 'node:os';
import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import type { ServerManager } from '../server-manager.ts';
import { makeReport } from './contents.ts';
import { RecentHealth } from './history.ts';
import { newIssuePage } from './tracker.ts';

export function registerReport(context: vscode.ExtensionContext, manager: ServerManager): vscode.Disposable {
  const history = new RecentHealth();
  const commands: Record<string, (target?: unknown) => Promise<void>> = {
    'bulkhead.reportProblem': async (given) => {
      // A menu may pass what it was opened on.
      const target = given instanceof vscode.Uri ? given : await chosenFile();
      if (!target) return;
      try {
        await write(target, context, manager, history);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        void vscode.window.showErrorMessage(l10n.t('Bulkhead: The report could not be written. {0}', reason));
        return;
      }
      // Not awaited, because the message stays until somebody closes it.
      void tell(target, newIssuePage(context.extension.packageJSON));
    },
  };
  return vscode.Disposable.from(
    manager.onDidChangeView((view) => history.add(Date.now(), view)),
    ...Object.entries(commands).map(([command, run]) => vscode.commands.registerCommand(command, run)),
  );
}

function chosenFile(): Thenable<vscode.Uri | undefined> {
  const day = new Date().toISOString().slice(0, 10);
  return vscode.window.showSaveDialog({
    // Not in the workspace, where it might be committed.
    defaultUri: vscode.Uri.joinPath(vscode.Uri.file(os.homedir()), `bulkhead-report-${day}.zip`),
    filters: { Zip: ['zip'] },
    title: l10n.t('Report a Problem'),
    saveLabel: l10n.t('Save Report'),
  });
}

async function write(
  target: vscode.Uri,
  context: vscode.ExtensionContext,
  { view, connection }: ServerManager,
  history: RecentHealth,
): Promise<void> {
  const title = l10n.t('Bulkhead: Collecting logs and health');
  await vscode.window.withProgress({ location: vscode.ProgressLocation.Notification, title }, async () => {
    await vscode.workspace.fs.writeFile(target, await makeReport({ context, view, connection, history }));
  });
}

/** @param page where an issue is opened; undefined: this build of the extension names no tracker */
async function tell(target: vscode.Uri, page: string | undefined): Promise<void> {
  const openTracker = l10n.t('Open Issue Tracker');
  const showFile = l10n.t('Show File');
  const answer = await vscode.window.showInformationMessage(
    l10n.t(
      'The report is in {0}. Nothing of your workspace is in it; look through it before you pass it on.',
      target.fsPath,
    ),
    ...(page === undefined ? [] : [openTracker]),
    showFile,
  );
  if (answer === openTracker && page !== undefined) await vscode.env.openExternal(vscode.Uri.parse(page, true));
  else if (answer === showFile) await vscode.commands.executeCommand('revealFileInOS', target);
}
