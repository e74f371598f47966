/**
 * Copies among the files of a root. Of each file the index keeps its fingerprints, and of each fingerprint the files that
 * have it; tokens are made anew where two files are compared. A changed file costs its own fingerprints and a comparison of
 * the files that share some with it, before or after. The outcome depends on the files only, not on the order of changes.
 *
 * A part of a file is compared with the first file, in order of paths, that has it too. So n copies take n comparisons,
 * and all of them belong to one group. Lives as long as its graph.
 */
import { fingerprintsOf, lengthOf, type Fingerprints } from './fingerprints.ts';
import type { Tokens } from './tokens.ts';

export interface Source {
  readonly file: string;
  /** Of its text and its language: sources with the same one have the same tokens. */
  readonly hash: string;
  readonly tokens: () => Tokens;
  readonly lineAt: (offset: number) => number;
}

/** A part of a file, in UTF-16 code units. */
export interface Place {
  readonly file: string;
  readonly start: number;
  readonly end: number;
}

/** A part of a file that stands elsewhere too. */
export interface Clone extends Place {
  /** In order; at most a hundred. */
  readonly others: readonly Place[];
}

/** A part that an earlier place has too. */
interface Match {
  readonly own: Place;
  readonly first: Place;
}

/** In tokens of the later file; the earlier one has the same at a distance. */
interface Equal {
  readonly start: number;
  readonly end: number;
  readonly distance: number;
}

/** A place with all that are equal to it, in order. */
interface Member {
  readonly place: Place;
  readonly group: readonly Place[];
}

interface Entry {
  source: Source;
  fingerprints: Fingerprints;
  matches: readonly Match[];
}

/** So many earlier places are tried if the copy in the first ones is too short. */
const MAXIMUM_TRIED = 8;
/** So many places are named to each: a file that was copied a thousand times needs no million of them. */
const MAXIMUM_OTHERS = 100;
/** Tokens that are kept while files are compared: 13 bytes each. */
const MAXIMUM_TOKENS = 2_000_000;

export class CloneIndex {
  readonly #minimumTokens: number;
  readonly #minimumLines: number;
  readonly #entries = new Map<string, Entry>();
  /** By fingerprint; a file is listed once for each time it has it. Most have one. */
  readonly #files = new Map<number, string | string[]>();
  /** Files to compare; kept if an update fails. */
  readonly #stale = new Set<string>();
  /** By hash. */
  #tokens = new Map<string, Tokens>();
  #tokensKept = 0;

  constructor(minimumTokens: number, minimumLines: number) {
    this.#minimumTokens = minimumTokens;
    this.#minimumLines = minimumLines;
  }

  /** @param sources all that there are now */
  update(sources: Iterable<Source>): void {
    const stale = this.#stale;
    const present = new Set<string>();
    for (const source of sources) {
      const { file } = source;
      present.add(file);
      const entry = this.#entries.get(file);
      if (entry?.source.hash === source.hash) {
        entry.source = source;
        continue;
      }
      if (entry) this.#forget(file, entry.fingerprints, stale);
      const fingerprints = fingerprintsOf(source.tokens(), this.#minimumTokens);
      this.#entries.set(file, { source, fingerprints, matches: [] });
      this.#remember(file, fingerprints, stale);
    }
    for (const [file, { fingerprints }] of this.#entries) {
      if (present.has(file)) continue;
      this.#forget(file, fingerprints, stale);
      this.#entries.delete(file);
    }
    this.#compare();
  }

  /** By file, in order of the text; parts of a file do not overlap. */
  clones(): ReadonlyMap<string, readonly Clone[]> {
    const groups = new Map<string, Map<string, Place>>();
    for (const { matches } of this.#entries.values()) {
      for (const { own, first } of matches) {
        const name = nameOf(first);
        const group = groups.get(name) ?? new Map([[name, first]]);
        groups.set(name, group.set(nameOf(own), own));
      }
    }
    const members: Member[] = [...groups.values()].flatMap((places) => {
      const group = [...places.values()].sort(inOrder);
      return group.map((place) => ({ place, group }));
    });
    const clones = new Map<string, readonly Clone[]>();
    for (const [file, list] of Map.groupBy(members, ({ place }) => place.file)) clones.set(file, merged(list));
    return clones;
  }

  /** Files that may match otherwise than before get into `stale`. */
  #forget(file: string, fingerprints: Fingerprints, stale: Set<string>): void {
    for (let at = 0; at < fingerprints.length; at += 2) {
      const hash = fingerprints[at] ?? 0;
      const files = this.#files.get(hash);
      if (files === undefined || typeof files === 'string') {
        this.#files.delete(hash);
        continue;
      }
      files.splice(files.indexOf(file), 1);
      for (const other of files) stale.add(other);
      const [only] = files;
      if (files.length === 1 && only !== undefined) this.#files.set(hash, only);
    }
    stale.delete(file);
  }

