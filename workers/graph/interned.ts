/**
 * Strings that a record keeps. What the parser gives may be a view of the whole text, which it would keep alive, and
 * the same names and specifiers come again and again.
 */

/** An equal string that holds nothing but itself, the same one for equal strings. */
export function interned(text: string): string {
  const known = shared.get(text);
  if (known !== undefined) return known;
  const own = text.length < LEAST_VIEW ? text : Buffer.from(text).toString();
  shared.set(own, own);
  return own;
}

/** What has been shared stays so; only what comes later is not the same any more. Called when a series is over. */
export function clearInterned(): void {
  shared = new Map();
}

let shared = new Map<string, string>();

/** V8 copies shorter substrings. */
const LEAST_VIEW = 13;
