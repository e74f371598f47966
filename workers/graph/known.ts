/** The option `import.known`: names that something else resolves. All detectors on the graph heed it. */
import type { DetectorOptions } from '../protocol/detector-protocol.ts';
import { packageNameOf } from './resolution.ts';
import { stringsOf } from './rules.ts';

/**
 * Whether a specifier is listed. Names are no paths, so a `*` matches any characters and everything except `*` and
 * `{a,b}` stands for itself. A pattern for the name of a package means all of its paths.
 */
export function knownNames(options: DetectorOptions): (specifier: string) => boolean {
  const patterns = (stringsOf(options['known']) ?? []).map(expressionOf);
  if (patterns.length === 0) return () => false;
  return (specifier) =>
    [specifier, packageNameOf(specifier)].some((name) => patterns.some((pattern) => pattern.test(name)));
}

function expressionOf(pattern: string): RegExp {
  const source = pattern
    .replace(/[.+?^$()|[\]\\]/g, '\\$&')
    .replace(/\*\*\/|\*+|\{[^{}]*\}/g, (part) => {
      if (part === '**/') return '(?:.*/)?';
      return part.startsWith('*') ? '.*' : `(?:${part.slice(1, -1).replaceAll(',', '|')})`;
    })
    .replace(/\{|\}/g, '\\$&')
    .replace(/\/\.\*$/, '(?:/.*)?');
  return new RegExp(`^${source}$`, 's');
}
