/** The `initializationOptions` of an editor. Editors other than VS Code may send none, or only some. */
import type { BulkheadSettings } from '../../workers/protocol/editor-protocol.ts';
import { normalizeSettings } from '../../workers/protocol/settings.ts';

export interface Initialization {
  readonly settings: BulkheadSettings;
  readonly trusted: boolean;
  /** Folder that the editor reserves for this workspace. */
  readonly storageDir: string | undefined;
}

/** In an editor without workspace trust, opening a folder means trusting it. */
export function initializationOf(options: unknown): Initialization {
  const record = typeof options === 'object' && options !== null ? options : {};
  return {
    settings: normalizeSettings('settings' in record ? record.settings : undefined),
    trusted: !('trusted' in record) || record.trusted !== false,
    storageDir: 'storageDir' in record && typeof record.storageDir === 'string' ? record.storageDir : undefined,
  };
}
