/**
 * Reads the log of a build: which tool said what about which place. Knows the logs of tsc, esbuild, Vite and Rolldown,
 * Rollup, webpack and Next.js, also behind the prefixes of Turborepo, Nx, pnpm, npm and Lerna. Pure.
 */
import path from 'node:path';
import type { ToolFinding } from '../../runtime/tool-finding.ts';

/** The place of a package of the workspace. */
export interface LogPackages {
  /** Absolute: where the build was started. */
  readonly folder: string;
  /** Absolute folder of a package by its name, or by its path from the folder; undefined: there is none. */
  folderOf(name: string): string | undefined;
}

/** A finding, with an absolute path. */
export interface BuildLogFinding extends ToolFinding {
  readonly file: string;
  readonly tool: 'tsc' | 'esbuild' | 'vite' | 'rollup' | 'webpack' | 'next';
}

export function findingsInLog(log: string, packages: LogPackages): readonly BuildLogFinding[] {
  const found = new Map<string, BuildLogFinding>();
  for (const { folder, lines } of streamsIn(log, packages)) {
    for (const finding of findingsIn(lines, folder)) found.set(JSON.stringify(finding), finding);
  }
  return [...found.values()];
}

/** What one package printed, in order: several may build at once. */
interface LogStream {
  readonly folder: string;
  readonly lines: string[];
}

/** More is data, not a message. UTF-16 code units. */
const LONGEST_LINE = 10_000;

function streamsIn(log: string, packages: LogPackages): Iterable<LogStream> {
  const streams = new Map<string, LogStream>();
  // npm and Nx print the name of a package once, before what it prints.
  let announced = packages.folder;
  for (const raw of log.split(/\r\n|\n|\r/)) {
    if (raw.length > LONGEST_LINE) continue;
    const { folder = announced, text } = withoutPrefix(raw, packages);
    const [, name] = /^\s*> (?:nx run )?(@?[^@:\s]+)(?:@\S+ |:)\S/.exec(text) ?? [];
    const next = name === undefined ? undefined : packages.folderOf(name);
    if (next !== undefined) announced = next;
    const stream = streams.get(folder) ?? { folder, lines: [] };
    streams.set(folder, stream);
    stream.lines.push(text);
  }
  return streams.values();
}

/** `web:build: text`, `@acme/web:build: text` (Turborepo), `packages/web build: text` (pnpm), `@acme/web: text` (Lerna) */
function withoutPrefix(line: string, packages: LogPackages): { readonly folder?: string; readonly text: string } {
  for (const pattern of [/^(@?[\w./-]+):[\w:.-]+: ?(.*)$/, /^(\S+) [\w:.-]+(?::|\$) ?(.*)$/, /^(@?[\w./-]+): (.*)$/]) {
    const [, name, text] = pattern.exec(line) ?? [];
    const folder = name === undefined ? undefined : packages.folderOf(name);
    if (folder !== undefined && text !== undefined) return { folder, text };
  }
  return { text: line };
}

/** Reads a message that begins at a line. */
type Parser = (
  lines: readonly string[],
  at: number,
) => (Omit<BuildLogFinding, 'file'> & { readonly file: string }) | undefined;

function* findingsIn(lines: readonly string[], folder: string): Generator<BuildLogFinding> {
  for (const at of lines.keys()) {
    for (const parser of parsers) {
      const finding = parser(lines, at);
      if (finding === undefined) continue;
      yield { ...finding, file: path.resolve(folder, finding.file) };
      break;
    }
  }
}

/** The next lines, up to a number. */
const after = (lines: readonly string[], at: number, count: number): readonly string[] =>
  lines.slice(at + 1, at + 1 + count);

/** Lines that go on with the message of an earlier one are indented. */
function continued(message: string, lines: readonly string[], at: number): string {
  const end = lines.findIndex((line, index) => index > at && !/^\s+\S/.test(line));
  const more = lines.slice(at + 1, end < 0 ? lines.length : end);
  return [message, ...more].join('\n');
}

const place = (
  line: string | undefined,
  column: string | undefined,
): { readonly start: { readonly line: number; readonly column?: number } } => ({
  start: { line: Number(line), ...(column === undefined ? {} : { column: Number(column) }) },
});

function tsc(lines: readonly string[], at: number): ReturnType<Parser> {
  const text = lines[at] ?? '';
  const plain = /^(\S.*?)\((\d+),(\d+)\): (error|warning) (TS\d+): (.*)$/.exec(text);
  const [, file, line, column, severity, rule, message = ''] =
    plain ?? /^(\S.*?):(\d+):(\d+) - (error|warning) (TS\d+): (.*)$/.exec(text) ?? [];
  if (file === undefined || rule === undefined) return undefined;
  return { tool: 'tsc', file, place: place(line, column), severity, rule, message: continued(message, lines, at) };
}

