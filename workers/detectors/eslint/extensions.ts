/** The extensions of files that ESLint lints, or would lint if there were any. */
import path from 'node:path';
import { readTextSync } from '../../protocol/read-file.ts';

/**
 * @param configs absolute paths of configurations, whose patterns name extensions
 * @returns without the dot
 */
export function extensionsOf(files: Iterable<string>, configs: Iterable<string>): ReadonlySet<string> {
  const found = new Set<string>();
  const add = (extension: string): void => {
    if (/^[\w-]+$/.test(extension)) found.add(extension.toLowerCase());
  };
  for (const file of files) add(path.extname(file).slice(1));
  for (const config of configs) {
    for (const [, names = ''] of textOf(config).matchAll(/\*\.(\{[^{}'"`]+\}|[\w-]+)/g)) {
      for (const name of names.replace(/[{}\s]/g, '').split(',')) add(name.replace(/^.*\./, ''));
    }
  }
  return found;
}

function textOf(file: string): string {
  try {
    return readTextSync(file);
  } catch {
    return '';
  }
}
