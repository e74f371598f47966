/** Options, settings and events of a folder. Types only. */
import type { DetectorChoice } from '../engine/detector-settings.ts';
import type { FileChange } from '../journal.ts';
import type { Confinement } from '../pool/sandbox.ts';
import type { PoolSettings, SupervisedPool } from '../pool/types.ts';
import type { RunEntry } from '../store/run-history.ts';
import type { StorageLocation } from './storage.ts';

/** Settings that may change while the folder is open: see `Folder.configure`. */
export interface FolderSettings {
  /** Detectors and options that the user chose; overrides `bulkhead.config.json`. Default: no override. */
  readonly detectors?: DetectorChoice;
  /** False: detectors that execute code of the workspace do not run. Default true. */
  readonly trusted?: boolean;
  /** Not trusted: all detectors but these run nevertheless, because the pool keeps each of them in a sandbox. */
  readonly confined?: Confinement | undefined;
  /** Absolute path of a baseline whose issues are hidden; it need not exist. Absent: no issue is hidden. */
  readonly baseline?: string | undefined;
  /** Detectors of files check only these files (relative to the root), and only their issues are shown. Default: all. */
  readonly only?: ((file: string) => boolean) | undefined;
  /** True: issues that follow from a cause are shown besides it. Default: they are folded under it. */
  readonly showConsequences?: boolean;
  /** How the analysis is shared with other processes that have the folder open. Default: not at all. Needs storage. */
  readonly sharing?: SharingSettings | undefined;
}

export interface SharingSettings {
  /**
   * `member`: leads, or takes its results from the process that leads. `visitor`: never leads; takes only results that a
   * leader has compared with the disk. For a single analysis.
   */
  readonly role: 'member' | 'visitor';
  /** Path of the Node.js that runs the workers, if it is not that of this process. Results may depend on it. */
  readonly node?: string;
  /** A sandbox is required, but for these detectors: no answers of a process that requires less are taken. */
  readonly sandboxExcept?: readonly string[];
}

export interface FolderOptions {
  readonly settings?: FolderSettings;
  /**
   * The folder stays open and follows changes: first results may be provisional, and results are stored whenever the folder
   * has been quiet for a moment, which also finds unreported changes on disk. Default: false, for a single analysis.
   */
  readonly live?: boolean;
  /** True: opening fails if the configuration or baseline is broken. Default: the problem is only reported. */
  readonly strict?: boolean;
  /** Where results are stored between sessions. Default: nowhere. */
  readonly storage?: StorageLocation;
  /** Runs the detectors; the caller disposes it. Default: the folder creates a pool and disposes it. */
  readonly pool?: SupervisedPool;
  /** Settings of the pool that the folder creates. */
  readonly poolSettings?: PoolSettings;
  /** True: the folder watches its files. Default: the front end reports changes to `Folder.filesChanged`. */
  readonly watch?: boolean;
  /** Takes the changes that the folder's own watcher sees, instead of the folder: see `Folder.filesChanged`. */
  readonly onWatched?: (changes: readonly FileChange[]) => void;
  /** Recorded in the history of the store. Default: `terminal`. */
  readonly frontEnd?: RunEntry['by'];
}

/** Text in an editor that differs from the file on disk. */
export interface UnsavedDocument {
  readonly text: string;
  readonly version: number;
}

export interface FolderEvents {
  /** Issues of these files (relative to the root) may have changed. */
  files: [files: readonly string[]];
  /** What `Folder.status` returns has changed. */
  status: [];
  /** Files changed on disk. The engine has been informed. */
  changes: [changes: readonly FileChange[]];
  /** A message for the user, such as that a configuration is broken. */
  trouble: [message: string];
  log: [level: 'warn' | 'info', message: string];
}
