/** ESLint's `eslint-suppressions.json`, for projects that have one: where it is, and its text with another entry. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { isRecord } from '../configuration/is-record.ts';

const fileName = 'eslint-suppressions.json';

/** @returns absolute; undefined: the project has none */
export function suppressionsFileFor(root: string, file: string): string | undefined {
  for (let at = path.dirname(path.resolve(root, file)); ; at = path.dirname(at)) {
    const candidate = path.join(at, fileName);
    if (existsSync(candidate)) return candidate;
    if (at === root || path.dirname(at) === at) return undefined;
  }
}

/**
 * @param file relative to the folder of the suppressions
 * @returns as ESLint writes it; undefined: the text is no valid JSON
 */
export function withSuppression(text: string, file: string, rule: string, count: number): string | undefined {
  let all: unknown;
  try {
    all = text.trim() === '' ? {} : JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isRecord(all)) return undefined;
  const ofFile = all[file];
  const rules = sorted({ ...(isRecord(ofFile) ? ofFile : {}), [rule]: { count } });
  return `${JSON.stringify(sorted({ ...all, [file]: rules }), undefined, 2)}\n`;
}

function sorted(record: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(record).sort(([one], [other]) => (one < other ? -1 : 1)));
}
