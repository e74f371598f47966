/** Reads the `bulkhead` settings. Stateless. */
import * as vscode from 'vscode';
import { normalizeSettings } from '../workers/protocol/settings.ts';
import { detectorNames, type BulkheadSettings } from '../workers/protocol/editor-protocol.ts';

export const settingsSection = 'bulkhead';

/** The settings of the window as they are now, every value of the right type and in range. */
export function readSettings(): BulkheadSettings {
  const configuration = vscode.workspace.getConfiguration(settingsSection);
  const detectors = detectorNames.map((name) => [name, chosenOptions(configuration, name)] as const);
  const raw: unknown = vscode.workspace.getConfiguration().get(settingsSection);
  return normalizeSettings({ ...(typeof raw === 'object' ? raw : {}), ...Object.fromEntries(detectors) });
}

/** Only options that the user set: a default would override `bulkhead.config.json`. */
function chosenOptions(configuration: vscode.WorkspaceConfiguration, detector: string): Record<string, unknown> {
  const section: unknown = configuration.get(detector);
  const options = typeof section === 'object' && section !== null ? Object.entries(section) : [];
  return Object.fromEntries(
    options.filter(([name]) => {
      const where = configuration.inspect(`${detector}.${name}`);
      const values = [where?.globalValue, where?.workspaceValue, where?.workspaceFolderValue];
      return values.some((value) => value !== undefined);
    }),
  );
}

/** Calls back with the new settings after each change. */
export function onDidChangeSettings(listener: (settings: BulkheadSettings) => void): vscode.Disposable {
  return vscode.workspace.onDidChangeConfiguration((event) => {
    if (event.affectsConfiguration(settingsSection)) {
      listener(readSettings());
    }
  });
}
