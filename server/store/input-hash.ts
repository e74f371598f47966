/**
 * Content hashes of files, remembered by what the file system says of them, so that a warm start reads no file that
 * has not changed. The hasher is used in the store's thread, where it may block, and lives as long as that.
 *
 * Invariant: a remembered hash is used only if the file cannot have changed since without its status showing it.
 */
import { hash } from 'node:crypto';
import { readFileSync, statSync, type BigIntStats } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Fact } from './operations.ts';

/** Hexadecimal digits kept of the SHA-256. */
const HASH_LENGTH = 32;

/**
 * Two writes within the granularity of a file system's clock leave the same times. A status that was taken less than
 * this after the file's last change is therefore not trusted (Git calls such entries racy). FAT counts in 2 seconds.
 */
const RACY_NS = 2_500_000_000n;

/** Of a file's bytes, or of a text as it would be saved in UTF-8. */
export function hashContent(content: string | Uint8Array): string {
  return hash('sha256', content, 'hex').slice(0, HASH_LENGTH);
}

/** Reads the file, without blocking; undefined: it cannot be read. */
export async function hashFile(file: string): Promise<string | undefined> {
  try {
    return hashContent(await readFile(file));
  } catch {
    return undefined;
  }
}

/** What the file system says of a file; all of it must be equal for the content to be taken as equal. */
export interface FileStatus {
  readonly mtimeNs: bigint;
  /** Moves on Linux and macOS even when a program sets mtime back. */
  readonly ctimeNs: bigint;
  readonly size: bigint;
  readonly ino: bigint;
}

export interface InputFileSystem {
  /** Undefined: not a file. */
  status(file: string): FileStatus | undefined;
  /** @throws when it cannot be read */
  read(file: string): Uint8Array;
}

export interface InputHasherOptions {
  readonly load: () => readonly Fact[];
  readonly save: (facts: readonly Fact[]) => void;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly files?: InputFileSystem;
}

interface Entry {
  readonly hash: string;
  /** The status and the time it was taken, as they are stored. */
  readonly status: string;
  readonly seenNs: bigint;
  readonly changedNs: bigint;
}

export class InputHasher {
  /** Where the table is kept: `hash` is the content's, `body` the status it was taken at. */
  static readonly factKind = 'input';

  readonly #options: InputHasherOptions;
  readonly #files: InputFileSystem;
  #entries: Map<string, Entry> | undefined;

  constructor(options: InputHasherOptions) {
    this.#options = options;
    this.#files = options.files ?? systemFiles;
  }

  /**
   * @param root absolute path
   * @param files relative to it, forward slashes
   * @returns a hash for each file, in order; undefined where there is no readable file
   */
  hashAll(root: string, files: readonly string[]): readonly (string | undefined)[] {
    this.prepare();
    const learned: Fact[] = [];
    const hashes = files.map((file) => this.#hash(root, file, learned));
    if (learned.length > 0) {
      try {
        this.#options.save(learned);
      } catch {
        // The table only saves time; what could not be written is read again.
      }
    }
    return hashes;
  }

  /** Reads what is remembered before it is needed. */
  prepare(): void {
    this.#entries ??= this.#load();
  }

  forget(): void {
    this.#entries = undefined;
  }

  #hash(root: string, file: string, learned: Fact[]): string | undefined {
    const absolute = path.resolve(root, file);
    try {
      // Taken before the status: a change after this moment gives the file a later time.
      const seenNs = BigInt(Math.floor(this.#options.now())) * 1_000_000n;
      const before = this.#files.status(absolute);
      if (before === undefined) return undefined;
      const status = textOf(before);
      const known = this.#entries?.get(file);
      if (known?.status === status && known.changedNs + RACY_NS < known.seenNs) return known.hash;
      const content = hashContent(this.#files.read(absolute));
      const after = this.#files.status(absolute);
      // It was written while it was read: true for this moment, and not to be remembered.
      if (after === undefined || textOf(after) !== status) return content;
      const fact: Fact = { file, hash: content, body: `${status} ${seenNs}` };
      const entry = entryOf(fact);
      if (entry) this.#entries?.set(file, entry);
      learned.push(fact);
      return content;
    } catch {
      return undefined;
    }
  }

  #load(): Map<string, Entry> {
    const entries = new Map<string, Entry>();
    try {
      for (const fact of this.#options.load()) {
        const entry = entryOf(fact);
        if (entry) entries.set(fact.file, entry);
      }
    } catch {
      // Without the table every file is read.
    }
    return entries;
  }
}

function textOf({ mtimeNs, ctimeNs, size, ino }: FileStatus): string {
  return `${mtimeNs} ${ctimeNs} ${size} ${ino}`;
}

function entryOf({ hash: content, body }: Fact): Entry | undefined {
  const fields = typeof body === 'string' ? /^((-?\d+) (-?\d+) \d+ \d+) (\d+)$/.exec(body) : null;
  if (fields === null) return undefined;
  const [, status = '', mtime = '0', ctime = '0', seen = '0'] = fields;
  const [mtimeNs, ctimeNs] = [BigInt(mtime), BigInt(ctime)];
  return { hash: content, status, seenNs: BigInt(seen), changedNs: mtimeNs > ctimeNs ? mtimeNs : ctimeNs };
}

const systemFiles: InputFileSystem = {
  status: (file) => {
    const stat: BigIntStats | undefined = statSync(file, { bigint: true, throwIfNoEntry: false });
    return stat?.isFile() === true ? stat : undefined;
  },
  read: (file) => readFileSync(file),
};
