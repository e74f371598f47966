/**
 * Files of the workspace that another file names through a package: package managers link the packages of a workspace,
 * so a shared configuration is an ordinary source file under the name of a package.
 */
import { existsSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { ResolverFactory } from 'oxc-resolver';
import { packageNameOf } from './package-chain.ts';

const extensions = ['.js', '.cjs', '.mjs', '.ts', '.cts', '.mts', '.json'];

/** Remembers what it has seen; make a new one when files may have come or gone. */
export class LinkedPackages {
  readonly #resolver = new ResolverFactory({ extensions, conditionNames: ['node', 'import', 'require', 'default'] });
  readonly #linked = new Map<string, boolean>();

  /**
   * @param specifier a bare name, with or without a path in the package
   * @param from absolute path of the file that names it
   * @returns absolute; undefined: it is no file, or it is installed rather than linked
   */
  fileOf(specifier: string, from: string): string | undefined {
    const name = packageNameOf(specifier);
    const folder = path.dirname(from);
    if (name === undefined || !this.#isLinked(name, folder)) return undefined;
    for (const request of [specifier, `${specifier}/tsconfig.json`]) {
      const { path: found } = this.#resolver.sync(folder, request);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #isLinked(name: string, folder: string): boolean {
    const key = `${folder}\n${name}`;
    let answer = this.#linked.get(key);
    if (answer === undefined) this.#linked.set(key, (answer = isLinked(name, folder)));
    return answer;
  }
}

function isLinked(name: string, folder: string): boolean {
  for (let at = folder; ; at = path.dirname(at)) {
    const place = path.join(at, 'node_modules', name);
    if (existsSync(place)) return !realpathSync.native(place).split(path.sep).includes('node_modules');
    if (path.dirname(at) === at) return false;
  }
}
