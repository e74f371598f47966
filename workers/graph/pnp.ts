/**
 * An installation of Yarn's Plug'n'Play: which package may import which. Read from `.pnp.data.json` or from the text of
 * `.pnp.cjs`, which is never executed. Immutable. Archives are not opened, so every path in an installed package counts
 * as existing.
 * Source: https://yarnpkg.com/advanced/pnp-spec
 */
import path from 'node:path';
import { readTextSync } from '../protocol/read-file.ts';
import { isRecord, jsonOf } from '../reading/config-file.ts';

interface Locator {
  readonly key: string;
  /** Names it may import; false: a peer dependency that is not provided. */
  readonly dependencies: ReadonlyMap<string, boolean>;
}

export class PlugAndPlay {
  /** By folder, absolute, without a slash at the end. */
  readonly #byFolder = new Map<string, Locator>();
  readonly #withoutFallback = new Set<string>();
  readonly #fallback = new Set<string>();

  /** The installation at a folder or the closest above it; undefined: there is none, or it cannot be read. */
  static of(folder: string): PlugAndPlay | undefined {
    for (let at = folder; ; at = path.dirname(at)) {
      const state = readState(at);
      if (state) return new PlugAndPlay(at, state);
      if (path.dirname(at) === at) return undefined;
    }
  }

  private constructor(base: string, state: Readonly<Record<string, unknown>>) {
    let top: Locator | undefined;
    for (const [name, reference, entry] of locatorsOf(state['packageRegistryData'])) {
      if (typeof entry['packageLocation'] !== 'string') continue;
      const locator = { key: keyOf(name, reference), dependencies: dependenciesOf(entry['packageDependencies']) };
      if (name === null) top = locator;
      if (entry['discardFromLookup'] === true) continue;
      this.#byFolder.set(path.resolve(base, entry['packageLocation']), locator);
    }
    for (const [name, references] of pairsOf(state['fallbackExclusionList'])) {
      for (const reference of Array.isArray(references) ? references : [])
        this.#withoutFallback.add(keyOf(name, reference));
    }
    if (state['enableTopLevelFallback'] !== true) return;
    const fallbacks = [...dependenciesOf(state['fallbackPool']), ...(top?.dependencies ?? [])];
    for (const [name, isProvided] of fallbacks) if (isProvided) this.#fallback.add(name);
  }

  /** Whether a package may be asked for by name from a folder; undefined: the folder is not of this installation. */
  provides(folder: string, name: string): boolean | undefined {
    const locator = this.#locatorOf(folder);
    if (!locator) return undefined;
    return (
      locator.dependencies.get(name) === true || (this.#fallback.has(name) && !this.#withoutFallback.has(locator.key))
    );
  }

  #locatorOf(folder: string): Locator | undefined {
    for (let at = path.resolve(folder); ; at = path.dirname(at)) {
      const locator = this.#byFolder.get(at);
      if (locator || path.dirname(at) === at) return locator;
    }
  }
}

function readState(folder: string): Readonly<Record<string, unknown>> | undefined {
  const data = readText(path.join(folder, '.pnp.data.json'));
  const text = data ?? stateIn(readText(path.join(folder, '.pnp.cjs')) ?? '');
  const state = jsonOf(text ?? '');
  return isRecord(state) ? state : undefined;
}

/** Yarn 4 writes the state as a string in quotes, Yarn 3 as an argument. */
function stateIn(script: string): string | undefined {
  const quoted = /\bRAW_RUNTIME_STATE\s*=\s*'((?:[^'\\]|\\[\s\S])*)'/.exec(script)?.[1];
  if (quoted !== undefined) return quoted.replace(/\\(\r?\n|[\s\S])/g, (_, escaped: string) => unescaped(escaped));
  return /\bhydrateRuntimeState\((\{[\s\S]*?\}),\s*\{\s*basePath\b/.exec(script)?.[1];
}

function unescaped(character: string): string {
  return /^\r?\n$/.test(character) ? '' : character === 'n' ? '\n' : character;
}

function readText(file: string): string | undefined {
  try {
    return readTextSync(file);
  } catch {
    return undefined;
  }
}

type Entry = Readonly<Record<string, unknown>>;

function locatorsOf(registry: unknown): readonly (readonly [name: unknown, reference: unknown, entry: Entry])[] {
  return pairsOf(registry).flatMap(([name, references]) =>
    pairsOf(references).flatMap(([reference, entry]) => (isRecord(entry) ? [[name, reference, entry] as const] : [])),
  );
}

/** `[name, reference]`, `[name, [alias, reference]]`, or `[name, null]`. */
function dependenciesOf(list: unknown): ReadonlyMap<string, boolean> {
  return new Map(
    pairsOf(list).flatMap(([name, target]) => (typeof name === 'string' ? [[name, target !== null]] : [])),
  );
}

function pairsOf(list: unknown): readonly (readonly [unknown, unknown])[] {
  return Array.isArray(list)
    ? list.flatMap((one: unknown) => (Array.isArray(one) && one.length === 2 ? [[one[0], one[1]] as const] : []))
    : [];
}

function keyOf(name: unknown, reference: unknown): string {
  return `${String(name)}\n${String(reference)}`;
}
