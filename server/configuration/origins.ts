/** Where the values of the configuration files stand. Reads only, and never fails: mistakes are told by {@link readConfiguration}. */
import path from 'node:path';
import { readText } from '../../workers/protocol/read-file.ts';
import { ConfigFile } from '../../workers/reading/config-file.ts';
import { isRecord } from './is-record.ts';
import { configurationFile, editorSettingsFile } from './read.ts';
import { validated, type JsonPath } from './validate.ts';

export interface PlacedValue {
  /** `detectors.complexity.maximumDepth` */
  readonly name: string;
  readonly value: unknown;
  /** `bulkhead.config.json:7` */
  readonly from: string;
}

/** The valid values of `bulkhead.config.json`, option by option. @param root absolute */
export async function configuredValues(root: string): Promise<readonly PlacedValue[]> {
  const config = await fileIn(root, configurationFile);
  if (config === undefined || !config.isComplete) return [];
  const { value } = validated('configuration', config.value);
  const { exclude, detectors = {}, external = {} } = isRecord(value) ? value : {};
  const paths: JsonPath[] = [
    ...(exclude === undefined ? [] : [['exclude']]),
    ...entriesOf(detectors).flatMap(([name, options]) =>
      isRecord(options) ? Object.keys(options).map((option) => ['detectors', name, option]) : [['detectors', name]],
    ),
    ...entriesOf(external).map(([name]) => ['external', name]),
  ];
  return paths.map((place) => ({
    name: place.join('.'),
    value: valueAt(value, place),
    from: placeOf(config, place),
  }));
}

/** The valid `bulkhead.*` settings of the folder, which only an editor reads. @param root absolute */
export async function editorValues(root: string): Promise<readonly PlacedValue[]> {
  const config = await fileIn(root, editorSettingsFile);
  if (config === undefined || !isRecord(config.value)) return [];
  const own = Object.fromEntries(Object.entries(config.value).filter(([name]) => name.startsWith('bulkhead.')));
  const { value } = validated('settings', own);
  return entriesOf(value).map(([name, each]) => ({ name, value: each, from: placeOf(config, [name]) }));
}

async function fileIn(root: string, name: string): Promise<ConfigFile | undefined> {
  const text = await readText(path.join(root, name)).catch(() => undefined);
  return text === undefined ? undefined : ConfigFile.json(name, text, 'jsonc');
}

function entriesOf(value: unknown): readonly (readonly [string, unknown])[] {
  return isRecord(value) ? Object.entries(value) : [];
}

function valueAt(value: unknown, place: JsonPath): unknown {
  return place.reduce<unknown>((outer, step) => (isRecord(outer) ? outer[String(step)] : undefined), value);
}

function placeOf(config: ConfigFile, place: JsonPath): string {
  return `${config.file}:${config.nameRangeOf(place).start.line + 1}`;
}
