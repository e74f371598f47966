/**
 * What the editor's client and the language server say to each other beyond LSP itself.
 *
 * Only types and method names: both sides import this file, neither shares a class with the other. Plain JSON data;
 * sizes are bytes unless the name says otherwise.
 */

/**
 * The `bulkhead` section of the editor's configuration as people wrote it, nested: `{ circular: { enable: false } }`.
 * The server validates it.
 */
export type RawSettings = Readonly<Record<string, unknown>>;

export interface InitializationOptions {
  readonly settings: RawSettings;
  /** Folder the editor keeps for this workspace; absent: there is none, nothing is kept between sessions. */
  readonly storageDir?: string;
  /** False in Restricted Mode: only detectors that execute no code of the workspace may run. */
  readonly trusted: boolean;
  /** Version of the extension. */
  readonly version: string;
}

/** Parameters of `workspace/didChangeConfiguration`; the server applies them at once. */
export interface ConfigurationParams {
  readonly settings: { readonly bulkhead: RawSettings };
}

/** Requests, client to server. */
export const requests = {
  /** {} → {@link AnalyzeResult}: starts a full analysis; answers when it has started, not when it is finished. */
  analyze: 'bulkhead/analyze',
  /** {} → null: cancels the run in flight; what was found before stays. */
  cancel: 'bulkhead/cancel',
  /** {@link RestartWorkersParams} → null: answers when the workers are replaced; never waits for a hung one. */
  restartWorkers: 'bulkhead/restartWorkers',
  /** {} → {@link StatusParams}. */
  status: 'bulkhead/status',
  /** {} → {@link TimingsResult}: where the time of detectors goes, since the last analysis of everything. */
  timings: 'bulkhead/timings',
  /** {@link WatchStatusParams} → {@link StatusParams}: whether `bulkhead/status` notifications are wanted. */
  watchStatus: 'bulkhead/watchStatus',
} as const;

/** Notifications; the direction is in the comment. */
export const notifications = {
  /** Server to client, {@link StatusParams}: on change only, at most four a second. */
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
    /** Milliseconds by rule or phase, the most first; empty: the engine does not tell, or nothing had to be analysed. */
    readonly timings: Readonly<Record<string, number>>;
  }[];
}

export interface RestartWorkersParams {
  /** Absent: all. */
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
  /** How often everything asked for was answered since the server began: a short analysis may show in nothing else. */
  readonly analyses: number;
  /** 0 to 100, while analysing and known. */
  readonly percent?: number;
  /** One sentence for a person: what is worked on, or what the problem is and the way out. */
  readonly message?: string;
  readonly detectors: readonly DetectorStatusItem[];
  readonly workers: readonly WorkerStatus[];
  readonly issues: IssueCounts;
  /** Resident memory of all workers together. */
  readonly memoryBytes: number;
}

/** `restricted`: not run because the workspace is not trusted. */
export type DetectorRunState = 'off' | 'restricted' | 'not-applicable' | 'waiting' | 'running' | 'done' | 'failed';

export interface DetectorStatusItem {
  readonly name: string;
  /** What people read. */
  readonly title: string;
  readonly status: DetectorRunState;
  /** The engine that speaks, for instance `typescript 7.0.2 (bundled)`. */
  readonly engine?: string;
  /** Why it is not applicable, or another remark in one sentence. */
  readonly note?: string;
  readonly issues: number;
  /** Inputs whose issues are those of an earlier run, not yet or not any more known to be true; absent: none. */
  readonly stale?: number;
  /** Why it failed, in words that say what to do. */
  readonly error?: string;
}

export interface WorkerStatus {
  /** Stable over restarts, for instance `eslint#2`. */
  readonly name: string;
  readonly detector: string;
  readonly state: 'starting' | 'ready' | 'busy' | 'backing-off' | 'degraded' | 'disabled' | 'stopped';
  readonly pid?: number;
  readonly memoryBytes: number;
  readonly peakMemoryBytes: number;
  readonly restarts: number;
  /** One sentence: why it ended the last time. */
  readonly lastExit?: string;
}

export interface IssueCounts {
  readonly error: number;
  readonly warning: number;
  readonly info: number;
  readonly hint: number;
}
