/**
 * What agents in the editor can ask: the tools of `bulkhead mcp` as tools for language models, answered by the language
 * server, and the MCP server itself. Registered for the life of the extension. Editors that are built on VS Code may have
 * neither.
 */
import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import {
  agentRequests,
  mcpProvider,
  toolPrefix,
  type ToolAnswer,
  type ToolParams,
} from '../workers/protocol/agent-requests.ts';
import type { ServerConnection } from './server-connection.ts';
import type { ServerManager } from './server-manager.ts';

/** What a question waits for a server that is starting. */
const startMs = 20_000;

/** Such editors have only parts of the interface. */
type LanguageModels = Partial<typeof vscode.lm> | undefined;

export function registerAgents(context: vscode.ExtensionContext, manager: ServerManager): vscode.Disposable {
  const models = vscode.lm as LanguageModels;
  const registered: vscode.Disposable[] = [];
  for (const name of models?.registerTool ? toolNames(context) : [])
    registered.push(vscode.lm.registerTool(name, new Tool(name, manager)));
  if (models?.registerMcpServerDefinitionProvider) registered.push(registerMcp(context));
  return vscode.Disposable.from(...registered);
}

/** One for each folder; none while the workspace is not trusted. */
export function mcpServers(context: vscode.ExtensionContext): vscode.McpStdioServerDefinition[] {
  const folders = (vscode.workspace.workspaceFolders ?? []).filter(({ uri }) => uri.scheme === 'file');
  if (!vscode.workspace.isTrusted) return [];
  const { version } = context.extension.packageJSON as { readonly version: string };
  const program = vscode.Uri.joinPath(context.extensionUri, 'dist', 'cli.mjs').fsPath;
  return folders.map(({ name, uri }) => {
    const label = folders.length === 1 ? 'Bulkhead' : `Bulkhead (${name})`;
    // The editor's own program is a Node.js only if it is told so.
    const environment = { ELECTRON_RUN_AS_NODE: '1' };
    return new vscode.McpStdioServerDefinition(label, process.execPath, [program, 'mcp', uri.fsPath], environment, version); // prettier-ignore
  });
}

function registerMcp(context: vscode.ExtensionContext): vscode.Disposable {
  const changed = new vscode.EventEmitter<void>();
  return vscode.Disposable.from(
    changed,
    vscode.workspace.onDidGrantWorkspaceTrust(() => changed.fire()),
    vscode.workspace.onDidChangeWorkspaceFolders(() => changed.fire()),
    vscode.lm.registerMcpServerDefinitionProvider(mcpProvider, {
      onDidChangeMcpServerDefinitions: changed.event,
      provideMcpServerDefinitions: () => mcpServers(context),
    }),
  );
}

/** Those that the manifest declares. */
function toolNames({ extension }: vscode.ExtensionContext): readonly string[] {
  const { contributes } = extension.packageJSON as {
    readonly contributes: { readonly languageModelTools: readonly { readonly name: string }[] };
  };
  return contributes.languageModelTools.map(({ name }) => name);
}

class Tool implements vscode.LanguageModelTool<object> {
  readonly #name: string;
  readonly #manager: ServerManager;

  constructor(name: string, manager: ServerManager) {
    this.#name = name.slice(toolPrefix.length);
    this.#manager = manager;
  }

  prepareInvocation({
    input,
  }: vscode.LanguageModelToolInvocationPrepareOptions<object>): vscode.PreparedToolInvocation {
    const invocationMessage = l10n.t('Asking Bulkhead ({0})', this.#name);
    if (!('apply' in input) || input.apply !== true) return { invocationMessage };
    const message = l10n.t('Bulkhead writes fixes into files of the workspace.');
    return { invocationMessage, confirmationMessages: { title: l10n.t('Apply fixes'), message } };
  }

  /** @throws Error, whose message is for the model */
  async invoke(
    { input }: vscode.LanguageModelToolInvocationOptions<object>,
    token: vscode.CancellationToken,
  ): Promise<vscode.LanguageModelToolResult> {
    const connection = await runningServer(this.#manager, token);
    if (!connection) throw new Error('stopping: The language server of Bulkhead is not running. Ask again, or ask the user to restart it.'); // prettier-ignore
    const { text, isError } = await connection
      .request<ToolAnswer>(agentRequests.tool, { name: this.#name, input } satisfies ToolParams, token)
      .catch((error: unknown): ToolAnswer => {
        if (token.isCancellationRequested) throw new vscode.CancellationError();
        const message = error instanceof Error ? error.message : String(error);
        return { text: `stopping: ${message} Ask again.`, structured: {}, isError: true };
      });
    if (isError) throw new Error(text);
    return new vscode.LanguageModelToolResult([new vscode.LanguageModelTextPart(text)]);
  }
}

/** Undefined: none is running or about to. */
async function runningServer(
  manager: ServerManager,
  token: vscode.CancellationToken,
): Promise<ServerConnection | undefined> {
  const isStarting = (): boolean => manager.view.phase === 'starting' || manager.view.phase === 'restarting';
  if (!isStarting()) return manager.connection;
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, startMs);
  const listeners = [
    token.onCancellationRequested(() => resolve()),
    manager.onDidChangeView(() => {
      if (!isStarting()) resolve();
    }),
  ];
  await promise;
  clearTimeout(timer);
  for (const listener of listeners) listener.dispose();
  return manager.connection;
}
