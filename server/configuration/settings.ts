/**
 * The settings that an editor sends. Users write them by hand, and editors other than VS Code may send anything, so
 * invalid values are replaced by defaults: all other code can rely on their types.
 */
import { detectorNames, type DetectorName } from '../../workers/detectors/manifests.ts';
import { isRecord } from './is-record.ts';
import { generalSettings, type GeneralSettings } from './schema.ts';
import { validated } from './validate.ts';

/** `bulkhead.<detector>.*`: whether the detector runs, and the options that the user set. */
export type DetectorSettings = Readonly<Record<string, unknown>> & { readonly enable: boolean };

/** The validated settings `bulkhead.*`; schema.ts describes them. */
export type BulkheadSettings = GeneralSettings & Readonly<Record<DetectorName, DetectorSettings>>;

export interface ReadSettings {
  readonly settings: BulkheadSettings;
  /** The mistakes, one sentence for each setting. */
  readonly problems: readonly string[];
}

/** @param raw the `bulkhead` section as the editor sends it: nested or by full names of settings, if it is valid */
export function readSettings(raw: unknown): ReadSettings {
  const { value, flaws } = validated('settings', flat(raw));
  const valid: Readonly<Record<string, unknown>> = { ...defaults, ...(value ?? {}) };
  const detectors = detectorNames.map((name) => [name, sectionOf(valid, name)] as const);
  const general = Object.keys(generalSettings).map((name) => [name, valid[`bulkhead.${name}`]] as const);
  const settings = Object.fromEntries([...detectors, ...general]) as unknown as BulkheadSettings;
  return {
    // A path that was pasted often ends in a space.
    settings: { ...settings, node: settings.node.trim() },
    problems: flaws.map(({ path, rule, message }) => {
      // The message already names an unknown option.
      const place = rule === 'unknown-option' ? path.slice(0, -1) : path;
      return place.length === 0 ? message : `Setting ${place.join('/')}: ${message}`;
    }),
  };
}

const defaults: Readonly<Record<string, unknown>> = Object.fromEntries([
  ...Object.entries(generalSettings).map(([name, schema]) => [`bulkhead.${name}`, schema.default] as const),
  ...detectorNames.map((name) => [`bulkhead.${name}.enable`, true] as const),
]);

export const defaultSettings: BulkheadSettings = readSettings({}).settings;

/** `{ circular: { enable: true } }` → `{ 'bulkhead.circular.enable': true }`. Names may begin with `bulkhead.`. */
function flat(raw: unknown): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(isRecord(raw) ? raw : {}).flatMap(([given, value]) => {
      const name = given.replace(/^bulkhead\./, '');
      if (!isRecord(value) || name.includes('.') || Object.hasOwn(generalSettings, name))
        return [[`bulkhead.${name}`, value] as const];
      return Object.entries(value).map(([option, chosen]) => [`bulkhead.${name}.${option}`, chosen] as const);
    }),
  );
}

/** Options that the user did not set are absent, so that those in `bulkhead.config.json` apply. */
function sectionOf(settings: Readonly<Record<string, unknown>>, detector: string): Record<string, unknown> {
  const prefix = `bulkhead.${detector}.`;
  return Object.fromEntries(
    Object.entries(settings).flatMap(([name, value]) =>
      name.startsWith(prefix) ? [[name.slice(prefix.length), value] as const] : [],
    ),
  );
}
