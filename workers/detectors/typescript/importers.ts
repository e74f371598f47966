/**
 * Which files an edit can concern where no compiler tells: by the syntax of declarations, and by the last part of what
 * files ask for, without resolving it. Too many rather than too few, and a hundred times cheaper than to resolve. Lives
 * as long as its session.
 */
import path from 'node:path';
import { changedNames, isSome, NO_NAMES, type Names } from './declared.ts';
import { outlineOf } from './outline.ts';

export interface TextEdit {
  /** Absolute, with forward slashes. */
  readonly file: string;
  readonly before: string;
  readonly now: string;
}

export class LikelyImporters {
  /** Last parts of what each file asks for. */
  readonly #asked = new Map<string, ReadonlySet<string>>();
  readonly #read: (file: string) => Promise<string>;

  /** @param read throws what it likes: such a file imports nothing */
  constructor(read: (file: string) => Promise<string>) {
    this.#read = read;
  }

  forget(file: string): void {
    this.#asked.delete(file);
  }

  /** Reads what it will need. */
  async learn(files: Iterable<string>): Promise<void> {
    const unknown = [...files].filter((file) => !this.#asked.has(file) && !file.includes('/node_modules/'));
    for (let start = 0; start < unknown.length; start += AT_ONCE) {
      await Promise.all(unknown.slice(start, start + AT_ONCE).map((file) => this.#learn(file)));
    }
  }

  /**
   * @param among files of the program
   * @returns nearest first, the edited ones among them; undefined: it may concern any file
   */
  async affected(edits: readonly TextEdit[], among: Iterable<string>): Promise<readonly string[] | undefined> {
    await this.learn(among);
    const changed = new Map<string, Names>();
    const affected = new Set<string>();
    for (const { file, before, now } of edits) {
      affected.add(file);
      const [old, outline] = [outlineOf(file, before), outlineOf(file, now)];
      if (file.endsWith('.json')) changed.set(file, 'all');
      else if (!old || !outline) return undefined;
      else
        changed.set(
          file,
          changedNames(old, outline, () => NO_NAMES),
        );
    }
    const files = [...among];
    for (let wave = [...changed.keys()]; wave.length > 0;) {
      const names = namesByTarget(
        wave.filter((file) => isSome(changed.get(file) ?? NO_NAMES)),
        changed,
      );
      const next: string[] = [];
      for (const file of names.size === 0 ? [] : files) {
        if (![...(this.#asked.get(file) ?? [])].some((asked) => names.has(asked))) continue;
        const taken = await this.#taken(file, (specifier) => names.get(nameOf(specifier)) ?? NO_NAMES);
        if (taken === 'unknown') return undefined;
        if (!taken) continue;
        affected.add(file);
        const before = changed.get(file) ?? NO_NAMES;
        const now = joined(before, taken.passedOn);
        changed.set(file, now);
        if (sizeOf(now) > sizeOf(before)) next.push(file);
      }
      wave = next;
    }
    return [...affected];
  }

  /** What of the changed names a file takes, and passes on; undefined: none. */
  async #taken(
    file: string,
    changedIn: (specifier: string) => Names,
  ): Promise<{ readonly passedOn: Names } | 'unknown' | undefined> {
    const text = await this.#read(file).catch(() => '');
    const outline = outlineOf(file, text);
    if (!outline) return 'unknown';
    const takes = outline.links.some(({ specifier, imported }) => {
      const names = changedIn(specifier);
      return isSome(names) && (names === 'all' || imported === '*' || names.has(imported));
    });
    const inBodies = [...text.matchAll(CALLED)].some(([, specifier = '']) => isSome(changedIn(specifier)));
    if (!takes && !inBodies) return undefined;
    return { passedOn: changedNames(outline, outline, changedIn) };
  }

  async #learn(file: string): Promise<void> {
    const text = await this.#read(file).catch(() => '');
    this.#asked.set(file, new Set([...text.matchAll(SPECIFIER)].map(([, specifier = '']) => nameOf(specifier))));
  }
}

/** Files read at a time. */
const AT_ONCE = 64;
const SPECIFIER = /(?:\bfrom|\bimport|\brequire)\s*\(?\s*['"]([^'"\n]+)['"]/g;
const CALLED = /(?:\bimport|\brequire)\s*\(\s*['"]([^'"\n]+)['"]/g;
const EXTENSION = /(\.d)?\.(?:[cm]?[jt]sx?|json)$/;
/** Folders above an index that somebody may name to mean it: a package is often called like its folder. */
const FOLDERS = 3;

/** What somebody may write last to mean a file. */
function namesOf(file: string): readonly string[] {
  const name = nameOf(file);
  if (name !== 'index') return [name];
  return [name, '.', '..', ...path.posix.dirname(file).split('/').slice(-FOLDERS)];
}

function nameOf(specifier: string): string {
  return path.posix.basename(specifier).replace(EXTENSION, '');
}

function namesByTarget(files: readonly string[], changed: ReadonlyMap<string, Names>): ReadonlyMap<string, Names> {
  const found = new Map<string, Names>();
  for (const file of files) {
    const names = changed.get(file) ?? NO_NAMES;
    for (const target of namesOf(file)) found.set(target, joined(found.get(target) ?? NO_NAMES, names));
  }
  return found;
}

function joined(one: Names, other: Names): Names {
  return one === 'all' || other === 'all' ? 'all' : new Set([...one, ...other]);
}

function sizeOf(names: Names): number {
  return names === 'all' ? Number.POSITIVE_INFINITY : names.size;
}
