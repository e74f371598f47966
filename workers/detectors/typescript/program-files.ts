/**
 * Which files of a program count as read by its project: all but those of installed packages, whose manifests the engine
 * compares, and those inside of the compiler. Lives as long as a root's sessions; programs share most of their files.
 */
import { realpathSync } from 'node:fs';
import path from 'node:path';
import { RootPaths } from './report.ts';

export class ProgramFiles {
  readonly #paths: RootPaths;
  /** By name as TypeScript spells it; undefined: it does not count. */
  readonly #known = new Map<string, string | undefined>();
  /** By folder inside of a `node_modules`. */
  readonly #places = new Map<string, string>();

  constructor(root: string) {
    this.#paths = new RootPaths(root);
  }

  /** @returns relative to the root, sorted */
  of(files: Iterable<string>): readonly string[] {
    const found = new Set<string>();
    for (const file of files) {
      if (!this.#known.has(file)) this.#known.set(file, this.#placeOf(file));
      const place = this.#known.get(file);
      if (place !== undefined) found.add(place);
    }
    return [...found].sort();
  }

  #placeOf(file: string): string | undefined {
    if (file.includes('://')) return undefined;
    if (!INSTALLED.test(file)) return this.#paths.relative(file);
    // A package of the workspace, where the compiler does not follow links.
    const real = path.join(this.#realFolder(path.dirname(file)), path.basename(file));
    return INSTALLED.test(real) ? undefined : this.#paths.relative(real);
  }

  #realFolder(folder: string): string {
    const known = this.#places.get(folder);
    if (known !== undefined) return known;
    let real = folder;
    try {
      real = realpathSync.native(folder);
    } catch {
      // It is gone: the next check finds out.
    }
    this.#places.set(folder, real);
    return real;
  }
}

const INSTALLED = /[\\/]node_modules[\\/]/;
