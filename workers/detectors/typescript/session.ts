/**
 * The interface to a TypeScript of any version. A session belongs to one version of TypeScript at one root; it stays
 * warm between checks and lives until the worker ends or the version changes.
 */
import type { LogLevel } from '../../protocol/detector.ts';
import type { Range, Severity } from '../../protocol/detector-protocol.ts';

/** One thing `tsc` would print. */
export interface Diagnostic {
  /** Absolute, as TypeScript spells it; absent: it is about the project. */
  readonly file?: string;
  readonly range: Range;
  readonly code: number;
  /** Of another source than TypeScript, such as a compiler of components; it has no code. */
  readonly rule?: string;
  readonly severity: Severity;
  /** The whole chain as `tsc` prints it: nested lines indented by two spaces each, joined by `\n`. */
  readonly message: string;
  readonly unnecessary?: boolean;
  readonly deprecated?: boolean;
  readonly related?: readonly Diagnostic[];
}

/** Receives the results of a check of one project. All paths are absolute. */
export interface ProjectSink {
  /** The compiler starts on this file in this process; if the process crashes, the file is the suspect. */
  begin(file: string): void;
  /** All diagnostics of a file of the program; replaces an earlier answer. */
  answer(file: string, diagnostics: readonly Diagnostic[]): Promise<void>;
  /** Diagnostics of the project itself: configuration, options, global types. Adds to earlier ones. */
  project(diagnostics: readonly Diagnostic[]): void;
  /** Another compiler than the planned one gives the following answers. */
  answeredBy(engine: string): void;
  progress(done: number, total: number): void;
}

export interface ProjectRequest {
  /** Absolute path of the tsconfig. */
  readonly configFile: string;
  /** Absolute paths of the files to answer first, most important first; may belong to other projects. */
  readonly first: readonly string[];
  readonly revision: number;
  /** Generation of the answer that the engine has; absent: none. */
  readonly since?: number;
  /** Answer for every file, also for those that no change affects. */
  readonly whole: boolean;
  /** Present: provisional answers are allowed; the engine revalidates them if the session asks for it. */
  readonly notes?: Notes;
}

/** Short texts that usually outlive the session. */
export interface Notes {
  get(key: string): string | undefined;
  set(key: string, text: string): void;
}

/**
 * How much of a project was answered. `unchanged`: nothing, because the answer named in `since` is still valid;
 * `later`: nothing, although something may have changed; `affected`: all files that are known to be affected by changes
 * since then; `whole`: every file.
 */
export type Extent = 'unchanged' | 'later' | 'affected' | 'whole';

/** What changed since the last update. */
export interface Changes {
  /** All unsaved texts by absolute path. */
  readonly overlays: ReadonlyMap<string, string>;
  /** Absolute paths that changed, were created or deleted; absent: anything may have. */
  readonly changed?: readonly string[];
}

/** Files whose unsaved text differs. */
export function editedFiles(before: ReadonlyMap<string, string>, now: ReadonlyMap<string, string>): readonly string[] {
  const open = new Set([...before.keys(), ...now.keys()]);
  return [...open].filter((file) => before.get(file) !== now.get(file));
}

export interface TypeScriptSession {
  /** Makes later checks see the current state. */
  update(changes: Changes): Promise<void>;
  /**
   * Checks a project and says what `tsc -p <config> --noEmit` would print; where `tsc` stops early (syntax errors,
   * wrong options), also what it would print after those are mended. Answers for part of it only where the order
   * allows.
   * @throws {CompilerExited} the process of the compiler has ended; the session is unusable
   * @throws the reason of `signal` when aborted; the session stays usable
   */
  check(order: ProjectRequest, sink: ProjectSink, signal: AbortSignal): Promise<Extent>;
  /** Absolute paths of all files of the program that it last checked as a whole; undefined: unknown. */
  filesOf?(configFile: string): Iterable<string> | undefined;
  /** Whether it needs a check of the `whole` project when the engine is idle, although it has answered. */
  needsRevalidation?(configFile: string): boolean;
  /** Resident memory of its own process in bytes; undefined: it has none, or it is unknown. */
  processBytes?(): Promise<number | undefined>;
  /**
   * Frees memory that only speeds up later checks.
   * @param kept tsconfig of a project that stays loaded, as does the project of the open file
   * @param all unloads the project of the open file too
   */
  trim(kept?: string, all?: boolean): void;
  /** Never throws. */
  close(): Promise<void>;
}

/** A session that can check only what an edit affects. */
export interface IncrementalSession extends TypeScriptSession {
  /**
   * Answers only for what changed.
   * @returns undefined: the whole project must be checked; the answers so far are correct
   */
  checkPart(
    order: ProjectRequest,
    sink: ProjectSink,
    signal: AbortSignal,
  ): Promise<Exclude<Extent, 'whole'> | undefined>;
  /** The resolved options of a configuration, without its list of files, as a canonical text. */
  optionsOf(configFile: string): string;
}

export interface SessionSettings {
  readonly root: string;
  log(level: LogLevel, message: string): void;
}

export class CompilerExited extends Error {
  override readonly name = 'EngineDied';
}

export const NOWHERE: Range = { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } };

const CATEGORIES: readonly Severity[] = ['warning', 'error', 'hint', 'info'];

/** Of TypeScript's DiagnosticCategory: Warning, Error, Suggestion, Message; the same numbers in every version. */
export function severityOf(category: number): Severity {
  return CATEGORIES[category] ?? 'error';
}
