/** The health view and what belongs to it. Lives as long as the extension. */
import * as vscode from 'vscode';
import { Dashboard } from '../dashboard/dashboard.ts';
import type { ServerManager } from '../server-manager.ts';
import { registerHealthCommands } from './commands.ts';
import { HealthFeed } from './feed.ts';
import { HealthView } from './view.ts';

export function registerHealth(
  context: vscode.ExtensionContext,
  manager: ServerManager,
  log: vscode.LogOutputChannel,
): vscode.Disposable {
  const feed = new HealthFeed(manager, log);
  const dashboard = new Dashboard(context.extensionUri, manager, feed);
  const version = String((context.extension.packageJSON as { version?: unknown }).version);
  const openDashboard = () => dashboard.open();
  return vscode.Disposable.from(
    new HealthView(manager, feed),
    dashboard,
    registerHealthCommands({ manager, feed, version, openDashboard }),
    feed,
  );
}
