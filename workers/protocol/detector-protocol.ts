/**
 * The detector protocol: the contract between the server and the detectors in its workers.
 *
 * All data is plain JSON. Files are paths relative to the root, with forward slashes on every platform;
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
  /** A `fix` is safe to apply without review; a `suggestion` may change behaviour. */
  readonly kind: 'fix' | 'suggestion';
}

/**
 * What findings in many places follow from, such as packages that are not installed. It is shown as one issue, which
 * says what to do; the findings that name it are folded under that issue, whichever detectors they come from.
 */
export interface Cause {
  /** The same in all findings that follow from it, and in no others. */
  readonly key: string;
  /** A detector may report it too: its issue with this rule, on this file and line, then stands for the cause. */
  readonly rule: string;
  readonly file: string;
  readonly range: Range;
  /** What is missing or broken, and the way out. */
  readonly message: string;
  /** Present: it is the cause only if findings at several places name it. */
  readonly ifShared?: true;
}

/** What a detector reports. The worker completes it to an {@link Issue}. */
export interface Finding {
  /** Stable id within the detector, such as `TS2322`, `no-unused-vars` or `import-cycle`. */
  readonly rule: string;
  readonly severity: Severity;
  readonly message: string;
  readonly range: Range;
  /** Address of the rule's documentation. */
  readonly url?: string;
  readonly related?: readonly RelatedPlace[];
  readonly tags?: readonly ('unnecessary' | 'deprecated')[];
  readonly fixes?: readonly Fix[];
  /** Present: it follows from something that is reported elsewhere. The results of its detector are then degraded. */
  readonly cause?: Cause;
}

/** A completed finding of one detector in one file. */
export interface Issue extends Finding {
  readonly detector: string;
  readonly file: string;
  readonly fixable: boolean;
  /** Stays the same when lines shift: a hash of detector, rule, file, text of the line and an ordinal among equals. */
  readonly fingerprint: string;
  /** Of an issue that is a {@link Cause}: the number of issues that follow from it. */
  readonly consequences?: number;
  /**
   * The text that the fixes were computed for: its hash (`textHash`), by the path of each file that they edit. A fix must not
   * be applied to another text.
   */
  readonly fixedTexts?: Readonly<Record<string, string>>;
}

export type UnitKind = 'file' | 'project' | 'graph';

/** The smallest piece of work of a detector. */
export interface Unit {
  /** Unique within a root and detector: a file, the path of a tsconfig, or `graph`. */
  readonly id: string;
  readonly kind: UnitKind;
  /**
   * Units of one group share an expensive context, such as an ESLint configuration or a TypeScript version. All units of a
   * batch have the same group.
   */
  readonly group: string;
  /** The file on which problems of the unit itself are reported. */
  readonly file: string;
  /** `heavy` units of a detector run in one worker: typed lint rules, TypeScript programs. Default: `light`. */
  readonly lane?: 'light' | 'heavy';
  /** What its issues may depend on besides its own file; absent: nothing. */
  readonly dependsOn?: readonly DependencyKind[];
  /** A batch costs the start of a process, so that it should be large. Only for units of the kind `file`. */
  readonly manyAtOnce?: true;
  /** Each check must report the interface signature of its file, because issues of other units may depend on it. */
  readonly needsSignature?: boolean;
}

/**
 * What a unit depends on besides its own file. `types`: the types of its direct and indirect imports; `modules`: what
 * those modules import and export, as saved; `workspace`: any file of the root, as saved.
 */
export type DependencyKind = 'types' | 'modules' | 'workspace';

/** What other files can see of a file. While it is equal, they are not affected by changes of the file. */
export interface InterfaceSignature {
  readonly types: string;
  readonly modules: string;
  /** Files that it imports, except those of installed packages; absent: unknown. */
  readonly imports?: readonly string[];
  /** Its types are visible in files that do not import it. */
  readonly global?: true;
}

/** Why a detector could not do all its work. The message says what to do. The pool handles crashes. */
export interface DetectorProblem {
  readonly code: 'CONFIG_ERROR' | 'TOOL_MISSING' | 'TOOL_ERROR' | 'UNREADABLE' | 'INVALID_RESULT';
  readonly message: string;
  readonly file?: string;
  readonly range?: Range;
  /** True: the results are incomplete because of this problem. */
  readonly fatal: boolean;
  /** Present: everything planned was checked, but answers are missing. The detector's state is then `degraded`. */
  readonly degrades?: true;
  /** Present: it follows from something that is reported elsewhere. */
  readonly cause?: Cause;
}

