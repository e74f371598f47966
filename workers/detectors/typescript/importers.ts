/**
 * Files that an edit may affect, without help of a compiler: by the syntax of declarations, by relative paths, and by
 * the last segment of other specifiers. Errs on the side of too many, and is a hundred times cheaper than resolving
 * everything. Lives as long as its session.
 */
import path from 'node:path';
import { changedNames, isSome, NO_NAMES, type Declared, type Names } from './declared.ts';
import { declaredBySyntax } from './declared-by-syntax.ts';

export interface TextEdit {
  /** Absolute, with forward slashes. */
  readonly file: string;
  readonly before: string;
  readonly now: string;
}

export interface Affected {
  /** Nearest first, the edited ones among them. */
  readonly files: readonly string[];
  /** False: any other file may be affected too. */
  readonly all: boolean;
}

export class LikelyImporters {
  /** The imports of each file, by {@link keyOf}. */
  readonly #asked = new Map<string, ReadonlySet<string>>();
  readonly #read: (file: string) => Promise<string>;

  /** @param read may throw; such a file imports nothing */
  constructor(read: (file: string) => Promise<string>) {
    this.#read = read;
  }

  forget(file: string): void {
    this.#asked.delete(file);
  }

  forgetAll(): void {
    this.#asked.clear();
  }

  /** Reads the imports of files in advance. */
  async learn(files: Iterable<string>): Promise<void> {
    const unknown = [...files].filter((file) => !this.#asked.has(file) && !file.includes('/node_modules/'));
    for (let start = 0; start < unknown.length; start += AT_ONCE) {
      await Promise.all(unknown.slice(start, start + AT_ONCE).map((file) => this.#learn(file)));
    }
  }

  /** Files among these that import something which may be one of the new files. */
  async likelyFor(created: readonly string[], among: Iterable<string>): Promise<ReadonlySet<string>> {
    const files = [...among];
    await this.learn(files);
    const keys = new Set(created.flatMap(allKeysOf));
    return new Set(files.filter((file) => [...(this.#asked.get(file) ?? [])].some((key) => keys.has(key))));
  }

  /**
   * @param among files of the program
   * @param most the limit of affected files
   */
  async affected(edits: readonly TextEdit[], among: Iterable<string>, most: number): Promise<Affected> {
    await this.learn(among);
    const changed = new Map<string, Names>();
    const affected = new Set(edits.map(({ file }) => file));
    for (const { file, before, now } of edits) {
      const [old, current] = [declaredBySyntax(file, before), declaredBySyntax(file, now)];
      // Nothing in JSON has a name: every change concerns all who import it.
      if (!old || !current || file.endsWith('.json')) return { files: [...affected], all: false };
      changed.set(
        file,
        changedNames(old, current, () => NO_NAMES),
      );
    }
    const files = [...among];
    const known = new Map<string, Declared>();
    for (let wave = [...changed.keys()]; wave.length > 0;) {
      const reached = wave.filter((file) => isSome(changed.get(file) ?? NO_NAMES));
      const names = namesByTarget(reached, changed);
      const next: string[] = [];
      for (const file of names.size === 0 ? [] : files) {
        const asked = [...(this.#asked.get(file) ?? [])].flatMap((key) => names.get(key) ?? []);
        const passedOn = asked.length === 0 ? undefined : await this.#passedOn(file, asked, names, known);
        if (passedOn === undefined) continue;
        affected.add(file);
        if (passedOn === 'unknown' || affected.size > most) return { files: [...affected], all: false };
        const before = changed.get(file) ?? NO_NAMES;
        const now = joined(before, passedOn);
        changed.set(file, now);
        if (sizeOf(now) > sizeOf(before)) next.push(file);
      }
      wave = next;
    }
    return { files: [...affected], all: true };
  }

  /**
   * What else is changed by the changed names that a file takes; undefined: it takes none.
   * @param asked changed names of the files that it may ask for
   */
  async #passedOn(
    file: string,
    asked: readonly Names[],
    names: ReadonlyMap<string, Names>,
    known: Map<string, Declared>,
  ): Promise<Names | 'unknown' | undefined> {
    const text = await this.#read(file).catch(() => '');
    const mentions = (some: Names): boolean => some === 'all' || [...some].some((name) => text.includes(name));
    // Most do not, and need not be parsed to know it.
    if (!asked.some(mentions) && !EXPORT_ALL.test(text)) return undefined;
    const declarations = known.get(file) ?? declaredBySyntax(file, text);
    if (!declarations) return 'unknown';
    known.set(file, declarations);
    const changedIn = (specifier: string): Names => names.get(keyOf(file, specifier)) ?? NO_NAMES;
    const takes = declarations.links.some(({ specifier, imported, local }) => {
      const some = changedIn(specifier);
      if (!isSome(some) || some === 'all' || local === '*') return isSome(some);
      return imported === '*' ? mentions(some) : some.has(imported);
    });
    const isCalled = [...text.matchAll(CALLED)].some(([, specifier = '']) => {
      const some = changedIn(specifier);
      return isSome(some) && mentions(some);
    });
    return takes || isCalled ? changedNames(declarations, declarations, changedIn) : undefined;
  }

  async #learn(file: string): Promise<void> {
    const text = await this.#read(file).catch(() => '');
    this.#asked.set(file, new Set([...text.matchAll(SPECIFIER)].map(([, specifier = '']) => keyOf(file, specifier))));
  }
}

/** Files read at a time. */
const AT_ONCE = 64;
const SPECIFIER = /(?:\bfrom|\bimport|\brequire)\s*\(?\s*['"]([^'"\n]+)['"]/g;
const EXPORT_ALL = /\bexport\s*(?:type\s*)?\*/;
const CALLED = /(?:\bimport|\brequire)\s*\(\s*['"]([^'"\n]+)['"]/g;
const EXTENSION = /(\.d)?\.(?:[cm]?[jt]sx?|json)$/;
/** Folders above an index that somebody may name to mean it: a package is often called like its folder. */
const FOLDERS = 3;

/** What a specifier means, without looking: a path without extension, or the last part of a name. */
function keyOf(file: string, specifier: string): string {
  const plain = specifier.replace(EXTENSION, '');
  return plain.startsWith('.') ? path.posix.join(path.posix.dirname(file), plain) : path.posix.basename(plain);
}

/** All keys that may mean a file. */
function keysOf(file: string): readonly string[] {
  const plain = file.replace(EXTENSION, '');
  const folder = path.posix.dirname(plain);
  if (path.posix.basename(plain) !== 'index') return [plain, path.posix.basename(plain)];
  return [plain, folder, `${folder}/`, ...folder.split('/').slice(-FOLDERS)];
}

/** … also by patterns, which may put a part of a name anywhere into the path. */
function allKeysOf(file: string): readonly string[] {
  return [
    ...keysOf(file),
    ...file
      .replace(EXTENSION, '')
      .split('/')
      .slice(-FOLDERS - 1),
  ];
}

function namesByTarget(files: readonly string[], changed: ReadonlyMap<string, Names>): ReadonlyMap<string, Names> {
  const found = new Map<string, Names>();
  for (const file of files) {
    const names = changed.get(file) ?? NO_NAMES;
    for (const target of keysOf(file)) found.set(target, joined(found.get(target) ?? NO_NAMES, names));
  }
  return found;
}

function joined(one: Names, other: Names): Names {
  return one === 'all' || other === 'all' ? 'all' : new Set([...one, ...other]);
}

function sizeOf(names: Names): number {
  return names === 'all' ? Number.POSITIVE_INFINITY : names.size;
}
