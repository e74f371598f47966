/**
 * The shape and the defaults of the settings, apart from the editor's API.
 *
 * settings.json is written by hand: a value of the wrong type is replaced by its default, so that the server can rely
 * on what it gets. The editor itself marks such a value in settings.json.
 */
import type { BulkheadSettings } from '../workers/protocol-lsp.ts';

export const defaultSettings: BulkheadSettings = {
  typescript: { enable: true, engine: 'auto' },
  eslint: { enable: true },
  circular: { enable: true },
  maxWorkers: 0,
  memoryLimit: 0,
  exclude: [],
  node: '',
};

const engines: readonly BulkheadSettings['typescript']['engine'][] = ['auto', 'workspace', 'native'];

/** @param raw the `bulkhead` section as the editor gives it: nested, or anything at all */
export function normalizeSettings(raw: unknown): BulkheadSettings {
  const top = record(raw);
  const typescript = record(top['typescript']);
  const engine = engines.find((candidate) => candidate === typescript['engine']);
  return {
    typescript: { ...enabled(typescript), engine: engine ?? defaultSettings.typescript.engine },
    eslint: enabled(record(top['eslint'])),
    circular: enabled(record(top['circular'])),
    maxWorkers: count(top['maxWorkers'], defaultSettings.maxWorkers),
    memoryLimit: count(top['memoryLimit'], defaultSettings.memoryLimit),
    exclude: strings(top['exclude']),
    node: typeof top['node'] === 'string' ? top['node'].trim() : defaultSettings.node,
  };
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function enabled(section: Readonly<Record<string, unknown>>): { enable: boolean } {
  const value = section['enable'];
  return { enable: typeof value === 'boolean' ? value : true };
}

function count(value: unknown, fallback: number): number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? Math.floor(value) : fallback;
}

function strings(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string' && item !== '') : [];
}
