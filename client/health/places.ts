/** Places in files that views and menus lead to. */
import * as vscode from 'vscode';
import type { HealthNode } from './model.ts';

type Opens = NonNullable<HealthNode['opens']>;

export function isPlace(opens: HealthNode['opens']): opens is Opens {
  return opens !== undefined;
}

export function placeOf(opens: Opens): { readonly uri: vscode.Uri; readonly selection: vscode.Range } {
  const { line = 0 } = opens;
  const uri =
    'uri' in opens ? vscode.Uri.parse(opens.uri, true) : vscode.Uri.joinPath(vscode.Uri.file(opens.root), opens.file);
  return { uri, selection: new vscode.Range(line, 0, line, 0) };
}

export async function open(opens: Opens): Promise<void> {
  const { uri, selection } = placeOf(opens);
  await vscode.commands.executeCommand('vscode.open', uri, { selection });
}
