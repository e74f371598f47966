/** Globs and regular expressions from configurations: one that is none matches nothing. Pure. */
import picomatch from 'picomatch';

/**
 * Matches what one of the patterns matches. A pattern that is none, such as an empty text, matches nothing and costs only
 * itself.
 */
export function globMatcher(
  patterns: readonly string[],
  options: picomatch.PicomatchOptions = {},
): (text: string) => boolean {
  const { ignore, ...rest } = options;
  const wanted = patterns.flatMap((pattern) => matcherOf(pattern, rest));
  const unwanted = [ignore ?? []].flat().flatMap((pattern) => matcherOf(pattern, rest));
  if (wanted.length === 0) return () => false;
  return (text) => wanted.some((matches) => matches(text)) && !unwanted.some((matches) => matches(text));
}

/** Longer expressions compile, but V8 may refuse to run them. UTF-16 code units. */
const LONGEST = 10_000;

function matcherOf(pattern: string, options: picomatch.PicomatchOptions): readonly ((text: string) => boolean)[] {
  if (pattern.length > LONGEST) return [];
  try {
    const matches = picomatch(pattern, options);
    return [(text) => matches(text)];
  } catch {
    return [];
  }
}

/** As {@link globMatcher}, with the parts that the wildcards matched as groups if `capture` is set. */
export function globExpression(
  pattern: string,
  options: { readonly capture?: boolean; readonly dot?: boolean } = {},
): RegExp {
  if (pattern.length > LONGEST) return NOTHING;
  try {
    return picomatch.makeRe(pattern, options);
  } catch {
    return NOTHING;
  }
}

const NOTHING = /(?!)/;

/** Undefined: the text is no regular expression, or is too long for one. */
export function expressionOf(source: string, flags?: string): RegExp | undefined {
  if (source.length > LONGEST) return undefined;
  try {
    return new RegExp(source, flags);
  } catch {
    return undefined;
  }
}
