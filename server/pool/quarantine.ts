/**
 * Inputs that killed their compartment twice. Each is kept with a key made of everything that could have been the
 * cause; when any of it changes, the input is free again. Survives restarts in a file of its own. Lives with the pool.
 */
import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { CheckRequest, Unit } from '../../workers/protocol.ts';
import type { ExitKind, QuarantinedInput } from './types.ts';

/** What may have changed besides the content of the files. */
export interface QuarantineContext {
  /** Of the detector; undefined: not known yet, then it is taken to be the same. */
  readonly version: string | undefined;
  readonly limitMb: number;
  /** Absolute or relative to the root. */
  readonly configFiles: readonly string[];
}

export interface QuarantineOptions {
  /** Folder of the file; absent: memory only. */
  readonly storageDir: string | undefined;
  readonly log: (message: string) => void;
  /** Reads a file's bytes; undefined when it cannot be read. */
  readonly read?: (file: string) => Promise<Uint8Array | undefined>;
}

interface Entry {
  readonly input: QuarantinedInput;
  /** Undefined while it is being computed. */
  readonly key: Promise<string>;
  readonly version: string | undefined;
}

interface StoredEntry {
  readonly input: QuarantinedInput;
  readonly key: string;
  readonly version?: string;
}

export interface Sifted {
  readonly units: readonly Unit[];
  readonly quarantined: readonly QuarantinedInput[];
}

const FORMAT = 1;
const FILE_NAME = 'quarantine.json';
const MAX_CONFIG_FILES = 200;
const MEMORY_KINDS = new Set<ExitKind>(['oom-heap', 'oom-kernel', 'rss-limit']);

export class Quarantine {
  readonly #options: QuarantineOptions;
  readonly #read: (file: string) => Promise<Uint8Array | undefined>;
  readonly #entries = new Map<string, Entry>();
  readonly #loaded: Promise<void>;
  #loading = true;
  #writing: Promise<void> = Promise.resolve();

  constructor(options: QuarantineOptions) {
    this.#options = options;
    this.#read = options.read ?? readBytes;
    this.#loading = options.storageDir !== undefined;
    this.#loaded = this.#load();
  }

  /** True: there is nothing to ask. */
  get empty(): boolean {
    return !this.#loading && this.#entries.size === 0;
  }

