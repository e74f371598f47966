/** What a front end tells a folder, and what it hears from it. Types only. */
import type { DetectorChoice } from '../engine/detector-settings.ts';
import type { FileChange } from '../journal.ts';
import type { PoolSettings, SupervisedPool } from '../pool/types.ts';
import type { RunEntry } from '../store/run-history.ts';
import type { StorageLocation } from './storage.ts';

/** May change while the folder is open: see `Folder.configure`. */
export interface FolderSettings {
  /** Detectors and their options as the front end was told; wins over `bulkhead.config.json`. Default: nothing is added. */
  readonly detectors?: DetectorChoice;
  /** False: detectors that execute code of the workspace do not run. Default true. */
  readonly trusted?: boolean;
  /** Absolute path of a baseline whose issues are hidden; it need not exist. Absent: no issue is hidden. */
  readonly baseline?: string | undefined;
  /** Only these files (relative to the root) are analysed where that is done file by file, and only their issues are shown. */
  readonly only?: ((file: string) => boolean) | undefined;
  /** How the analysis is shared with other processes that have the folder open. Default: not at all. Needs storage. */
  readonly sharing?: SharingSettings | undefined;
}

export interface SharingSettings {
  /**
   * `member`: answers other processes, or takes its answers from the one that leads. `visitor`: never leads; for a single
   * analysis that takes what a leader has compared with the disk.
   */
  readonly role: 'member' | 'visitor';
  /** Path of the Node.js that runs the workers, if it is not the one that runs this process: results may differ. */
  readonly node?: string;
}

export interface FolderOptions {
  readonly settings?: FolderSettings;
  /**
   * The folder stays open and is looked at again: first answers may be corrected later, results are stored whenever the
   * folder is quiet, and changes on disk that nobody reported are found then. Default: one analysis.
   */
  readonly live?: boolean;
  /** True: an unusable configuration or baseline makes opening fail. Default: it is reported, and the rest goes on. */
  readonly strict?: boolean;
  /** Where results are stored between sessions. Default: nowhere. */
  readonly storage?: StorageLocation;
  /** Runs the detectors, and stays the caller's to dispose. Default: the folder makes a pool of its own. */
  readonly pool?: SupervisedPool;
  /** For a pool of the folder's own. */
  readonly poolSettings?: PoolSettings;
  /** True: the folder watches its files. Default: the front end reports changes to `Folder.filesChanged`. */
  readonly watch?: boolean;
  /** Named in the history of the store. Default: `terminal`. */
  readonly frontEnd?: RunEntry['by'];
}

/** A document as it is in an editor and not on disk. */
export interface UnsavedDocument {
  readonly text: string;
  readonly version: number;
}

export interface FolderEvents {
  /** The issues of these files (relative to the root) may differ from before. */
  files: [files: readonly string[]];
  /** What `Folder.status` returns has changed. */
  status: [];
  /** Files changed on disk, and the analysis takes that into account from now on. */
  changes: [changes: readonly FileChange[]];
  /** Something the user has to hear, such as a configuration that cannot be used. */
  trouble: [message: string];
  log: [level: 'warn' | 'info', message: string];
}
