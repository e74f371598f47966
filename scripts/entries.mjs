// What programs can import from the package. `exports` in package.json is the one list: each entry names the file that
// is loaded and the declarations, and the declarations lie in dist/types as their sources lie in the repository.
import { readFileSync } from 'node:fs';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '..');
const types = './dist/types/';

/**
 * @typedef {object} Entry
 * @property {string} name  `.` or a sub-path such as `./workers`
 * @property {string} output  the CommonJS file, relative to the repository
 * @property {string} source  relative to the repository
 */

/** @returns {Entry[]} */
export function publicEntries() {
  const { exports } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
  return Object.entries(exports)
    .filter(([, target]) => typeof target === 'object')
    .map(([name, target]) => {
      if (!target.types.startsWith(types)) throw new Error(`The types of "${name}" are not in ${types}.`);
      return { name, output: target.default, source: target.types.slice(types.length).replace(/\.d\.ts$/, '.ts') };
    });
}
