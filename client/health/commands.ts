/** The commands about health: from the palette, the menu of the status bar item, and the health view. */
import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import { requests } from '../../workers/protocol/editor-protocol.ts';
import { healthMethods, type HealthParams, type QuarantinedInput } from '../../workers/protocol/health.ts';
import type { ServerConnection } from '../server-connection.ts';
import type { ServerManager } from '../server-manager.ts';
import type { HealthFeed } from './feed.ts';
import { duration, memory, stateWords } from './format.ts';
import { showMenu } from './menu.ts';
import { healthReport, type HealthNode } from './model.ts';

export interface HealthCommands {
  readonly manager: ServerManager;
  readonly feed: HealthFeed;
  readonly version: string;
  readonly openDashboard: () => void;
}

export function registerHealthCommands({ manager, feed, version, openDashboard }: HealthCommands): vscode.Disposable {
  /** Does nothing without a server: the commands are not enabled then. */
  const ask = async (run: (connection: ServerConnection) => Promise<unknown>): Promise<void> => {
    const { connection } = manager;
    if (!connection) return;
    await run(connection);
    await feed.refresh();
  };
  const workerOf = (node: HealthNode | undefined, connection: ServerConnection): Promise<string | undefined> =>
    node?.worker === undefined ? pickWorker(connection) : Promise.resolve(node.worker);
  const capture = (node: HealthNode | undefined, method: string, title: string): Promise<void> =>
    ask(async (connection) => {
      const worker = await workerOf(node, connection);
      if (worker === undefined) return;
      const location = vscode.ProgressLocation.Notification;
      const { file } = await vscode.window.withProgress({ location, title: l10n.t('{0} of {1}', title, worker) }, () =>
        connection.request<{ readonly file: string }>(method, { worker }),
      );
      const copy = l10n.t('Copy Path');
      const answer = await vscode.window.showInformationMessage(l10n.t('{0} of {1}: {2}', title, worker, file), copy);
      if (answer === copy) await vscode.env.clipboard.writeText(file);
    });
  const commands: Record<string, (node?: HealthNode) => unknown> = {
    'bulkhead.showStatus': () => showMenu(manager.view),
    'bulkhead.openHealth': () => vscode.commands.executeCommand('bulkhead.health.focus'),
    'bulkhead.openDashboard': openDashboard,
    'bulkhead.pause': () => ask((connection) => connection.request(requests.pause)),
    'bulkhead.resume': () => ask((connection) => connection.request(requests.resume)),
    'bulkhead.restartWorker': (node) =>
      ask(async (connection) => {
        const worker = await workerOf(node, connection);
        if (worker !== undefined) await connection.request(healthMethods.restartWorker, { worker });
      }),
    'bulkhead.releaseQuarantined': (node) =>
      ask(async (connection) => {
        const input = node?.quarantined ?? (await pickQuarantined(connection));
        if (!input) return;
        const { detector, root, file } = input;
        await connection.request(healthMethods.releaseQuarantine, { detector, root, file });
      }),
    'bulkhead.releaseAllQuarantined': () => ask((connection) => connection.request(healthMethods.releaseQuarantine)),
    'bulkhead.clearErrors': () => ask((connection) => connection.request(healthMethods.errors, { clear: true })),
    'bulkhead.captureHeapSnapshot': (node) => capture(node, healthMethods.captureHeapSnapshot, l10n.t('Heap snapshot')),
    'bulkhead.captureCpuProfile': (node) => capture(node, healthMethods.captureCpuProfile, l10n.t('CPU profile')),
    'bulkhead.copyHealthReport': async () => {
      const watch = feed.watch();
      try {
        await feed.refresh();
        await vscode.env.clipboard.writeText(healthReport(manager.view, feed.latest, version));
        vscode.window.setStatusBarMessage(l10n.t('Bulkhead: the health report is in the clipboard.'), 3000);
      } finally {
        watch.dispose();
      }
    },
  };
  return vscode.Disposable.from(
    ...Object.entries(commands).map(([command, run]) =>
      vscode.commands.registerCommand(command, async (node?: HealthNode) => {
        try {
          await run(node);
        } catch (error) {
          const reason = error instanceof Error ? error.message : String(error);
          void vscode.window.showErrorMessage(`Bulkhead: ${reason}`);
        }
      }),
    ),
  );
}

async function pickWorker(connection: ServerConnection): Promise<string | undefined> {
  const { workers } = await connection.request<HealthParams>(healthMethods.health);
  const items = workers.map(({ name, state, memoryBytes, uptimeMs }) => {
    return {
      label: name,
      description: [stateWords(state), memory(memoryBytes), l10n.t('up {0}', duration(uptimeMs))].join(' · '),
    };
  });
  return (await vscode.window.showQuickPick(items, { title: l10n.t('Bulkhead: Choose a Worker') }))?.label;
}

async function pickQuarantined(connection: ServerConnection): Promise<QuarantinedInput | undefined> {
  const { quarantined } = await connection.request<HealthParams>(healthMethods.health);
  const items = quarantined.map((input) => ({
    label: input.file,
    description: input.detector,
    detail: input.reason.message,
    input,
  }));
  return (await vscode.window.showQuickPick(items, { title: l10n.t('Bulkhead: Choose a File') }))?.input;
}
