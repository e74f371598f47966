/** Finds the TypeScript for a project: the workspace's own, or the one bundled with Bulkhead. Stateless. */
import { realpath, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { DetectorProblem } from '../../protocol/detector-protocol.ts';
import { readText } from '../../protocol/read-file.ts';
import { isRecord, jsonOf } from '../../reading/config-file.ts';

export type CompilerMode = 'auto' | 'workspace' | 'native';

export interface Compiler {
  /** `native`: TypeScript 7 through its API; `command`: TypeScript 7 by its command line; `javascript`: up to 6. */
  readonly kind: 'native' | 'command' | 'javascript';
  readonly version: string;
  readonly origin: 'workspace' | 'bundled';
  /** Absolute path of the package's folder. */
  readonly directory: string;
  /** The module of the API, or the native executable. */
  readonly entry: string;
  /** Absolute path of the native executable; empty for `javascript`. */
  readonly executable: string;
}

/** There is no usable TypeScript; `problem` says what to do. */
export class CompilerMissing extends Error {
  override readonly name = 'EngineMissing';
  readonly problem: DetectorProblem;

  constructor(problem: DetectorProblem, options?: ErrorOptions) {
    super(problem.message, options);
    this.problem = problem;
  }
}

/**
 * Finds the TypeScript for a project.
 * @param directory absolute path of the folder of its tsconfig
 * @param mode `auto`: the workspace's, else the bundled; `workspace`: only the workspace's; `native`: only the bundled.
 *   The last is also the mode of a workspace that is not trusted, so it must not even look at the workspace's: to find
 *   the program of a TypeScript 7, code of that package is executed.
 * @throws {CompilerMissing}
 */
export async function compilerFor(directory: string, mode: CompilerMode): Promise<Compiler> {
  const own = mode === 'native' ? undefined : await workspacePackage(directory);
  if (own) return compilerIn(own, 'workspace');
  if (mode === 'workspace') {
    throw new CompilerMissing({
      code: 'TOOL_MISSING',
      message: `TypeScript is not installed for ${directory}. Run 'npm install --save-dev typescript', or set the option 'typescript.engine' to 'auto' to use the version bundled with Bulkhead.`,
      fatal: true,
    });
  }
  return compilerIn(await bundledPackage(), 'bundled');
}

/** The bundled native TypeScript; undefined: there is none for this platform. */
export async function bundledNativeCompiler(): Promise<Compiler | undefined> {
  const engine = await bundledPackage()
    .then((found) => compilerIn(found, 'bundled'))
    .catch(() => undefined);
  return engine?.kind === 'native' ? engine : undefined;
}

/** A name to display. */
export function compilerName({ version, origin, kind }: Compiler): string {
  return `typescript ${version} (${origin}${kind === 'command' ? ', command line' : ''})`;
}

/** Projects of the same group share a session; paths inside the root are relative to it. */
export function groupOf(engine: Compiler, root: string): string {
  const place =
    engine.origin === 'bundled' ? 'bundled' : path.relative(root, engine.directory).split(path.sep).join('/');
  return `${engine.kind} ${engine.version} ${place}`;
}

interface Manifest {
  readonly version?: unknown;
  readonly exports?: unknown;
}

interface Package {
  readonly directory: string;
  readonly version: string;
  readonly manifest: Manifest;
}

/** Node's own rule, without its caches: the version may change under a running worker. */
async function workspacePackage(directory: string): Promise<Package | undefined> {
  for (let folder = directory; ; folder = path.dirname(folder)) {
    const found = await readPackage(path.join(folder, 'node_modules', 'typescript'));
    // The packages of a monorepo link to the same one.
    if (found) return { ...found, directory: await realpath(found.directory) };
    if (await exists(path.join(folder, '.pnp.cjs'))) {
      throw new CompilerMissing({
        code: 'TOOL_MISSING',
        message: `Yarn Plug'n'Play (${path.join(folder, '.pnp.cjs')}) is not supported: packages cannot be found without node_modules. Set 'nodeLinker: node-modules' in .yarnrc.yml and run 'yarn install'.`,
        fatal: true,
      });
    }
    if (path.dirname(folder) === folder) return undefined;
  }
}

/**
 * In the product it lies beside the bundle: TypeScript 7, or in the package for every platform TypeScript 6, which needs
 * no native program. The sources find TypeScript 7 among their dependencies.
 */
async function bundledPackage(): Promise<Package> {
  for (const name of ['typescript7', 'typescript']) {
    const found = await readPackage(path.join(import.meta.dirname, name));
    if (found) return found;
  }
  try {
    const manifest = createRequire(import.meta.url).resolve('typescript7/package.json');
    const found = await readPackage(path.dirname(manifest));
    if (!found) throw new Error(`Not a package: ${path.dirname(manifest)}`);
    return found;
  } catch (error) {
    throw new CompilerMissing(
      {
        code: 'TOOL_MISSING',
        message: `The TypeScript bundled with Bulkhead is missing. Reinstall Bulkhead, or install TypeScript in the workspace: 'npm install --save-dev typescript'.`,
        fatal: true,
      },
      { cause: error },
    );
  }
}

async function compilerIn({ directory, version, manifest }: Package, origin: Compiler['origin']): Promise<Compiler> {
  if (majorOf(version) < 7) {
    const entry = path.join(directory, 'lib', 'typescript.js');
    if (!(await exists(entry))) throw broken(directory, version, new Error(`${entry} is missing`));
    return { kind: 'javascript', version, origin, directory, entry, executable: '' };
  }
  const executable = await executableOf(directory, version);
  const api = apiOf(manifest);
  return api === undefined
    ? { kind: 'command', version, origin, directory, entry: executable, executable }
    : { kind: 'native', version, origin, directory, entry: path.join(directory, api), executable };
}

/** The native executable for this platform, found by the package's own code. */
async function executableOf(directory: string, version: string): Promise<string> {
  try {
    const finder = (await import(pathToFileURL(path.join(directory, 'lib', 'getExePath.js')).href)) as {
      default?: unknown;
    };
    const found = typeof finder.default === 'function' ? (finder.default as () => unknown)() : undefined;
    if (typeof found !== 'string') throw new Error('the package does not tell the path of its executable');
    return found;
  } catch (error) {
    throw broken(directory, version, error);
  }
}

function broken(directory: string, version: string, cause: unknown): CompilerMissing {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new CompilerMissing(
    {
      code: 'TOOL_MISSING',
      message: `typescript ${version} in ${directory} cannot run on ${process.platform}-${process.arch}: ${reason}. Reinstall it for this platform with its optional dependencies, or install typescript@6 in the workspace.`,
      fatal: true,
    },
    { cause },
  );
}

/** Where the package exports its asynchronous API, relative to its folder. */
function apiOf({ exports }: Manifest): string | undefined {
  if (typeof exports !== 'object' || exports === null || !('./unstable/async' in exports)) return undefined;
  const target = exports['./unstable/async'];
  return typeof target === 'string' ? target : undefined;
}

async function readPackage(directory: string): Promise<Package | undefined> {
  try {
    const manifest = jsonOf(await readText(path.join(directory, 'package.json')));
    if (!isRecord(manifest) || typeof manifest['version'] !== 'string') return undefined;
    return { directory, version: manifest['version'], manifest };
  } catch {
    return undefined;
  }
}

function majorOf(version: string): number {
  return Number.parseInt(version, 10);
}

async function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}
