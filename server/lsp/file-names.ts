/**
 * The names of files. An editor may name one file in several ways: through symbolic links, with another case, with other
 * characters escaped, with a slash at the end. The server knows it by its real path, and tells the editor the name that the
 * editor uses. Lives as long as the connection.
 */
import { realpathSync } from 'node:fs';
import path from 'node:path';
import { isWithin } from '../is-within.ts';
import { pathOf, uriOf } from './uris.ts';

/** On Windows the native one would name network drives in another way. */
const realPath = process.platform === 'win32' ? realpathSync : realpathSync.native;

export class FileNames {
  /** From the path of each root, as the editor spells it, to its real path. */
  readonly #roots = new Map<string, string>();
  /** From directories to their real paths. */
  readonly #directories = new Map<string, string>();
  /** Real path of each open document, by its URI. */
  readonly #open = new Map<string, string>();

  addRoot(uri: string): void {
    const spelled = normalPathOf(uri);
    if (spelled !== undefined && !this.#roots.has(spelled)) this.#roots.set(spelled, realOf(spelled));
  }

  removeRoot(uri: string): void {
    const spelled = normalPathOf(uri);
    if (spelled !== undefined) this.#roots.delete(spelled);
  }

  /** The real paths of all roots. */
  get roots(): readonly string[] {
    return [...new Set(this.#roots.values())];
  }

  opened(uri: string): void {
    const file = this.pathOf(uri);
    if (file !== undefined) this.#open.set(uri, file);
  }

  closed(uri: string): void {
    this.#open.delete(uri);
  }

  /** Real path of a file or folder; undefined for what is not on disk. Files that are links themselves stay as they are. */
  pathOf(uri: string): string | undefined {
    const known = this.#open.get(uri);
    if (known !== undefined) return known;
    const spelled = normalPathOf(uri);
    if (spelled === undefined) return undefined;
    const root = this.#roots.get(spelled);
    if (root !== undefined) return root;
    const directory = path.dirname(spelled);
    if (directory === spelled) return spelled;
    let real = this.#directories.get(directory);
    if (real === undefined) {
      real = realOf(directory);
      this.#directories.set(directory, real);
    }
    return path.join(real, path.basename(spelled));
  }

  /** The URIs by which the editor has opened a file, or else the one by which it would. */
  urisOf(absolute: string): readonly string[] {
    const open = [...this.#open].flatMap(([uri, file]) => (file === absolute ? [uri] : []));
    return open.length > 0 ? open : [this.closedUriOf(absolute)];
  }

  uriOf(absolute: string): string {
    return this.urisOf(absolute)[0] ?? this.closedUriOf(absolute);
  }

  /** The URI of a file that is not open: below the root as the editor spells it. */
  closedUriOf(absolute: string): string {
    const [root] = [...this.#roots]
      .filter(([, real]) => isWithin(real, absolute))
      .sort(([, one], [, other]) => other.length - one.length);
    if (root === undefined) return uriOf(absolute, '');
    const [spelled, real] = root;
    return uriOf(spelled, path.relative(real, absolute));
  }

  /** Links may lead elsewhere now. */
  forgetDirectories(): void {
    this.#directories.clear();
  }
}

/** Without a slash at the end; drive letters in upper case. */
function normalPathOf(uri: string): string | undefined {
  const given = pathOf(uri);
  if (given === undefined) return undefined;
  const normal = path.resolve(given);
  return process.platform === 'win32' ? normal.replace(/^[a-z]:/, (drive) => drive.toUpperCase()) : normal;
}

/** Of what does not exist (any more), as far as it exists. */
function realOf(absolute: string): string {
  try {
    return realPath(absolute);
  } catch {
    const above = path.dirname(absolute);
    return above === absolute ? absolute : path.join(realOf(above), path.basename(absolute));
  }
}
