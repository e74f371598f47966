/**
 * Strings in records. A string from the parser may be a slice that keeps the whole text alive, and the same names and
 * specifiers occur many times.
 */

/** A copy that keeps no other string alive; the same object for equal strings. */
export function interned(text: string): string {
  const known = shared.get(text);
  if (known !== undefined) return known;
  const own = text.length < LEAST_VIEW ? text : Buffer.from(text).toString();
  shared.set(own, own);
  return own;
}

/** Ends sharing with strings of earlier files, to free the table. Called after a series of files. */
export function clearInterned(): void {
  shared = new Map();
}

let shared = new Map<string, string>();

/** V8 copies shorter substrings. */
const LEAST_VIEW = 13;
