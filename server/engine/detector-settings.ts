/** Which detectors run, and with which options: those of the repository, overridden by the user's choice. */
import { optionsOfTool } from '../../workers/protocol/declared-tools.ts';
import type { DetectorOptions } from '../../workers/protocol/detector-protocol.ts';
import { manifests } from '../../workers/detectors/manifests.ts';
import { isRecord } from '../configuration/is-record.ts';
import type { Configuration } from '../configuration/read.ts';
import type { EngineSettings } from './engine-settings.ts';

/** What the user chose in the editor, on the command line or through the library. */
export interface DetectorChoice {
  /** Only these run, whatever the repository configures. */
  readonly only?: readonly string[];
  /** Turned off by the user. */
  readonly off?: readonly string[];
  /** By detector; overrides the repository's options one by one. */
  readonly options?: Readonly<Record<string, DetectorOptions>>;
  readonly exclude?: readonly string[];
}

export function detectorSettings(
  configuration: Configuration,
  choice: DetectorChoice,
): Pick<EngineSettings, 'detectors' | 'exclude' | 'issues'> {
  const detectors = new Map<string, DetectorOptions>();
  const chosen = (name: string): DetectorOptions => {
    const setting = configuration.detectors[name];
    return merged(typeof setting === 'object' ? setting : {}, choice.options?.[name] ?? {});
  };
  for (const { name } of manifests) {
    const setting = configuration.detectors[name];
    const isEnabled = choice.only
      ? choice.only.includes(name)
      : setting !== false && choice.off?.includes(name) !== true;
    if (!isEnabled) continue;
    detectors.set(name, chosen(name));
  }
  for (const { name, without } of manifests) {
    for (const [other, options] of Object.entries(without)) {
      const own = detectors.get(name);
      if (own && !detectors.has(other)) detectors.set(name, { ...own, ...options });
    }
  }
  for (const manifest of manifests) {
    const own = detectors.get(manifest.name);
    if (own && 'heeds' in manifest)
      detectors.set(manifest.name, { ...own, ...optionsOfOthers(manifest.heeds, chosen) });
  }
  for (const [name, tool] of Object.entries(configuration.external)) {
    if (tool === undefined || choice.only?.includes(name) === false) continue;
    const { ranBy, ...rest } = tool;
    // What a detector that is turned off would run, the tool may.
    detectors.set(name, optionsOfTool(ranBy !== undefined && detectors.has(ranBy) ? tool : rest));
  }
  const { exclude, issues } = configuration;
  return { detectors, exclude: [...exclude, ...(choice.exclude ?? [])], issues };
}

function optionsOfOthers(
  heeds: Readonly<Record<string, readonly string[]>>,
  chosen: (name: string) => DetectorOptions,
): DetectorOptions {
  const options: Record<string, unknown> = {};
  for (const [other, names] of Object.entries(heeds)) {
    const all = chosen(other);
    for (const name of names) if (all[name] !== undefined) options[name] = all[name];
  }
  return options;
}

/** Overrides option by option; within an option that is an object, such as severities by rule, key by key. */
function merged(base: DetectorOptions, overrides: DetectorOptions): DetectorOptions {
  const options: Record<string, unknown> = { ...base };
  for (const [name, value] of Object.entries(overrides)) {
    const before = options[name];
    options[name] = isRecord(before) && isRecord(value) ? { ...before, ...value } : value;
  }
  return options;
}
