/**
 * Which files may import others, guessed by the last part of what they ask for: good enough to say who goes first, and
 * a hundred times cheaper than to resolve it. Lives as long as its session.
 */
import path from 'node:path';

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

  /**
   * @param targets the files that may be imported
   * @param among absolute paths with forward slashes
   */
  async of(targets: readonly string[], among: readonly string[]): Promise<readonly string[]> {
    const names = new Set(targets.flatMap(namesOf));
    const found: string[] = [];
    for (let start = 0; start < among.length; start += AT_ONCE) {
      const some = among.slice(start, start + AT_ONCE).filter((file) => !file.includes('/node_modules/'));
      const asked = await Promise.all(some.map((file) => this.#askedBy(file)));
      found.push(...some.filter((_file, index) => [...(asked[index] ?? [])].some((name) => names.has(name))));
    }
    return found;
  }

  async #askedBy(file: string): Promise<ReadonlySet<string>> {
    const known = this.#asked.get(file);
    if (known) return known;
    const text = await this.#read(file).catch(() => '');
    const asked = new Set([...text.matchAll(SPECIFIER)].map(([, specifier = '']) => nameOf(specifier)));
    this.#asked.set(file, asked);
    return asked;
  }
}

/** Files read at a time. */
const AT_ONCE = 64;
const SPECIFIER = /(?:\bfrom|\bimport|\brequire)\s*\(?\s*['"]([^'"\n]+)['"]/g;
const EXTENSION = /(\.d)?\.[cm]?[jt]sx?$/;

/** What somebody may write last to mean a file. */
function namesOf(file: string): readonly string[] {
  const name = nameOf(file);
  return name === 'index' ? ['index', '.', '..', path.posix.basename(path.posix.dirname(file))] : [name];
}

function nameOf(specifier: string): string {
  return path.posix.basename(specifier).replace(EXTENSION, '');
}
