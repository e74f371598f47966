/**
 * The shape and the defaults of the settings, for both sides of the line.
 *
 * settings.json is written by hand, and editors other than VS Code send what they like: a value of the wrong type is
 * replaced by its default, so that everybody after this can rely on what is there.
 */
import { detectorNames, type BulkheadSettings, type DetectorName, type DetectorSettings } from './editor-protocol.ts';

export const defaultSettings: BulkheadSettings = {
  typescript: { enable: true, engine: 'auto' },
  eslint: { enable: true },
  circular: { enable: true },
  import: { enable: true },
  isolation: { enable: true },
  package: { enable: true },
  knip: { enable: true },
  run: 'onType',
  maxWorkers: 0,
  memoryLimit: 0,
  healthInterval: 5,
  exclude: [],
  baseline: 'hide',
  shareAnalysis: true,
  node: '',
};

const engines = ['auto', 'workspace', 'native'] as const;
const baselines = ['show', 'hide'] as const;
const runs = ['onType', 'onSave'] as const;

/** @param raw the `bulkhead` section as the editor gives it: nested, or anything at all */
export function normalizeSettings(raw: unknown): BulkheadSettings {
  const top = record(raw);
  const detectors = Object.fromEntries(detectorNames.map((name) => [name, detectorSettings(name, top[name])]));
  return {
    ...(detectors as Record<DetectorName, DetectorSettings>),
    run: oneOf(runs, top['run'], defaultSettings.run),
    maxWorkers: count(top['maxWorkers'], defaultSettings.maxWorkers),
    memoryLimit: count(top['memoryLimit'], defaultSettings.memoryLimit),
    healthInterval: count(top['healthInterval'], 0) || defaultSettings.healthInterval,
    exclude: strings(top['exclude']),
    baseline: oneOf(baselines, top['baseline'], defaultSettings.baseline),
    shareAnalysis: typeof top['shareAnalysis'] === 'boolean' ? top['shareAnalysis'] : defaultSettings.shareAnalysis,
    node: typeof top['node'] === 'string' ? top['node'].trim() : defaultSettings.node,
  };
}

/** What a detector understands beyond `enable` is checked by the detector. */
function detectorSettings(name: DetectorName, raw: unknown): DetectorSettings {
  const section = { ...defaultSettings[name], ...record(raw) };
  return {
    ...section,
    enable: typeof section.enable === 'boolean' ? section.enable : true,
    ...(name === 'typescript' ? { engine: oneOf(engines, section['engine'], 'auto') } : {}),
  };
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}

function oneOf<Word extends string>(words: readonly Word[], value: unknown, fallback: Word): Word {
  return words.find((word) => word === value) ?? fallback;
}

function count(value: unknown, fallback: number): number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? Math.floor(value) : fallback;
}

function strings(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string' && item !== '') : [];
}