  #remember(file: string, fingerprints: Fingerprints, stale: Set<string>): void {
    for (let at = 0; at < fingerprints.length; at += 2) {
      const hash = fingerprints[at] ?? 0;
      const files = this.#files.get(hash);
      if (files === undefined) {
        this.#files.set(hash, file);
        continue;
      }
      const list = typeof files === 'string' ? [files] : files;
      for (const other of list) stale.add(other);
      stale.add(file);
      list.push(file);
      this.#files.set(hash, list);
    }
  }

  #compare(): void {
    const places = new Map<number, readonly (readonly [string, number])[]>();
    for (const file of [...this.#stale].sort()) {
      const entry = this.#entries.get(file);
      if (entry) entry.matches = this.#matchesOf(file, entry, places);
    }
    this.#stale.clear();
    this.#tokens = new Map();
    this.#tokensKept = 0;
  }

  #matchesOf(
    file: string,
    { fingerprints, source }: Entry,
    places: Map<number, readonly (readonly [string, number])[]>,
  ): readonly Match[] {
    const matches: Match[] = [];
    /** By other file: up to where a match with it is known. */
    const covered = new Map<string, number>();
    for (let at = 0; at < fingerprints.length; at += 2) {
      const hash = fingerprints[at] ?? 0;
      const index = fingerprints[at + 1] ?? 0;
      const files = this.#files.get(hash);
      if (files === undefined || typeof files === 'string') continue;
      let tried = 0;
      for (const [other, otherIndex] of earlier(this.#placesOf(hash, files, places), file, index)) {
        if (tried++ === MAXIMUM_TRIED) break;
        if ((covered.get(other) ?? -1) > index) break;
        const equal = this.#equalPart(file, index, other, otherIndex);
        const found = equal ? this.#matches(file, source, other, equal) : [];
        if (equal === undefined || found.length === 0) continue;
        covered.set(other, equal.end);
        matches.push(...found);
        break;
      }
    }
    return matches;
  }

  /** In order of paths, then of the text. */
  #placesOf(
    hash: number,
    files: readonly string[],
    places: Map<number, readonly (readonly [string, number])[]>,
  ): readonly (readonly [string, number])[] {
    let list = places.get(hash);
    if (list) return list;
    list = [...new Set(files)].sort().flatMap((file) => {
      const { fingerprints } = this.#entries.get(file) ?? { fingerprints: new Int32Array(0) };
      const own: (readonly [string, number])[] = [];
      for (let at = 0; at < fingerprints.length; at += 2) {
        if (fingerprints[at] === hash) own.push([file, fingerprints[at + 1] ?? 0]);
      }
      return own;
    });
    places.set(hash, list);
    return list;
  }

  /** The longest equal part around two equal fingerprints, in tokens; undefined: it is too short. */
  #equalPart(file: string, index: number, other: string, otherIndex: number): Equal | undefined {
    const own = this.#tokensOf(file).values;
    const theirs = this.#tokensOf(other).values;
    const distance = index - otherIndex;
    let start = index;
    while (start > 0 && start > distance && own[start - 1] === theirs[start - 1 - distance]) start--;
    let end = start;
    while (end < own.length && end - distance < theirs.length && own[end] === theirs[end - distance]) end++;
    return end >= index + lengthOf(this.#minimumTokens) && end - start >= this.#minimumTokens
      ? { start, end, distance }
      : undefined;
  }

  #matches(file: string, source: Source, other: string, { start, end, distance }: Equal): readonly Match[] {
    const first = this.#entries.get(other)?.source ?? source;
    // Copies in a row are equal to themselves, moved by one.
    const isRow = file === other && end - start > distance;
    const length = isRow ? distance : end - start;
    const origin = this.#place(first, start - distance, start - distance + length);
    if (length < this.#minimumTokens || !this.#isLong(first, origin)) return [];
    const matches: Match[] = [];
    for (let at = start; at + length <= end; at += length) {
      const own = this.#place(source, at, at + length);
      if (this.#isLong(source, own)) matches.push({ own, first: origin });
    }
    return matches;
  }

  /** From the index of a token up to that of another. */
  #place({ file }: Source, from: number, to: number): Place {
    const { starts, ends } = this.#tokensOf(file);
    return { file, start: starts[from] ?? 0, end: ends[to - 1] ?? 0 };
  }

  #isLong({ lineAt }: Source, { start, end }: Place): boolean {
    return lineAt(end) - lineAt(start) + 1 >= this.#minimumLines;
  }

  #tokensOf(file: string): Tokens {
    const source = this.#entries.get(file)?.source;
    if (source === undefined) throw new Error(`No such file: ${file}`);
    const known = this.#tokens.get(source.hash);
    if (known) return known;
    const made = source.tokens();
    for (const [oldest, { values }] of this.#tokens) {
      if (this.#tokensKept + made.values.length <= MAXIMUM_TOKENS) break;
      this.#tokens.delete(oldest);
      this.#tokensKept -= values.length;
    }
    this.#tokens.set(source.hash, made);
    this.#tokensKept += made.values.length;
    return made;
  }
}

