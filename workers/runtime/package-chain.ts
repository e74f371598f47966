/**
 * The package.json files that apply to a folder, and whether what they declare is installed. Reads the disk when asked
 * and remembers it: make a new one for each check, because an installation may begin or end at any time.
 */
import { existsSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import type { Range } from '../protocol/detector-protocol.ts';
import { readTextSync } from '../protocol/read-file.ts';
import { isRecord, jsonOf } from '../reading/config-file.ts';
import { globMatcher } from '../reading/globs.ts';
import { lockfiles, packageManagers, type PackageManager } from '../reading/package-managers.ts';

/** A folder with a package.json that can be read. */
export interface PackageFolder {
  /** Absolute. */
  readonly directory: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly text: string;
  /** What an installation must provide: `dependencies` and `devDependencies`, in order. */
  readonly required: readonly string[];
  /** Everything that it names as a dependency. */
  readonly declared: ReadonlySet<string>;
}

export class PackageChain {
  /** Folders above this one do not belong to the project. */
  readonly #top: string;
  readonly #folders = new Map<string, PackageFolder | undefined>();
  readonly #chains = new Map<string, readonly PackageFolder[]>();
  readonly #found = new Map<string, boolean>();
  readonly #texts = new Map<string, string>();

  /** @param root absolute */
  constructor(root: string) {
    this.#top = repositoryOf(root) ?? root;
  }

  /** The packages of a folder, the nearest first. @param folder absolute */
  of(folder: string): readonly PackageFolder[] {
    const known = this.#chains.get(folder);
    if (known) return known;
    const own = this.#at(folder);
    const parent = path.dirname(folder);
    const isTop = folder === this.#top || parent === folder;
    const chain = [...(own ? [own] : []), ...(isTop ? [] : this.of(parent))];
    this.#chains.set(folder, chain);
    return chain;
  }

  /** Whether Node finds a package by name from a folder. */
  finds(name: string, folder: string): boolean {
    for (let at = folder; ; at = path.dirname(at)) {
      if (this.#exists(path.join(at, 'node_modules', name))) return true;
      if (path.dirname(at) === at) return false;
    }
  }

  /** What a package requires and Node does not find. */
  missingOf({ directory, required }: PackageFolder): readonly string[] {
    return required.filter((name) => !this.finds(name, directory));
  }

  /** The folder of the installation that a package is part of: its workspace, if it is a member of one, or its own. */
  installationOf(own: PackageFolder): PackageFolder {
    const above = this.of(path.dirname(own.directory));
    return above.find((root) => this.#isMember(root, own)) ?? own;
  }

  /** Yarn's Plug'n'Play needs no folder of packages. */
  isPlugged(folder: string): boolean {
    for (let at = folder; ; at = path.dirname(at)) {
      if (['.pnp.cjs', '.pnp.js', '.pnp.loader.mjs'].some((name) => this.#exists(path.join(at, name)))) return true;
      if (path.dirname(at) === at) return false;
    }
  }

  /** Whether the folder has any installed package. */
  hasPackages({ directory }: PackageFolder): boolean {
    try {
      return readdirSync(path.join(directory, 'node_modules')).some((name) => !name.startsWith('.'));
    } catch {
      return false;
    }
  }

  /**
   * The command that installs what the lock file says.
   * @param name a package; if the lock file does not contain it, the command also changes the lock file
   */
  installCommand(installation: PackageFolder, name?: string): string {
    const { manager, lockfile } = this.managerOf(installation);
    const isLocked = lockfile !== undefined && (name === undefined || this.#textOf(lockfile).includes(name));
    const isOfDeno =
      lockfile === undefined &&
      ['deno.json', 'deno.jsonc'].some((file) => this.#exists(path.join(installation.directory, file)));
    if (isOfDeno) return 'deno install';
    if (manager === 'npm') return isLocked ? 'npm ci' : 'npm install';
    if (!isLocked) return `${manager} install`;
    return manager === 'yarn' && this.#isBerry(installation, lockfile)
      ? 'yarn install --immutable'
      : `${manager} install --frozen-lockfile`;
  }

  /** The lock file that is there decides; of several, the one of the declared package manager. */
  managerOf({ directory, data }: PackageFolder): {
    readonly manager: PackageManager;
    /** Absolute. */
    readonly lockfile: string | undefined;
  } {
    const found = packageManagers.flatMap((manager) => {
      const files = lockfiles[manager].map((name) => path.join(directory, name));
      const lockfile = files.find((file) => this.#exists(file));
      return lockfile === undefined ? [] : [{ manager, lockfile }];
    });
    const declared = packageManagers.find((manager) => declaredManager(data).startsWith(`${manager}@`));
    const isPnpm = this.#exists(path.join(directory, 'pnpm-workspace.yaml'));
    return (
      found.find(({ manager }) => manager === declared) ??
      found[0] ?? { manager: declared ?? (isPnpm ? 'pnpm' : 'npm'), lockfile: undefined }
    );
  }

  #isMember(root: PackageFolder, { directory }: PackageFolder): boolean {
    const patterns = this.#workspacePatterns(root).map((pattern) => pattern.replace(/^\.\//, '').replace(/\/$/, ''));
    if (patterns.length === 0) return false;
    const relative = path.relative(root.directory, directory).split(path.sep).join('/');
    const included = patterns.filter((pattern) => !pattern.startsWith('!'));
    const excluded = patterns.flatMap((pattern) => (pattern.startsWith('!') ? [pattern.slice(1)] : []));
    return globMatcher(included)(relative) && !globMatcher(excluded)(relative);
  }

  #workspacePatterns({ directory, data }: PackageFolder): readonly string[] {
    const { workspaces } = data;
    const listed = isRecord(workspaces) ? workspaces['packages'] : workspaces;
    const own = Array.isArray(listed) ? listed.filter((one): one is string => typeof one === 'string') : [];
    const yaml = this.#textOf(path.join(directory, 'pnpm-workspace.yaml'));
    const section = /^packages:\s*\r?\n((?:[ \t]*(?:-.*|#.*)?\r?\n?)*)/m.exec(yaml)?.[1] ?? '';
    const entries = [...section.matchAll(/^[ \t]*-[ \t]*(['"]?)([^'"\r\n#]+)\1/gm)].map(([, , pattern = '']) =>
      pattern.trim(),
    );
    return [...own, ...entries];
  }

  #isBerry({ directory, data }: PackageFolder, lockfile: string): boolean {
    return (
      /^yarn@(?:[2-9]|\d\d)/.test(declaredManager(data)) ||
      this.#exists(path.join(directory, '.yarnrc.yml')) ||
      this.#textOf(lockfile).includes('__metadata:')
    );
  }

  #at(directory: string): PackageFolder | undefined {
    if (!this.#folders.has(directory)) this.#folders.set(directory, readPackage(directory));
    return this.#folders.get(directory);
  }

  #exists(file: string): boolean {
    let answer = this.#found.get(file);
    if (answer === undefined) this.#found.set(file, (answer = existsSync(file)));
    return answer;
  }

  #textOf(file: string): string {
    let text = this.#texts.get(file);
    if (text === undefined) this.#texts.set(file, (text = readText(file) ?? ''));
    return text;
  }
}

/** The line on which a package.json declares a package; its start if it does not. */
export function placeOf({ text }: PackageFolder, name: string): Range {
  const quoted = name.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
  const found = new RegExp(`"${quoted}"\\s*:`).exec(text);
  if (found === null) return { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } };
  const before = text.slice(0, found.index).split(/\r\n|\n|\r/);
  const start = { line: before.length - 1, character: before.at(-1)?.length ?? 0 };
  return { start, end: { line: start.line, character: start.character + name.length + 2 } };
}

/** The package of a bare specifier: `@scope/name` of `@scope/name/deep/file`. Undefined: it names no package. */
export function packageNameOf(specifier: string): string | undefined {
  return /^(?:@[a-z0-9-][a-z0-9-._~]*\/)?[a-z0-9-][a-z0-9-._~]*(?=\/|$)/i.exec(specifier)?.[0];
}

/** `@types/node` for `node`, `@types/scope__name` for `@scope/name`. */
export function typesOf(name: string): string {
  return `@types/${name.replace(/^@/, '').replace('/', '__')}`;
}

/** Such as `pnpm@10.0.0`; empty: none. */
function declaredManager({ packageManager }: PackageFolder['data']): string {
  return typeof packageManager === 'string' ? packageManager : '';
}

function readPackage(directory: string): PackageFolder | undefined {
  const text = readText(path.join(directory, 'package.json'));
  if (text === undefined) return undefined;
  const data = jsonOf(text);
  if (!isRecord(data)) return undefined;
  const names = (section: string): readonly string[] => {
    const entries: unknown = data[section];
    return isRecord(entries) ? Object.keys(entries) : [];
  };
  const required = [...names('dependencies'), ...names('devDependencies')];
  const declared = new Set([...required, ...names('peerDependencies'), ...names('optionalDependencies')]);
  return { directory, data, text, required: [...new Set(required)], declared };
}

function repositoryOf(root: string): string | undefined {
  for (let at = root; ; at = path.dirname(at)) {
    if (statSync(path.join(at, '.git'), { throwIfNoEntry: false }) !== undefined) return at;
    if (path.dirname(at) === at) return undefined;
  }
}

function readText(file: string): string | undefined {
  try {
    return readTextSync(file);
  } catch {
    return undefined;
  }
}
