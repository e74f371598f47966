/** A copy of a project that a replay may break: its files, its git history, and what watchers would tell about it. */
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, realpath, rename, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { walkFiles } from '../../../workers/protocol/files.ts';

const run = promisify(execFile);
const isText = (file: string): boolean => /\.(?:[cm]?[jt]sx?|jsonc?)$/.test(file) || /(?:^|\/)\.gitignore$/.test(file);

/** As in `workspace/didChangeWatchedFiles`: made, changed, deleted. */
export type Kind = 1 | 2 | 3;
export type Changes = Readonly<Record<string, Kind>>;

export class Folder implements AsyncDisposable {
  readonly root: string;
  /** A folder beside the project, for what must not lie in it. */
  readonly beside: string;
  /** Scripts and configurations by name, as they are on the disk. */
  readonly files = new Map<string, string>();
  originals: ReadonlyMap<string, string> = new Map();
  readonly #base: string;
  #branch: 'one' | 'two' = 'one';

  private constructor(base: string, name: string) {
    this.#base = base;
    this.root = path.join(base, name);
    this.beside = path.join(base, 'beside');
  }

  /** Installed packages are linked, not copied: a project with workspaces would find the sources of the original. */
  static async copyOf(source: string): Promise<Folder> {
    const folder = new Folder(
      await realpath(await mkdtemp(path.join(os.tmpdir(), 'bulkhead-replay-'))),
      path.basename(source),
    );
    const { root } = folder;
    await cp(source, root, {
      recursive: true,
      filter: (from) => !/[/\\](?:node_modules|\.git)$/.test(from.slice(source.length)),
    });
    await symlink(await realpath(path.join(source, 'node_modules')), path.join(root, 'node_modules'), 'junction');
    await folder.#git('init', '--quiet', '--initial-branch', 'one');
    await writeFile(path.join(root, '.git/info/exclude'), 'node_modules\n');
    await folder.#read();
    folder.originals = new Map(folder.files);
    await folder.#commit();
    await folder.#git('tag', 'start');
    await folder.#git('branch', 'two');
    return folder;
  }

  get modules(): readonly string[] {
    return [...this.files.keys()].filter((file) => /(?<!\.d)\.[cm]?[jt]sx?$/.test(file)).sort();
  }

  async write(file: string, content: string): Promise<Changes> {
    const kind = this.files.has(file) ? 2 : 1;
    this.files.set(file, content);
    await mkdir(path.dirname(path.join(this.root, file)), { recursive: true });
    await writeFile(path.join(this.root, file), content);
    return { [file]: kind };
  }

  async remove(file: string): Promise<Changes> {
    this.files.delete(file);
    await rm(path.join(this.root, file));
    return { [file]: 3 };
  }

  /** What is gone is told by its own name, a folder too; what is there now file by file. */
  async move(from: string, to: string): Promise<Changes> {
    const changes: Record<string, Kind> = { [from]: 3 };
    await mkdir(path.dirname(path.join(this.root, to)), { recursive: true });
    await rename(path.join(this.root, from), path.join(this.root, to));
    for (const [file, content] of [...this.files]) {
      if (file !== from && !file.startsWith(`${from}/`)) continue;
      const moved = `${to}${file.slice(from.length)}`;
      this.files.delete(file);
      this.files.set(moved, content);
      changes[moved] = 1;
    }
    return changes;
  }

  /** All is as it was at the start. */
  restore(): Promise<Changes> {
    return this.#during(async () => {
      await this.#commit();
      await this.#git('read-tree', '-u', '--reset', 'start');
    });
  }

  /** Keeps what is there on this branch, and goes to the other one. */
  switchBranch(): Promise<Changes> {
    return this.#during(async () => {
      await this.#commit();
      this.#branch = this.#branch === 'one' ? 'two' : 'one';
      await this.#git('checkout', '--quiet', '--force', this.#branch);
    });
  }

  async #during(change: () => Promise<unknown>): Promise<Changes> {
    const before = new Map(this.files);
    await change();
    await this.#read();
    const gone = [...before.keys()].filter((file) => !this.files.has(file));
    const there = [...this.files].flatMap(([file, content]): [string, Kind][] => {
      if (!before.has(file)) return [[file, 1]];
      return before.get(file) === content ? [] : [[file, 2]];
    });
    return Object.fromEntries([...gone.map((file): [string, Kind] => [file, 3]), ...there]);
  }

  async #read(): Promise<void> {
    this.files.clear();
    for await (const file of walkFiles(this.root, { gitignore: false })) {
      if (isText(file)) this.files.set(file, await readFile(path.join(this.root, file), 'utf8'));
    }
  }

  /** What is ignored too: it has to be the same on the way back. */
  async #commit(): Promise<void> {
    await this.#git('add', '--all', '--force', '--', '.', ':!node_modules');
    await this.#git('commit', '--quiet', '--allow-empty', '--no-verify', '-m', 'replay');
  }

  async #git(...argv: string[]): Promise<void> {
    const settings = ['user.name=replay', 'user.email=replay@localhost', 'core.autocrlf=false', 'gc.auto=0'];
    await run('git', [...settings.flatMap((setting) => ['-c', setting]), ...argv], {
      cwd: this.root,
      maxBuffer: 1 << 26,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#base, { recursive: true, force: true, maxRetries: 5 });
  }
}
