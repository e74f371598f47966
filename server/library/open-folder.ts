/**
 * A folder that a program has open: the public API of {@link Folder}. Lives until it is disposed, or its program ends.
 */
import { realpath } from 'node:fs/promises';
import { manifestOf, type DetectorName } from '../../workers/detectors/manifests.ts';
import type { DetectorOptions, Issue } from '../../workers/protocol/detector-protocol.ts';
import { declaredTools } from '../configuration/read.ts';
import { validated } from '../configuration/validate.ts';
import { isIncomplete, type DetectorStatus, type IssueCounts } from '../engine/status.ts';
import { Folder } from '../folder/folder.ts';
import type { FolderOptions } from '../folder/options.ts';
import type { FileChange } from '../journal.ts';
import type { WorkerHealth } from '../pool/types.ts';

export interface OpenFolderOptions {
  /** Only these run, tools that `bulkhead.config.json` declares among them. Default: all that `bulkhead.config.json` does not turn off. */
  readonly detectors?: readonly (DetectorName | (string & {}))[];
  /** By detector; overrides options in `bulkhead.config.json` one by one. docs/detectors.md lists them. */
  readonly options?: Readonly<Partial<Record<DetectorName, DetectorOptions>>>;
  /** gitignore-style patterns of files that are never analysed, in addition to those in `bulkhead.config.json`. */
  readonly exclude?: readonly string[];
  /** False: no code of the folder is executed, such as an ESLint configuration. Default: true. */
  readonly trusted?: boolean;
  /**
   * True: the folder is watched, and changes on disk are analysed until the folder is disposed. Default: false; report
   * changes to {@link OpenFolder.filesChanged}.
   */
  readonly watch?: boolean;
  /**
   * Called with what the user has to know, even while the folder opens: a change broke `bulkhead.config.json` (the last
   * valid configuration stays in force), or changes on disk are no longer seen. Default: nobody is told.
   */
  readonly onProblem?: (message: string) => void;
  /** False: results are neither read from the user's cache folder nor stored there. Default: true. */
  readonly cache?: boolean;
  /** Maximum number of workers at a time. Default: depends on the machine's cores and memory. */
  readonly maxWorkers?: number;
  /** Memory limit of an ordinary worker in megabytes; some detectors get a multiple of it. Default: 1,024. */
  readonly memoryLimit?: number;
}

/** Issues of these files may have changed: read them with {@link OpenFolder.issues}. */
export interface FolderChange {
  /** Relative to the folder, with forward slashes. */
  readonly files: readonly string[];
}

export interface FolderAnalysis {
  /** Sorted by file, position, detector and rule. */
  readonly issues: readonly Issue[];
  readonly counts: IssueCounts;
  readonly detectors: readonly DetectorStatus[];
  /**
   * False: a detector failed, was cancelled, could not check every input, or is degraded because answers are missing (for
   * instance because nothing is installed). `detectors` says which and why.
   */
  readonly complete: boolean;
}

export interface OpenFolder extends AsyncDisposable {
  /** Absolute path, without symbolic links. */
  readonly root: string;
  /**
   * Analyses everything. The first time, cached results that are still valid are used.
   * @returns the results when every detector has finished; if `signal` aborts, the results so far
   * @throws Error when the folder is disposed first
   */
  analyze(options?: { readonly signal?: AbortSignal }): Promise<FolderAnalysis>;
  /** The present issues of one file (relative to the folder) or of all files. */
  issues(file?: string): readonly Issue[];
  /** Status of every enabled detector. */
  detectors(): readonly DetectorStatus[];
  /** Health of the workers that have run: memory, restarts, the last exit. */
  workers(): readonly WorkerHealth[];
  /** Calls the listener when issues of files have changed. @returns a function that ends the subscription */
  subscribe(listener: (change: FolderChange) => void): () => void;
  /** Reports files that changed on disk, which are analysed again. {@link idle} resolves when that is done. */
  filesChanged(changes: readonly FileChange[]): void;
  /**
   * Resolves when nothing is running and all changed issues have been announced.
   * @throws Error when the folder is disposed first
   */
  idle(): Promise<FolderAnalysis>;
  /** Closes the folder. Resolves when all of its processes have ended. */
  dispose(): Promise<void>;
}

