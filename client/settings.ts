/** Reads the `bulkhead` settings. Stateless: nothing is cached. */
import * as vscode from 'vscode';
import type { RawSettings } from '../workers/protocol/editor-protocol.ts';

export const settingsSection = 'bulkhead';

/** The present settings of the window. The server validates them. */
export function readSettings(): RawSettings {
  const configuration = vscode.workspace.getConfiguration(settingsSection);
  const all: unknown = vscode.workspace.getConfiguration().get(settingsSection);
  const sections = Object.entries(isRecord(all) ? all : {});
  return Object.fromEntries(
    sections.map(([name, value]) => [name, isRecord(value) ? chosenOptions(configuration, name, value) : value]),
  );
}

/** Only options that the user set: a default would override `bulkhead.config.json`. */
function chosenOptions(
  configuration: vscode.WorkspaceConfiguration,
  section: string,
  values: RawSettings,
): RawSettings {
  return Object.fromEntries(
    Object.entries(values).filter(([name]) => {
      const where = configuration.inspect(`${section}.${name}`);
      const chosen = [where?.globalValue, where?.workspaceValue, where?.workspaceFolderValue];
      return chosen.some((value) => value !== undefined);
    }),
  );
}

/** Calls the listener with the new settings after each change of them. */
export function onDidChangeSettings(listener: (settings: RawSettings) => void): vscode.Disposable {
  return vscode.workspace.onDidChangeConfiguration((event) => {
    if (event.affectsConfiguration(settingsSection)) {
      listener(readSettings());
    }
  });
}

function isRecord(value: unknown): value is RawSettings {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
