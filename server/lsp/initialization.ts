/** Parses the options of `initialize`. Editors other than VS Code may send none, or only some. */
import { readEditorSettings, type EditorSettings } from './editor-settings.ts';

export interface Initialization extends EditorSettings {
  readonly trusted: boolean;
  /** Folder that the editor reserves for this workspace. */
  readonly storageDir: string | undefined;
}

/** The workspace is trusted if the editor does not say otherwise, because the user opened it. */
export function initializationOf(options: unknown): Initialization {
  const record = typeof options === 'object' && options !== null ? options : {};
  return {
    ...readEditorSettings('settings' in record ? record.settings : undefined),
    trusted: !('trusted' in record) || record.trusted !== false,
    storageDir: 'storageDir' in record && typeof record.storageDir === 'string' ? record.storageDir : undefined,
  };
}
