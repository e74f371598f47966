/**
 * What the detector asks of a TypeScript, whichever one it is. One session belongs to one version of TypeScript at one
 * root; it stays warm between checks and lives until the worker ends or the version changes.
 */
import type { LogLevel } from '../../protocol/detector.ts';
import type { Range, Severity } from '../../protocol/detector-protocol.ts';

/** One thing `tsc` would print. */
export interface Diagnostic {
  /** Absolute, as TypeScript spells it; absent: speaks of the project. */
  readonly file?: string;
  readonly range: Range;
  readonly code: number;
  readonly severity: Severity;
  /** The whole chain as `tsc` prints it: nested lines indented by two spaces each, joined by `\n`. */
  readonly message: string;
  readonly unnecessary?: boolean;
  readonly deprecated?: boolean;
  readonly related?: readonly Diagnostic[];
}

/** Hears about one project while it is checked. All paths are absolute. */
export interface ProjectSink {
  /** The engine starts on this file in our own process: the suspect should it not come back. */
  begin(file: string): void;
  /** Everything there is to say about a file of the program, until said anew. */
  answer(file: string, diagnostics: readonly Diagnostic[]): Promise<void>;
  /** More about the project: configuration, options, global types. Adds to what was said before. */
  project(diagnostics: readonly Diagnostic[]): void;
  /** What is said from now on comes from this engine, and not from the one that was planned. */
  speaks(engine: string): void;
  progress(done: number, total: number): void;
}

export interface ProjectOrder {
  /** Absolute path of the tsconfig. */
  readonly configFile: string;
  /** Absolute paths of the files to answer for first, most wanted first; may be of other projects. */
  readonly first: readonly string[];
  readonly generation: number;
  /** Generation of the answer that the asker has. Absent: none. */
  readonly since?: number;
  /** Every file is to be answered for, also those that nothing has changed for. */
  readonly whole: boolean;
  /** Present: nobody takes what is said for the last word where the session is `unsettled`. */
  readonly notes?: Notes;
}

/** Short texts that outlive the session, as well as can be. */
export interface Notes {
  get(key: string): string | undefined;
  set(key: string, text: string): void;
}

/**
 * How much of a project was answered for. `unchanged`: nothing was said, and what was said at `since` is true;
 * `later`: nothing was said, and something may have changed; `affected`: all that the changes since then are known to
 * concern; `whole`: every file.
 */
export type Extent = 'unchanged' | 'later' | 'affected' | 'whole';

/** The world since the last time: everything else is as it was. */
export interface Changes {
  /** All unsaved texts by absolute path. */
  readonly overlays: ReadonlyMap<string, string>;
  /** Absolute paths that changed, were created or deleted; absent: anything may have. */
  readonly changed?: readonly string[];
}

export interface TypeScriptSession {
  /** Makes later checks see the world as it is now. */
  update(changes: Changes): Promise<void>;
  /**
   * Checks a project and says what `tsc -p <config> --noEmit` would print; where `tsc` stops early (syntax errors,
   * wrong options), also what it would print after those are mended. Answers for part of it only where the order allows.
   * @throws {EngineDied} when the process of the engine is gone; the session is of no more use
   * @throws the reason of `signal` when aborted; the session stays usable
   */
  check(order: ProjectOrder, sink: ProjectSink, signal: AbortSignal): Promise<Extent>;
  /** Whether it wants a check of the `whole` project when nobody waits, though it has answered. */
  unsettled?(configFile: string): boolean;
  /** Resident memory of a process of its own; undefined: there is none, or nobody can tell. */
  processBytes?(): Promise<number | undefined>;
  /**
   * Lets go of what is in our memory only to make later checks faster.
   * @param kept tsconfig of a project whose memory stays, as does that of the project in front of the user
   * @param all that of the latter goes too
   */
  trim(kept?: string, all?: boolean): void;
  /** Never throws. */
  close(): Promise<void>;
}

/** A session that knows when the part that an edit can concern is enough. */
export interface ThriftySession extends TypeScriptSession {
  /**
   * Answers for what changed and no more.
   * @returns undefined: the whole project has to be answered for; what was said until then is right
   */
  checkPart(order: ProjectOrder, sink: ProjectSink, signal: AbortSignal): Promise<Exclude<Extent, 'whole'> | undefined>;
  /** All that a configuration says, with what it extends, but for which files there are; one text for one meaning. */
  optionsOf(configFile: string): string;
}

export interface SessionSettings {
  readonly root: string;
  log(level: LogLevel, message: string): void;
}

export class EngineDied extends Error {
  override readonly name = 'EngineDied';
}

export const NOWHERE: Range = { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } };

const CATEGORIES: readonly Severity[] = ['warning', 'error', 'hint', 'info'];

/** Of TypeScript's DiagnosticCategory: Warning, Error, Suggestion, Message; the same numbers in every version. */
export function severityOf(category: number): Severity {
  return CATEGORIES[category] ?? 'error';
}
