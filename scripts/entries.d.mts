export interface Entry {
  /** `.` or a sub-path such as `./workers`. */
  readonly name: string;
  /** The CommonJS file, relative to the repository. */
  readonly output: string;
  /** Relative to the repository. */
  readonly source: string;
}
/** What programs can import from the package, as `exports` in package.json says. */
export function publicEntries(): Entry[];
