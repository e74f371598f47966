/** The commands of the palette, and the context keys that enable them. Registered for the life of the extension. */
import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import type { TimingsResult } from '../workers/protocol/editor-protocol.ts';
import { offerBaseline } from './issue-commands.ts';
import { settingsSection } from './settings.ts';
import { isAnalysing } from './view.ts';
import type { ServerConnection } from './server-connection.ts';
import type { ServerManager } from './server-manager.ts';
import type { View } from './view.ts';

export function registerCommands(manager: ServerManager, log: vscode.LogOutputChannel): vscode.Disposable {
  const commands: Record<string, () => void | Promise<void>> = {
    'bulkhead.analyze': async () => {
      await manager.start();
      await withServer(manager, async (connection) => {
        const { generation } = await connection.analyze();
        log.info(`Analysis ${generation} started by command.`);
      });
    },
    'bulkhead.cancel': () => withServer(manager, (connection) => connection.cancel()),
    'bulkhead.restartWorkers': () => withServer(manager, (connection) => connection.restartWorkers()),
    'bulkhead.restartServer': () => manager.restart(),
    'bulkhead.showNewIssues': async () => {
      await showBaseline('hide');
      await offerBaseline(manager);
    },
    'bulkhead.showAllIssues': () => showBaseline('show'),
    'bulkhead.showOutput': () => log.show(),
    'bulkhead.showRuleTimes': () =>
      withServer(manager, async (connection) => {
        log.info(timesText(await connection.timings()));
        log.show();
      }),
  };
  return vscode.Disposable.from(
    ...Object.entries(commands).map(([command, run]) => vscode.commands.registerCommand(command, run)),
  );
}

/** The context keys that enable commands in package.json. Lives as long as the extension. */
export class ContextKeys {
  readonly #values = new Map<string, boolean>();

  show(view: View): void {
    this.#set('bulkhead.serverRunning', view.phase === 'running');
    this.#set('bulkhead.analysing', isAnalysing(view));
    this.#set('bulkhead.paused', view.phase === 'running' && view.status.state === 'paused');
  }

  #set(key: string, value: boolean): void {
    if (this.#values.get(key) !== value) {
      this.#values.set(key, value);
      void vscode.commands.executeCommand('setContext', key, value);
    }
  }
}

/** Rules with a smaller share of their detector's time are not listed. */
const smallestShare = 0.01;

function timesText({ detectors }: TimingsResult): string {
  const parts = detectors.flatMap(({ name, timings }) => {
    const rules = Object.entries(timings);
    const total = rules.reduce((sum, [, ms]) => sum + ms, 0);
    const shown = rules.filter(([, ms]) => ms >= total * smallestShare);
    const lines = shown.map(([rule, ms]) => `${Math.round(ms).toString().padStart(9)} ms  ${rule}`);
    return rules.length === 0
      ? []
      : [l10n.t('{0}: {1} ms since the last full analysis', name, Math.round(total)), ...lines];
  });
  return parts.length === 0 ? l10n.t('No times were measured, because nothing has been analysed.') : parts.join('\n');
}

/** Changes the setting for this workspace, which takes effect by itself. */
async function showBaseline(value: 'show' | 'hide'): Promise<void> {
  const target = vscode.workspace.workspaceFolders ? vscode.ConfigurationTarget.Workspace : undefined;
  await vscode.workspace.getConfiguration(settingsSection).update('baseline', value, target);
}

async function withServer(manager: ServerManager, run: (connection: ServerConnection) => Promise<void>): Promise<void> {
  const { connection } = manager;
  if (connection) {
    await run(connection);
    return;
  }
  const restart = l10n.t('Restart Server');
  const answer = await vscode.window.showWarningMessage(l10n.t('The Bulkhead server is not running.'), restart);
  if (answer === restart) {
    await manager.restart();
  }
}
