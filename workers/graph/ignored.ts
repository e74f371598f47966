/** Whether git ignores a path that does not exist; such a path is probably a build output. Reads rules on demand. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import ignore, { type Ignore } from 'ignore';
import { joined, relativeTo } from './projects.ts';

export class IgnoredPaths {
  readonly #root: string;
  readonly #rules = new Map<string, Ignore | undefined>();
  /** Of the folders above the root, up to the top of its repository; outermost first. */
  readonly #above: { readonly below: string; readonly rules: Ignore }[] = [];

  /** @param root absolute */
  constructor(root: string) {
    this.#root = root;
    for (let at = root; !existsSync(path.join(at, '.git')) && path.dirname(at) !== at;) {
      at = path.dirname(at);
      const rules = rulesIn(at);
      if (rules) this.#above.unshift({ below: relativeTo(at, root), rules });
    }
  }

  /** @param file relative to the root, forward slashes */
  has(file: string): boolean {
    if (file === '' || /^\.\.?(\/|$)/.test(file)) return false;
    const parts = file.split('/');
    let directory = '';
    let isIgnored = false;
    const apply = (rules: Ignore | undefined, below: string): void => {
      const { ignored, unignored } = rules?.test(below) ?? {};
      if (ignored === true) isIgnored = true;
      else if (unignored === true) isIgnored = false;
    };
    for (const { below, rules } of this.#above) apply(rules, joined(below, file));
    for (const part of parts) {
      apply(this.#rulesIn(directory), file.slice(directory === '' ? 0 : directory.length + 1));
      directory = joined(directory, part);
    }
    return isIgnored;
  }

  #rulesIn(directory: string): Ignore | undefined {
    if (this.#rules.has(directory)) return this.#rules.get(directory);
    const rules = rulesIn(path.join(this.#root, directory));
    this.#rules.set(directory, rules);
    return rules;
  }
}

/** @param folder absolute */
function rulesIn(folder: string): Ignore | undefined {
  try {
    return ignore().add(readFileSync(path.join(folder, '.gitignore'), 'utf8'));
  } catch {
    return undefined;
  }
}
