/**
 * Turns what a tool found into findings: its files into files of the workspace, its columns into UTF-16, its words into
 * severities. What cannot be true is refused, and counted. Lives as long as one check.
 */
import { realpathSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { TextDocument } from 'vscode-languageserver-textdocument';
import type { Finding, Fix, Position, Range, RelatedPlace, Severity } from '../protocol/detector-protocol.ts';
import { entryAt, readTextSync } from '../protocol/read-file.ts';
import type { ToolFinding, ToolPlace, ToolPosition } from './tool-finding.ts';

export interface PlacesOptions {
  /** Absolute, without symbolic links. */
  readonly root: string;
  /** Absolute: the paths of the tool begin here. */
  readonly cwd: string;
  readonly columns: 'utf16' | 'characters' | 'bytes';
  /** Of what has none. */
  readonly severity: Severity;
  readonly unsaved: ReadonlyMap<string, string>;
  /** Everything is about this file, whatever the tool calls the text on its standard input. */
  readonly only?: string;
  /** The file of what concerns no file. */
  readonly fallback: string;
}

/** More in one file helps nobody, and costs everybody. */
const MOST_IN_FILE = 2000;
const MOST = 50_000;

const severities: readonly (readonly [RegExp, Severity])[] = [
  [/^(?:fatal|fatal error|error|err|e|critical|blocker|high|serious|failure|fail|bug|alert|emergency|2)$/, 'error'],
  [/^(?:warning|warn|w|major|medium|moderate|1)$/, 'warning'],
  [/^(?:info|information|informational|notice|note|i|minor|low|suggestion|convention|refactor|style|0)$/, 'info'],
  [/^(?:hint|trivial|debug)$/, 'hint'],
];

export class Places {
  readonly #options: PlacesOptions;
  readonly #texts = new Map<string, KnownText | undefined>();
  readonly #counts = new Map<string, number>();
  readonly #refused = new Map<string, { count: number; readonly example: string }>();
  #total = 0;

  constructor(options: PlacesOptions) {
    this.#options = options;
  }

  /** What was refused, a sentence for each reason. */
  get refusals(): readonly string[] {
    return [...this.#refused].map(([reason, { count, example }]) => {
      const what = count === 1 ? 'One finding was left out' : `${count.toLocaleString('en')} findings were left out`;
      return `${what}: ${reason}${example === '' ? '' : ` (${example})`}.`;
    });
  }

  /** @returns undefined: it was refused */
  findingOf(found: ToolFinding): { readonly file: string; readonly finding: Finding } | undefined {
    const { only, fallback } = this.#options;
    const file = only ?? (found.file === undefined ? fallback : this.#fileOf(found.file));
    if (file === undefined) return undefined;
    const range = this.#rangeOf(file, found.place);
    if (range === undefined) return this.#refuse('a place is no position', `${file}, ${JSON.stringify(found.place)}`);
    if (found.message.trim() === '') return this.#refuse('there is no message', file);
    const inFile = (this.#counts.get(file) ?? 0) + 1;
    this.#counts.set(file, inFile);
    if (inFile > MOST_IN_FILE) return this.#refuse(`${file} has more than ${MOST_IN_FILE.toLocaleString('en')}`, '');
    this.#total += 1;
    if (this.#total > MOST) return this.#refuse(`there are more than ${MOST.toLocaleString('en')}`, '');
    const related = (found.related ?? []).flatMap((one) => this.#relatedOf(one));
    const fixes = (found.fixes ?? []).flatMap((fix) => this.#fixOf(file, fix));
    const finding: Finding = {
      rule: found.rule === undefined || found.rule === '' ? 'finding' : found.rule,
      severity: this.#severityOf(found.severity),
      message: found.message.trim(),
      range,
      ...(found.url === undefined || !/^https?:/.test(found.url) ? {} : { url: found.url }),
      ...(related.length === 0 ? {} : { related }),
      ...(fixes.length === 0 ? {} : { fixes }),
    };
    return { file, finding };
  }

  #severityOf(word: string | undefined): Severity {
    const known = severities.find(([pattern]) => pattern.test((word ?? '').trim().toLowerCase()));
    return known?.[1] ?? this.#options.severity;
  }

  #relatedOf({ file: name, place, message }: NonNullable<ToolFinding['related']>[number]): readonly RelatedPlace[] {
    const file = this.#options.only ?? this.#fileOf(name);
    const range = file === undefined ? undefined : this.#rangeOf(file, place);
    return file === undefined || range === undefined ? [] : [{ file, range, message }];
  }

  /** A fix with an edit that cannot be made is none. */
  #fixOf(file: string, { title, kind, edits }: NonNullable<ToolFinding['fixes']>[number]): readonly Fix[] {
    const made = edits.flatMap(({ file: name, place, newText }) => {
      const other = name === undefined ? file : (this.#options.only ?? this.#fileOf(name));
      const range = other === undefined ? undefined : this.#rangeOf(other, place);
      if (other === undefined || range === undefined) return [];
      return [{ ...(other === file ? {} : { file: other }), range, newText }];
    });
    return made.length === 0 || made.length < edits.length ? [] : [{ title, kind, edits: made }];
  }

  /** @returns the path in the workspace */
  #fileOf(name: string): string | undefined {
    const { root, cwd } = this.#options;
    let absolute;
    try {
      absolute = path.resolve(cwd, name.startsWith('file:') ? fileURLToPath(name) : name);
    } catch {
      return this.#refuse('an address is no path', name);
    }
    const relative = within(root, absolute) ?? within(root, realOf(absolute));
    if (relative === undefined || relative === '') return this.#refuse('they are outside of the workspace', name);
    if (within(root, realOf(absolute)) === undefined) return this.#refuse('they are outside of the workspace', name);
    if (entryAt(absolute) !== 'file') return this.#refuse('there is no such file', name);
    return relative;
  }

  #rangeOf(file: string, place: ToolPlace | undefined): Range | undefined {
    if (place === undefined) return { start: ORIGIN, end: ORIGIN };
    const text = this.#textOf(file);
    if ('offsets' in place) return text && rangeOfOffsets(text.document, place.offsets);
    const lines = text?.lines;
    const { start, end } = place;
    if (!isPosition(start) || (end !== undefined && !isPosition(end))) return undefined;
    const from = this.#positionOf(lines, start, 'first');
    const to = end === undefined ? endOfWord(lines, from, start.column) : this.#positionOf(lines, end, 'last');
    // An end before the start is a mistake of the tool about the end only.
    return { start: from, end: isBefore(to, from) ? from : to };
  }

  /** The nearest position that exists: a tool may have read another state of the file. */
  #positionOf(
    lines: readonly string[] | undefined,
    { line, column }: ToolPosition,
    without: 'first' | 'last',
  ): Position {
    const row = Math.max(0, line - 1);
    if (lines === undefined) return { line: row, character: Math.max(0, (column ?? 1) - 1) };
    if (row >= lines.length) {
      const last = Math.max(0, lines.length - 1);
      return { line: last, character: lines[last]?.length ?? 0 };
    }
    const text = lines[row] ?? '';
    if (column === undefined) return { line: row, character: without === 'first' ? indentOf(text) : text.length };
    return {
      line: row,
      character: Math.min(characterOf(text, Math.max(0, column - 1), this.#options.columns), text.length),
    };
  }

  /** @returns undefined: the file is gone, or nobody can read it; the tool's own figures then stand */
  #textOf(file: string): KnownText | undefined {
    if (this.#texts.has(file)) return this.#texts.get(file);
    let text = this.#options.unsaved.get(file);
    try {
      text ??= readTextSync(path.join(this.#options.root, file));
    } catch {
      text = undefined;
    }
    const known =
      text === undefined
        ? undefined
        : { lines: text.split(/\r\n|\n|\r/), document: TextDocument.create('', '', 0, text) };
    this.#texts.set(file, known);
    return known;
  }

  #refuse(reason: string, example: string): undefined {
    const known = this.#refused.get(reason);
    if (known) known.count += 1;
    else this.#refused.set(reason, { count: 1, example });
    return undefined;
  }
}

interface KnownText {
  readonly lines: readonly string[];
  readonly document: TextDocument;
}

const ORIGIN: Position = { line: 0, character: 0 };

function within(root: string, absolute: string): string | undefined {
  const relative = path.relative(root, absolute);
  if (relative === '..' || relative.startsWith(`..${path.sep}`) || path.isAbsolute(relative)) return undefined;
  return relative.split(path.sep).join('/');
}

function realOf(absolute: string): string {
  try {
    return realpathSync(absolute);
  } catch {
    return absolute;
  }
}

function isPosition({ line, column }: ToolPosition): boolean {
  return Number.isInteger(line) && line >= 0 && (column === undefined || (Number.isInteger(column) && column >= 0));
}

function isBefore(one: Position, other: Position): boolean {
  return one.line < other.line || (one.line === other.line && one.character < other.character);
}

function indentOf(line: string): number {
  return /^\s*/.exec(line)?.[0].length ?? 0;
}

/** @param column from 0, in the unit of the tool */
function characterOf(line: string, column: number, unit: PlacesOptions['columns']): number {
  if (unit === 'utf16' || !/[^\t -~]/.test(line)) return column;
  const before =
    unit === 'bytes' ? Buffer.from(line).subarray(0, column).toString() : Array.from(line).slice(0, column).join('');
  return before.length;
}

/** A tool that names only where something begins means the word there, or without a column the line. */
function endOfWord(lines: readonly string[] | undefined, start: Position, column: number | undefined): Position {
  const text = lines?.[start.line] ?? '';
  if (column === undefined) return { line: start.line, character: Math.max(start.character, text.trimEnd().length) };
  const word = /^[\p{L}\p{N}_$]+|^\S/u.exec(text.slice(start.character))?.[0] ?? '';
  return { line: start.line, character: start.character + word.length };
}

function rangeOfOffsets(document: TextDocument, [start, end]: readonly [number, number]): Range | undefined {
  const isInside = Number.isInteger(start) && Number.isInteger(end) && start >= 0 && end >= start;
  if (!isInside || end > document.getText().length) return undefined;
  return { start: document.positionAt(start), end: document.positionAt(end) };
}
