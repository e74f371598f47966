/** The files of a package that publint may look at, as far as that is known without packing. */
import { readdirSync, type Dirent } from 'node:fs';
import path from 'node:path';
import type { Options } from 'publint';
import { IgnoredPaths } from '../../graph/ignored.ts';
import { stringsOf } from '../../graph/rules.ts';
import { readTextSync } from '../../protocol/read-file.ts';
import { globMatcher } from '../../reading/globs.ts';

/** Where publint finds the package. */
const PACKAGE = '/package';

/** publint compares each file with all others. Larger packages are looked at in part. */
const MOST_FILES = 10_000;

/**
 * Without `exports`, publint looks at every file below a package, so it gets none of installed packages.
 * @param folder absolute
 */
export function filesOf(folder: string): Pick<Options, 'pkgDir' | 'pack'> {
  const files: { readonly name: string; readonly data: string }[] = [];
  const visit = (below: string): void => {
    for (const entry of entriesOf(path.join(folder, below))) {
      const relative = below === '' ? entry.name : `${below}/${entry.name}`;
      if (entry.name === 'node_modules' || entry.name === '.git' || files.length >= MOST_FILES) continue;
      if (entry.isDirectory()) visit(relative);
      else if (entry.isFile()) files.push(new LazyFile(folder, relative));
    }
  };
  visit('');
  return { pkgDir: PACKAGE, pack: { files } };
}

/** Read when publint asks for it. */
class LazyFile {
  readonly name: string;
  readonly #file: string;

  constructor(folder: string, relative: string) {
    this.name = `${PACKAGE}/${relative}`;
    this.#file = path.join(folder, relative);
  }

  get data(): string {
    return readTextSync(this.#file);
  }
}

/**
 * Whether npm packs a file: what `files` lists, or else what git does not ignore.
 * @param files the field of the package.json
 * @returns for a path in the package, forward slashes
 */
export function packedBy(folder: string, files: unknown): (relative: string) => boolean {
  const listed = stringsOf(files);
  if (listed === undefined) {
    const ignored = new IgnoredPaths(folder);
    return (relative) => !ignored.has(relative);
  }
  const plain = listed.map((one) => one.replace(/^\.?\/+|\/+$/g, ''));
  return globMatcher(plain.flatMap((one) => [one, `${one}/**`]), { dot: true }); // prettier-ignore
}

function entriesOf(folder: string): readonly Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}