function esbuild(lines: readonly string[], at: number): ReturnType<Parser> {
  const [, severity, message, rule] =
    /^\s*(?:✘|X|▲|>)? ?\[(ERROR|WARNING)\] (.*?)(?: \[([\w-]+)\])?$/.exec(lines[at] ?? '') ?? [];
  if (message === undefined) return undefined;
  const [, file, line, column] = firstMatch(after(lines, at, 3), /^\s+(\S.*?):(\d+):(\d+):$/) ?? [];
  if (file === undefined) return undefined;
  // It counts columns from 0, and bytes.
  return { tool: 'esbuild', file, place: place(line, String(Number(column) + 1)), severity, rule, message };
}

function vite(lines: readonly string[], at: number): ReturnType<Parser> {
  const [, rule, severity, message] =
    /^\s*(?:error: )?\[([A-Z][A-Z_]+)\](?: (Warning))?(?:(?: Error)?:)? (.*)$/.exec(lines[at] ?? '') ?? [];
  if (message === undefined || rule === 'ERROR' || rule === 'WARNING') return undefined;
  const [, file, line, column] = firstMatch(after(lines, at, 3), /╭─\[ ?(.+?):(\d+):(\d+) ?\]/) ?? [];
  if (file === undefined) return undefined;
  return { tool: 'vite', file, place: place(line, column), severity: severity ?? 'error', rule, message };
}

function rollup(lines: readonly string[], at: number): ReturnType<Parser> {
  const [, mark, plugin, name, message] =
    /^(\[!\]|\(!\))? ?(?:\((?:plugin )?([\w:@/. -]+)\) )?(?:(\w*Error): )?(.+)$/.exec(lines[at] ?? '') ?? [];
  if (message === undefined || (mark === undefined && name === undefined)) return undefined;
  const where = firstMatch(after(lines, at, 4), /^(?:file: )?(\/?\S.*?)(?: \((\d+):(\d+)\)|:(\d+):(\d+))$/);
  if (where === undefined) return undefined;
  const [, file = '', line, column, line2, column2] = where;
  const start = place(line ?? line2, String(Number(column ?? column2) + 1));
  return {
    tool: 'rollup',
    file: file.replace(/\?.*$/, ''),
    place: start,
    severity: mark === '(!)' ? 'warning' : 'error',
    rule: plugin ?? name ?? 'error',
    message,
  };
}

function webpack(lines: readonly string[], at: number): ReturnType<Parser> {
  const [, severity, file, line, column, line2, column2] =
    /^(?:\[tsl\] )?(ERROR|WARNING) in (\S+?)(?:[ :](\d+):(\d+)(?:-[\d:]+)?|\((\d+),(\d+)\))?$/.exec(lines[at] ?? '') ??
    [];
  if (file === undefined || !/[./]/.test(file)) return undefined;
  const next = after(lines, at, 2)
    .map((text) => text.trim())
    .find((text) => text !== '');
  if (next === undefined) return undefined;
  const [, rule, message = next] = /^(TS\d+): (.*)$/.exec(next) ?? [];
  const start =
    line2 === undefined
      ? place(line ?? '1', line === undefined || rule !== undefined ? column : String(Number(column) + 1))
      : place(line2, column2);
  return {
    tool: 'webpack',
    file: file.replace(/\?.*$/, ''),
    place: start,
    severity,
    rule: rule ?? /^(\w+(?: \w+)*?)(?: \(from [^)]*\))?:/.exec(next)?.[1] ?? 'error',
    message,
  };
}

function next(lines: readonly string[], at: number): ReturnType<Parser> {
  const [, file, line, column] = /^(?:\.\/)(\S.*?\.\w+)(?::(\d+):(\d+))?$/.exec(lines[at] ?? '') ?? [];
  if (file === undefined) return undefined;
  const said = after(lines, at, 2)
    .map((text) => text.trim())
    .find((text) => text !== '');
  const [, kind, message] =
    /^(Type error|Module not found|Error|Parsing ecmascript source code failed|Build optimization failed|Ecmascript file had an error|.*[Ff]ailed.*?)(?::\s*(.*))?$/.exec(
      said ?? '',
    ) ?? [];
  if (kind === undefined) return undefined;
  return {
    tool: 'next',
    file,
    place: place(line ?? '1', column),
    severity: 'error',
    rule: kind.toLowerCase(),
    message: message === undefined || message === '' ? kind : message,
  };
}

const parsers: readonly Parser[] = [tsc, esbuild, vite, webpack, next, rollup];

function firstMatch(lines: readonly string[], pattern: RegExp): RegExpExecArray | undefined {
  for (const line of lines) {
    const match = pattern.exec(line);
    if (match) return match;
  }
  return undefined;
}
