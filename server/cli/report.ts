/** `bulkhead report metrics`: coupling of folders. Runs in a process of its own, because parsers are native code. */
import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import type { FolderMetrics } from '../../workers/protocol/metrics.ts';
import { UsageError, type ReportArguments } from './arguments.ts';
import type { Output } from './output.ts';
import { printableLine } from '../printable.ts';

const run = promisify(execFile);

/** Next to the bundle, or in the sources. */
const entry = import.meta.filename.endsWith('.ts')
  ? path.resolve(import.meta.dirname, '../../workers/metrics.ts')
  : path.join(import.meta.dirname, 'metrics.mjs');

/** @throws UsageError; the error of the process when it fails */
export async function reportMetrics(
  { folder, format }: ReportArguments,
  out: Output,
  signal: AbortSignal,
): Promise<number> {
  const root = path.resolve(folder);
  if (!(await stat(root).catch(() => undefined))?.isDirectory()) throw new UsageError(`Folder not found: ${root}`);
  const { stdout } = await run(process.execPath, [entry, root], { maxBuffer: 2 ** 28, signal });
  const folders = JSON.parse(stdout) as readonly FolderMetrics[];
  if (format === 'json') {
    out.write(`${JSON.stringify({ folders }, undefined, 2)}\n`);
    return 0;
  }
  out.write('   Ca    Ce     I  folder\n');
  for (const { folder: name, ca, ce, instability } of folders) {
    out.write(
      `${String(ca).padStart(5)} ${String(ce).padStart(5)} ${instability.toFixed(3)}  ${printableLine(name)}\n`,
    );
  }
  return 0;
}
