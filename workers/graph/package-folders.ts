/**
 * Where installed packages lie, seen from the directories of a root. Every folder is looked at once, however many
 * directories see it. Lives until anything comes or goes.
 */
import { existsSync } from 'node:fs';
import path from 'node:path';
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

  /** Nearest first. Directories without a folder of their own see what their parent sees. */
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
    return existsSync(folder) ? new PackageFolder(folder) : undefined;
  }

  find(name: string): string | undefined {
    if (this.#packages.has(name)) return this.#packages.get(name);
    const candidate = path.join(this.#path, name);
    // Package managers link what a workspace has itself.
    const found = existsSync(candidate) ? realPath(candidate) : undefined;
    this.#packages.set(name, found);
    return found;
  }
}
