/** What the command line of a TypeScript says of a project, as a set to compare with. Linux, macOS and Windows. */
import { spawn } from 'node:child_process';
import path from 'node:path';
import type { Issue } from '../../workers/protocol/detector-protocol.ts';
import { parseOutput } from '../../workers/detectors/typescript/command.ts';
import type { Compiler } from '../../workers/detectors/typescript/compiler.ts';
import { RootPaths } from '../../workers/detectors/typescript/report.ts';

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
export async function runTsc(engine: Compiler, root: string, unit: string, args: readonly string[]): Promise<Verdict> {
  const started = performance.now();
  const [program, first] =
    engine.kind === 'javascript'
      ? [process.execPath, [path.join(engine.directory, 'lib', 'tsc.js')]]
      : [engine.executable, []];
  const tsc = spawn(program, [...first, ...args, '--pretty', 'false'], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  tsc.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  await new Promise((resolve, reject) => tsc.once('close', resolve).once('error', reject));
  const paths = new RootPaths(root);
  const lines = parseOutput(output, root).map((diagnostic) =>
    lineOf({
      ...diagnostic,
      rule: `TS${String(diagnostic.code)}`,
      file: diagnostic.file === undefined ? unit : paths.relative(diagnostic.file),
    }),
  );
  return { lines: sortedSet(lines), durationMs: performance.now() - started, output };
}

/** An issue as {@link Verdict.lines} has it. */
export function lineOf({
  file,
  range,
  severity,
  rule,
  message,
}: Pick<Issue, 'file' | 'range' | 'severity' | 'rule' | 'message'>): string {
  return `${file}(${String(range.start.line + 1)},${String(range.start.character + 1)}): ${severity} ${rule}: ${message}`;
}

export function sortedSet(lines: readonly string[]): readonly string[] {
  return [...new Set(lines)].sort();
}

export interface Difference {
  /** `tsc` says it, we do not. */
  readonly missing: readonly string[];
  /** We say it, `tsc` does not. */
  readonly extra: readonly string[];
}

export function differenceOf(ours: readonly string[], theirs: readonly string[]): Difference {
  const [our, their] = [new Set(ours), new Set(theirs)];
  return { missing: theirs.filter((line) => !our.has(line)), extra: ours.filter((line) => !their.has(line)) };
}
