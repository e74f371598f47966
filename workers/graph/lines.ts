/** Line starts of a text, which turn offsets into positions without keeping the text. Pure functions. */
import type { Position, Range } from '../protocol/detector-protocol.ts';

/**
 * The length of each line with its line break, one character per line: a graph has millions of lines, and a one-byte
 * string is the most compact form in V8. 255 means that the line continues in the next character. A line ends at
 * `\r\n`, `\n` or `\r`.
 */
export type LineTable = string;

export function lineTableOf(text: string): LineTable {
  let used = 0;
  const add = (length: number): void => {
    const whole = Math.floor(length / CONTINUES);
    if (used + whole >= scratch.length) scratch = Buffer.concat([scratch], (used + whole + 1) * 2);
    scratch.fill(CONTINUES, used, used + whole);
    used += whole;
    scratch[used++] = length % CONTINUES;
  };
  let start = 0;
  if (text.includes('\r')) {
    for (const { index, 0: end } of text.matchAll(/\r\n|\n|\r/g)) {
      add(index + end.length - start);
      start = index + end.length;
    }
  } else {
    for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', start)) {
      add(end + 1 - start);
      start = end + 1;
    }
  }
  add(text.length - start);
  return scratch.toString('latin1', 0, used);
}

export function lineCount(table: LineTable): number {
  let count = 0;
  for (let at = 0; at < table.length; at++) if (table.charCodeAt(at) !== CONTINUES) count++;
  return count;
}

export function positionAt(table: LineTable, offset: number): Position {
  let line = 0;
  let start = 0;
  let end = 0;
  for (let at = 0; at < table.length; at++) {
    const code = table.charCodeAt(at);
    end += code;
    if (code === CONTINUES) continue;
    if (offset < end || at === table.length - 1) break;
    start = end;
    line++;
  }
  return { line, character: offset - start };
}

/** The end of the text for a line that it does not have. */
export function offsetAt(table: LineTable, { line, character }: Position): number {
  let number = 0;
  let offset = 0;
  for (let at = 0; at < table.length && number < line; at++) {
    const code = table.charCodeAt(at);
    offset += code;
    if (code !== CONTINUES) number++;
  }
  return offset + character;
}

export function rangeAt(table: LineTable, start: number, end: number): Range {
  return { start: positionAt(table, start), end: positionAt(table, end) };
}

const CONTINUES = 255;

/** Buffer in which tables are built. Grows to the longest. */
let scratch = Buffer.alloc(4096);
