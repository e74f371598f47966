/**
 * The packages of a root: its package.json files, the workspace members among them, and the package of each file.
 * Immutable; a change to a manifest creates a new instance.
 */
import path from 'node:path';
import { ConfigFile, isRecord } from '../reading/config-file.ts';
import { globMatcher } from '../reading/globs.ts';

export interface PackageJson {
  readonly name?: string;
  readonly version?: string;
  readonly private?: boolean;
  readonly type?: string;
  readonly main?: string;
  readonly module?: string;
  readonly types?: string;
  readonly exports?: unknown;
  readonly imports?: unknown;
  readonly workspaces?: unknown;
  readonly [field: string]: unknown;
}

export { isRecord } from '../reading/config-file.ts';

export interface Manifest {
  /** Relative to the root, like `directory`; the directory of the root is the empty string. */
  readonly file: string;
  readonly directory: string;
  readonly text: string;
  /** Without values of a wrong type. Of a text that is not JSON, whatever can be read. */
  readonly data: PackageJson;
  readonly isValid: boolean;
  /** The package detector reports what is wrong with it. */
  readonly config: ConfigFile;
}

export function readManifest(file: string, text: string): Manifest {
  const config = ConfigFile.json(file, text, 'json');
  const isObject = isRecord(config.value);
  return {
    file,
    directory: directoryOf(file),
    text,
    data: isObject ? tidy(config) : {},
    isValid: isObject && config.isComplete,
    config,
  };
}

/** What others get of a package: the fields that name it. */
const ENTRY_FIELDS = [
  'main', 'module', 'browser', 'exports', 'bin', 'types', 'typings', 'typesVersions', 'files', 'style', 'sass', 'svelte', 'source',
]; // prettier-ignore

/** What others get of a package that names nothing, next to its package.json. */
export const INDEX_FILES = ['index.js', 'index.cjs', 'index.mjs', 'index.ts', 'index.d.ts', 'index.json', 'index.node'];

/**
 * Whether the package is for others. Applications often lack `private`, but nothing of them can be imported or called.
 * @param hasIndex one of {@link INDEX_FILES} is in its folder
 */
export function isPublished({ data }: Manifest, hasIndex: boolean): boolean {
  if (data.private === true || data.name === undefined || data.version === undefined) return false;
  return hasIndex || ENTRY_FIELDS.some((field) => data[field] !== undefined);
}

/** Files other than package.json that list the workspace members. YAML, or JSON, which is a subset of YAML. */
export const WORKSPACE_FILES: ReadonlySet<string> = new Set(['pnpm-workspace.yaml', 'lerna.json']);

export class Manifests {
  /** By directory. */
  readonly all: ReadonlyMap<string, Manifest>;
  /** Workspace members with a name, by name; the first in path order wins. */
  readonly members: ReadonlyMap<string, Manifest>;
  readonly workspaceFiles: readonly ConfigFile[];
  /** Directories that declare workspaces. */
  readonly workspaceRoots: readonly string[];
  readonly #scopes = new Map<string, Manifest | undefined>();
  readonly #packages = new Map<string, Manifest | undefined>();
  readonly #owners = new Map<string, Manifest | undefined>();

  /** @param workspaceFiles {@link WORKSPACE_FILES} of the root */
  constructor(manifests: Iterable<Manifest>, workspaceFiles: readonly ConfigFile[]) {
    this.workspaceFiles = workspaceFiles;
    const sorted = [...manifests].sort((one, other) => (one.file < other.file ? -1 : 1));
    this.all = new Map(sorted.map((manifest) => [manifest.directory, manifest]));
    const globs = workspaceGlobs(sorted, workspaceFiles);
    this.workspaceRoots = [...globs.keys()];
    const members = new Map<string, Manifest>();
    for (const manifest of sorted) {
      const { name } = manifest.data;
      if (name !== undefined && name !== '' && !members.has(name) && isMember(manifest.directory, globs))
        members.set(name, manifest);
    }
    this.members = members;
  }

