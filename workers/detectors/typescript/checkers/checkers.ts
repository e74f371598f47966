/**
 * The checkers of components: which one checks a project instead of TypeScript alone. A checker belongs to a project if
 * a package.json around it depends on it or runs it in a script, or if it lies in a `node_modules` of the workspace.
 * Lives as long as one plan.
 */
import path from 'node:path';
import semver from 'semver';
import { dependenciesOf, InstalledPackages, realPath } from '../../../graph/installed.ts';
import { readManifest, type Manifest } from '../../../graph/manifests.ts';
import { readTextSync } from '../../../protocol/read-file.ts';
import { addCommands } from '../../../reading/package-managers.ts';
import { PackageChain } from '../../../runtime/package-chain.ts';
import { CompilerMissing, compilerFor, compilerName, groupOf, type Compiler, type CompilerMode } from '../compiler.ts';
import { loadTypescript } from '../javascript.ts';

export type CheckerName = 'vue-tsc' | 'svelte-check' | 'astro check';

interface Kind {
  readonly name: CheckerName;
  readonly package: string;
  /** Of the components that it checks. */
  readonly extension: string;
  /** A script that runs it. */
  readonly script: RegExp;
  readonly versions: string;
  /** What it says of scripts is what TypeScript says, so it may check every project of a package with components. */
  readonly extendsTypescript: boolean;
}

const KINDS: readonly Kind[] = [
  {
    name: 'vue-tsc',
    package: 'vue-tsc',
    extension: 'vue',
    script: /\bvue-tsc\b|\bnuxi? typecheck\b|\bnuxt typecheck\b/,
    versions: '>=2.0.0',
    extendsTypescript: true,
  },
  {
    name: 'svelte-check',
    package: 'svelte-check',
    extension: 'svelte',
    script: /\bsvelte-check\b/,
    versions: '>=3.5.0',
    extendsTypescript: false,
  },
  {
    name: 'astro check',
    package: '@astrojs/check',
    extension: 'astro',
    script: /\bastro(?: |-)check\b/,
    versions: '>=0.9.0',
    extendsTypescript: false,
  },
];

/** An installed checker with the TypeScript that it uses. */
export interface Checker {
  readonly name: CheckerName;
  readonly version: string;
  /** Absolute path of its package's folder, without symbolic links. */
  readonly directory: string;
  /** Of kind `javascript`. */
  readonly compiler: Compiler;
}

/** What checks a project: TypeScript, or a checker that uses it. */
export type Tool = Compiler | Checker;

export function isChecker(tool: Tool): tool is Checker {
  return 'compiler' in tool;
}

/** A name to display. */
export function toolName(tool: Tool): string {
  return isChecker(tool) ? `${tool.name} ${tool.version} (typescript ${tool.compiler.version})` : compilerName(tool);
}

/** Projects of the same group share a session. */
export function toolGroup(tool: Tool, root: string): string {
  if (!isChecker(tool)) return groupOf(tool, root);
  const place = path.relative(root, tool.directory).split(path.sep).join('/');
  return `${tool.name} ${tool.version} ${place} ${groupOf(tool.compiler, root)}`;
}

/**
 * What a plan chose for a unit, as it is installed now.
 * @param group of the unit
 * @param directory absolute path of the folder of the project
 * @throws {CompilerMissing}
 */
export async function toolOfGroup(group: string, directory: string, mode: CompilerMode): Promise<Tool> {
  const kind = KINDS.find(({ name }) => group.startsWith(`${name} `));
  if (!kind) return compilerFor(directory, mode);
  const found = await findInstalled(kind, directory, new InstalledPackages());
  if (typeof found !== 'string') return found;
  throw new CompilerMissing({ code: 'TOOL_MISSING', message: `Not checked, because ${found}.`, fatal: true });
}

export class Checkers {
  readonly #root: string;
  readonly #mode: CompilerMode;
  /** Relative to the root. */
  readonly #components: readonly string[];
  readonly #installed = new InstalledPackages();
  readonly #notes = new Map<string, string>();

  /**
   * @param root absolute path
   * @param components all components of the root that git does not ignore, relative to it
   */
  constructor(root: string, components: readonly string[], mode: CompilerMode) {
    this.#root = root;
    this.#components = components;
    this.#mode = mode;
  }

