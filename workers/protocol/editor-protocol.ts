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
  /** {@link RestartWorkersParams} → null: the response comes when the workers are replaced, even if one hangs. */
  restartWorkers: 'bulkhead/restartWorkers',
  /** {} → {@link StatusParams}. */
  status: 'bulkhead/status',
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

export interface TimingsResult {
  readonly detectors: readonly {
    readonly name: string;
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

export type ServerState = 'idle' | 'analysing' | 'problem';

export interface StatusParams {
  readonly state: ServerState;
  /** Number of finished analyses since the server started. A short analysis may be visible only here. */
  readonly analyses: number;
  /** 0 to 100; absent: nothing is being analysed. */
  readonly percent?: number;
  /** One sentence for the user: what is being analysed, or what the problem is and what to do. */
  readonly message?: string;
  readonly detectors: readonly DetectorStatusItem[];
  readonly workers: readonly WorkerStatus[];
  readonly issues: IssueCounts;
  /** Resident memory of all workers together. */
  readonly memoryBytes: number;
}

/**
 * `restricted`: it does not run because the workspace is not trusted. `degraded`: it has checked everything, but answers
 * are missing; `error` says why.
 */
export type DetectorRunState =
  'off' | 'restricted' | 'not-applicable' | 'waiting' | 'running' | 'done' | 'degraded' | 'failed';

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
