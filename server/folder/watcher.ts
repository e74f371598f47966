/**
 * Watches the files of a folder, for front ends without file events of their own. Lives as long as the folder is open.
 *
 * On macOS and Windows one watch covers the whole tree. On Linux every folder needs its own, except for those of version
 * control and inside of installed packages. Of installed packages only what tells of an installation is reported.
 * If the folder itself vanishes, its files are deleted; when it is back, they are created.
 */
import { watch, type FSWatcher } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import path from 'node:path';
import { installationOf, isInUnreadFolder } from '../engine/change-triggers.ts';
import type { ChangeKind, FileChange } from '../journal.ts';

/** A save causes several events, and a checkout many. Events this close together are reported as one. */
const quietMs = 80;
/** Changes are reported after this time even if files keep changing. */
const maxDelayMs = 1000;
/** How often a folder that has vanished is looked for. */
const absenceMs = 1000;

export interface WatcherOptions {
  readonly onChanges: (changes: readonly FileChange[]) => void;
  readonly onError: (error: Error) => void;
  /** Whether one watch covers the whole tree. Default: true where the system supports it. */
  readonly recursive?: boolean;
}

/** The folder cannot be watched; `message` says why and what to do. */
export class WatchError extends Error {
  override readonly name = 'WatchError';
}

export class FolderWatcher implements Disposable {
  readonly #root: string;
  readonly #options: WatcherOptions;
  readonly #recursive: boolean;
  readonly #files = new Set<string>();
  /** By folder; the root has the empty name. */
  readonly #folders = new Map<string, FSWatcher | undefined>();
  /** Inodes of folders: another one means another folder of the same name. */
  readonly #inodes = new Map<string, number>();
  /** Inodes of folders of installed packages. */
  readonly #packages = new Map<string, number>();
  readonly #touched = new Set<string>();
  /** Folders of which events were lost. */
  readonly #lost = new Set<string>();
  #absence: NodeJS.Timeout | undefined;
  #timer: NodeJS.Timeout | undefined;
  #since = 0;
  #scanning: Promise<void> = Promise.resolve();
  #disposed = false;

  private constructor(root: string, options: WatcherOptions) {
    this.#root = root;
    this.#options = options;
    this.#recursive = options.recursive ?? process.platform !== 'linux';
  }

