/** Commands about issues, for the palette and for code actions. Registered for the life of the extension. */
import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import {
  issueRequests,
  type AnalyzePartParams,
  type BaselineParams,
  type BaselineResult,
  type ExportParams,
  type ExportResult,
} from '../workers/protocol/issue-requests.ts';
import { placeAfter, placeBefore, type Place } from './places.ts';
import type { ServerConnection } from './server-connection.ts';
import type { ServerManager } from './server-manager.ts';

export function registerIssueCommands(manager: ServerManager): vscode.Disposable {
  const commands: Record<string, (...args: never[]) => unknown> = {
    'bulkhead.analyzeFile': (uri?: vscode.Uri) => analyzePart(manager, uri ?? activeFile()),
    'bulkhead.analyzeFolder': async (uri?: vscode.Uri) => analyzePart(manager, uri ?? (await chosenFolder())),
    'bulkhead.exportIssues': () => exportIssues(manager),
    'bulkhead.createBaseline': () => changeBaseline(manager, 'create'),
    'bulkhead.compareBaseline': () => changeBaseline(manager, 'compare'),
    'bulkhead.pruneBaseline': () => changeBaseline(manager, 'prune'),
    'bulkhead.clearCache': () => clearCache(manager),
    'bulkhead.nextProblem': () => goTo(manager, placeAfter),
    'bulkhead.previousProblem': () => goTo(manager, placeBefore),
    'bulkhead.openPage': (page: string) => openPage(page),
    'bulkhead.install': ({ directory, command }: { directory: string; command: string }) => {
      const terminal = vscode.window.createTerminal({ name: l10n.t('Bulkhead: Install'), cwd: directory });
      terminal.show();
      terminal.sendText(command);
    },
  };
  return vscode.Disposable.from(
    ...Object.entries(commands).map(([command, run]) => vscode.commands.registerCommand(command, run)),
  );
}

/** Shows a page of the documentation: our own rendered, others in the browser. Plugins of the workspace name addresses too. */
export async function openPage(page: string): Promise<void> {
  const uri = vscode.Uri.parse(page, true);
  if (uri.scheme === 'file' && uri.path.endsWith('.md')) {
    await vscode.commands.executeCommand('markdown.showPreview', uri);
  } else if (uri.scheme === 'https' || uri.scheme === 'http') {
    await vscode.env.openExternal(uri);
  }
}

/** Offers to create a baseline if there is none, because nothing would be hidden. */
export async function offerBaseline(manager: ServerManager): Promise<void> {
  const { connection } = manager;
  const result = connection && (await baseline(connection, 'compare').catch(() => undefined));
  if (!result || result.files.length > 0 || result.fresh === 0) {
    return;
  }
  const create = l10n.t('Create Baseline');
  const answer = await vscode.window.showInformationMessage(
    l10n.t(
      'There is no baseline yet, so all {0} issues are new. A baseline (bulkhead-baseline.json) records the present ones.',
      result.fresh,
    ),
    create,
  );
  if (answer === create) {
    await changeBaseline(manager, 'create');
  }
}

function activeFile(): vscode.Uri | undefined {
  return vscode.window.activeTextEditor?.document.uri;
}

async function chosenFolder(): Promise<vscode.Uri | undefined> {
  const folders = vscode.workspace.workspaceFolders ?? [];
  return folders.length > 1 ? (await vscode.window.showWorkspaceFolderPick())?.uri : folders[0]?.uri;
}

async function analyzePart({ connection }: ServerManager, uri: vscode.Uri | undefined): Promise<void> {
  if (connection && uri?.scheme === 'file') {
    const params: AnalyzePartParams = { uris: [uri.toString()] };
    await connection.request(issueRequests.analyzePart, params);
  }
}

async function exportIssues({ connection }: ServerManager): Promise<void> {
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
  if (!connection || !folder) {
    return;
  }
  const target = await vscode.window.showSaveDialog({
    defaultUri: vscode.Uri.joinPath(folder, 'bulkhead-issues.json'),
    filters: { JSON: ['json'] },
    title: l10n.t('Export Issues'),
  });
  if (!target) {
    return;
  }
  const params: ExportParams = { file: target.fsPath };
  let count: number;
  try {
    count = (await connection.request<ExportResult>(issueRequests.exportIssues, params)).issues;
  } catch (error) {
    void vscode.window.showErrorMessage(error instanceof Error ? error.message : String(error));
    return;
  }
  const open = l10n.t('Open');
  const message = l10n.t('{0} issues exported to {1}.', count, target.fsPath);
  if ((await vscode.window.showInformationMessage(message, open)) === open) {
    await vscode.window.showTextDocument(target);
  }
}

function baseline(connection: ServerConnection, action: BaselineParams['action']): Promise<BaselineResult> {
  const params: BaselineParams = { action };
  return connection.request<BaselineResult>(issueRequests.baseline, params);
}

async function changeBaseline({ connection }: ServerManager, action: BaselineParams['action']): Promise<void> {
  if (!connection) {
    return;
  }
  try {
    // Not awaited, because the message stays until somebody closes it.
    void vscode.window.showInformationMessage(baselineText(action, await baseline(connection, action)));
  } catch (error) {
    void vscode.window.showErrorMessage(error instanceof Error ? error.message : String(error));
  }
}

function baselineText(action: BaselineParams['action'], { files, known, fresh, fixed }: BaselineResult): string {
  const [file] = files;
  if (file === undefined) {
    return l10n.t('There is no baseline. "Bulkhead: Create Baseline" records the present issues.');
  }
  const name = vscode.workspace.asRelativePath(file);
  switch (action) {
    case 'create':
      return l10n.t(
        '{0} records the present issues: {1} added, {2} removed, {3} unchanged.',
        ...[name, fresh, fixed, known],
      );
    case 'compare':
      return l10n.t('Compared with {0}: {1} new, {2} fixed, {3} unchanged.', name, fresh, fixed, known);
    case 'prune':
      return fixed === 0
        ? l10n.t('{0} has no fixed issues.', name)
        : l10n.t('{0} fixed issues were removed from {1}.', fixed, name);
  }
}

async function clearCache({ connection }: ServerManager): Promise<void> {
  const clear = l10n.t('Clear Cache');
  const question = l10n.t('Forget all stored results, and analyse everything again?');
  if (connection && (await vscode.window.showWarningMessage(question, { modal: true }, clear)) === clear) {
    await connection.request(issueRequests.clearCache);
  }
}

async function goTo(
  { diagnostics }: ServerManager,
  choose: (places: readonly Place[], from: Place | undefined) => Place | undefined,
): Promise<void> {
  const places: Place[] = [];
  diagnostics.forEach((uri, all) => {
    places.push(
      ...all.map(({ range: { start } }) => ({ uri: uri.toString(), line: start.line, character: start.character })),
    );
  });
  const editor = vscode.window.activeTextEditor;
  const from = editor && {
    uri: editor.document.uri.toString(),
    line: editor.selection.active.line,
    character: editor.selection.active.character,
  };
  const place = choose(places, from);
  if (place === undefined) {
    void vscode.window.showInformationMessage(l10n.t('Bulkhead has found no problems.'));
    return;
  }
  const position = new vscode.Position(place.line, place.character);
  // Not through showTextDocument, which keeps the document open for minutes.
  const selection = new vscode.Range(position, position);
  await vscode.commands.executeCommand('vscode.open', vscode.Uri.parse(place.uri, true), { selection });
}
