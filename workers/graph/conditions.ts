/**
 * What the `exports` and `imports` maps of a package give, by the conditions that hold for whoever asks. Follows the
 * algorithm of Node.js. Pure.
 */
import { resolveExports, resolveImports, type PathConditions } from 'resolve-pkg-maps';
import { isRecord } from './manifests.ts';

/** A `require` and an `import` of the same name may lead to different files. */
export type Asker = 'import' | 'require';

export interface Asking {
  readonly asker: Asker;
  /** A bundler resolves it, perhaps for browsers, and knows more conditions than Node.js. */
  readonly isBundled: boolean;
  /** `customConditions` of the tsconfig. */
  readonly custom: readonly string[];
  /** Targets under `types` count too: the importer sees types. */
  readonly seesTypes: boolean;
}

/** Targets of a map, the most likely first. */
export interface MapTargets {
  /** Under the conditions that hold for the asker. */
  readonly own: readonly string[];
  /** Under any other common condition, such as `production`; they may be meant in another setting. */
  other(): readonly string[];
  /** `own` is empty, but the other kind of import is served. */
  readonly onlyFor?: Asker;
}

export function exportTargets(exports: unknown, subpath: string, asking: Asking): MapTargets {
  return targetsOf(asking, (conditions) =>
    resolveExports(applied(exports, conditions) as PathConditions, subpath, NO_CONDITIONS),
  );
}

export function importTargets(imports: object, specifier: string, asking: Asking): MapTargets {
  return targetsOf(asking, (conditions) =>
    resolveImports(applied(imports, conditions) as Parameters<typeof resolveImports>[0], specifier, NO_CONDITIONS),
  );
}

/** Sets of conditions that may hold, the most likely first. `default` always holds. */
export function conditionsFor({ asker, isBundled, custom }: Omit<Asking, 'seesTypes'>): readonly (readonly string[])[] {
  const node = [...custom, asker, 'module-sync', 'node', 'node-addons'];
  return isBundled
    ? [
        [...custom, asker, 'module', 'browser'],
        [...node, 'module'],
      ]
    : [node];
}

/** All common conditions: a subpath counts as exported if any condition exports it. */
export const ANY_CONDITION = [
  'import', 'require', 'node', 'node-addons', 'module', 'module-sync', 'browser', 'development', 'production',
]; // prettier-ignore

function targetsOf(asking: Asking, resolve: (conditions: readonly string[]) => readonly string[]): MapTargets {
  const { asker, isBundled, custom, seesTypes } = asking;
  // Only TypeScript falls back to the next target of a list if the first does not exist, and so do bundlers.
  const takesAll = isBundled || seesTypes;
  const under = (sets: readonly (readonly string[])[]): readonly string[] => {
    const found = sets.flatMap((conditions) => {
      try {
        const targets = resolve(conditions);
        return takesAll ? targets : targets.slice(0, 1);
      } catch {
        // Not exported under these conditions.
        return [];
      }
    });
    return [...new Set(found)];
  };
  const sets = conditionsFor(asking);
  const runtime = under([...sets.map((conditions) => ['source', ...conditions]), ...sets]);
  const own = seesTypes ? union(runtime, under(sets.map((conditions) => ['types', ...conditions]))) : runtime;
  const opposite: Asker = asker === 'import' ? 'require' : 'import';
  const isOther = runtime.length === 0 && under(conditionsFor({ asker: opposite, isBundled, custom })).length > 0;
  return {
    own,
    other: () =>
      under([ANY_CONDITION, [...ANY_CONDITION, 'types'], ...OTHER_SETTINGS.map((one) => [one, ...ANY_CONDITION])]),
    ...(isOther ? { onlyFor: opposite } : {}),
  };
}

const OTHER_SETTINGS = ['react-server', 'react-native', 'worker', 'edge-light', 'deno', 'bun'];

const NO_CONDITIONS: readonly string[] = [];

/** The map without conditions: each one that holds is replaced by what it leads to, or left out if that is nothing. */
function applied(map: unknown, conditions: readonly string[]): unknown {
  if (Array.isArray(map)) {
    return map.map((one: unknown) => applied(one, conditions)).filter((one) => one !== undefined);
  }
  if (!isRecord(map)) return map;
  const entries = Object.entries(map);
  if (entries.some(([key]) => /^[.#]/.test(key))) {
    return Object.fromEntries(
      entries
        .map(([key, target]) => [key, applied(target, conditions)] as const)
        .filter(([, target]) => target !== undefined),
    );
  }
  for (const [key, target] of entries) {
    const found = key === 'default' || conditions.includes(key) ? applied(target, conditions) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}

function union(one: readonly string[], other: readonly string[]): readonly string[] {
  return [...new Set([...one, ...other])];
}
