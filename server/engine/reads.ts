/**
 * Which files a result was made from, and one hash for their contents. Files are told by their places in the sorted list
 * of all inputs of the root, because what projects read lies together: a few ranges instead of thousands of names. Pure;
 * created for one snapshot of the inputs.
 */
import { isInput } from './change-triggers.ts';
import { hashLines, type Inputs } from './inputs.ts';

/** What a result was made from, in short. Means something only while the same files exist. */
export interface StoredReads {
  /** First and last place of files that follow each other. */
  readonly ranges: readonly (readonly [first: number, last: number])[];
  /** Files outside of the root, or that are not listed there. */
  readonly others: readonly string[];
}

export class ReadFiles {
  readonly #files: Inputs['files'];
  #sorted: readonly string[] | undefined;
  #places: ReadonlyMap<string, number> | undefined;
  /** By range: projects share most of them. */
  readonly #hashes = new Map<string, string>();

  constructor({ files }: Pick<Inputs, 'files'>) {
    this.#files = files;
  }

  encode(reads: readonly string[]): StoredReads {
    this.#places ??= new Map(this.#names.map((file, place) => [file, place]));
    const places: number[] = [];
    const others: string[] = [];
    for (const file of reads) {
      const place = this.#places.get(file);
      if (place === undefined) others.push(file);
      else places.push(place);
    }
    const ranges: [number, number][] = [];
    for (const place of new Set(places.sort((one, other) => one - other))) {
      const last = ranges.at(-1);
      if (last && last[1] === place - 1) last[1] = place;
      else ranges.push([place, place]);
    }
    return { ranges, others: others.sort() };
  }

  decode({ ranges, others }: StoredReads): readonly string[] {
    return [...ranges.flatMap(([first, last]) => this.#names.slice(first, last + 1)), ...others];
  }

  /** @param contents hashes of the files that are not among the inputs */
  hashOf({ ranges, others }: StoredReads, contents: ReadonlyMap<string, string>): string {
    return hashLines([
      ...ranges.map((range) => this.#hashOfRange(range)),
      ...others.map((file) => `file ${file} ${contents.get(file) ?? ''}`),
    ]);
  }

  #hashOfRange([first, last]: StoredReads['ranges'][number]): string {
    const key = `${first} ${last}`;
    const known = this.#hashes.get(key);
    if (known !== undefined) return known;
    const names = this.#names.slice(first, last + 1);
    const made = hashLines(names.map((file) => `file ${file} ${this.#files.get(file) ?? ''}`));
    this.#hashes.set(key, made);
    return made;
  }

  get #names(): readonly string[] {
    return (this.#sorted ??= [...this.#files.keys()].filter(isInput).sort());
  }
}
