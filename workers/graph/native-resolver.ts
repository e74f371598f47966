/**
 * Resolves names within node_modules, and paths on the disk, with oxc-resolver. Keeps its caches until
 * {@link NativeResolver.clear}.
 */
import { ResolverFactory, type NapiResolveOptions } from 'oxc-resolver';
import { ANY_CONDITION, conditionsFor, type Asker, type Asking } from './conditions.ts';

export interface NativeResult {
  readonly path?: string;
  readonly error?: string;
  /** The package exports it only to this kind of import, which is not the kind that asks. */
  readonly onlyFor?: Asker;
}

export class NativeResolver {
  /** Takes any condition. */
  readonly #any = new ResolverFactory(optionsWith([...ANY_CONDITION, 'types']));
  readonly #byConditions = new Map<string, ResolverFactory>();

  clear(): void {
    this.#any.clearCache();
    for (const factory of this.#byConditions.values()) factory.clearCache();
  }

  /** Under any condition. @param folder absolute */
  resolve(folder: string, specifier: string): NativeResult {
    const { path, error } = this.#any.sync(folder, specifier);
    return { ...(path === undefined ? {} : { path }), ...(error === undefined ? {} : { error }) };
  }

  /** Under the conditions of the asker; else under those of the other kind of import; else under any, such as `types`. */
  resolveFor(asking: Asking, folder: string, specifier: string): NativeResult {
    const path = this.#firstPath(asking, folder, specifier);
    if (path !== undefined) return { path };
    const result = this.resolve(folder, specifier);
    if (result.path === undefined) return result;
    const onlyFor: Asker = asking.asker === 'import' ? 'require' : 'import';
    const other = this.#firstPath({ ...asking, asker: onlyFor }, folder, specifier);
    return other === undefined ? result : { path: other, onlyFor };
  }

  #firstPath(asking: Asking, folder: string, specifier: string): string | undefined {
    for (const conditions of conditionsFor(asking)) {
      const { path } = this.#under(conditions).sync(folder, specifier);
      if (path !== undefined) return path;
    }
    return undefined;
  }

  #under(conditions: readonly string[]): ResolverFactory {
    const key = conditions.join();
    let factory = this.#byConditions.get(key);
    if (!factory) this.#byConditions.set(key, (factory = this.#any.cloneWithOptions(optionsWith(conditions))));
    return factory;
  }
}

function optionsWith(conditions: readonly string[]): NapiResolveOptions {
  return {
    extensions: ['.ts', '.tsx', '.js', '.jsx', '.mjs', '.cjs', '.json', '.node', '.d.ts', '.d.mts', '.d.cts'],
    extensionAlias: {
      '.js': ['.js', '.ts', '.tsx', '.d.ts'],
      '.jsx': ['.jsx', '.tsx'],
      '.mjs': ['.mjs', '.mts', '.d.mts'],
      '.cjs': ['.cjs', '.cts', '.d.cts'],
    },
    conditionNames: [...conditions, 'default'],
    mainFields: ['module', 'main', 'browser', 'types', 'typings'],
    nodePath: false,
  };
}
