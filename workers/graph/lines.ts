/** Where the lines of a text begin, so that offsets become positions without keeping the text. Pure functions. */
import type { Position, Range } from '../protocol.ts';

/** Offsets (UTF-16 code units) at which lines begin; ascending, the first is 0. A line ends at `\r\n`, `\n` or `\r`. */
export type LineStarts = Uint32Array;

export function lineStartsOf(text: string): LineStarts {
  const starts = [0];
  const hasCarriageReturns = text.includes('\r');
  for (let newline = text.indexOf('\n'); newline !== -1; newline = text.indexOf('\n', newline + 1)) {
    starts.push(newline + 1);
  }
  if (hasCarriageReturns) {
    for (let at = text.indexOf('\r'); at !== -1; at = text.indexOf('\r', at + 1)) {
      if (text.charCodeAt(at + 1) !== 10) starts.push(at + 1);
    }
    starts.sort((one, other) => one - other);
  }
  return Uint32Array.from(starts);
}

export function positionAt(starts: LineStarts, offset: number): Position {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((starts[middle] ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return { line: low, character: offset - (starts[low] ?? 0) };
}

export function rangeAt(starts: LineStarts, start: number, end: number): Range {
  return { start: positionAt(starts, start), end: positionAt(starts, end) };
}