/** Where a part stands before a place of a file: in the files before it, then in the file itself, the nearest first. */
function* earlier(
  places: readonly (readonly [string, number])[],
  file: string,
  index: number,
): Generator<readonly [string, number]> {
  for (const place of places) {
    if (place[0] >= file) break;
    yield place;
  }
  yield* places.filter(([other, at]) => other === file && at < index).reverse();
}

function nameOf({ file, start, end }: Place): string {
  return `${String(start)}:${String(end)}:${file}`;
}

function inOrder(one: Place, other: Place): number {
  if (one.file !== other.file) return one.file < other.file ? -1 : 1;
  return one.start - other.start || other.end - one.end;
}

/** Parts of one file that overlap become one. */
function merged(list: readonly Member[]): readonly Clone[] {
  const parts: { place: Place; groups: Set<readonly Place[]> }[] = [];
  for (const { place, group } of list.toSorted((one, other) => inOrder(one.place, other.place))) {
    const last = parts.at(-1);
    if (last && place.start < last.place.end) {
      last.place = { ...last.place, end: Math.max(last.place.end, place.end) };
      last.groups.add(group);
    } else {
      parts.push({ place, groups: new Set([group]) });
    }
  }
  return parts.flatMap(({ place, groups }) => {
    const others = new Map<string, Place>();
    for (const group of groups) {
      for (const other of group) {
        if (others.size === MAXIMUM_OTHERS) break;
        const isItself = other.file === place.file && other.start < place.end && other.end > place.start;
        if (!isItself) others.set(nameOf(other), other);
      }
    }
    return others.size === 0 ? [] : [{ ...place, others: [...others.values()].sort(inOrder) }];
  });
}
