/**
 * The detector protocol: the one contract between the server and what runs in workers.
 *
 * Everything here is plain JSON data. Files are paths relative to the root, with forward slashes on every platform;
 * positions are zero-based lines and UTF-16 characters, as in LSP; durations are milliseconds.
 */

export type Severity = 'error' | 'warning' | 'info' | 'hint';

export interface Position {
  readonly line: number;
  readonly character: number;
}

export interface Range {
  readonly start: Position;
  readonly end: Position;
}

export interface RelatedPlace {
  readonly file: string;
  readonly range: Range;
  readonly message: string;
}

export interface TextEdit {
  /** Absent: the file of the issue. */
  readonly file?: string;
  readonly range: Range;
  readonly newText: string;
}

export interface Fix {
  readonly title: string;
  readonly edits: readonly TextEdit[];
  /** `fix` is safe to apply without looking; `suggestion` may change behaviour. */
  readonly kind: 'fix' | 'suggestion';
}

/** What a detector reports; the worker's host completes it to an {@link Issue}. */
export interface Finding {
  /** Stable id within the detector, for instance `TS2322`, `no-unused-vars`, `import-cycle`. */
  readonly rule: string;
  readonly severity: Severity;
  readonly message: string;
  readonly range: Range;
  /** Documentation of the rule. */
  readonly url?: string;
  readonly related?: readonly RelatedPlace[];
  readonly tags?: readonly ('unnecessary' | 'deprecated')[];
  readonly fixes?: readonly Fix[];
}

/** One finding of one detector in one file. */
export interface Issue extends Finding {
  readonly detector: string;
  readonly file: string;
  readonly fixable: boolean;
  /** Survives line shifts: a hash of detector, rule, file, the text of the line and an ordinal among equals. */
  readonly fingerprint: string;
}

export type UnitKind = 'file' | 'project' | 'graph';

/** What a detector analyses at once. */
export interface Unit {
  /** Unique within (root, detector): a file, a tsconfig path, or `graph`. */
  readonly id: string;
  readonly kind: UnitKind;
  /**
   * Units of one group share an expensive context (an ESLint configuration, a TypeScript version); a batch never
   * mixes groups.
   */
  readonly group: string;
  /** The file that stands for the unit when the unit itself has to be reported. */
  readonly file: string;
  /** `heavy` units of a detector run in a lane of one worker (typed lint rules, TypeScript programs). */
  readonly lane?: 'light' | 'heavy';
  /** What of other files its issues may depend on; absent: nothing. */
  readonly reach?: readonly Reach[];
  /** Its file's outline is wanted with each answer: issues of others may depend on it. */
  readonly outlined?: boolean;
}

/**
 * `types`: types of what it imports, directly or not; `modules`: what the modules it imports, directly or not, import
 * and export, as saved; `workspace`: anything at all, as saved.
 */
export type Reach = 'types' | 'modules' | 'workspace';

/** What others can see of a file. Equal texts mean: no difference to them. */
export interface Outline {
  readonly types: string;
  readonly modules: string;
  /** Files it asks for, without those of installed packages; absent: nobody can tell. */
  readonly imports?: readonly string[];
  /** Its types reach files that do not import it. */
  readonly global?: true;
}

/** Why a detector could not do (part of) its work, in words that say what to do. Not a crash: those are the pool's. */
export interface DetectorProblem {
  readonly code: 'CONFIG_ERROR' | 'TOOL_MISSING' | 'TOOL_ERROR' | 'UNREADABLE' | 'INVALID_RESULT';
  readonly message: string;
  readonly file?: string;
  readonly range?: Range;
  /** True: the detector's results are not complete because of this. */
  readonly fatal: boolean;
}

export type DetectorOptions = Readonly<Record<string, unknown>>;

export interface PlanRequest {
  readonly detector: string;
  /** Absolute path of the root folder. */
  readonly root: string;
  readonly options: DetectorOptions;
}

export interface PlanResult {
  /** `not-applicable`: nothing here for this detector; `note` says why in one sentence. */
  readonly status: 'ready' | 'not-applicable' | 'failed';
  readonly note?: string;
  /** The engine that speaks, for instance `typescript 7.0.2 (bundled)`. */
  readonly engine?: string;
  readonly units: readonly Unit[];
  readonly problems: readonly DetectorProblem[];
  /** Files (relative or absolute, no globs) whose change makes the plan stale: configs, manifests, lockfiles. */
  readonly configFiles: readonly string[];
}

export interface Overlay {
  readonly file: string;
  readonly text: string;
  readonly version: number;
}

export interface CheckRequest {
  readonly detector: string;
  readonly root: string;
  readonly options: DetectorOptions;
  readonly generation: number;
  readonly units: readonly Unit[];
  /** Unsaved editor buffers; they win over the disk. */
  readonly overlays: readonly Overlay[];
  /** Files to answer for first, most wanted first. */
  readonly first: readonly string[];
  /** Files known to have changed since this worker's last check of this root; absent: anything may have changed. */
  readonly changed?: readonly string[];
  /**
   * By unit: generation of the answer that the asker has. Files that the changes after it cannot concern need not be
   * named again (see {@link CheckResult.kept}).
   */
  readonly since?: Readonly<Record<string, number>>;
  /** All files are to be answered for nevertheless: nobody waits, and what was kept has to be confirmed. */
  readonly confirm?: boolean;
  /** Nobody takes what is said now for the last word: what is named in {@link CheckResult.again} is asked once more. */
  readonly provisional?: boolean;
  /** What this detector wanted to have remembered of this root (see {@link CheckResult.remember}); absent: nothing. */
  readonly remembered?: Readonly<Record<string, string>>;
}

/** Streamed while a check runs, in order. */
export type CheckEvent =
  /** Work on this input begins: names the suspect if the worker dies. */
  | { readonly kind: 'begin'; readonly unit: string; readonly file: string }
  /** Issues of a file within a unit; more may follow until `done`. */
  | { readonly kind: 'issues'; readonly unit: string; readonly file: string; readonly issues: readonly Issue[] }
  /** The unit's issues for this file are complete and replace those of older generations. */
  | { readonly kind: 'done'; readonly unit: string; readonly file: string; readonly outline?: Outline }
  /** The answers to this unit come from this engine, which is not the one that the plan names. */
  | { readonly kind: 'speaks'; readonly unit: string; readonly engine: string }
  | { readonly kind: 'progress'; readonly done: number; readonly total: number; readonly what?: string }
  | { readonly kind: 'problem'; readonly problem: DetectorProblem };

export interface CheckResult {
  readonly durationMs: number;
  readonly files: number;
  readonly issues: number;
  /** Milliseconds per rule or phase, where the engine tells. */
  readonly timings?: Readonly<Record<string, number>>;
  /**
   * Units whose other files keep what was said of them at `since`, by id. `unchanged`: nothing can have changed;
   * `affected`: all that is known to be concerned was answered for, and a check with `confirm` has the last word.
   */
  readonly kept?: Readonly<Record<string, 'unchanged' | 'affected'>>;
  /** Units that want a check with `confirm` when nobody waits, whatever was answered for. Only of `provisional` checks. */
  readonly again?: readonly string[];
  /** Remembered between sessions as well as can be, in addition to what is: short texts, a few hundred. */
  readonly remember?: Readonly<Record<string, string>>;
}
