/** Reads the `bulkhead` settings. Stateless; whoever needs them reads them anew. */
import * as vscode from 'vscode';
import { normalizeSettings } from '../workers/settings.ts';
import type { BulkheadSettings } from '../workers/protocol-lsp.ts';

export const settingsSection = 'bulkhead';

/** The settings as they apply to the window now, every value of the right type and in range. */
export function readSettings(): BulkheadSettings {
  return normalizeSettings(vscode.workspace.getConfiguration().get(settingsSection));
}

/** Calls back with the new settings after each change that touches them. */
export function onDidChangeSettings(listener: (settings: BulkheadSettings) => void): vscode.Disposable {
  return vscode.workspace.onDidChangeConfiguration((event) => {
    if (event.affectsConfiguration(settingsSection)) {
      listener(readSettings());
    }
  });
}
