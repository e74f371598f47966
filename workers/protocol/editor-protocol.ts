/**
 * The messages between the editor's client and the language server that are not part of LSP.
 *
 * This file has only types and method names, which both sides import. All data is plain JSON; sizes are bytes unless the
 * name says otherwise.
 */

/**
 * The `bulkhead` section of the editor's configuration as the user wrote it, nested: `{ circular: { enable: false } }`.
 * The server validates it. Its key `folders` may have the section of each folder of the workspace, by URI.
 */
export type RawSettings = Readonly<Record<string, unknown>>;

export interface InitializationOptions {
  readonly settings: RawSettings;
  /** Folder that the editor reserves for this workspace; absent: nothing is stored between sessions. */
  readonly storageDir?: string;
  /** False in Restricted Mode: detectors that execute code of the workspace do not run. */
  readonly trusted: boolean;
  /** Version of the extension. */
  readonly version: string;
  /** Commands of the client that code actions may name. */
  readonly commands?: readonly string[];
}

/** Parameters of `workspace/didChangeConfiguration`; the server applies them at once. */
export interface ConfigurationParams {
  readonly settings: { readonly bulkhead: RawSettings };
}

/** Requests, client to server. */
export const requests = {
  /** {} → {@link AnalyzeResult}: starts a full analysis; the response comes when it has started. */
  analyze: 'bulkhead/analyze',
  /** {} → null: cancels the analysis; issues found so far stay. */
  cancel: 'bulkhead/cancel',
  /** {} → null: stops the analysis, and starts nothing until `resume`. Results stay, and changes are remembered. */
  pause: 'bulkhead/pause',
  /** {} → null: ends the pause. `analyze` ends it too. */
  resume: 'bulkhead/resume',
  /** {@link RestartWorkersParams} → null: the response comes when the workers are replaced, even if one hangs. */
  restartWorkers: 'bulkhead/restartWorkers',
  /** {} → {@link StatusParams}. */
  status: 'bulkhead/status',
  /** {} → {@link FoldersResult}: where results are stored, and with whom the analysis is shared. */
  folders: 'bulkhead/folders',
  /** {} → {@link TimingsResult}: how detectors spent their time since the last analysis of everything. */
  timings: 'bulkhead/timings',
  /** {@link WatchStatusParams} → {@link StatusParams}: turns `bulkhead/status` notifications on or off. */
  watchStatus: 'bulkhead/watchStatus',
} as const;

/** Notifications; the direction is in the comment. */
export const notifications = {
  /** Server to client, {@link StatusParams}: only on change, at most four per second. */
  status: 'bulkhead/status',
  /** Client to server, {@link TrustParams}: the user granted trust to the workspace. */
  trust: 'bulkhead/trust',
} as const;

export interface AnalyzeResult {
  readonly generation: number;
}

export interface FoldersResult {
  readonly folders: readonly {
    readonly uri: string;
    /** Absent: nothing is stored. `memory`: the disk cannot be used, so results are lost when the server ends. */
    readonly store?: {
      readonly dir: string;
      readonly mode: 'disk' | 'memory' | 'off';
      readonly results: number;
      readonly bytes: number;
    };
    /** `leader`: it works for other processes too. `follower`: another process works for it. `alone`: there is no other. */
    readonly sharing: 'leader' | 'follower' | 'alone' | 'off';
  }[];
}

export interface TimingsResult {
  readonly detectors: readonly {
    readonly name: string;
    /** Of the last analysis, or of the present one. */
    readonly durationMs: number;
    /** How many inputs it checked. */
    readonly inputs: number;
    /** Milliseconds by rule or phase, the largest first; empty: nothing was analysed, or the tool does not report them. */
    readonly timings: Readonly<Record<string, number>>;
  }[];
}

export interface RestartWorkersParams {
  /** Absent: the workers of all detectors. */
  readonly detector?: string;
}

export interface WatchStatusParams {
  readonly on: boolean;
}

export interface TrustParams {
  readonly trusted: boolean;
}

/**
 * `idle`: nothing is queued or running, every enabled detector has answered for its inputs, no configuration is broken, and
 * what is shown was published, stored and compared with the disk. `analysing`: something of this is under way. `problem`:
 * nothing is under way, but answers are missing or a configuration is broken; `message` says which. `paused`: the user
 * paused the analysis.
 */
export type ServerState = 'idle' | 'analysing' | 'problem' | 'paused';

export interface StatusParams {
  readonly state: ServerState;
  /** Number of finished analyses since the server started. A short analysis may be visible only here. */
  readonly analyses: number;
  /** 0 to 99, never falling during one analysis; absent: the user waits for no result. */
  readonly percent?: number;
  /** One sentence for the user: what is being analysed, or what the problem is and what to do. */
  readonly message?: string;
  /** What is wrong, each with the place that it leads to; the same message at several places is one problem. */
  readonly problems: readonly StatusProblem[];
  readonly detectors: readonly DetectorStatusItem[];
  readonly workers: readonly WorkerStatus[];
  readonly issues: IssueCounts;
  /** Resident memory of all workers together. */
  readonly memoryBytes: number;
}

export interface StatusProblem {
  /** Name of the detector; absent: Bulkhead's own settings, configuration or storage. */
  readonly detector?: string;
  readonly message: string;
  /** A place to look at; absent: it concerns no file. */
  readonly uri?: string;
  /** Zero-based, as in LSP. */
  readonly range?: {
    readonly start: { readonly line: number; readonly character: number };
    readonly end: { readonly line: number; readonly character: number };
  };
  /** Number of places. */
  readonly count: number;
}

/**
 * `confirming`: it has answered for all changes; results that they may concern indirectly are being checked.
 * `restricted`: it does not run because the workspace is not trusted. `degraded`: it has checked everything, but answers
 * are missing; `error` says why.
 */
export type DetectorRunState =
  | 'off'
  | 'restricted'
  | 'not-applicable'
  | 'waiting'
  | 'running'
  | 'confirming'
  | 'done'
  | 'cancelled'
  | 'degraded'
  | 'failed';

/** A detector in the status bar, for all folders together. */
export interface DetectorStatusItem {
  readonly name: string;
  /** The name to show. */
  readonly title: string;
  readonly status: DetectorRunState;
  /** The tool that produces the results, such as `typescript 7.0.2 (bundled)`. */
  readonly engine?: string;
  /** Why there is nothing to check, or another remark, in one sentence. */
  readonly note?: string;
  readonly issues: number;
  /** Number of inputs whose issues may be out of date; absent: none. */
  readonly stale?: number;
  /** Why it failed, and what to do. */
  readonly error?: string;
}

export interface WorkerStatus {
  /** The same after a restart, such as `eslint#2`. */
  readonly name: string;
  readonly detector: string;
  readonly state: 'starting' | 'ready' | 'busy' | 'backing-off' | 'degraded' | 'disabled' | 'stopped';
  readonly pid?: number;
  readonly memoryBytes: number;
  readonly peakMemoryBytes: number;
  readonly restarts: number;
  /** Why it ended the last time, in one sentence. */
  readonly lastExit?: string;
}

export interface IssueCounts {
  readonly error: number;
  readonly warning: number;
  readonly info: number;
  readonly hint: number;
}