export type DetectorOptions = Readonly<Record<string, unknown>>;

export interface PlanRequest {
  readonly detector: string;
  /** Absolute path of the root folder. */
  readonly root: string;
  readonly options: DetectorOptions;
}

export interface PlanResult {
  /** `not-applicable`: there is nothing to check; `note` says why in one sentence. */
  readonly status: 'ready' | 'not-applicable' | 'failed';
  readonly note?: string;
  /** The tool that produces the results, with its version: `typescript 7.0.2 (bundled)`. */
  readonly engine?: string;
  readonly units: readonly Unit[];
  readonly problems: readonly DetectorProblem[];
  /** Files (relative or absolute, no globs) whose change makes the plan stale: configurations, manifests, lockfiles. */
  readonly configFiles: readonly string[];
  /** Extensions (without the dot) of files that it checks or would check; absent: those of its change triggers. */
  readonly extensions?: readonly string[];
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
  /**
   * Of this check. The revision of a folder increases with every change and every check, so it tells which of two checks is
   * newer, and which changes a result covers.
   */
  readonly revision: number;
  readonly units: readonly Unit[];
  /** Unsaved texts, which replace the files on disk. */
  readonly overlays: readonly Overlay[];
  /** Files to check first, the most important first. */
  readonly first: readonly string[];
  /** Files known to have changed since this worker's last check of this root; absent: anything may have changed. */
  readonly changed?: readonly string[];
  /**
   * By unit: the {@link revision} of the check whose result the engine has. The detector may omit files that no later change
   * affects (see {@link CheckResult.coverage}). Of units of files only those whose text is unsaved are named.
   */
  readonly since?: Readonly<Record<string, number>>;
  /** Check every file, whatever results the engine has: it is idle, and revalidates them. */
  readonly revalidate?: boolean;
  /** The engine accepts provisional results, and revalidates the units in {@link CheckResult.provisional} when idle. */
  readonly allowProvisional?: boolean;
  /** Notes of this detector from earlier checks of this root (see {@link CheckResult.notes}); absent: none. */
  readonly notes?: Readonly<Record<string, string>>;
}

/** Events of a running check, in order. */
export type CheckEvent =
  /** The check of this input begins. It is the suspect if the worker crashes. */
  | { readonly kind: 'begin'; readonly unit: string; readonly file: string }
  /** Issues of a file within a unit; more may follow until `done`. */
  | { readonly kind: 'issues'; readonly unit: string; readonly file: string; readonly issues: readonly Issue[] }
  /** The unit's issues for this file are complete, and replace those of earlier checks. */
  | { readonly kind: 'done'; readonly unit: string; readonly file: string; readonly signature?: InterfaceSignature }
  /** Another tool than the plan names checks this unit. */
  | { readonly kind: 'answeredBy'; readonly unit: string; readonly engine: string }
  | { readonly kind: 'progress'; readonly done: number; readonly total: number; readonly what?: string }
  | { readonly kind: 'problem'; readonly problem: DetectorProblem };

export interface CheckResult {
  readonly durationMs: number;
  readonly files: number;
  readonly issues: number;
  /** Milliseconds by rule or phase, if the tool reports them. */
  readonly timings?: Readonly<Record<string, number>>;
  /**
   * Units that were checked in part, by id. Their other files keep the issues of the result named in `since`. `unchanged`:
   * no other file's issues can have changed. `affected`: every file known to be affected was checked; a check with
   * `revalidate` will find the rest.
   */
  readonly coverage?: Readonly<Record<string, 'unchanged' | 'affected'>>;
  /** Units to revalidate when idle, even if they were checked completely. Only if the request has `allowProvisional`. */
  readonly provisional?: readonly string[];
  /**
   * By unit that was checked completely: all files whose content its issues depend on, besides configurations and
   * installed packages. Relative to the root, sorted. The issues may also depend on which files exist. Absent: on any file.
   */
  readonly reads?: Readonly<Record<string, readonly string[]>>;
  /** Short texts to pass to later checks, also in later sessions. They are added to earlier notes; at most a few hundred. */
  readonly notes?: Readonly<Record<string, string>>;
}
