/** Parses the options of `initialize`. Editors other than VS Code may send none, or only some. */
import { readSettings, type ReadSettings } from '../configuration/settings.ts';

export interface Initialization extends ReadSettings {
  readonly trusted: boolean;
  /** Folder that the editor reserves for this workspace. */
  readonly storageDir: string | undefined;
  /** The client shows progress by itself. */
  readonly ownProgress: boolean;
}

/** The workspace is trusted if the editor does not say otherwise, because the user opened it. */
export function initializationOf(options: unknown): Initialization {
  const record = typeof options === 'object' && options !== null ? options : {};
  return {
    ...readSettings('settings' in record ? record.settings : undefined),
    trusted: !('trusted' in record) || record.trusted !== false,
    ownProgress: 'ownProgress' in record && record.ownProgress === true,
    storageDir: 'storageDir' in record && typeof record.storageDir === 'string' ? record.storageDir : undefined,
  };
}
