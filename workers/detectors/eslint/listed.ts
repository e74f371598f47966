/** The files that ESLint would lint, and the places where it would stop. */

export interface ListedFile {
  /** Absolute, as ESLint spells it. */
  readonly path: string;
  /** Parsed with type information, which makes it expensive. */
  readonly typed: boolean;
  /** Computed, of either kind; the same object for files of the same configuration. */
  readonly config: unknown;
}

/** Something under the directory that ESLint would have stopped at. */
export interface SkippedPath {
  /** Absolute: a file or a folder. */
  readonly path: string;
  readonly error: unknown;
}

export interface Listing {
  readonly files: readonly ListedFile[];
  readonly skipped: readonly SkippedPath[];
}
