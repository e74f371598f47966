/** Whether git ignores a path that does not exist; such a path is probably a build output. Reads rules on demand. */
import path from 'node:path';
import ignore, { type Ignore } from 'ignore';
import { entryAt, readTextSync } from '../protocol/read-file.ts';
import { joined, relativeTo } from './projects.ts';

interface RulesAbove {
  /** From the folder of the rules to the root. */
  readonly below: string;
  readonly rules: Ignore;
}

export class IgnoredPaths {
  readonly #root: string;
  readonly #rules = new Map<string, Ignore | undefined>();
  /** Of the folders above the root, up to the top of its repository; outermost first. */
  readonly #above: readonly RulesAbove[];

  /** @param root absolute */
  constructor(root: string) {
    this.#root = root;
    this.#above = rulesAbove(root);
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
    return ignore().add(readTextSync(path.join(folder, '.gitignore')));
  } catch {
    return undefined;
  }
}

/** Empty if git ignores the root itself: whoever opens it wants its files. */
function rulesAbove(root: string): readonly RulesAbove[] {
  const found: RulesAbove[] = [];
  for (let at = root; entryAt(path.join(at, '.git')) === 'nothing';) {
    if (path.dirname(at) === at) return [];
    at = path.dirname(at);
    const rules = rulesIn(at);
    const below = relativeTo(at, root);
    if (rules?.ignores(`${below}/`) === true) return [];
    if (rules) found.unshift({ below, rules });
  }
  return found;
}
