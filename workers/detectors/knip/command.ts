/** Runs the workspace's own knip once in a child process and reads its report. The process ends with the check. */
import { stripVTControlCharacters } from 'node:util';
import type { KnipInstallation } from '../../graph/knip-installation.ts';
import { KilledChild } from '../../protocol/killed-child.ts';
import { jsonOf } from '../../reading/config-file.ts';
import { runToEnd, TooMuchOutput } from '../../runtime/run-to-end.ts';
import { isReport, type KnipReport } from './report.ts';

export interface KnipOutput {
  readonly report: KnipReport;
  /** Its error output about files that it could not load; the report does not cover them. Empty: no errors. */
  readonly errors: string;
}

/** knip gave no report; the message says why and quotes its output. */
export class KnipError extends Error {}

/** The end of the error output is enough to see what went wrong. */
const ERROR_TAIL = 2000;

export async function runKnip(
  { command, version }: KnipInstallation,
  root: string,
  args: readonly string[],
  timeoutMs: number,
  signal: AbortSignal,
): Promise<KnipOutput> {
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), timeoutMs);
  try {
    const { failure, output, errors } = await runToEnd({
      name: `knip ${version}`,
      command: process.execPath,
      args: [command, '--reporter', 'json', '--no-progress', '--no-exit-code', ...args],
      cwd: root,
      env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0' },
      signal: AbortSignal.any([signal, limit.signal]),
    });
    const report = reportIn(output);
    if (report) return { report, errors: failure === undefined ? '' : stripVTControlCharacters(errors.trim()) };
    const reason = failure === undefined ? 'printed no report' : `failed (${failure})`;
    const printed = stripVTControlCharacters((errors.trim() || output).slice(-ERROR_TAIL).trim());
    throw new KnipError(`knip ${version} ${reason}${printed === '' ? '.' : `: ${printed}`}`);
  } catch (error) {
    signal.throwIfAborted();
    if (limit.signal.aborted) {
      throw new KnipError(
        `knip ${version} did not finish within ${String(timeoutMs / 1000)} s and was stopped. Raise bulkhead.knip.timeout.`,
      );
    }
    if (error instanceof TooMuchOutput) throw new KnipError(error.message);
    if (error instanceof KnipError || error instanceof KilledChild) throw error;
    throw new KnipError(`knip ${version} could not be run: ${String(error)}`);
  } finally {
    clearTimeout(timer);
  }
}

/** The last line that is a report: configurations are code, which may print too. */
function reportIn(output: string): KnipReport | undefined {
  for (const line of output.split('\n').reverse()) {
    if (!line.startsWith('{')) continue;
    const value = jsonOf(line);
    if (isReport(value)) return value;
  }
  return undefined;
}
