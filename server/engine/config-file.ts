/** Reads `bulkhead.config.json`: what a repository says for everybody. Comments and trailing commas are allowed. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { parse, printParseErrorCode, type ParseError } from 'jsonc-parser';

export const configFileName = 'bulkhead.config.json';

export interface ConfigFile {
  readonly exclude: readonly string[];
  /** By detector: `false` turns it off, an object gives it options. */
  readonly detectors: Readonly<Record<string, boolean | Readonly<Record<string, unknown>>>>;
}

/** Names the file, the place and the way out. */
export class ConfigFileError extends Error {
  override readonly name = 'ConfigFileError';
}

const empty: ConfigFile = { exclude: [], detectors: {} };

/**
 * @returns what the file says; an empty configuration when there is none
 * @throws ConfigFileError when it cannot be read, is not JSON, or holds something unknown
 */
export async function readConfigFile(root: string, knownDetectors: readonly string[]): Promise<ConfigFile> {
  const file = path.join(root, configFileName);
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return empty;
    throw new ConfigFileError(`Cannot read ${file}: ${String(error)}. Make it readable or remove it.`, {
      cause: error,
    });
  }
  return check(file, text, knownDetectors);
}

function check(file: string, text: string, knownDetectors: readonly string[]): ConfigFile {
  const errors: ParseError[] = [];
  const value: unknown = parse(text.replace(/^\uFEFF/, ''), errors, { allowTrailingComma: true });
  const first = errors[0];
  if (first)
    throw new ConfigFileError(
      `${placeIn(file, text, first.offset)}: ${printParseErrorCode(first.error)}. Mend the JSON.`,
    );
  if (!isRecord(value)) throw new ConfigFileError(`${file}: expected an object such as {"exclude": ["dist/"]}.`);
  for (const key of Object.keys(value)) {
    if (key !== '$schema' && key !== 'exclude' && key !== 'detectors') {
      throw new ConfigFileError(`${file}: unknown key "${key}". Known are "exclude" and "detectors".`);
    }
  }
  const exclude = value['exclude'] ?? [];
  if (!Array.isArray(exclude) || !exclude.every((item) => typeof item === 'string')) {
    throw new ConfigFileError(`${file}: "exclude" must be a list of patterns such as ["dist/", "**/*.min.js"].`);
  }
  const detectors = value['detectors'] ?? {};
  if (!isRecord(detectors)) throw new ConfigFileError(`${file}: "detectors" must be an object.`);
  const checked: Record<string, boolean | Readonly<Record<string, unknown>>> = {};
  for (const [name, setting] of Object.entries(detectors)) {
    if (!knownDetectors.includes(name)) {
      throw new ConfigFileError(`${file}: unknown detector "${name}". Known are ${knownDetectors.join(', ')}.`);
    }
    if (typeof setting !== 'boolean' && !isRecord(setting)) {
      throw new ConfigFileError(`${file}: "detectors.${name}" must be true, false or an object of options.`);
    }
    checked[name] = setting;
  }
  return { exclude, detectors: checked };
}

function placeIn(file: string, text: string, offset: number): string {
  const before = text.slice(0, offset).split('\n');
  return `${file}:${before.length}:${(before.at(-1)?.length ?? 0) + 1}`;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
