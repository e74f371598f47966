/** Text streams to lines, byte-exact for any UTF-8 at any chunking. Lives as long as its stream. */
import type { Readable } from 'node:stream';

/** A line longer than this is cut into pieces: a program that never ends its line must not fill our memory. */
const MAX_LINE = 16 * 1024;

export function onLines(stream: Readable, listener: (line: string) => void): void {
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (text: string) => {
    const lines = text.split('\n');
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
  });
  // A broken pipe tells no more than its end does.
  stream.on('error', () => undefined);

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