  list(): readonly QuarantinedInput[] {
    return [...this.#entries.values()].map(({ input }) => input);
  }

  /** Leaves out units that are in quarantine still; frees those for which something changed. */
  async sift(request: CheckRequest, context: QuarantineContext): Promise<Sifted> {
    await this.#loaded;
    const quarantined: QuarantinedInput[] = [];
    const units: Unit[] = [];
    for (const unit of request.units) {
      const id = idOf(request, unit);
      const entry = this.#entries.get(id);
      if (entry === undefined) {
        units.push(unit);
      } else if (await this.#isSame(entry, request, context)) {
        quarantined.push(entry.input);
      } else {
        this.#entries.delete(id);
        this.#save();
        units.push(unit);
      }
    }
    return { units, quarantined };
  }

  add(input: QuarantinedInput, request: CheckRequest, context: QuarantineContext): void {
    const key = this.#keyOf(input, request, context);
    this.#entries.set(idOf(request, input.unit), { input, key, version: context.version });
    this.#save();
  }

  /** @returns what was freed */
  release(matches: (input: QuarantinedInput) => boolean): readonly QuarantinedInput[] {
    const freed: QuarantinedInput[] = [];
    for (const [id, { input }] of this.#entries) {
      if (!matches(input)) continue;
      this.#entries.delete(id);
      freed.push(input);
    }
    if (freed.length > 0) this.#save();
    return freed;
  }

  /** Resolves when everything is on disk. */
  async settled(): Promise<void> {
    await this.#loaded;
    await this.#writing;
  }

  async #isSame(entry: Entry, request: CheckRequest, context: QuarantineContext): Promise<boolean> {
    const { version } = entry;
    if (version !== undefined && context.version !== undefined && version !== context.version) return false;
    const [then, now] = await Promise.all([entry.key, this.#keyOf(entry.input, request, context)]);
    return then === now;
  }

  async #keyOf(input: QuarantinedInput, request: CheckRequest, context: QuarantineContext): Promise<string> {
    const hash = createHash('sha256');
    const add = (text: string | Uint8Array): void => void hash.update(text).update('\0');
    add(`${input.detector}\n${input.unit.id}\n${process.versions.node}`);
    add(JSON.stringify(request.options));
    // A higher limit is a new chance for what ran out of memory.
    if (MEMORY_KINDS.has(input.reason.kind)) add(String(context.limitMb));
    const files = new Set([input.unit.file, input.file, ...context.configFiles.slice(0, MAX_CONFIG_FILES)]);
    for (const file of files) {
      const overlay = request.overlays.find((candidate) => candidate.file === file);
      add(file);
      add(overlay?.text ?? (await this.#read(path.resolve(request.root, file))) ?? 'absent');
    }
    return hash.digest('hex');
  }

  async #load(): Promise<void> {
    const { storageDir } = this.#options;
    if (storageDir === undefined) return;
    const file = path.join(storageDir, FILE_NAME);
    try {
      for (const { input, key, version } of parse(await readFile(file, 'utf8'))) {
        const id = [input.detector, input.root, input.unit.id].join('\n');
        // What was added meanwhile is newer.
        if (!this.#entries.has(id)) this.#entries.set(id, { input, key: Promise.resolve(key), version });
      }
    } catch (error) {
      if (!isMissing(error))
        this.#options.log(`The quarantine file ${file} cannot be used and is begun anew: ${String(error)}`);
    } finally {
      this.#loading = false;
    }
  }

  #save(): void {
    const { storageDir } = this.#options;
    if (storageDir === undefined) return;
    this.#writing = this.#writing.then(async () => {
      await this.#loaded;
      const entries: StoredEntry[] = [];
      for (const { input, key, version } of this.#entries.values()) {
        entries.push({ input, key: await key, ...(version === undefined ? {} : { version }) });
      }
      try {
        await mkdir(storageDir, { recursive: true });
        const file = path.join(storageDir, FILE_NAME);
        const draft = `${file}.${process.pid}.tmp`;
        await writeFile(draft, `${JSON.stringify({ format: FORMAT, entries }, undefined, 2)}\n`);
        await rename(draft, file);
      } catch (error) {
        this.#options.log(`The quarantine cannot be kept on disk: ${String(error)}`);
      }
    });
  }
}

/** What may be in the file, as far as it is looked at. */
type StoredShape = {
  readonly key?: unknown;
  readonly input?: {
    readonly detector?: unknown;
    readonly root?: unknown;
    readonly file?: unknown;
    readonly unit?: { readonly id?: unknown };
    readonly reason?: { readonly message?: unknown };
  };
} | null;

function parse(text: string): readonly StoredEntry[] {
  const stored = JSON.parse(text) as { readonly format?: unknown; readonly entries?: unknown };
  if (stored.format !== FORMAT || !Array.isArray(stored.entries)) throw new Error('not of a known format');
  return (stored.entries as readonly StoredShape[]).filter(
    (entry): entry is StoredEntry =>
      typeof entry?.key === 'string' &&
      typeof entry.input?.detector === 'string' &&
      typeof entry.input.root === 'string' &&
      typeof entry.input.file === 'string' &&
      typeof entry.input.unit?.id === 'string' &&
      typeof entry.input.reason?.message === 'string',
  );
}

function idOf(request: CheckRequest, unit: Unit): string {
  return [request.detector, request.root, unit.id].join('\n');
}

async function readBytes(file: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(file);
  } catch {
    return undefined;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
