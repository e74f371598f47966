/** A manifest has everything that is known of a detector; known at compile time. */
import { manifest } from '../../../workers/detectors/circular/manifest.ts';
import type { DetectorName } from '../../../workers/detectors/manifests.ts';
import { defaultSeverities, rulesOption, type DetectorManifest } from '../../../workers/protocol/manifest.ts';

export const complete: DetectorManifest = manifest;

/** Keys that a manifest can do without: none. */
type Optional = {
  [Key in keyof DetectorManifest]-?: object extends Pick<DetectorManifest, Key> ? Key : never;
}[keyof DetectorManifest];
export const optional: Optional[] = [] satisfies never[];
// @ts-expect-error there is no such key
export const someOptional: Optional = 'sandbox';

export const names: readonly DetectorName[] = [
  'typescript',
  'eslint',
  'circular',
  'import',
  'isolation',
  'package',
  'knip',
];
// @ts-expect-error a query is no detector that people choose
export const query: DetectorName = 'dependents';
// @ts-expect-error there is no such detector
export const unknown: DetectorName = 'spelling';

// @ts-expect-error a kind that does not exist
export const kind: DetectorManifest['kind'] = 'network';
// @ts-expect-error options under which it is safe, or that it does not run
export const untrusted: DetectorManifest['untrusted'] = 'sometimes';
// @ts-expect-error an option without a description
export const option: DetectorManifest['options'] = { timeout: { type: 'number', default: 1 } };
// @ts-expect-error a severity that does not exist
export const rules = rulesOption({ loud: { default: 'warn', description: 'Loud.' } });

export const severity: 'off' | 'error' | 'warning' | 'info' | 'hint' = defaultSeverities(manifest)['self-import'];
// @ts-expect-error no rule of this detector
export const none = defaultSeverities(manifest)['self-imports'];