/**
 * Opens a folder; nothing is analysed before {@link OpenFolder.analyze}.
 * @param folder path of the folder; relative paths start at the current working directory
 * @throws ConfigurationError when its `bulkhead.config.json` is not JSON; TypeError for options that are not valid; an error
 *   of the file system, such as `ENOENT`, when the folder cannot be read or watched
 */
export async function openFolder(folder: string, options: OpenFolderOptions = {}): Promise<OpenFolder> {
  const root = await realpath(folder);
  await expectValid(root, options);
  const {
    detectors,
    exclude,
    trusted = true,
    watch = false,
    cache = true,
    maxWorkers,
    memoryLimit,
    onProblem,
  } = options;
  const folderOptions: FolderOptions = {
    settings: {
      detectors: {
        ...(detectors === undefined ? {} : { only: detectors }),
        ...(options.options === undefined ? {} : { options: options.options }),
        ...(exclude === undefined ? {} : { exclude }),
      },
      trusted,
    },
    strict: true,
    live: watch,
    watch,
    ...(cache ? { storage: 'user-cache' } : {}),
    poolSettings: {
      ...(maxWorkers === undefined ? {} : { maxWorkers }),
      ...(memoryLimit === undefined ? {} : { memoryMb: memoryLimit }),
    },
  };
  const opened = await Folder.open(root, folderOptions, (opening) => {
    if (onProblem) opening.on('trouble', onProblem);
  });
  return new LibraryFolder(opened, watch);
}

/** A detector whose name is misspelled would find nothing, as if nothing were wrong. */
async function expectValid(
  root: string,
  { detectors = [], options = {}, exclude = [], maxWorkers = 0, memoryLimit = 0 }: OpenFolderOptions,
): Promise<void> {
  const declared = detectors.every((name) => manifestOf(name)) ? [] : await declaredTools(root);
  const others = detectors.filter((name) => !declared.includes(name));
  const limits = { 'bulkhead.maxWorkers': maxWorkers, 'bulkhead.memoryLimit': memoryLimit };
  const flaws = [
    ...validated('configuration', { detectors: Object.fromEntries(others.map((name) => [name, true])) }).flaws,
    ...validated('configuration', { exclude, detectors: options }).flaws,
    ...validated('settings', limits).flaws,
  ];
  if (flaws.length === 0) return;
  throw new TypeError(
    flaws.map(({ path, message }) => `${path.join('.').replace('bulkhead.', '')}: ${message}`).join('\n'),
  );
}

class LibraryFolder implements OpenFolder {
  readonly #folder: Folder;
  readonly #isLive: boolean;
  #disposed = false;

  constructor(folder: Folder, isLive: boolean) {
    this.#folder = folder;
    this.#isLive = isLive;
  }

  get root(): string {
    return this.#folder.root;
  }

  async analyze({ signal }: { readonly signal?: AbortSignal } = {}): Promise<FolderAnalysis> {
    const cancel = (): void => this.#folder.cancel();
    signal?.addEventListener('abort', cancel, { once: true });
    try {
      if (!this.#disposed) await this.#folder.analyze();
      if (signal?.aborted === true) cancel();
      return await this.idle();
    } finally {
      signal?.removeEventListener('abort', cancel);
    }
  }

  issues(file?: string): readonly Issue[] {
    return file === undefined ? this.#folder.issues() : this.#folder.issuesOf(file);
  }

  detectors(): readonly DetectorStatus[] {
    return this.#folder.status();
  }

  workers(): readonly WorkerHealth[] {
    return this.#folder.health();
  }

  subscribe(listener: (change: FolderChange) => void): () => void {
    const onFiles = (files: readonly string[]): void => listener({ files });
    this.#folder.on('files', onFiles);
    return () => this.#folder.off('files', onFiles);
  }

  filesChanged(changes: readonly FileChange[]): void {
    this.#folder.filesChanged(changes);
  }

  async idle(): Promise<FolderAnalysis> {
    await this.#folder.idle();
    if (this.#disposed) throw new Error(`The folder ${this.root} has been disposed.`);
    // A live folder stores its results by itself.
    if (!this.#isLive) await this.#folder.persist();
    const detectors = this.#folder.status();
    return {
      issues: this.#folder.issues(),
      counts: this.#folder.counts(),
      detectors,
      complete: !detectors.some(({ state }) => isIncomplete(state)),
    };
  }

  dispose(): Promise<void> {
    this.#disposed = true;
    return this.#folder.dispose();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }
}