  /** One sentence or two for each package with components that nothing checks. */
  get notes(): readonly string[] {
    return [...this.#notes.values()];
  }

  /**
   * @param project path of its configuration, relative to the root
   * @returns undefined: TypeScript checks it
   */
  async of(project: string): Promise<Checker | undefined> {
    const config = path.join(this.#root, project);
    const manifests = manifestsAbove(this.#root, path.dirname(config));
    const home = manifests[0]?.directory ?? '';
    const candidates: { readonly checker: Checker; readonly kind: Kind }[] = [];
    for (const kind of KINDS) {
      const there = this.#components.filter((file) => file.endsWith(`.${kind.extension}`) && isBelow(file, home));
      // Without components a checker says what TypeScript says, and takes longer.
      if (there.length === 0) continue;
      const owner = manifests.find((manifest) => names(manifest, kind));
      const checker = await this.#checkerOf(kind, owner, path.dirname(config));
      if (typeof checker !== 'string') candidates.push({ checker, kind });
      else this.#note(kind, home, there.length, checker);
    }
    const [only, ...more] = candidates;
    if (only?.kind.extendsTypescript === true && more.length === 0) return only.checker;
    const counted = candidates
      .map((candidate) => ({ ...candidate, included: countIncluded(candidate.checker, candidate.kind, config) }))
      .filter(({ included, kind }) => included > 0 || kind.extendsTypescript)
      .sort((one, other) => other.included - one.included);
    const [best, ...others] = counted;
    for (const { kind, included } of others) {
      if (best && included > 0)
        this.#note(kind, home, included, `${best.checker.name} checks ${project}, and a project has one checker`);
    }
    return best?.checker;
  }

  /** @returns why there is none, and the way out: the rest of a sentence */
  async #checkerOf(kind: Kind, owner: Manifest | undefined, directory: string): Promise<Checker | string> {
    if (this.#mode === 'native')
      return `${kind.name} runs only in trusted workspaces, and not if 'typescript.engine' is 'native'`;
    if (!owner && !this.#isInTheWorkspace(kind.package, directory))
      return `${kind.name} is not among its packages. Add it: ${addCommand(this.#root, directory)} ${kind.package}`;
    return findInstalled(kind, directory, this.#installed);
  }

  #isInTheWorkspace(name: string, directory: string): boolean {
    const found = this.#installed.find(name, directory)?.directory;
    return found?.startsWith(this.#root + path.sep) === true;
  }

  #note({ extension }: Kind, home: string, count: number, reason: string): void {
    const files = `${String(count)} .${extension} ${count === 1 ? 'file' : 'files'}${home === '' ? '' : ` of ${home}`}`;
    this.#notes.set(`${home}\n${extension}`, `${files} ${count === 1 ? 'is' : 'are'} not checked, because ${reason}.`);
  }
}

/**
 * The arguments that the scripts of a package give a checker.
 * @param directory absolute path of the folder of a project
 */
export function scriptArguments(root: string, directory: string, name: CheckerName): readonly string[] {
  for (const { data } of manifestsAbove(root, directory)) {
    for (const script of scriptsOf(data['scripts'])) {
      const [, after] = script.split(new RegExp(`(?:^|[\\s/])${name}(?=\\s|$)`), 2);
      const own = after?.split(/[|&;]/, 1)[0] ?? '';
      if (after !== undefined) return [...own.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(([, ...all]) => all.join(''));
    }
  }
  return [];
}

/** @returns absolute path: where the scripts of a project run */
export function packageFolderOf(root: string, directory: string): string {
  return path.join(root, manifestsAbove(root, directory)[0]?.directory ?? '');
}

/** @returns why it cannot be used, and the way out: the rest of a sentence */
async function findInstalled(kind: Kind, directory: string, packages: InstalledPackages): Promise<Checker | string> {
  const found = packages.find(kind.package, directory);
  const version = found?.data.version;
  if (!found || version === undefined) return `${kind.package} is not installed. Install the packages of the project`;
  if (!semver.satisfies(version, kind.versions, { includePrerelease: true })) {
    return `${kind.package} ${version} is too old. Update it to ${kind.versions.slice(2)} or later`;
  }
  const own = realPath(found.directory);
  const compiler = await compilerFor(own, 'workspace').catch((error: unknown) => {
    if (error instanceof CompilerMissing) return undefined;
    throw error;
  });
  if (compiler?.kind !== 'javascript') {
    const there = compiler ? `there is only TypeScript ${compiler.version}` : 'there is none';
    return `${kind.name} ${version} needs TypeScript 5 or 6, and ${there}. Add it: npm install --save-dev typescript@6`;
  }
  return { name: kind.name, version, directory: own, compiler };
}

/** How many components a configuration includes. */
function countIncluded({ compiler }: Checker, { extension }: Kind, config: string): number {
  const typescript = loadTypescript(compiler);
  const host = { ...typescript.sys, onUnRecoverableConfigFileDiagnostic: () => {} };
  const further = { extension, isMixedContent: true, scriptKind: typescript.ScriptKind.Deferred };
  const parsed = typescript.getParsedCommandLineOfConfigFile(config, {}, host, undefined, undefined, [further]);
  return parsed?.fileNames.filter((file) => file.endsWith(`.${extension}`)).length ?? 0;
}

/** The package.json files around a folder of the root, nearest first; their paths are relative to the root. */
function manifestsAbove(root: string, directory: string): readonly Manifest[] {
  const found: Manifest[] = [];
  for (let folder = directory; ; folder = path.dirname(folder)) {
    const relative = path.relative(root, folder).split(path.sep).join('/');
    if (relative.startsWith('..') || path.isAbsolute(relative)) return found;
    const file = path.posix.join(relative, 'package.json');
    try {
      found.push(readManifest(file, readTextSync(path.join(root, file))));
    } catch {
      // There is none, or it cannot be read; the package detector says so.
    }
    if (relative === '') return found;
  }
}

function names(manifest: Manifest, { package: wanted, script }: Kind): boolean {
  const depends = dependenciesOf(manifest).some(({ name }) => name === wanted);
  return depends || scriptsOf(manifest.data['scripts']).some((text) => script.test(text));
}

function scriptsOf(scripts: unknown): readonly string[] {
  const all: readonly unknown[] = typeof scripts === 'object' && scripts !== null ? Object.values(scripts) : [];
  return all.filter((script) => typeof script === 'string');
}

function isBelow(file: string, folder: string): boolean {
  return folder === '' || file.startsWith(`${folder}/`);
}

function addCommand(root: string, directory: string): string {
  const packages = new PackageChain(root);
  const [own] = packages.of(directory);
  const manager = own === undefined ? 'npm' : packages.managerOf(packages.installationOf(own)).manager;
  return addCommands[manager].development;
}
