/**
 * The entry of the extension. It only puts the parts together; analysis, file reading and everything else that can
 * fail happens in the language server and below it.
 */
import * as vscode from 'vscode';
import { ContextKeys, registerCommands } from './commands.ts';
import { SessionManager } from './session-manager.ts';
import { StatusBar } from './status-bar.ts';
import type { StatusParams } from '../workers/protocol/editor-protocol.ts';
import type { View } from './view.ts';

/** What other extensions and the tests get from `activate()`. */
export interface BulkheadApi {
  /** The last status of the server; undefined while it does not run. */
  readonly status: StatusParams | undefined;
  readonly serverPid: number | undefined;
  /** Fires with {@link BulkheadApi.status} whenever it changed. */
  readonly onDidChangeStatus: vscode.Event<StatusParams | undefined>;
}

let manager: SessionManager | undefined;

export function activate(context: vscode.ExtensionContext): BulkheadApi {
  const log = vscode.window.createOutputChannel('Bulkhead', { log: true });
  const sessions = new SessionManager(context, log);
  const statusBar = new StatusBar();
  const contextKeys = new ContextKeys();
  const statusChanged = new vscode.EventEmitter<StatusParams | undefined>();
  const show = (view: View) => {
    statusBar.show(view);
    contextKeys.show(view);
    statusChanged.fire(statusOf(view));
  };
  context.subscriptions.push(
    log,
    sessions,
    statusBar,
    statusChanged,
    sessions.onDidChangeView(show),
    registerCommands(sessions, log),
  );
  manager = sessions;
  show(sessions.view);
  // Not awaited: a server that hangs while it starts must not keep the commands from running.
  void sessions.start();
  return {
    get status() {
      return statusOf(sessions.view);
    },
    get serverPid() {
      return sessions.session?.serverPid;
    },
    onDidChangeStatus: statusChanged.event,
  };
}

/** The editor waits for the promise: when it resolves, the server is gone. */
export async function deactivate(): Promise<void> {
  await manager?.stop();
}

function statusOf(view: View): StatusParams | undefined {
  return view.phase === 'running' ? view.status : undefined;
}
