/** Runs the built command line as a user does: a process, its streams, its exit code. */
import { spawn, type ChildProcessByStdio, type SpawnOptions } from 'node:child_process';
import path from 'node:path';
import type { Readable } from 'node:stream';
import type { CheckReport } from '../../server/cli/result.ts';
import { ensureFreshBuild } from '../../scripts/fresh-build.mjs';
import { repository } from './workspace.ts';

export interface CliResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunningCli {
  readonly child: ChildProcessByStdio<null, Readable, Readable>;
  readonly result: Promise<CliResult>;
}

/** Runs remember nothing unless a test is about that: each then does the whole work. */
export function startCli(
  argv: readonly string[],
  { cache = false, ...options }: SpawnOptions & { cache?: boolean } = {},
): RunningCli {
  const script = path.join(repository, 'dist', 'cli.mjs');
  ensureFreshBuild();
  const child = spawn(process.execPath, [script, ...argv, ...(cache ? [] : ['--no-cache'])], {
    ...options,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const result = new Promise<CliResult>((resolve, reject) => {
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
  return { child, result };
}

export function cli(...argv: readonly string[]): Promise<CliResult> {
  return startCli(argv).result;
}

/** `--format json`, parsed. */
export async function checkJson(
  root: string,
  ...argv: readonly string[]
): Promise<{ code: number | null; report: CheckReport }> {
  const { code, stdout, stderr } = await cli('check', root, '--format', 'json', ...argv);
  try {
    return { code, report: JSON.parse(stdout) as CheckReport };
  } catch (error) {
    throw new Error(`No JSON on standard output (exit ${code}).\n${stdout}\n${stderr}`, { cause: error });
  }
}
