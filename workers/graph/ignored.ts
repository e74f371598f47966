/** Whether git ignores a path that does not exist; such a path is probably a build output. Reads rules on demand. */
import path from 'node:path';
import ignore, { type Ignore } from 'ignore';
import { readTextSync } from '../protocol/read-file.ts';
import { joined } from './projects.ts';

export class IgnoredPaths {
  readonly #root: string;
  readonly #rules = new Map<string, Ignore | undefined>();

  /** @param root absolute */
  constructor(root: string) {
    this.#root = root;
  }

  /** @param file relative to the root, forward slashes */
  has(file: string): boolean {
    if (file === '' || /^\.\.?(\/|$)/.test(file)) return false;
    const parts = file.split('/');
    let directory = '';
    let isIgnored = false;
    for (const part of parts) {
      const { ignored, unignored } =
        this.#rulesIn(directory)?.test(file.slice(directory === '' ? 0 : directory.length + 1)) ?? {};
      if (ignored === true) isIgnored = true;
      else if (unignored === true) isIgnored = false;
      directory = joined(directory, part);
    }
    return isIgnored;
  }

  #rulesIn(directory: string): Ignore | undefined {
    if (this.#rules.has(directory)) return this.#rules.get(directory);
    let rules: Ignore | undefined;
    try {
      rules = ignore().add(readTextSync(path.join(this.#root, directory, '.gitignore')));
    } catch {
      rules = undefined;
    }
    this.#rules.set(directory, rules);
    return rules;
  }
}
