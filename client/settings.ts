/** Reads the `bulkhead` settings. Stateless; whoever needs them reads them anew. */
import * as vscode from 'vscode';
import type { RawSettings } from '../workers/protocol/editor-protocol.ts';

export const settingsSection = 'bulkhead';

/** The settings that apply to the window now. The server validates them. */
export function readSettings(): RawSettings {
  const configuration = vscode.workspace.getConfiguration(settingsSection);
  const all: unknown = vscode.workspace.getConfiguration().get(settingsSection);
  const sections = Object.entries(isRecord(all) ? all : {});
  return Object.fromEntries(
    sections.map(([name, value]) => [name, isRecord(value) ? chosenOptions(configuration, name, value) : value]),
  );
}

/** Only what somebody chose: a default would override what `bulkhead.config.json` says. */
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

/** Calls back with the new settings after each change that touches them. */
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
