/** The packages of a folder and their scripts, read from disk. Lives as long as one search for commands. */
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { parse as parseYaml } from 'yaml';
import { readTextSync } from '../protocol/read-file.ts';
import { ConfigFile } from '../reading/config-file.ts';
import { isRecord, Manifests, readManifest, WORKSPACE_FILES, type Manifest } from '../graph/manifests.ts';

const LARGEST_FILE = 1_000_000;

export class ProjectPackages {
  /** Absolute. */
  readonly root: string;
  #manifests = new Manifests([], []);
  /** By absolute folder. */
  readonly #folders: ReadonlyMap<string, Manifest>;
  /** Absolute folders of projects of Nx, which need no package.json. */
  readonly #projects: readonly string[];
  readonly #read = new Set<string>();

  /** @param root absolute */
  static async in(root: string): Promise<ProjectPackages> {
    const packages = new ProjectPackages(root);
    const files = [...WORKSPACE_FILES].map((name) => [name, packages.textOf(path.join(root, name))] as const);
    const configs = files.flatMap(([name, text]) => (text === undefined ? [] : [ConfigFile.yaml(name, text)]));
    packages.#manifests = new Manifests(packages.#folders.values(), await Promise.all(configs));
    return packages;
  }

  private constructor(root: string) {
    this.root = root;
    const manifests: Manifest[] = [];
    const projects: string[] = [];
    const visit = (folder: string): void => {
      const text = this.textOf(path.join(folder, 'package.json'));
      const file = path.posix.join(this.#relative(folder), 'package.json');
      if (text !== undefined) manifests.push(readManifest(file, text));
      if (existsSync(path.join(folder, 'project.json'))) projects.push(folder);
      for (const child of childrenOf(folder)) visit(child);
    };
    visit(root);
    this.#projects = existsSync(path.join(root, 'nx.json')) ? projects : [];
    this.#folders = new Map(manifests.map((manifest) => [path.join(root, manifest.directory), manifest]));
  }

  /** Whether a workspace of packages is declared; else every package is one of its own. */
  get declaresMembers(): boolean {
    return this.#manifests.workspaceRoots.length > 0 || this.#projects.length > 0;
  }

  /** Absolute folders of the packages below the root: the declared members, or all if none are declared. */
  get members(): readonly string[] {
    const isDeclared = this.#manifests.workspaceRoots.length > 0;
    const packages = [...this.#folders].flatMap(([folder, manifest]) =>
      (isDeclared ? this.#manifests.isMember(manifest) : this.#projects.length === 0) ? [folder] : [],
    );
    return [...new Set([...packages, ...this.#projects])].filter((folder) => folder !== this.root);
  }

  /** Files that were read, absolute. */
  get files(): ReadonlySet<string> {
    return this.#read;
  }

  manifestIn(folder: string): Manifest | undefined {
    return this.#folders.get(folder);
  }

  /** By name, in the order of the file. */
  scriptsIn(folder: string): ReadonlyMap<string, string> {
    const { scripts } = this.manifestIn(folder)?.data ?? {};
    if (!isRecord(scripts)) return new Map();
    return new Map(Object.entries(scripts).filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
  }

  /** Folders of the members that a name, a path or a pattern of either means: `web`, `./apps/*`, `@scope/*`. */
  select(filter: string): readonly string[] {
    const wanted = filter.replaceAll(/^\.{3}|\.{3}$|^\{|\}$/g, '');
    const pattern = new RegExp(`^${wanted.replaceAll(/[.+^$()|[\]\\]/g, '\\$&').replaceAll(/\*+/g, '.*')}$`);
    const directory = path.posix.normalize(wanted);
    return this.members.filter((folder) => {
      const data = this.manifestIn(folder)?.data;
      const project = this.#projects.includes(folder)
        ? parseOrUndefined(this.textOf(path.join(folder, 'project.json')) ?? '')
        : {};
      const names = [data?.name, isRecord(project) ? project['name'] : undefined, path.basename(folder)];
      return names.some((name) => typeof name === 'string' && pattern.test(name)) || pattern.test(`./${this.#relative(folder)}`) || directory === this.#relative(folder); // prettier-ignore
    });
  }

  /** The text of a file; undefined: it does not exist, or is no text of a sensible size. */
  textOf(file: string): string | undefined {
    try {
      const text = readTextSync(file, LARGEST_FILE);
      this.#read.add(file);
      return text;
    } catch {
      return undefined;
    }
  }

  #relative(folder: string): string {
    return path.relative(this.root, folder).split(path.sep).join('/');
  }
}

/** JSON is YAML too. */
export function parseOrUndefined(text: string): unknown {
  try {
    return parseYaml(text, { logLevel: 'silent' });
  } catch {
    return undefined;
  }
}

function childrenOf(folder: string): readonly string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && entry.name !== 'node_modules' && !entry.name.startsWith('.'))
      .map((entry) => path.join(folder, entry.name));
  } catch {
    return [];
  }
}
