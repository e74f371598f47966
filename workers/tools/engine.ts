/** Which installed package a script belongs to. Reads only. */
import path from 'node:path';
import { readTextSync } from '../protocol/read-file.ts';
import { isRecord, jsonOf } from '../reading/config-file.ts';

/** @returns `oxlint 1.94.0`; undefined: it belongs to no installed package */
export function packageOf(script: string): string | undefined {
  for (let folder = path.dirname(script); folder.includes('node_modules'); folder = path.dirname(folder)) {
    let value: unknown;
    try {
      value = jsonOf(readTextSync(path.join(folder, 'package.json')));
    } catch {
      continue;
    }
    const { name, version } = isRecord(value) ? value : {};
    if (typeof name === 'string' && typeof version === 'string') return `${name} ${version}`;
  }
  return undefined;
}
