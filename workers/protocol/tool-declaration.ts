/** What `external` in `bulkhead.config.json` says about a tool. */
import type { Severity } from './detector-protocol.ts';

/** How a tool says what it found. `bulkhead`: it speaks the detector protocol and stays alive between checks. */
export const toolOutputs = ['bulkhead', 'sarif', 'eslint', 'stylelint', 'github', 'text'] as const;
export type ToolOutput = (typeof toolOutputs)[number];

export interface ToolDeclaration {
  /**
   * The program and its arguments. An argument `{files}` becomes many files, and `{file}` anywhere becomes one; with
   * neither, the tool looks at the folder as a whole. Absent only in a preset's own declaration.
   */
  readonly command: readonly [string, ...string[]];
  /** The same for an unsaved text on standard input; `{file}` becomes its path. Absent: the tool sees saved files only. */
  readonly stdin?: readonly [string, ...string[]];
  /** Globs of what it looks at, relative to the workspace; `!` excludes. Absent: every file. */
  readonly files?: readonly string[];
  readonly output?: ToolOutput;
  /** Where it prints. */
  readonly stream?: 'stdout' | 'stderr';
  /** For `text`: a regular expression for a line, with the named groups `message`, `line` and so on. */
  readonly pattern?: string;
  /** Of what it finds without a severity. */
  readonly severity?: Severity;
  /** What a column counts. */
  readonly columns?: 'utf16' | 'characters' | 'bytes';
  /** Exit codes that mean that it looked at everything; absent: 0, and 1 if it found something. */
  readonly exitCodes?: readonly number[];
  readonly configFiles?: readonly string[];
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Hosts that it needs, each as `host:port`. It asks; only the user can allow it. */
  readonly network?: readonly string[];
  /** Seconds. */
  readonly timeout?: number;
  /** One sentence: how to get it. */
  readonly install?: string;
  /** The detector that runs it already, so that nothing is said twice. */
  readonly ranBy?: string;
}
