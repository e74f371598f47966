/**
 * The packages of a root: its package.json files, the workspace members among them, and the package of each file.
 * Immutable; a change to a manifest creates a new instance.
 */
import path from 'node:path';
import picomatch from 'picomatch';

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

export interface Manifest {
  /** Relative to the root, like `directory`; the directory of the root is the empty string. */
  readonly file: string;
  readonly directory: string;
  readonly text: string;
  /** Empty when the text is not a JSON object. */
  readonly data: PackageJson;
  readonly isValid: boolean;
}

export function readManifest(file: string, text: string): Manifest {
  const directory = directoryOf(file);
  try {
    const data: unknown = JSON.parse(text);
    if (typeof data === 'object' && data !== null && !Array.isArray(data)) {
      return { file, directory, text, data: tidy(data as Record<string, unknown>), isValid: true };
    }
  } catch {
    // The package detector reports it.
  }
  return { file, directory, text, data: {}, isValid: false };
}

/** Files other than package.json that list the workspace members. YAML, or JSON, which is a subset of YAML. */
export const WORKSPACE_FILES: ReadonlySet<string> = new Set(['pnpm-workspace.yaml', 'lerna.json']);

export class Manifests {
  /** By directory. */
  readonly all: ReadonlyMap<string, Manifest>;
  /** Workspace members with a name, by name; the first in path order wins. */
  readonly members: ReadonlyMap<string, Manifest>;
  /** Directories that declare workspaces. */
  readonly workspaceRoots: readonly string[];
  readonly #scopes = new Map<string, Manifest | undefined>();
  readonly #packages = new Map<string, Manifest | undefined>();
  readonly #owners = new Map<string, Manifest | undefined>();

  /** @param workspaceFiles contents of {@link WORKSPACE_FILES} by path */
  constructor(manifests: Iterable<Manifest>, workspaceFiles: ReadonlyMap<string, unknown>) {
    const sorted = [...manifests].sort((one, other) => (one.file < other.file ? -1 : 1));
    this.all = new Map(sorted.map((manifest) => [manifest.directory, manifest]));
    const globs = workspaceGlobs(sorted, workspaceFiles);
    this.workspaceRoots = [...globs.keys()];
    const members = new Map<string, Manifest>();
    for (const manifest of sorted) {
      const { name } = manifest.data;
      if (name !== undefined && !members.has(name) && isMember(manifest.directory, globs)) members.set(name, manifest);
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

/** Removes fields of a wrong type; the package detector, which reports them, reads the text. */
function tidy(data: Record<string, unknown>): PackageJson {
  const result = { ...data };
  for (const field of ['name', 'version', 'type', 'main', 'module', 'types']) {
    if (typeof result[field] !== 'string') delete result[field];
  }
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
  workspaceFiles: ReadonlyMap<string, unknown>,
): ReadonlyMap<string, (directory: string) => boolean> {
  const patterns = new Map<string, string[]>();
  const add = (base: string, globs: unknown): void => {
    if (!Array.isArray(globs)) return;
    const strings = globs.filter((glob): glob is string => typeof glob === 'string');
    patterns.set(base, [...(patterns.get(base) ?? []), ...strings]);
  };
  for (const { directory, data } of manifests) {
    const { workspaces } = data;
    add(directory, isRecord(workspaces) ? workspaces['packages'] : workspaces);
  }
  for (const [file, content] of workspaceFiles) {
    if (isRecord(content)) add(directoryOf(file), content['packages']);
  }
  return new Map([...patterns].map(([base, globs]) => [base, directoryMatcher(globs)]));
}

function directoryMatcher(globs: readonly string[]): (directory: string) => boolean {
  const tidied = globs.map((glob) => glob.replace(/^(!?)\.\//, '$1').replace(/\/+$/, '')).filter((glob) => !/^!?$/.test(glob)); // prettier-ignore
  const wanted = tidied.filter((glob) => !glob.startsWith('!'));
  const unwanted = tidied.filter((glob) => glob.startsWith('!')).map((glob) => glob.slice(1));
  if (wanted.length === 0) return () => false;
  return picomatch(wanted, { ignore: unwanted });
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
