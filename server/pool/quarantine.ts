/**
 * Inputs that crashed their worker twice. Each entry has a key made of everything that may have caused the crash; when any of
 * that changes, the input is released. Lives as long as the pool. Entries of a root that has a storage outlive it there, and
 * are in force for every process with the same storage.
 */
import { createHash } from 'node:crypto';
import path from 'node:path';
import type { CheckRequest, Unit } from '../../workers/protocol/detector-protocol.ts';
import type { Clock } from '../clock.ts';
import { recordOf, type QuarantineRecord } from './quarantine-storage.ts';
import type { ExitKind, QuarantinedInput, QuarantineStorage } from './types.ts';
import { readBytes } from '../../workers/protocol/read-file.ts';

/** What a key depends on beside the content of files. */
export interface QuarantineContext {
  /** Of the detector; undefined: not known yet, and taken to be unchanged. */
  readonly version: string | undefined;
  readonly limitMb: number;
  /** Absolute or relative to the root. */
  readonly configFiles: readonly string[];
}

export interface QuarantineOptions {
  readonly clock: Clock;
  /** Reads a file's bytes; undefined when it cannot be read. */
  readonly read?: (file: string) => Promise<Uint8Array | undefined>;
}

interface Key {
  readonly hash: string;
  /** It depends on unsaved text, so it is not stored for others. */
  readonly unsaved: boolean;
}

interface Entry {
  readonly input: QuarantinedInput;
  readonly key: Promise<Key>;
  readonly version: string | undefined;
  /** It was seen in the storage. If it disappears there, another process released it. */
  stored: boolean;
  /** The newest check was of other, unsaved text. The entry may apply again. */
  dormant: boolean;
}

export interface Sifted {
  readonly units: readonly Unit[];
  readonly quarantined: readonly QuarantinedInput[];
}

type ReadFile = (file: string) => Promise<Uint8Array | undefined>;

const MAX_CONFIG_FILES = 200;
/** Ends that a higher memory limit can prevent. */
export const MEMORY_KINDS: ReadonlySet<ExitKind> = new Set<ExitKind>(['oom-heap', 'oom-kernel', 'rss-limit']);
/** How long a check waits for a storage, so that a disk that hangs delays nothing else. */
const STORAGE_TIMEOUT_MS = 2_000;

export class Quarantine {
  readonly #clock: Clock;
  readonly #read: ReadFile;
  readonly #roots = new Map<string, RootQuarantine>();

  constructor({ clock, read = bytesOf }: QuarantineOptions) {
    this.#clock = clock;
    this.#read = read;
  }

