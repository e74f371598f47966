/** Text streams to lines, byte-exact for any UTF-8 at any chunking. Lives as long as its stream. */
import type { Readable } from 'node:stream';
import { now } from '../timers.ts';

/** A line longer than this is cut into pieces: a program that never ends its line must not fill our memory. */
const MAX_LINE = 16 * 1024;

/** More lines within a second are a flood: nobody reads them, and to take each would cost more than to write it. */
export const FLOOD_LINES = 10_000;
const FLOOD_MS = 1000;

export interface FloodListener {
  /** The flood is over, or goes on: so many characters of it were left out. Its last lines are never. */
  leftOut(characters: number): void;
  /** Whether there may be something in a text that must not be left out. */
  matters?(text: string): boolean;
}

/** Of reports, the last ones say all that matters. */
export const IGNORED_FLOOD: FloodListener = { leftOut: () => undefined };

export function onLines(stream: Readable, listener: (line: string) => void, flood?: FloodListener): void {
  let rest = '';
  let taken = 0;
  let since = 0;
  let leftOut = 0;
  stream.setEncoding('utf8');
  stream.on('data', (text: string) => {
    const lines = withoutFlood(text).split('\n');
    taken += lines.length;
    lines[0] = rest + (lines[0] ?? '');
    rest = lines.pop() ?? '';
    for (const line of lines) give(line);
    while (rest.length > MAX_LINE) {
      listener(rest.slice(0, MAX_LINE));
      rest = rest.slice(MAX_LINE);
    }
  });
  stream.on('end', () => {
    if (rest !== '') give(rest);
    rest = '';
    tellLeftOut();
  });
  // A broken pipe tells no more than its end does.
  stream.on('error', () => undefined);

  /** The last lines of a text that comes in a flood, or all of any other. */
  function withoutFlood(text: string): string {
    if (flood === undefined) return text;
    const time = now();
    if (time - since > FLOOD_MS) {
      since = time;
      taken = 0;
      tellLeftOut();
    }
    if (taken < FLOOD_LINES || flood.matters?.(text) === true) return text;
    let start = text.length;
    for (let line = 0; line <= TAIL_LINES && start > 0; line += 1) start = text.lastIndexOf('\n', start - 1);
    if (start <= 0) return text;
    leftOut += rest.length + start;
    rest = '';
    return text.slice(start + 1);
  }

  function tellLeftOut(): void {
    if (leftOut > 0) flood?.leftOut(leftOut);
    leftOut = 0;
  }

  function give(line: string): void {
    let left = line.endsWith('\r') ? line.slice(0, -1) : line;
    for (; left.length > MAX_LINE; left = left.slice(MAX_LINE)) listener(left.slice(0, MAX_LINE));
    listener(left);
  }
}

export const TAIL_LINES = 20;

/** The last lines of a stream. */
export class Tail {
  readonly #lines: string[] = [];

  add(line: string): void {
    this.#lines.push(line);
    if (this.#lines.length > TAIL_LINES) this.#lines.shift();
  }

  lines(): readonly string[] {
    return [...this.#lines];
  }
}
