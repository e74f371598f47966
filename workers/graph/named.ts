/**
 * Resolves names that no installed package and no tsconfig has: aliases of bundlers and test runners, names that
 * frameworks give. Asks the providers; stateless otherwise.
 */
import { isBuiltin } from 'node:module';
import type { Asking } from './conditions.ts';
import type { FileIndex } from './file-index.ts';
import { directoryOf } from './manifests.ts';
import { joined } from './projects.ts';
import { aliasTargets, frameworkAnswer, mayBeNamed, type Environment, type Providers } from './providers/index.ts';
import { isPackageName, isRelative, packageNameOf, type Missing, type Resolution, type Via } from './resolution.ts';
import type { Scope } from './scope.ts';

/** What the resolver does for names that lead on to files and packages. */
export interface Locator {
  /** Completes a path of the root. */
  readonly locate: (base: string, scope: Scope, via: Via) => Resolution | undefined;
  /** Resolves the name of a package. */
  readonly bare: (scope: Scope, specifier: string, asking: Asking) => Resolution;
}

export class NamedResolver {
  readonly #providers: Providers;
  readonly #index: FileIndex;
  readonly #locator: Locator;

  constructor(providers: Providers, index: FileIndex, locator: Locator) {
    this.#providers = providers;
    this.#index = index;
    this.#locator = locator;
  }

  /** Whether a framework, a tool or the host gives this name, whether or not a package of the name is installed. */
  isGiven(directory: string, specifier: string): boolean {
    return frameworkAnswer(this.#providers.of(directory), specifier)?.kind === 'given';
  }

  /** Whether an alias leads elsewhere than to a package of this name. */
  isRedirected(directory: string, specifier: string): boolean {
    return aliasTargets(this.#providers.of(directory), specifier).length > 0;
  }

  /** @param otherwise the answer without providers */
  resolve(scope: Scope, specifier: string, asking: Asking, otherwise: Missing): Resolution {
    const environment = this.#providers.of(scope.directory);
    const asked = withoutQuery(specifier);
    const found = this.alias(scope, asked, asking);
    if (found) return found;
    const answer = frameworkAnswer(environment, specifier) ?? frameworkAnswer(environment, asked);
    if (answer?.kind === 'given') return OPAQUE;
    if (answer) return this.misnamed(scope, specifier) ?? otherwise;
    const missing = this.#missingAlias(asked, environment);
    if (missing) return missing;
    if (otherwise.why !== 'exports' && scope.project?.isAlias(specifier) === true)
      return { kind: 'missing', why: 'file', via: 'paths', tried: scope.project.pathsOf(specifier) };
    if ((otherwise.why !== 'package' && otherwise.why !== 'imports') || otherwise.by !== undefined) return otherwise;
    const by = environment.unclear ?? mayBeNamed(environment, specifier);
    const isNoPackage = otherwise.why === 'package' && !isPackageName(packageNameOf(asked));
    if (by === undefined && !isNoPackage) return otherwise;
    return { ...otherwise, isUnclear: true, ...(by === undefined ? {} : { by }) };
  }

  /** Undefined: no alias matches, or none of its targets exists. */
  alias(scope: Scope, specifier: string, asking: Asking): Resolution | undefined {
    const environment = this.#providers.of(scope.directory);
    const targets = aliasTargets(environment, specifier);
    for (const target of targets) {
      if (target.kind === 'unknown') return OPAQUE;
      const found = target.kind === 'path' ? this.#locator.locate(target.path, scope, 'alias') : undefined;
      if (found) return found;
    }
    for (const folder of environment.roots) {
      const found = this.#locator.locate(joined(folder, specifier), scope, 'alias');
      if (found) return found;
    }
    for (const target of targets) {
      if (target.kind !== 'name' || target.name === specifier || isRelative(target.name)) continue;
      if (isBuiltin(target.name)) return { kind: 'builtin', name: target.name };
      const found = this.#locator.bare(scope, target.name, asking);
      if (found.kind !== 'missing') return found;
    }
    return undefined;
  }

  /** Undefined: the name is no misspelt one of a framework. */
  misnamed(scope: Scope, specifier: string): Missing | undefined {
    const answer = frameworkAnswer(this.#providers.of(scope.directory), specifier);
    if (answer?.kind !== 'mistake') return undefined;
    const { by, meant } = answer;
    return { kind: 'missing', why: 'name', via: 'alias', by, ...(meant === undefined ? {} : { meant }) };
  }

  /** An alias without a target, or a folder that is looked up by name. */
  #missingAlias(specifier: string, environment: Environment): Missing | undefined {
    const targets = aliasTargets(environment, specifier);
    const tried = targets.flatMap((target) => (target.kind === 'path' ? [target.path] : []));
    const named = targets.find((target) => target.kind === 'name');
    const isFolder = tried.some((file) => directoryOf(file) !== '' && this.#index.hasDirectory(directoryOf(file)));
    if (named?.kind === 'name' && !isFolder)
      return { kind: 'missing', why: 'package', via: 'package', package: packageNameOf(named.name), by: named.by };
    const [first] = targets;
    if (first && tried.length > 0) return { kind: 'missing', why: 'file', via: 'alias', by: first.by, tried };
    const [top = '', ...rest] = specifier.split('/');
    const folder = environment.roots.find((root) => rest.length > 0 && this.#index.hasDirectory(joined(root, top)));
    if (folder === undefined) return undefined;
    return { kind: 'missing', why: 'file', via: 'alias', by: joined(folder, top), tried: [joined(folder, specifier)] };
  }
}

const OPAQUE: Resolution = { kind: 'opaque' };

function withoutQuery(specifier: string): string {
  const query = specifier.indexOf('?');
  return query === -1 ? specifier : specifier.slice(0, query);
}