  /**
   * The storage is read when the root is checked for the first time. Without a storage, entries live as long as the pool.
   * @returns a function that closes it: resolves when everything is stored
   */
  open(root: string, storage: QuarantineStorage): () => Promise<void> {
    const opened = new RootQuarantine(this.#clock, this.#read, storage);
    this.#roots.set(root, opened);
    return async () => {
      await opened.settled();
      // The same root may have been opened again meanwhile, with another storage.
      if (this.#roots.get(root) === opened) this.#roots.delete(root);
    };
  }

  /** Nothing is in quarantine, and there is no storage. */
  isEmpty(root: string): boolean {
    return this.#roots.get(root)?.isEmpty ?? true;
  }

  /** What is known so far: of storages, what was read. */
  list(): readonly QuarantinedInput[] {
    return [...this.#roots.values()].flatMap((root) => root.list());
  }

  /** Separates units in quarantine from the others, and releases those for which something changed. */
  async sift(request: CheckRequest, context: QuarantineContext): Promise<Sifted> {
    const root = this.#roots.get(request.root);
    return (await root?.sift(request, context)) ?? { units: request.units, quarantined: [] };
  }

  add(input: QuarantinedInput, request: CheckRequest, context: QuarantineContext): void {
    let root = this.#roots.get(request.root);
    if (root === undefined) this.#roots.set(request.root, (root = new RootQuarantine(this.#clock, this.#read)));
    root.add(input, request, context);
  }

  /** @returns the released inputs */
  release(matches: (input: QuarantinedInput) => boolean): readonly QuarantinedInput[] {
    return [...this.#roots.values()].flatMap((root) => root.release(matches));
  }

  /** Resolves when everything was handed to the storages. */
  async settled(): Promise<void> {
    await Promise.all([...this.#roots.values()].map((root) => root.settled()));
  }
}

class RootQuarantine {
  readonly storage: QuarantineStorage | undefined;
  readonly #clock: Clock;
  readonly #read: ReadFile;
  readonly #entries = new Map<string, Entry>();
  readonly #writes = new Set<Promise<void>>();
  #refreshing: Promise<void> | undefined;
  /** A check waited for the current reading until its timeout. */
  #late = false;
  /** Changed here since the current reading began, and therefore newer than what it finds. */
  readonly #touched = new Set<string>();

  constructor(clock: Clock, read: ReadFile, storage?: QuarantineStorage) {
    this.#clock = clock;
    this.#read = read;
    this.storage = storage;
  }

  get isEmpty(): boolean {
    return this.storage === undefined && this.#entries.size === 0;
  }

  list(): readonly QuarantinedInput[] {
    return [...this.#entries.values()].filter(({ dormant }) => !dormant).map(({ input }) => input);
  }

  async sift(request: CheckRequest, context: QuarantineContext): Promise<Sifted> {
    await this.#refresh(request.root);
    if (this.#entries.size === 0) return { units: request.units, quarantined: [] };
    const quarantined: QuarantinedInput[] = [];
    const units: Unit[] = [];
    for (const unit of request.units) {
      const id = idOf(request.detector, unit);
      const entry = this.#entries.get(id);
      if (entry !== undefined && (await this.#isInForce(id, entry, request, context))) quarantined.push(entry.input);
      else units.push(unit);
    }
    return { units, quarantined };
  }

  add(input: QuarantinedInput, request: CheckRequest, context: QuarantineContext): void {
    const key = this.#keyOf(input, request, context);
    this.#set(idOf(input.detector, input.unit), {
      input,
      key,
      version: context.version,
      stored: false,
      dormant: false,
    });
  }

  release(matches: (input: QuarantinedInput) => boolean): readonly QuarantinedInput[] {
    const released: QuarantinedInput[] = [];
    for (const [id, { input }] of this.#entries) {
      if (!matches(input)) continue;
      this.#drop(id);
      released.push(input);
    }
    return released;
  }

  async settled(): Promise<void> {
    await Promise.all(this.#writes);
  }

  async #isInForce(id: string, entry: Entry, request: CheckRequest, context: QuarantineContext): Promise<boolean> {
    const [before, now] = await Promise.all([entry.key, this.#keyOf(entry.input, request, context)]);
    const sameVersion =
      entry.version === undefined || context.version === undefined || entry.version === context.version;
    if (sameVersion && before.hash === now.hash) {
      entry.dormant = false;
      // It was saved meanwhile.
      if (before.unsaved && !now.unsaved) this.#set(id, { ...entry, key: Promise.resolve(now) });
      return true;
    }
    // The file on disk may be unchanged.
    if (now.unsaved) entry.dormant = true;
    else if (this.#entries.get(id) !== entry) return false;
    // The storage may have another entry, for the file on disk.
    else if (before.unsaved) this.#forget(id);
    else this.#drop(id);
    return false;
  }

  #set(id: string, entry: Entry): void {
    this.#touched.add(id);
    this.#entries.set(id, entry);
    const writing = this.#write(id, entry).finally(() => this.#writes.delete(writing));
    this.#writes.add(writing);
  }

  async #write(id: string, entry: Entry): Promise<void> {
    const { hash, unsaved } = await entry.key;
    const { root: _, ...input } = entry.input;
    if (unsaved || this.#entries.get(id) !== entry) return;
    this.storage?.put(id, { ...input, key: hash, ...(entry.version === undefined ? {} : { version: entry.version }) });
  }

  #drop(id: string): void {
    this.#forget(id);
    this.storage?.remove(id);
  }

  #forget(id: string): void {
    this.#touched.add(id);
    this.#entries.delete(id);
  }

  /** Takes over what other processes changed in the storage. */
  async #refresh(root: string): Promise<void> {
    const { storage } = this;
    if (storage === undefined || this.#late) return;
    this.#refreshing ??= this.#readStorage(storage, root).finally(() => {
      this.#refreshing = undefined;
      this.#late = false;
    });
    const { promise: timeout, resolve: giveUp } = Promise.withResolvers<void>();
    const cancelTimer = this.#clock.after(
      STORAGE_TIMEOUT_MS,
      () => {
        this.#late = this.#refreshing !== undefined;
        giveUp();
      },
      true,
    );
    await Promise.race([this.#refreshing, timeout]);
    cancelTimer();
  }

  async #readStorage(storage: QuarantineStorage, root: string): Promise<void> {
    this.#touched.clear();
    const records = await storage.list().catch(() => undefined);
    if (records === undefined) return;
    for (const [id, value] of records) {
      const record = recordOf(value, root);
      if (record === undefined) continue;
      const known = this.#entries.get(id);
      const same = known !== undefined && (await known.key).hash === record.key;
      if (this.#touched.has(id)) continue;
      if (same) known.stored = true;
      // An entry that was never seen there is newer than the stored one.
      else if (known?.stored !== false) this.#entries.set(id, entryOf(record));
    }
    for (const [id, { stored }] of this.#entries) {
      if (stored && !records.has(id) && !this.#touched.has(id)) this.#forget(id);
    }
  }

  async #keyOf(input: QuarantinedInput, request: CheckRequest, context: QuarantineContext): Promise<Key> {
    const hash = createHash('sha256');
    const add = (text: string | Uint8Array): void => void hash.update(text).update('\0');
    add(`${input.detector}\n${input.unit.id}\n${process.versions.node}`);
    add(JSON.stringify(request.options));
    // With a higher limit, an input that ran out of memory gets another try.
    if (MEMORY_KINDS.has(input.reason.kind)) add(String(context.limitMb));
    const files = new Set([input.unit.file, input.file, ...context.configFiles.slice(0, MAX_CONFIG_FILES)]);
    let unsaved = false;
    for (const file of files) {
      const overlay = request.overlays.find((candidate) => candidate.file === file);
      const onDisk = await this.#read(path.resolve(request.root, file));
      add(file);
      add(overlay?.text ?? onDisk ?? 'absent');
      unsaved ||= overlay !== undefined && (onDisk === undefined || !Buffer.from(overlay.text).equals(onDisk));
    }
    return { hash: hash.digest('hex'), unsaved };
  }
}

function entryOf({ input, key, version }: QuarantineRecord): Entry {
  return { input, version, key: Promise.resolve({ hash: key, unsaved: false }), stored: true, dormant: false };
}

function idOf(detector: string, unit: Unit): string {
  return `${detector}\n${unit.id}`;
}

async function bytesOf(file: string): Promise<Uint8Array | undefined> {
  try {
    return await readBytes(file, Number.POSITIVE_INFINITY);
  } catch {
    return undefined;
  }
}
