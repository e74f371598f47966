import type { Issue } from '../../workers/protocol.ts';
import type { Engine } from '../../workers/detectors/typescript/engine.ts';
export interface Verdict {
  /** One line per issue: file, line and column (one-based), severity, code, message. Sorted, each once. */
  readonly lines: readonly string[];
  readonly durationMs: number;
  readonly output: string;
}
/**
 * Runs the `tsc` of an engine in a folder.
 * @param root absolute path
 * @param unit the tsconfig relative to the root, where issues without a file belong
 */
export declare function runTsc(engine: Engine, root: string, unit: string, args: readonly string[]): Promise<Verdict>;
/** An issue as {@link Verdict.lines} has it. */
export declare function lineOf({
  file,
  range,
  severity,
  rule,
  message,
}: Pick<Issue, 'file' | 'range' | 'severity' | 'rule' | 'message'>): string;
export declare function sortedSet(lines: readonly string[]): readonly string[];
export interface Difference {
  /** `tsc` says it, we do not. */
  readonly missing: readonly string[];
  /** We say it, `tsc` does not. */
  readonly extra: readonly string[];
}
export declare function differenceOf(ours: readonly string[], theirs: readonly string[]): Difference;
