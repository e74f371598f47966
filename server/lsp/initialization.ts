/** Parses what `initialize` says about the client and its settings. Editors may send little of it, or in other forms. */
import type { ClientCapabilities, InitializeParams } from 'vscode-languageserver/node';
import { isRecord } from '../configuration/is-record.ts';
import { readEditorSettings, type EditorSettings } from './editor-settings.ts';
import { uriOf } from './uris.ts';

export interface Initialization extends EditorSettings {
  readonly trusted: boolean;
  /** Folder that the editor reserves for this workspace. */
  readonly storageDir: string | undefined;
  /** Whether it says anything about settings. */
  readonly hasSettings: boolean;
  /** The client is Bulkhead's extension: it shows the status and has commands of its own. */
  readonly isExtension: boolean;
}

const ownOptions = ['settings', 'trusted', 'storageDir', 'version', 'commands'];

/** The workspace is trusted if the editor does not say otherwise, because the user opened it. */
export function initializationOf(options: unknown): Initialization {
  const record = isRecord(options) ? options : {};
  const { settings, trusted, storageDir, version } = record;
  const beside = Object.fromEntries(Object.entries(record).filter(([name]) => !ownOptions.includes(name)));
  const section = {
    ...(sectionIn(beside) ?? beside),
    ...(sectionIn(settings) ?? (isRecord(settings) ? settings : {})),
  };
  return {
    ...readEditorSettings(section),
    trusted: trusted !== false,
    storageDir: typeof storageDir === 'string' ? storageDir : undefined,
    hasSettings: Object.keys(section).length > 0,
    isExtension: typeof version === 'string',
  };
}

/**
 * Some clients send the settings of all their extensions, and some send null to say that the server should ask for them.
 * @returns the settings `bulkhead.*`, nested or by full names; undefined: there are none
 */
export function sectionIn(settings: unknown): Readonly<Record<string, unknown>> | undefined {
  if (!isRecord(settings)) return undefined;
  const nested = settings['bulkhead'];
  const own = Object.entries(settings).filter(([name]) => name.startsWith('bulkhead.'));
  if (!isRecord(nested)) return own.length > 0 ? Object.fromEntries(own) : undefined;
  return { ...nested, ...Object.fromEntries(own) };
}

/** What the client can do. */
export interface ClientFeatures {
  readonly watchesFiles: boolean;
  readonly changesFolders: boolean;
  readonly showsProgress: boolean;
  readonly answersConfiguration: boolean;
  /** It asks for diagnostics and takes none that are published. */
  readonly onlyPulls: boolean;
  readonly refreshesDiagnostics: boolean;
  readonly refreshesCodeLenses: boolean;
}

export function featuresOf({ workspace, window, textDocument }: ClientCapabilities): ClientFeatures {
  return {
    watchesFiles: workspace?.didChangeWatchedFiles?.dynamicRegistration === true,
    changesFolders: workspace?.workspaceFolders === true,
    showsProgress: window?.workDoneProgress === true,
    answersConfiguration: workspace?.configuration === true,
    onlyPulls: textDocument?.diagnostic !== undefined && textDocument.publishDiagnostics === undefined,
    refreshesDiagnostics: workspace?.diagnostics?.refreshSupport === true,
    refreshesCodeLenses: workspace?.codeLens?.refreshSupport === true,
  };
}

/** URIs of the folders that the client opens. */
export function rootUrisOf(params: InitializeParams): readonly string[] {
  const folders = params.workspaceFolders?.map((folder) => folder.uri) ?? [];
  if (folders.length > 0) return folders;
  /* eslint-disable @typescript-eslint/no-deprecated -- clients without workspace folders send nothing else */
  if (typeof params.rootUri === 'string') return [params.rootUri];
  return typeof params.rootPath === 'string' && params.rootPath !== '' ? [uriOf(params.rootPath, '')] : [];
  /* eslint-enable @typescript-eslint/no-deprecated */
}