  /** Resolves when no later change can be missed. @throws WatchError when the system's limit for watches is reached */
  static async start(root: string, options: WatcherOptions): Promise<FolderWatcher> {
    const watcher = new FolderWatcher(root, options);
    try {
      await watcher.#enter('');
      if (!watcher.#inodes.has('')) watcher.#awaitReturn();
    } catch (error) {
      watcher[Symbol.dispose]();
      throw error;
    }
    return watcher;
  }

  [Symbol.dispose](): void {
    this.#disposed = true;
    clearTimeout(this.#timer);
    clearInterval(this.#absence);
    for (const watch of this.#folders.values()) watch?.close();
    this.#folders.clear();
  }

  /** @returns files below the folder that were not known before */
  async #enter(folder: string): Promise<readonly string[]> {
    if (this.#disposed || this.#folders.has(folder)) return [];
    // Watched before it is read, so that files created in between are seen.
    this.#folders.set(folder, folder === '' || !this.#recursive ? this.#watch(folder) : undefined);
    const inode = await this.#inodeOf(folder);
    if (inode !== undefined) this.#inodes.set(folder, inode);
    const entries = await readdir(path.join(this.#root, folder), { withFileTypes: true }).catch(() => []);
    const found: string[] = [];
    for (const entry of entries) {
      const name = joined(folder, entry.name);
      if (isInUnreadFolder(name)) {
        if (entry.name === 'node_modules') this.#watchPackages(name);
        continue;
      }
      if (entry.isDirectory()) found.push(...(await this.#enter(name)));
      else if (!this.#files.has(name)) {
        this.#files.add(name);
        found.push(name);
      }
    }
    return found;
  }

  /** An installation changes the folder of packages itself, or writes generated code to one place in it. */
  #watchPackages(folder: string): void {
    if (this.#recursive) return;
    for (const name of [folder, joined(folder, '.prisma/client')]) {
      const watched = this.#folders.get(name) ?? this.#watch(name);
      if (watched) this.#folders.set(name, watched);
    }
  }

  #watch(folder: string): FSWatcher | undefined {
    try {
      const watcher = watch(path.join(this.#root, folder), { recursive: this.#recursive });
      watcher.on('change', (_kind, name) => {
        if (name !== null) {
          this.#touch(joined(folder, String(name).split(path.sep).join('/')));
          // Linux names the watched folder itself in this way, when it is removed or moved.
          if (folder === '' && String(name) === path.basename(this.#root)) void this.#touchIfReplaced();
        } else {
          // Events were lost, so the whole folder is compared with the files known before.
          this.#lost.add(folder);
          this.#touch(folder);
        }
      });
      watcher.on('error', (error) => this.#touchOrFail(folder, error));
      return watcher;
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined;
      if (code === 'ENOSPC' || code === 'EMFILE') throw limitReached(error);
      // Deleted meanwhile, or not readable.
      return undefined;
    }
  }

  /** Windows reports the deletion of a watched folder as an error. */
  #touchOrFail(folder: string, error: Error): void {
    if (folder !== '') return this.#touch(folder);
    void this.#touchIfReplaced().then((isReplaced) => {
      if (!isReplaced && !this.#disposed) this.#options.onError(error);
    });
  }

  /** Whether the root is gone, or another folder than before. */
  async #touchIfReplaced(): Promise<boolean> {
    if ((await this.#inodeOf('')) === this.#inodes.get('')) return false;
    this.#touch('');
    return true;
  }

  async #inodeOf(folder: string): Promise<number | undefined> {
    return (await lstat(path.join(this.#root, folder)).catch(() => undefined))?.ino;
  }

  #awaitReturn(): void {
    this.#absence ??= setInterval(() => {
      void this.#inodeOf('').then((inode) => {
        if (inode === undefined || this.#disposed) return;
        clearInterval(this.#absence);
        this.#absence = undefined;
        this.#touch('');
      });
    }, absenceMs).unref();
  }

  #touch(name: string): void {
    const seen = isInUnreadFolder(name) ? installationOf(name) : name;
    if (this.#disposed || seen === undefined) return;
    this.#touched.add(seen);
    const now = performance.now();
    if (this.#timer === undefined) this.#since = now;
    else if (now - this.#since > maxDelayMs) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#scan(), quietMs);
  }

  #scan(): void {
    this.#timer = undefined;
    const touched = [...this.#touched].sort();
    this.#touched.clear();
    this.#scanning = this.#scanning
      .then(async () => {
        const changes = new Map<string, FileChange>();
        for (const name of touched) {
          for (const change of await this.#changesAt(name)) {
            const isNew = changes.get(change.file)?.kind === 'created' && change.kind === 'changed';
            if (!isNew) changes.set(change.file, change);
          }
        }
        if (changes.size > 0 && !this.#disposed) this.#options.onChanges([...changes.values()]);
      })
      .catch((error: unknown) => this.#options.onError(error instanceof Error ? error : new Error(String(error))));
  }

  async #changesAt(name: string): Promise<readonly FileChange[]> {
    const status = await lstat(path.join(this.#root, name)).catch(() => undefined);
    if (isInUnreadFolder(name)) {
      const folder = name.slice(0, name.lastIndexOf('node_modules') + 'node_modules'.length);
      const inode = name === folder ? status?.ino : this.#packages.get(folder);
      // A replaced folder has lost its watch.
      if (inode !== this.#packages.get(folder)) this.#leave(folder);
      if (inode !== undefined) this.#packages.set(folder, inode);
      if (status) this.#watchPackages(folder);
      return [{ file: name, kind: status ? 'changed' : 'deleted' }];
    }
    if (status?.isDirectory()) {
      const isOther = this.#lost.delete(name) || (this.#inodes.get(name) ?? status.ino) !== status.ino;
      // A replaced folder has lost its watch.
      this.#leave(name);
      const before = this.#below(name);
      const found = await this.#enter(name);
      const gone = new Set(await this.#missing(before));
      const kept = isOther ? before.filter((file) => !gone.has(file)) : [];
      return [...changesOf(gone, 'deleted'), ...changesOf(kept, 'changed'), ...changesOf(found, 'created')];
    }
    if (name === '') {
      const gone = this.#below(name);
      this.#leave(name);
      this.#files.clear();
      this.#awaitReturn();
      return changesOf(gone, 'deleted');
    }
    if (status) {
      const kind = this.#files.has(name) ? 'changed' : 'created';
      this.#files.add(name);
      return [{ file: name, kind }];
    }
    const wasFolder = this.#folders.has(name);
    if (wasFolder) this.#leave(name);
    for (const file of this.#below(name)) this.#files.delete(file);
    return this.#files.delete(name) || wasFolder ? [{ file: name, kind: 'deleted' }] : [];
  }

  #leave(folder: string): void {
    for (const [name, watch] of this.#folders) {
      if (folder !== '' && name !== folder && !name.startsWith(`${folder}/`)) continue;
      watch?.close();
      this.#folders.delete(name);
      this.#inodes.delete(name);
    }
  }

  #below(folder: string): readonly string[] {
    return folder === '' ? [...this.#files] : [...this.#files].filter((file) => file.startsWith(`${folder}/`));
  }

  async #missing(files: Iterable<string>): Promise<readonly string[]> {
    const gone: string[] = [];
    for (const file of files) {
      if (await lstat(path.join(this.#root, file)).catch(() => undefined)) continue;
      this.#files.delete(file);
      gone.push(file);
    }
    return gone;
  }
}

function changesOf(files: Iterable<string>, kind: ChangeKind): readonly FileChange[] {
  return Array.from(files, (file) => ({ file, kind }));
}

function joined(folder: string, name: string): string {
  return folder === '' ? name : `${folder}/${name}`;
}

function limitReached(cause: unknown): WatchError {
  return new WatchError(
    'The system cannot watch more folders because its limit is reached. Raise the limit (on Linux: sudo sysctl ' +
      'fs.inotify.max_user_watches=524288), or open the folder without watching it.',
    { cause },
  );
}