  /** The closest package.json in or above the folder of a file; it decides the module type. */
  scopeOf(file: string): Manifest | undefined {
    return this.#nearest(directoryOf(file), () => true, this.#scopes);
  }

  /** The package that a file belongs to: the closest package.json with a name or dependencies. */
  packageOf(file: string): Manifest | undefined {
    let owner = this.#owners.get(file);
    if (owner === undefined && !this.#owners.has(file)) {
      owner = this.#nearest(directoryOf(file), (manifest) => this.#isPackage(manifest), this.#packages);
      this.#owners.set(file, owner);
    }
    return owner;
  }

  /** A package.json that only sets a module type or an entry belongs to the package around it. */
  #isPackage(manifest: Manifest): boolean {
    const declares = ['dependencies', 'devDependencies', 'peerDependencies'].some(
      (field) => manifest.data[field] !== undefined,
    );
    return manifest.directory === '' || declares || this.isMember(manifest);
  }

  isMember(manifest: Manifest): boolean {
    return manifest.data.name !== undefined && this.members.get(manifest.data.name) === manifest;
  }

  #nearest(
    directory: string,
    accept: (manifest: Manifest) => boolean,
    known: Map<string, Manifest | undefined>,
  ): Manifest | undefined {
    if (known.has(directory)) return known.get(directory);
    const own = this.all.get(directory);
    const found =
      own && accept(own) ? own : directory === '' ? undefined : this.#nearest(directoryOf(directory), accept, known);
    known.set(directory, found);
    return found;
  }
}

export function directoryOf(file: string): string {
  const end = file.lastIndexOf('/');
  return end === -1 ? '' : file.slice(0, end);
}

const TEXTS = ['name', 'version', 'type', 'main', 'module', 'types', 'typings', 'packageManager'] as const;

/** Removes fields of a wrong type, and notes them. */
function tidy({ root }: ConfigFile): PackageJson {
  const result: Record<string, unknown> = { ...(root.value as Readonly<Record<string, unknown>>) };
  for (const field of TEXTS) if (root.get(field).string() === undefined) Reflect.deleteProperty(result, field);
  return result;
}

function isMember(directory: string, globs: ReadonlyMap<string, (directory: string) => boolean>): boolean {
  if (globs.size === 0) return true;
  for (const [base, matches] of globs) {
    if (directory === base) return true;
    const relative = base === '' ? directory : path.posix.relative(base, directory);
    if (!relative.startsWith('..') && matches(relative)) return true;
  }
  return false;
}

function workspaceGlobs(
  manifests: readonly Manifest[],
  workspaceFiles: readonly ConfigFile[],
): ReadonlyMap<string, (directory: string) => boolean> {
  const patterns = new Map<string, readonly string[]>();
  const add = (base: string, globs: readonly string[] | undefined): void => {
    if (globs) patterns.set(base, [...(patterns.get(base) ?? []), ...globs]);
  };
  for (const { directory, config } of manifests) {
    const workspaces = config.root.get('workspaces');
    add(directory, (isRecord(workspaces.value) ? workspaces.get('packages') : workspaces).strings());
  }
  for (const { file, root } of workspaceFiles) {
    root.entries();
    add(directoryOf(file), root.get('packages').strings());
  }
  return new Map([...patterns].map(([base, globs]) => [base, directoryMatcher(globs)]));
}

function directoryMatcher(globs: readonly string[]): (directory: string) => boolean {
  const tidied = globs.map((glob) => glob.replace(/^(!?)\.\//, '$1').replace(/\/+$/, ''));
  const wanted = tidied.filter((glob) => !glob.startsWith('!'));
  const unwanted = tidied.filter((glob) => glob.startsWith('!')).map((glob) => glob.slice(1));
  return globMatcher(wanted, { ignore: unwanted });
}
