/** The files of a root by path, and the completion of module paths without an extension. Lives as long as the graph. */
import { isDeclarationFile } from './record.ts';
import { joined } from './projects.ts';

export class FileIndex {
  #files: ReadonlySet<string> = new Set();
  #interned: ReadonlyMap<string, string> | undefined;
  #folded: Map<string, string> | undefined;
  #directories: Set<string> | undefined;

  get files(): ReadonlySet<string> {
    return this.#files;
  }

  replace(files: ReadonlySet<string>): void {
    this.#files = files;
    this.#interned = undefined;
    this.#folded = undefined;
    this.#directories = undefined;
  }

  has(file: string): boolean {
    return this.#files.has(file);
  }

  /** The same string object for equal paths, so that no second copy of a path stays in memory. */
  interned(file: string): string {
    this.#interned ??= new Map([...this.#files].map((known) => [known, known]));
    return this.#interned.get(file) ?? file;
  }

  hasDirectory(directory: string): boolean {
    return this.directories.has(directory);
  }

  /** Every directory with a file in it or below it; the root is the empty string. */
  get directories(): ReadonlySet<string> {
    if (this.#directories === undefined) {
      const directories = new Set<string>(['']);
      for (const file of this.#files) {
        for (let end = file.lastIndexOf('/'); end > 0; end = file.lastIndexOf('/', end - 1)) {
          const parent = file.slice(0, end);
          if (directories.has(parent)) break;
          directories.add(parent);
        }
      }
      this.#directories = directories;
    }
    return this.#directories;
  }

  /** The file whose path differs from this one in case only. */
  spellingOf(file: string): string | undefined {
    this.#folded ??= new Map([...this.#files].map((known) => [known.toLowerCase(), known]));
    return this.#folded.get(file.toLowerCase());
  }

  /**
   * The file that a module path means, completed as TypeScript and bundlers do: as written, with the source extension
   * for an output extension (`./a.js` is `a.ts`), with an extension added, or as the index of a directory.
   * @param base relative to the root, normalized
   * @param preferSource the importer is TypeScript: a source wins over an output of the same name beside it
   */
  complete(
    base: string,
    preferSource: boolean,
    has: (file: string) => boolean = (file) => this.#files.has(file),
  ): string | undefined {
    return this.completeFile(base, preferSource, has) ?? this.completeDirectory(base, has);
  }

  completeDirectory(
    base: string,
    has: (file: string) => boolean = (file) => this.#files.has(file),
  ): string | undefined {
    return first(INDEX_NAMES, (name) => joined(base, name), has);
  }

  completeFile(
    base: string,
    preferSource: boolean,
    has: (file: string) => boolean = (file) => this.#files.has(file),
  ): string | undefined {
    const exact = base !== '' && has(base) ? base : undefined;
    if (exact !== undefined && !preferSource) return exact;
    const dot = base.lastIndexOf('.');
    const aliases = dot > base.lastIndexOf('/') ? SOURCE_EXTENSIONS[base.slice(dot)] : undefined;
    if (aliases !== undefined && !isDeclarationFile(base)) {
      const stem = base.slice(0, dot);
      const source = first(aliases, (extension) => stem + extension, has);
      if (source !== undefined && (exact === undefined || !isDeclarationFile(source))) return source;
    }
    if (exact !== undefined) return exact;
    return base === '' || base.endsWith('/')
      ? undefined
      : first(ADDED_EXTENSIONS, (extension) => base + extension, has);
  }
}

/** Paths with equal stems compete for the same specifier in {@link FileIndex.complete}. */
export function stemOf(file: string): string {
  return file
    .toLowerCase()
    .replace(/(\.d)?\.(?:[cm]?[jt]sx?|json|node|vue|svelte|astro)$/, '')
    .replace(/(^|\/)index$/, '');
}

const SOURCE_EXTENSIONS: Readonly<Record<string, readonly string[]>> = {
  '.js': ['.ts', '.tsx', '.d.ts', '.jsx'],
  '.jsx': ['.tsx', '.d.ts'],
  '.mjs': ['.mts', '.d.mts'],
  '.cjs': ['.cts', '.d.cts'],
};

const ADDED_EXTENSIONS = [
  '.ts', '.tsx', '.js', '.jsx', '.mjs', '.cjs', '.mts', '.cts', '.json', '.node', '.d.ts', '.d.mts', '.d.cts', '.vue', '.svelte',
]; // prettier-ignore

const INDEX_NAMES = ADDED_EXTENSIONS.map((extension) => `index${extension}`);

function first(
  parts: readonly string[],
  complete: (part: string) => string,
  has: (file: string) => boolean,
): string | undefined {
  for (const part of parts) {
    const candidate = complete(part);
    if (has(candidate)) return candidate;
  }
  return undefined;
}
