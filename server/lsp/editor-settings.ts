/** The settings that an editor sends: those of the window, and those of each folder that has its own. Pure. */
import { isRecord } from '../configuration/is-record.ts';
import { readSettings, type BulkheadSettings, type ReadSettings } from '../configuration/settings.ts';

export interface EditorSettings extends ReadSettings {
  /** By the URI of the folder; the others have those of the window. */
  readonly folders: ReadonlyMap<string, BulkheadSettings>;
}

/** @param raw the `bulkhead` section; its key `folders` has the section of each folder by its URI */
export function readEditorSettings(raw: unknown): EditorSettings {
  const { folders: rawFolders, ...ofWindow } = isRecord(raw) ? raw : {};
  const { settings, problems } = readSettings(ofWindow);
  const folders = new Map<string, BulkheadSettings>();
  const all = [...problems];
  for (const [uri, section] of Object.entries(isRecord(rawFolders) ? rawFolders : {})) {
    const read = readSettings(section);
    folders.set(uri, read.settings);
    all.push(...read.problems);
  }
  return { settings, folders, problems: [...new Set(all)] };
}
