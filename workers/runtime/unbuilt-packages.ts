/**
 * Packages of the repository whose types a build of their own makes, which has not run: a member of a workspace, or the
 * package that imports itself by name. Lives as long as one check.
 */
import { realpathSync } from 'node:fs';
import path from 'node:path';
import type { Cause } from '../protocol/detector-protocol.ts';
import { entryAt } from '../protocol/read-file.ts';
import { isRecord } from '../reading/config-file.ts';
import { placeOf, type PackageChain, type PackageFolder } from './package-chain.ts';

/** Scripts that build, the usual name first. */
const scripts = ['build', 'build:types', 'build:packages', 'build:lib', 'compile', 'prepare', 'prepack'];

export class UnbuiltPackages {
  readonly #root: string;
  readonly #packages: PackageChain;
  readonly #known = new Map<string, Cause | undefined>();

  /** @param root absolute */
  constructor(root: string, packages: PackageChain) {
    this.#root = root;
    this.#packages = packages;
  }

  /**
   * Why a compiler finds no types for a specifier.
   * @param name the package of the specifier
   * @param folder absolute, of the file that imports it
   * @returns undefined: it is no package of the repository, it is built, or a build would not bring it
   */
  causeOf(specifier: string, name: string, folder: string): Cause | undefined {
    const key = `${specifier}\n${folder}`;
    if (!this.#known.has(key)) this.#known.set(key, this.#find(specifier, name, folder));
    return this.#known.get(key);
  }

  /**
   * The same for a relative import of what a build makes, such as `../dist/index`.
   * @param file absolute, without an extension perhaps; nothing is there
   */
  causeOfFile(file: string): Cause | undefined {
    const [own] = this.#packages.of(path.dirname(file));
    if (own === undefined) return undefined;
    const [output = ''] = path.relative(own.directory, file).split(path.sep);
    const promised = ['types', 'typings', 'main', 'module', 'exports'].flatMap((field) => textsIn(own.data[field]));
    const isPromised = promised.some((target) => path.posix.normalize(target).startsWith(`${output}/`));
    if (!isPromised || entryAt(path.join(own.directory, output)) !== 'nothing') return undefined;
    const { name } = own.data;
    return this.#causeOf(own, typeof name === 'string' ? name : path.basename(own.directory));
  }

  #find(specifier: string, name: string, folder: string): Cause | undefined {
    const own = this.#folderOf(name, folder);
    if (own === undefined) return undefined;
    const targets = targetsOf(own.data, `.${specifier.slice(name.length)}`);
    const isBuilt = (target: string): boolean => isThere(path.join(own.directory, target));
    if (targets.length === 0 || targets.some(isBuilt)) return undefined;
    return this.#causeOf(own, name);
  }

  #folderOf(name: string, folder: string): PackageFolder | undefined {
    const itself = this.#packages.of(folder).find(({ data }) => data['name'] === name);
    // Without `exports`, a package has no name inside of itself.
    if (itself !== undefined) return itself.data['exports'] === undefined ? undefined : itself;
    for (let at = folder; ; at = path.dirname(at)) {
      const place = path.join(at, 'node_modules', name);
      if (entryAt(place) === 'directory') {
        const [linked] = this.#packages.of(realpathSync.native(place));
        const isOwn = linked?.data['name'] === name && !/[\\/]node_modules[\\/]/.test(linked.directory);
        return isOwn ? linked : undefined;
      }
      if (path.dirname(at) === at) return undefined;
    }
  }

  #causeOf(own: PackageFolder, name: string): Cause | undefined {
    const builder = [own, this.#packages.installationOf(own)].find(({ data }) => scriptOf(data) !== undefined);
    if (builder === undefined) return undefined;
    const { manager } = this.#packages.managerOf(this.#packages.installationOf(builder));
    const relative = (folder: string): string => path.relative(this.#root, folder).split(path.sep).join('/');
    const place = relative(builder.directory);
    const run = manager === 'npm' ? 'npm run' : `${manager} run`;
    return {
      key: `not-built ${relative(own.directory)}`,
      rule: 'not-built',
      file: relative(path.join(own.directory, 'package.json')),
      range: placeOf(own, 'name'),
      message: `'${name}' is not built, so its types are missing. Run '${run} ${scriptOf(builder.data) ?? ''}'${place === '' ? '' : ` in ${place}`}.`,
    };
  }
}

function scriptOf(data: PackageFolder['data']): string | undefined {
  const known = data['scripts'];
  return isRecord(known) ? scripts.find((name) => typeof known[name] === 'string') : undefined;
}

/** The files that a manifest promises for a subpath such as `.` or `./sub`, relative to it. */
function targetsOf(data: PackageFolder['data'], subpath: string): readonly string[] {
  const { exports } = data;
  if (exports === undefined) {
    return subpath === '.' ? ['types', 'typings', 'main', 'module'].flatMap((field) => textsIn(data[field])) : [];
  }
  const isTable = isRecord(exports) && Object.keys(exports).some((key) => key.startsWith('.'));
  if (!isTable) return subpath === '.' ? textsIn(exports) : [];
  if (subpath in exports) return textsIn(exports[subpath]);
  return Object.entries(exports).flatMap(([pattern, target]) => {
    const [start = '', end] = pattern.split('*');
    if (end === undefined || !subpath.startsWith(start) || !subpath.endsWith(end)) return [];
    const part = subpath.slice(start.length, subpath.length - end.length);
    return textsIn(target).map((one) => one.replaceAll('*', part));
  });
}

function textsIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
}

/** The file, or types beside it. */
function isThere(file: string): boolean {
  const stem = file.replace(/\.d\.([cm]?)ts$|\.([cm]?)[jt]sx?$/, '');
  const endings = ['.d.ts', '.d.mts', '.d.cts', '.ts', '.tsx', '.mts', '.cts'];
  return [file, ...endings.map((ending) => stem + ending)].some((one) => entryAt(one) === 'file');
}
