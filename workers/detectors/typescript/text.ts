/**
 * Places in source texts, as editors count them: the lines of LSP, characters in UTF-16. Pure, but for reading files.
 */
import path from 'node:path';
import type { Position, Range } from '../../protocol/detector-protocol.ts';
import { readText } from '../../protocol/read-file.ts';

/** Finds lines and characters of offsets in one text. */
export class LineMap {
  readonly #length: number;
  readonly #starts: readonly number[];

  constructor(text: string) {
    this.#length = text.length;
    const starts = [0];
    // TypeScript also ends a line at U+2028 and U+2029; LSP and editors do not.
    for (const match of text.matchAll(/\r\n|\r|\n/g)) starts.push(match.index + match[0].length);
    this.#starts = starts;
  }

  /** @param offset UTF-16 units from the start; out of range is brought into it */
  position(offset: number): Position {
    const wanted = Math.min(Math.max(offset, 0), this.#length);
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#starts[middle] ?? 0) <= wanted) low = middle;
      else high = middle - 1;
    }
    return { line: low, character: wanted - (this.#starts[low] ?? 0) };
  }

  range(start: number, end: number): Range {
    return { start: this.position(start), end: this.position(Math.max(start, end)) };
  }
}

/**
 * Reads a source file as TypeScript does: UTF-8, or UTF-16 when its byte order mark says so. The mark is not part of
 * the text.
 * @throws {UnreadableFile}
 */
export function readSource(file: string): Promise<string> {
  return readText(file);
}

/** As TypeScript spells paths. */
export function slashed(file: string): string {
  return path.sep === '\\' ? file.replaceAll('\\', '/') : file;
}
