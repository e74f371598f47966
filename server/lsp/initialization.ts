/** What an editor may send with `initialize`. Editors other than VS Code may send nothing, or only a part. */
import { readSettings, type ReadSettings } from '../configuration/settings.ts';

export interface Initialization extends ReadSettings {
  readonly trusted: boolean;
  /** Folder the editor keeps for this workspace. */
  readonly storageDir: string | undefined;
}

/** An editor that knows nothing of trust has opened the folder because the user wanted it. */
export function initializationOf(options: unknown): Initialization {
  const record = typeof options === 'object' && options !== null ? options : {};
  return {
    ...readSettings('settings' in record ? record.settings : undefined),
    trusted: !('trusted' in record) || record.trusted !== false,
    storageDir: 'storageDir' in record && typeof record.storageDir === 'string' ? record.storageDir : undefined,
  };
}
