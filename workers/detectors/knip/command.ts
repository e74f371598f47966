/** Runs the workspace's own knip once in a child process and reads its report. The process ends with the check. */
import { spawn } from 'node:child_process';
import { stripVTControlCharacters } from 'node:util';
import type { KnipInstallation } from '../../graph/knip-installation.ts';
import { isReport, type KnipReport } from './report.ts';
import { jsonOf } from '../../reading/config-file.ts';

export interface KnipOutput {
  readonly report: KnipReport;
  /** Its error output about files that it could not load; the report does not cover them. Empty: no errors. */
  readonly errors: string;
}

/** knip gave no report; the message says why and quotes its output. */
export class KnipError extends Error {}

/** Larger than any report: a hundred thousand findings need a third of it. */
const OUTPUT_LIMIT = 64 * 1024 * 1024;

/** The end of the error output is enough to see what went wrong. */
const ERROR_TAIL = 2000;
const ERRORS_LIMIT = 64 * 1024;

export async function runKnip(
  { command, version }: KnipInstallation,
  root: string,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<KnipOutput> {
  signal.throwIfAborted();
  const limits = new AbortController();
  const output: Buffer[] = [];
  let size = 0;
  let errors = '';
  const timer = setTimeout(() => {
    limits.abort(
      new KnipError(
        `knip ${version} did not finish within ${String(timeoutMs / 1000)} s and was stopped. Raise bulkhead.knip.timeout.`,
      ),
    );
  }, timeoutMs);
  try {
    const code = await new Promise<string>((resolve, reject) => {
      const knip = spawn(process.execPath, [command, '--reporter', 'json', '--no-progress', '--no-exit-code'], {
        cwd: root,
        env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0' },
        stdio: ['ignore', 'pipe', 'pipe'],
        windowsHide: true,
        signal: AbortSignal.any([signal, limits.signal]),
        killSignal: 'SIGKILL',
      });
      knip.stdout.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size <= OUTPUT_LIMIT) output.push(chunk);
        else limits.abort(new KnipError(`knip ${version} printed more than ${String(OUTPUT_LIMIT / 1024 / 1024)} MB and was stopped.`)); // prettier-ignore
      });
      knip.stderr.setEncoding('utf8').on('data', (text: string) => (errors = (errors + text).slice(-ERRORS_LIMIT)));
      knip.once('error', reject);
      // A process that knip started may keep its pipes open after knip has ended.
      knip.once('exit', (exitCode, killer) => {
        const how = exitCode === 0 ? '' : (killer ?? `exit code ${String(exitCode)}`);
        const closed = setTimeout(() => {
          knip.stdout.destroy();
          knip.stderr.destroy();
        }, 1000);
        knip.once('close', () => {
          clearTimeout(closed);
          resolve(how);
        });
      });
    });
    signal.throwIfAborted();
    limits.signal.throwIfAborted();
    const text = Buffer.concat(output).toString('utf8');
    const report = reportIn(text);
    if (report) return { report, errors: code === '' ? '' : stripVTControlCharacters(errors.trim()) };
    const reason = code === '' ? 'printed no report' : `failed (${code})`;
    const printed = stripVTControlCharacters((errors.trim() || text).slice(-ERROR_TAIL).trim());
    throw new KnipError(`knip ${version} ${reason}${printed === '' ? '.' : `: ${printed}`}`);
  } catch (error) {
    signal.throwIfAborted();
    limits.signal.throwIfAborted();
    throw error instanceof KnipError ? error : new KnipError(`knip ${version} could not be run: ${String(error)}`);
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
