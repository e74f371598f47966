/**
 * Submodules of git that are not checked out, as in a clone without `--recurse-submodules`: what lies in them cannot be
 * known. Lives until files appear or go: what it read first stays.
 */
import { readdirSync } from 'node:fs';
import path from 'node:path';
import type { Cause, Range } from '../protocol/detector-protocol.ts';
import { readTextSync } from '../protocol/read-file.ts';

const list = '.gitmodules';

export class Submodules {
  readonly #root: string;
  #read: readonly Submodule[] | undefined;

  /** @param root absolute */
  constructor(root: string) {
    this.#root = root;
  }

  /** Why a file is not there. @param file absolute, or relative to the root */
  causeOf(file: string): Cause | undefined {
    const relative = path.relative(this.#root, path.resolve(this.#root, file)).split(path.sep).join('/');
    return this.#absent.some(({ folder }) => relative === folder || relative.startsWith(`${folder}/`))
      ? this.cause
      : undefined;
  }

  /** Undefined: there are none that are not checked out. */
  get cause(): Cause | undefined {
    const [first, ...more] = this.#absent;
    if (first === undefined) return undefined;
    const [what, are] =
      more.length === 0
        ? [`The submodule ${first.folder}`, 'is']
        : [`The submodule ${first.folder} and ${String(more.length)} more`, 'are'];
    return {
      key: 'submodule-missing',
      rule: 'submodule-missing',
      file: list,
      range: first.range,
      message: `${what} ${are} not checked out, so answers are missing. Run 'git submodule update --init'.`,
    };
  }

  /** The folders of those that are not checked out, relative to the root. */
  get folders(): readonly string[] {
    return this.#absent.map(({ folder }) => folder);
  }

  get #absent(): readonly Submodule[] {
    return (this.#read ??= submodulesOf(this.#root).filter(({ folder }) => isEmpty(path.join(this.#root, folder))));
  }
}

interface Submodule {
  readonly folder: string;
  readonly range: Range;
}

function submodulesOf(root: string): readonly Submodule[] {
  let text: string;
  try {
    text = readTextSync(path.join(root, list));
  } catch {
    return [];
  }
  return text.split('\n').flatMap((written, line): readonly Submodule[] => {
    const value = /^path\s*=(.+)$/
      .exec(written.trim())?.[1]
      ?.trim()
      ?.replace(/^"(.*)"$/, '$1');
    const folder = value === undefined ? '' : path.posix.normalize(value).replace(/\/$/, '');
    if (folder === '' || folder === '.' || folder.startsWith('..') || path.posix.isAbsolute(folder)) return [];
    return [{ folder, range: { start: { line, character: 0 }, end: { line, character: written.trimEnd().length } } }];
  });
}

/** Git makes an empty folder for a submodule that it does not check out. */
function isEmpty(folder: string): boolean {
  try {
    return readdirSync(folder).length === 0;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT';
  }
}
