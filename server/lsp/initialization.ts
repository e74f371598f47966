/** What an editor may send with `initialize`. Editors other than VS Code may send nothing, or only a part. */
import type { BulkheadSettings } from '../../workers/protocol-lsp.ts';

export const defaultSettings: BulkheadSettings = {
  typescript: { enable: true, engine: 'auto' },
  eslint: { enable: true },
  circular: { enable: true },
  maxWorkers: 0,
  memoryLimit: 0,
  exclude: [],
  node: '',
};

export interface Initialization {
  readonly settings: BulkheadSettings;
  readonly trusted: boolean;
}

/** An editor that knows nothing of trust has opened the folder because the user wanted it. */
export function initializationOf(options: unknown): Initialization {
  if (!isRecord(options)) return { settings: defaultSettings, trusted: true };
  const settings = isRecord(options['settings']) ? options['settings'] : {};
  return {
    // The extension's client has checked its settings; of others, parts that are missing take their default.
    settings: { ...defaultSettings, ...settings } as BulkheadSettings,
    trusted: options['trusted'] !== false,
  };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
