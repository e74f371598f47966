/**
 * Finds installed packages from the directories of a root. Looks at each `node_modules` folder once, however many
 * directories use it. Lives until files are added or removed.
 */
import path from 'node:path';
import { entryAt } from '../protocol/read-file.ts';
import { realPath } from './installed.ts';
import { directoryOf } from './manifests.ts';

export class PackageFolders {
  readonly #root: string;
  readonly #reachable = new Map<string, readonly PackageFolder[]>();

  /** @param root absolute */
  constructor(root: string) {
    this.#root = root;
  }

  /**
   * Real directory of an installed package.
   * @param from relative to the root
   */
  find(from: string, name: string): string | undefined {
    for (const folder of this.#reachableFrom(from)) {
      const found = folder.find(name);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** Nearest first. A directory without its own `node_modules` uses those of its parent. */
  #reachableFrom(directory: string): readonly PackageFolder[] {
    let folders = this.#reachable.get(directory);
    if (folders === undefined) {
      const own = PackageFolder.in(path.join(this.#root, directory));
      const above = directory === '' ? foldersAbove(this.#root) : this.#reachableFrom(directoryOf(directory));
      folders = own ? [own, ...above] : above;
      this.#reachable.set(directory, folders);
    }
    return folders;
  }
}

function foldersAbove(root: string): readonly PackageFolder[] {
  const found: PackageFolder[] = [];
  for (let directory = root; path.dirname(directory) !== directory;) {
    directory = path.dirname(directory);
    const folder = PackageFolder.in(directory);
    if (folder) found.push(folder);
  }
  return found;
}

/** One `node_modules`. */
class PackageFolder {
  readonly #path: string;
  readonly #packages = new Map<string, string | undefined>();

  private constructor(folder: string) {
    this.#path = folder;
  }

  /** @param directory absolute */
  static in(directory: string): PackageFolder | undefined {
    const folder = path.join(directory, 'node_modules');
    return entryAt(folder) === 'directory' ? new PackageFolder(folder) : undefined;
  }

  find(name: string): string | undefined {
    if (this.#packages.has(name)) return this.#packages.get(name);
    const candidate = path.join(this.#path, name);
    // Package managers link workspace members.
    const found = entryAt(candidate) === 'directory' ? realPath(candidate) : undefined;
    this.#packages.set(name, found);
    return found;
  }
}
