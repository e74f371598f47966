/** Reads the `bulkhead` settings. Stateless: nothing is cached. */
import * as vscode from 'vscode';
import { excludedFiles } from './excluded-files.ts';
import type { RawSettings } from '../workers/protocol/editor-protocol.ts';

export const settingsSection = 'bulkhead';
const excludeSetting = 'files.exclude';

/** The present settings of the window and of its folders. The server validates them. */
export function readSettings(): RawSettings {
  const folders = (vscode.workspace.workspaceFolders ?? []).map(
    ({ uri }) => [uri.toString(), settingsOf(uri)] as const,
  );
  return { ...settingsOf(undefined), folders: Object.fromEntries(folders) };
}

function settingsOf(folder: vscode.Uri | undefined): RawSettings {
  const configuration = vscode.workspace.getConfiguration(settingsSection, folder);
  const all: unknown = vscode.workspace.getConfiguration(undefined, folder).get(settingsSection);
  const sections = Object.entries(isRecord(all) ? all : {});
  const settings: RawSettings = Object.fromEntries(
    sections.map(([name, value]) => [name, isRecord(value) ? chosenOptions(configuration, name, value) : value]),
  );
  const { exclude } = settings;
  // What the user hides from view is not to be analysed; a wrong value is for the server to refuse.
  return Array.isArray(exclude)
    ? { ...settings, exclude: [...(exclude as unknown[]), ...hiddenFiles(folder)] }
    : settings;
}

function hiddenFiles(folder: vscode.Uri | undefined): readonly string[] {
  const values = vscode.workspace.getConfiguration(undefined, folder).inspect<RawSettings>(excludeSetting);
  const { defaultValue = {}, globalValue, workspaceValue, workspaceFolderValue } = values ?? {};
  return excludedFiles({ ...defaultValue, ...globalValue, ...workspaceValue, ...workspaceFolderValue }, defaultValue);
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
  return vscode.Disposable.from(
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration(settingsSection) || event.affectsConfiguration(excludeSetting)) {
        listener(readSettings());
      }
    }),
    vscode.workspace.onDidChangeWorkspaceFolders(() => listener(readSettings())),
  );
}

function isRecord(value: unknown): value is RawSettings {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
