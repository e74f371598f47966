/**
 * Content hashes of files, cached by the status of each file, so that a warm start reads only files that changed. Runs in
 * the store's thread, where it may block, as long as that.
 *
 * Invariant: a cached hash is used only if any later change of the file would show in its status.
 */
import { hash } from 'node:crypto';
import { statSync, type BigIntStats } from 'node:fs';
import path from 'node:path';
import type { Fact } from './operations.ts';
import { readBytes, readBytesSync } from '../../workers/protocol/read-file.ts';

/** Hexadecimal digits kept of the SHA-256. */
const HASH_LENGTH = 32;

/**
 * Two writes within the granularity of a file system's clock leave the same times. A status taken less than this after the
 * file's last change is therefore not trusted (Git calls such entries racy). FAT has a granularity of 2 seconds.
 */
const RACY_NS = 2_500_000_000n;

/** Hashes a file's bytes, or a text in UTF-8. */
export function hashContent(content: string | Uint8Array): string {
  return hash('sha256', content, 'hex').slice(0, HASH_LENGTH);
}

/** Reads and hashes a file without blocking. @returns undefined: it cannot be read */
export async function hashFile(file: string): Promise<string | undefined> {
  try {
    return hashContent(await readBytes(file, Number.POSITIVE_INFINITY));
  } catch {
    return undefined;
  }
}

/** A file's status. The content counts as unchanged only if all of it is equal. */
export interface FileStatus {
  readonly mtimeNs: bigint;
  /** On Linux and macOS it changes even when a program resets mtime. */
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
  /** The status, as stored. */
  readonly status: string;
  readonly seenNs: bigint;
  readonly changedNs: bigint;
}

export class InputHasher {
  /** Kind of the facts that hold the cache: `hash` is the content's, `body` the status and when it was taken. */
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
        // The cache only saves time. What was not written is read again.
      }
    }
    return hashes;
  }

  /** Loads the cache before it is needed. */
  prepare(): void {
    this.#entries ??= this.#load();
  }

  forget(): void {
    this.#entries = undefined;
  }

  #hash(root: string, file: string, learned: Fact[]): string | undefined {
    const absolute = path.resolve(root, file);
    try {
      // Taken before the status, because a later change gives the file a later time.
      const seenNs = BigInt(Math.floor(this.#options.now())) * 1_000_000n;
      const before = this.#files.status(absolute);
      if (before === undefined) return undefined;
      const status = textOf(before);
      const known = this.#entries?.get(file);
      if (known?.status === status && known.changedNs + RACY_NS < known.seenNs) return known.hash;
      const content = hashContent(this.#files.read(absolute));
      const after = this.#files.status(absolute);
      // It was written while it was read: the hash is right for this moment only.
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
      // Without the cache every file is read.
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
  read: (file) => readBytesSync(file, Number.POSITIVE_INFINITY),
};
