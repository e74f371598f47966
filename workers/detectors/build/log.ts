/**
 * Reads the log of a build: which tool said what about which place. Knows the logs of tsc, esbuild, Vite and Rolldown,
 * Rollup and webpack, also behind the prefixes of Turborepo, Nx, pnpm, npm and Lerna. Pure.
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
  readonly tool: 'tsc' | 'esbuild' | 'vite' | 'rollup' | 'webpack';
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
  const head = /^(\[!\]|\(!\))? ?(?:\((?:plugin )?([\w:@/. -]+)\) )?(?:(\w*Error): )?(.+)$/.exec(lines[at] ?? '');
  const [, mark, plugin, name, said = ''] = head ?? [];
  if (mark === undefined && name !== 'RollupError') return undefined;
  const [, file, line, column] =
    firstMatch(after(lines, at, 4), /^(?:file: )?([^\s(:]\S*\.\w+)(?:\?\S*)?(?: \((\d+):(\d+)\)|:(\d+):(\d+))?$/)?.filter((group) => group !== undefined) ?? []; // prettier-ignore
  if (file === undefined) return undefined;
  // It counts columns from 0, and repeats the place in the message.
  const start = place(line ?? '1', column === undefined ? undefined : String(Number(column) + 1));
  const severity = mark === '(!)' ? 'warning' : 'error';
  const message = said.replace(/^\S+ \(\d+:\d+\): /, '');
  return { tool: 'rollup', file, place: start, severity, rule: plugin ?? name ?? 'error', message };
}

function webpack(lines: readonly string[], at: number): ReturnType<Parser> {
  const [, severity, file, line, column, line2, column2] =
    /^(?:\[tsl\] )?(ERROR|WARNING) in (\S+?)(?:[ :](\d+):(\d+)(?:-[\d:]+)?|\((\d+),(\d+)\))?$/.exec(lines[at] ?? '') ??
    [];
  if (file === undefined || !/[./]/.test(file)) return undefined;
  const said = after(lines, at, 2)
    .map((text) => text.trim())
    .find((text) => text !== '');
  if (said === undefined) return undefined;
  const [, rule, message = said] = /^(TS\d+): (.*)$/.exec(said) ?? [];
  const start =
    line2 === undefined
      ? place(line ?? '1', line === undefined || rule !== undefined ? column : String(Number(column) + 1))
      : place(line2, column2);
  return {
    tool: 'webpack',
    file: file.replace(/\?.*$/, ''),
    place: start,
    severity,
    rule: rule ?? /^(\w+(?: \w+)*?)(?: \(from [^)]*\))?:/.exec(said)?.[1] ?? 'error',
    message,
  };
}

const parsers: readonly Parser[] = [tsc, esbuild, vite, webpack, rollup];

function firstMatch(lines: readonly string[], pattern: RegExp): RegExpExecArray | undefined {
  for (const line of lines) {
    const match = pattern.exec(line);
    if (match) return match;
  }
  return undefined;
}
