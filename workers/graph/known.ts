/** The option `import.known`: names that something else resolves. All detectors on the graph heed it. */
import type { DetectorOptions } from '../protocol/detector-protocol.ts';
import { packageNameOf } from './resolution.ts';
import { stringsOf } from './rules.ts';
import { matchesWildcard } from './wildcards.ts';

/**
 * Whether a specifier is listed. Names are no paths, so a `*` matches any characters and everything except `*` and
 * `{a,b}` stands for itself. A pattern for the name of a package means all of its paths, and `x/*` means `x` too.
 */
export function knownNames(options: DetectorOptions): (specifier: string) => boolean {
  const patterns = (stringsOf(options['known']) ?? []).flatMap(alternativesOf);
  if (patterns.length === 0) return () => false;
  return (specifier) =>
    [specifier, packageNameOf(specifier)].some((name) => patterns.some((pattern) => matchesWildcard(pattern, name)));
}

/** The patterns without braces, without repeated stars, and with what may be absent left out. */
function alternativesOf(pattern: string): readonly string[] {
  const [, before = '', choices, after = ''] =
    (pattern.split('{').length > MOST_GROUPS ? undefined : /^(.*?)\{([^{}]*)\}(.*)$/s.exec(pattern)) ?? [];
  if (choices !== undefined)
    return choices.split(',', MOST_CHOICES).flatMap((one) => alternativesOf(before + one + after));
  const plain = pattern.replace(/\*+/g, '*');
  const short = pattern.startsWith('**/') ? plain.slice('*/'.length) : plain;
  return [...new Set([plain, short, plain.replace(/\/\*$/, ''), short.replace(/\/\*$/, '')])];
}

/** More alternatives than anybody writes would fill the memory. */
const MOST_GROUPS = 3;
const MOST_CHOICES = 50;
