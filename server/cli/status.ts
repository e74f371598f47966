/** `bulkhead status`: what the language servers of this user are doing, as a table that refreshes in a terminal. */
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { readServerReports, serverReportsDir, type ServerReport } from '../store/server-reports.ts';
import type { StatusArguments } from './arguments.ts';
import type { Output } from './output.ts';
import { printableLine } from '../printable.ts';
import { tableLines, type Table } from './table.ts';

const refreshMs = 1_000;

/** Refreshes until `stop` aborts if `out` is a terminal. @param dir where the servers report */
export async function status(
  { folder, once, format }: StatusArguments,
  out: Output,
  stop: AbortSignal,
  dir: string = serverReportsDir(),
): Promise<number> {
  const isLive = out.isTerminal === true && !once && format === 'pretty';
  do {
    const all = await readServerReports(dir);
    const reports =
      folder === undefined ? all : all.filter(({ roots }) => roots.some((root) => isRelated(root, folder)));
    if (isLive) out.write('\u001B[H\u001B[J');
    out.write(
      format === 'json' ? `${JSON.stringify({ servers: reports }, undefined, 2)}\n` : textOf(reports, out.columns),
    );
    if (isLive) await pause(refreshMs, undefined, { signal: stop }).catch(() => {});
  } while (isLive && !stop.aborted);
  return 0;
}

/** Whether one is within the other, or both are the same. */
function isRelated(root: string, folder: string): boolean {
  const relative = path.relative(root, path.resolve(folder));
  return !path.isAbsolute(relative) && (relative.split(path.sep)[0] !== '..' || /^(?:\.\.[/\\]?)+$/.test(relative));
}

function textOf(reports: readonly ServerReport[], columns: number): string {
  if (reports.length === 0) return 'No language server is running. Editors start it with: bulkhead lsp --stdio\n';
  const lines = reports.flatMap((report) => ['', ...linesOf(report, columns)]).slice(1);
  return lines.map((line) => `${line}\n`).join('');
}

function linesOf(
  { pid, version, editor, roots, status: state, errors }: ServerReport,
  columns: number,
): readonly string[] {
  const { detectors, workers, issues, memoryBytes, percent, message } = state;
  const progress = percent === undefined ? state.state : `${state.state} ${percent} %`;
  return [
    printableLine(roots.length === 0 ? '(no folder)' : roots.join(', ')),
    printableLine(
      `Bulkhead ${version}, process ${pid}${editor === '' ? '' : `, for ${editor}`}: ${progress}; ` +
        `${issues.error} errors, ${issues.warning} warnings; workers use ${megabytes(memoryBytes)}`,
    ),
    ...(message === undefined ? [] : [printableLine(message)]),
    ...section({
      head: ['detector', 'state', 'issues', 'engine'],
      rows: detectors.map((one) => [one.title, one.status, String(one.issues), one.engine ?? one.error ?? one.note ?? '']),
    }, columns), // prettier-ignore
    ...section({
      head: ['worker', 'state', 'memory', 'peak', 'restarts', 'last exit'],
      rows: workers.map((one) => [
        one.name, one.state, megabytes(one.memoryBytes), megabytes(one.peakMemoryBytes), String(one.restarts), one.lastExit ?? '',
      ]),
    }, columns), // prettier-ignore
    ...section({
      head: ['error', 'times', 'detector'],
      rows: errors.map((one) => [one.message, String(one.count), one.detector]),
    }, columns), // prettier-ignore
  ];
}

function section(table: Table, columns: number): readonly string[] {
  if (table.rows.length === 0) return [];
  const rows = table.rows.map((row) => row.map(printableLine));
  return tableLines({ head: table.head, rows }, columns).map((line) => `  ${line}`);
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1024 / 1024)} MB`;
}
