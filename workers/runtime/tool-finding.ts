/** What a tool found, as it says it: lines and columns begin at 1, files and severities are the tool's words. */

export interface ToolPosition {
  readonly line: number;
  readonly column?: number | undefined;
}

/** A place by position, or by UTF-16 offsets in the text. `end` is exclusive; absent: the tool names no end. */
export type ToolPlace =
  | { readonly start: ToolPosition; readonly end?: ToolPosition | undefined }
  | { readonly offsets: readonly [start: number, end: number] };

export interface ToolEdit {
  /** Absent: the file of the finding. */
  readonly file?: string;
  readonly place: ToolPlace;
  readonly newText: string;
}

export interface ToolFinding {
  /** Absent: it concerns no file, or the tool does not say which. */
  readonly file?: string | undefined;
  readonly place?: ToolPlace | undefined;
  readonly message: string;
  readonly rule?: string | undefined;
  readonly severity?: string | undefined;
  readonly url?: string | undefined;
  readonly related?: readonly { readonly file: string; readonly place: ToolPlace; readonly message: string }[];
  readonly fixes?: readonly {
    readonly title: string;
    readonly kind: 'fix' | 'suggestion';
    readonly edits: readonly ToolEdit[];
  }[];
}

/** What an output says. */
export interface ParsedOutput {
  readonly findings: readonly ToolFinding[];
  /** Why the tool did not look at everything, in its words; empty: it says nothing of the kind. */
  readonly failures: readonly string[];
  /** What a column counts, if the output says so. */
  readonly columns?: 'utf16' | 'characters';
}

/** The output is not of the declared kind. */
export class UnreadableOutput extends Error {}
