/**
 * The entry of the extension, which only connects its parts. Work that can fail, such as reading files, is done by the
 * language server and its workers.
 */
import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import { mcpServers, registerAgents } from './agents.ts';
import { ContextKeys, registerCommands } from './commands.ts';
import { registerIssueCommands } from './issue-commands.ts';
import { registerViewCommands } from './issues-view/commands.ts';
import { IssuesView } from './issues-view/issues-view.ts';
import { registerHealth } from './health/index.ts';
import { registerReport } from './report/commands.ts';
import { ServerManager } from './server-manager.ts';
import { StatusBar } from './status-bar.ts';
import type { StatusParams } from '../workers/protocol/editor-protocol.ts';
import type { View } from './view.ts';

/** The API that `activate()` returns to other extensions and to tests. */
export interface BulkheadApi {
  /** The latest status of the server; undefined while none is running. */
  readonly status: StatusParams | undefined;
  readonly serverPid: number | undefined;
  /** Fires with {@link BulkheadApi.status} whenever that changes. */
  readonly onDidChangeStatus: vscode.Event<StatusParams | undefined>;
  /** The MCP servers that the editor is told about. */
  readonly mcpServers: readonly vscode.McpStdioServerDefinition[];
}

let manager: ServerManager | undefined;

export function activate(context: vscode.ExtensionContext): BulkheadApi {
  // Before the first text is made.
  if (vscode.l10n.bundle) l10n.config({ contents: vscode.l10n.bundle });
  const log = vscode.window.createOutputChannel('Bulkhead', { log: true });
  const servers = new ServerManager(context, log);
  const statusBar = new StatusBar();
  const contextKeys = new ContextKeys();
  const issuesView = new IssuesView(servers.diagnostics, context.workspaceState);
  const statusChanged = new vscode.EventEmitter<StatusParams | undefined>();
  const show = (view: View) => {
    statusBar.show(view);
    contextKeys.show(view);
    statusChanged.fire(statusOf(view));
  };
  context.subscriptions.push(
    log,
    servers,
    statusBar,
    statusChanged,
    servers.onDidChangeView(show),
    registerCommands(servers, log),
    registerIssueCommands(servers),
    issuesView,
    registerViewCommands(issuesView),
    registerHealth(context, servers, log),
    registerAgents(context, servers),
    registerReport(context, servers),
  );
  manager = servers;
  show(servers.view);
  // Not awaited: the commands must work even if the server hangs while it starts.
  void servers.start();
  return {
    get status() {
      return statusOf(servers.view);
    },
    get serverPid() {
      return servers.connection?.serverPid;
    },
    onDidChangeStatus: statusChanged.event,
    get mcpServers() {
      return mcpServers(context);
    },
  };
}

/** Resolves when the server is gone; the editor waits for it. */
export async function deactivate(): Promise<void> {
  await manager?.stop();
}

function statusOf(view: View): StatusParams | undefined {
  return view.phase === 'running' ? view.status : undefined;
}
