/** Cuts answers to a number of tokens. Pure. */
import { printableLine } from '../printable.ts';
import { isPlainlyLonger, tokensOf } from './tokens.ts';

/** Both forms of an answer: clients give the model one of them, or both. */
export interface Answer {
  readonly text: string;
  readonly structured: Readonly<Record<string, unknown>>;
}

export const budget = { least: 200, standard: 1000, most: 10_000 } as const;

/** What is spent on the frame of the message. */
const FRAME = 8;

/** Whether the whole result, as it is sent, has at most so many tokens. */
function isWithin(maxTokens: number, { text, structured }: Answer): boolean {
  if (isPlainlyLonger(text, maxTokens)) return false;
  const sent = JSON.stringify({ content: [{ type: 'text', text }], structuredContent: structured });
  return !isPlainlyLonger(sent, maxTokens) && FRAME + tokensOf(sent) <= maxTokens;
}

/**
 * The richest answer that fits: the first level of detail at which all entries do, else the last level with as many entries
 * as possible, and the detail that there is room for then.
 * @param make an answer with the first `count` entries
 * @param levels the richest first
 * @param bare without anything that may be long: what is left if nothing else fits, without entries
 */
export function fitting<Level>(
  maxTokens: number,
  entries: number,
  levels: readonly Level[],
  bare: Level,
  make: (count: number, level: Level) => Answer,
): Answer {
  const fits = (answer: Answer): boolean => isWithin(maxTokens, answer);
  // Each entry costs several tokens.
  const most = Math.min(entries, Math.ceil(maxTokens / 8));
  if (most === entries) {
    for (const level of levels) {
      const all = make(entries, level);
      if (fits(all)) return all;
    }
  }
  // The least detail that still says something, then the least of all for entries that are large.
  for (const level of levels.slice(-2)) {
    let [low, high] = [0, most];
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (fits(make(middle, level))) low = middle;
      else high = middle - 1;
    }
    if (low === 0) continue;
    // Room for one more entry may be room for more detail.
    return levels.map((richer) => make(low, richer)).find(fits) ?? make(low, level);
  }
  for (const level of levels.slice(-2)) {
    const empty = make(0, level);
    if (fits(empty)) return empty;
  }
  return make(0, bare);
}

/** A text of a file as one line of at most so many characters. */
export function clipped(text: string, length: number): string {
  const line = printableLine(text.length > 4 * length ? text.slice(0, 4 * length) : text);
  return line.length <= length ? line : `${line.slice(0, Math.max(0, length - 1))}…`;
}
