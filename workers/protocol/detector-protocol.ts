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
  /** What its issues may depend on beyond its own file; absent: nothing. */
  readonly dependsOn?: readonly DependencyKind[];
  /** Each answer must carry the interface signature of its file, because the issues of other units may depend on it. */
  readonly needsSignature?: boolean;
}

/**
 * What a unit depends on beyond its own file. `types`: the types of its direct and indirect imports; `modules`: what
 * those modules import and export, as saved; `workspace`: any file of the root, as saved.
 */
export type DependencyKind = 'types' | 'modules' | 'workspace';

/** What other files can see of a file. Two equal signatures make no difference to them. */
export interface InterfaceSignature {
  readonly types: string;
  readonly modules: string;
  /** Files that it imports, without those of installed packages; absent: they are unknown. */
  readonly imports?: readonly string[];
  /** Its types are visible in files that do not import it. */
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
  /** The tool that gives the answers, with its version: `typescript 7.0.2 (bundled)`. */
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
  /**
   * Of the question. The revisions of a folder grow with every change and every question, so they tell which of two
   * questions is newer, and what an answer covers.
   */
  readonly revision: number;
  readonly units: readonly Unit[];
  /** Unsaved editor buffers; they win over the disk. */
  readonly overlays: readonly Overlay[];
  /** Files to answer for first, most wanted first. */
  readonly first: readonly string[];
  /** Files known to have changed since this worker's last check of this root; absent: anything may have changed. */
  readonly changed?: readonly string[];
  /**
   * By unit: {@link revision} of the question whose answer the engine has. The detector may leave out files that no later change
   * concerns (see {@link CheckResult.coverage}).
   */
  readonly since?: Readonly<Record<string, number>>;
  /** Answer for every file, whatever the engine has: it is idle and revalidates earlier answers. */
  readonly revalidate?: boolean;
  /** The engine accepts provisional answers: it revalidates the units of {@link CheckResult.provisional} when it is idle. */
  readonly allowProvisional?: boolean;
  /** What this detector noted about this root in earlier checks (see {@link CheckResult.notes}); absent: nothing. */
  readonly notes?: Readonly<Record<string, string>>;
}

/** Streamed while a check runs, in order. */
export type CheckEvent =
  /** Work on this input begins: names the suspect if the worker dies. */
  | { readonly kind: 'begin'; readonly unit: string; readonly file: string }
  /** Issues of a file within a unit; more may follow until `done`. */
  | { readonly kind: 'issues'; readonly unit: string; readonly file: string; readonly issues: readonly Issue[] }
  /** The unit's issues for this file are complete and replace those of older generations. */
  | { readonly kind: 'done'; readonly unit: string; readonly file: string; readonly signature?: InterfaceSignature }
  /** Another tool than the plan names gives the answers for this unit. */
  | { readonly kind: 'answeredBy'; readonly unit: string; readonly engine: string }
  | { readonly kind: 'progress'; readonly done: number; readonly total: number; readonly what?: string }
  | { readonly kind: 'problem'; readonly problem: DetectorProblem };

export interface CheckResult {
  readonly durationMs: number;
  readonly files: number;
  readonly issues: number;
  /** Milliseconds per rule or phase, where the engine tells. */
  readonly timings?: Readonly<Record<string, number>>;
  /**
   * Units that were answered in part, by id; their other files keep the issues of the answer named in `since`.
   * `unchanged`: no other file's issues can have changed; `affected`: every file known to be affected was answered, and
   * a check with `revalidate` settles the rest.
   */
  readonly coverage?: Readonly<Record<string, 'unchanged' | 'affected'>>;
  /** Units to revalidate when idle, even if they were answered completely. Only if the request has `allowProvisional`. */
  readonly provisional?: readonly string[];
  /** Short texts to hand back with later checks, also in later sessions; added to earlier notes. At most a few hundred. */
  readonly notes?: Readonly<Record<string, string>>;
}
