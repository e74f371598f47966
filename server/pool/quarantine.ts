/**
 * Inputs that killed their worker twice. Each is kept with a key made of everything that could have been the
 * cause; when any of it changes, the input is free again. Lives with the pool; entries of a root that has a storage live
 * on there, and are in force for every process that has the same one.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { CheckRequest, Unit } from '../../workers/protocol/detector-protocol.ts';
import type { Clock } from './clock.ts';
import { recordOf, type QuarantineRecord } from './quarantine-storage.ts';
import type { ExitKind, QuarantinedInput, QuarantineStorage } from './types.ts';

/** What may have changed besides the content of the files. */
export interface QuarantineContext {
  /** Of the detector; undefined: not known yet, then it is taken to be the same. */
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
  /** It is about text that is not on disk: nobody else's business. */
  readonly unsaved: boolean;
}

interface Entry {
  readonly input: QuarantinedInput;
  readonly key: Promise<Key>;
  readonly version: string | undefined;
  /** It was seen on the storage: when it is no longer there, somebody has let it out. */
  stored: boolean;
  /** What was asked for last is unsaved text, and not what killed. */
  dormant: boolean;
}

export interface Sifted {
  readonly units: readonly Unit[];
  readonly quarantined: readonly QuarantinedInput[];
}

type ReadFile = (file: string) => Promise<Uint8Array | undefined>;

const MAX_CONFIG_FILES = 200;
const MEMORY_KINDS = new Set<ExitKind>(['oom-heap', 'oom-kernel', 'rss-limit']);
/** For so long a check waits for a storage; a disk that hangs holds up nothing else. */
const STORAGE_TIMEOUT_MS = 2_000;

export class Quarantine {
  readonly #clock: Clock;
  readonly #read: ReadFile;
  readonly #roots = new Map<string, RootQuarantine>();

  constructor({ clock, read = readBytes }: QuarantineOptions) {
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

  /** True: there is nothing to ask. */
  isEmpty(root: string): boolean {
    return this.#roots.get(root)?.isEmpty ?? true;
  }

  /** As far as it is known: of storages, what was read so far. */
  list(): readonly QuarantinedInput[] {
    return [...this.#roots.values()].flatMap((root) => root.list());
  }

  /** Leaves out units that are in quarantine still; frees those for which something changed. */
  async sift(request: CheckRequest, context: QuarantineContext): Promise<Sifted> {
    const root = this.#roots.get(request.root);
    return (await root?.sift(request, context)) ?? { units: request.units, quarantined: [] };
  }

  add(input: QuarantinedInput, request: CheckRequest, context: QuarantineContext): void {
    let root = this.#roots.get(request.root);
    if (root === undefined) this.#roots.set(request.root, (root = new RootQuarantine(this.#clock, this.#read)));
    root.add(input, request, context);
  }

  /** @returns what was freed */
  release(matches: (input: QuarantinedInput) => boolean): readonly QuarantinedInput[] {
    return [...this.#roots.values()].flatMap((root) => root.release(matches));
  }

  /** Resolves when the storages have been given everything. */
  async settled(): Promise<void> {
    await Promise.all([...this.#roots.values()].map((root) => root.settled()));
  }
}

class RootQuarantine {
  readonly storage: QuarantineStorage | undefined;
  readonly #clock: Clock;
  readonly #read: ReadFile;
  readonly #entries = new Map<string, Entry>();
  readonly #placing = new Set<Promise<void>>();
  #looking: Promise<void> | undefined;
  /** The look that is under way has been waited for once, in vain. */
  #late = false;
  /** Changed here since the last look began: newer than what it brings. */
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
    await this.#look(request.root);
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
    const freed: QuarantinedInput[] = [];
    for (const [id, { input }] of this.#entries) {
      if (!matches(input)) continue;
      this.#drop(id);
      freed.push(input);
    }
    return freed;
  }

  async settled(): Promise<void> {
    await Promise.all(this.#placing);
  }

  async #isInForce(id: string, entry: Entry, request: CheckRequest, context: QuarantineContext): Promise<boolean> {
    const [then, now] = await Promise.all([entry.key, this.#keyOf(entry.input, request, context)]);
    const sameVersion =
      entry.version === undefined || context.version === undefined || entry.version === context.version;
    if (sameVersion && then.hash === now.hash) {
      entry.dormant = false;
      // It has been saved meanwhile.
      if (then.unsaved && !now.unsaved) this.#set(id, { ...entry, key: Promise.resolve(now) });
      return true;
    }
    // On disk it may still be as it was.
    if (now.unsaved) entry.dormant = true;
    else if (this.#entries.get(id) !== entry) return false;
    // On the storage there may be another, about what is on disk.
    else if (then.unsaved) this.#forget(id);
    else this.#drop(id);
    return false;
  }

  #set(id: string, entry: Entry): void {
    this.#touched.add(id);
    this.#entries.set(id, entry);
    const placing = this.#partition(id, entry).finally(() => this.#placing.delete(placing));
    this.#placing.add(placing);
  }

  async #partition(id: string, entry: Entry): Promise<void> {
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

  /** Waits until what others have put on the storage, or taken from it, is known here. */
  async #look(root: string): Promise<void> {
    const { storage } = this;
    if (storage === undefined || this.#late) return;
    this.#looking ??= this.#takeOver(storage, root).finally(() => {
      this.#looking = undefined;
      this.#late = false;
    });
    const { promise: timeout, resolve: giveUp } = Promise.withResolvers<void>();
    const cancelTimer = this.#clock.after(
      STORAGE_TIMEOUT_MS,
      () => {
        this.#late = this.#looking !== undefined;
        giveUp();
      },
      true,
    );
    await Promise.race([this.#looking, timeout]);
    cancelTimer();
  }

  async #takeOver(storage: QuarantineStorage, root: string): Promise<void> {
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
      // One that was never seen there is newer than what is.
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
    // A higher limit is a new chance for what ran out of memory.
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

async function readBytes(file: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(file);
  } catch {
    return undefined;
  }
}
