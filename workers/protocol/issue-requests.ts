/** The requests of the editor's client about issues. Only types and method names, which both sides import; plain JSON. */
import type { Issue } from './detector-protocol.ts';

export const issueRequests = {
  /** {@link AnalyzePartParams} → null: analyses folders or files again; the response comes when it has started. */
  analyzePart: 'bulkhead/analyzePart',
  /** {@link ExportParams} → {@link ExportResult}. An error's message is for the person. */
  exportIssues: 'bulkhead/exportIssues',
  /** {@link BaselineParams} → {@link BaselineResult}. An error's message is for the person. */
  baseline: 'bulkhead/baseline',
  /** {} → null: forgets all stored results and analyses everything again. */
  clearCache: 'bulkhead/clearCache',
} as const;

/** Commands of the client that code actions name (`InitializationOptions.commands`). */
export const actionCommands = ['bulkhead.install', 'bulkhead.openPage', 'bulkhead.showOutput'] as const;

/** `data` of a diagnostic: which issue it is, whatever its source and code are. */
export interface IssueData {
  readonly fingerprint: string;
  readonly detector: string;
  readonly rule: string;
  /** What it follows from, in one sentence. */
  readonly cause?: string;
}

export interface AnalyzePartParams {
  /** Of files, and of folders of the workspace or in them. */
  readonly uris: readonly string[];
}

export interface ExportParams {
  /** Absolute. The server writes {@link ExportedIssues} to it: they never lie in a message. */
  readonly file: string;
}

export interface ExportResult {
  readonly issues: number;
}

/** What an exported file contains. */
export interface ExportedIssues {
  readonly folders: readonly { readonly uri: string; readonly issues: readonly Issue[] }[];
}

export interface BaselineParams {
  /**
   * `create`: it has all present issues and no others. `compare`: nothing is written. `prune`: removes the entries of
   * fixed issues.
   */
  readonly action: 'create' | 'compare' | 'prune';
}

/** For all folders together. */
export interface BaselineResult {
  /** The files, absolute; empty: there is none. */
  readonly files: readonly string[];
  readonly known: number;
  readonly fresh: number;
  readonly fixed: number;
}
