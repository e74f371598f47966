/** Which issues a question is about. Pure. */
import path from 'node:path';
import type { Issue, Severity } from '../../workers/protocol/detector-protocol.ts';
import { globMatcher } from '../../workers/reading/globs.ts';

export const severities = ['error', 'warning', 'info', 'hint'] as const satisfies readonly Severity[];

export interface Selection {
  /** Files, folders or globs. */
  readonly paths?: readonly string[] | undefined;
  /** The least. */
  readonly severity?: Severity | undefined;
  /** `rule`, `detector` or `detector/rule`. */
  readonly rules?: readonly string[] | undefined;
  /** Those of `paths` that are on disk: they may well have no issue. */
  readonly existing?: ReadonlySet<string> | undefined;
}

export interface Selected {
  readonly issues: readonly Issue[];
  /** Words of the selection that no issue has: perhaps misspelled. */
  readonly unmatched: readonly string[];
}

/** Wrong use of a tool; the message says what to do. */
export class ToolUseError extends Error {
  override readonly name = 'ToolUseError';
}

/**
 * @param root absolute path
 * @returns relative to it, forward slashes; empty: the root itself
 * @throws ToolUseError for a path outside of it
 */
export function pathInside(root: string, given: string): string {
  const relative = path.relative(root, path.resolve(root, given)).split(path.sep).join('/');
  if (given.includes('\0') || relative === '..' || relative.startsWith('../') || path.isAbsolute(relative))
    throw new ToolUseError(`${JSON.stringify(given.slice(0, 100))} is outside of the folder. Name paths in it.`);
  return relative;
}

/** @throws ToolUseError */
export function select(root: string, all: readonly Issue[], { paths, severity, rules, existing }: Selection): Selected {
  const places = (paths ?? []).map((given) => ({ given, matches: placeMatcher(root, given) }));
  const words = rules ?? [];
  const least = severities.indexOf(severity ?? 'hint');
  const inPlace = ({ file }: Issue): boolean => places.length === 0 || places.some(({ matches }) => matches(file));
  const ofRule = (issue: Issue): boolean => words.length === 0 || words.some((word) => isOfRule(issue, word));
  return {
    issues: all.filter((issue) => severities.indexOf(issue.severity) <= least && inPlace(issue) && ofRule(issue)),
    unmatched: [
      ...places
        .filter(({ given, matches }) => existing?.has(given) !== true && !all.some(({ file }) => matches(file)))
        .map(({ given }) => given),
      ...words.filter((word) => !all.some((issue) => isOfRule(issue, word))),
    ],
  };
}

export function isOfRule({ detector, rule }: Issue, word: string): boolean {
  return word === rule || word === detector || word === `${detector}/${rule}`;
}

function placeMatcher(root: string, given: string): (file: string) => boolean {
  const place = pathInside(root, given);
  if (place === '') return () => true;
  const glob = /[*?[{!]/.test(place) ? globMatcher([place], { dot: true }) : () => false;
  // A name may hold such characters too.
  return (file) => file === place || file.startsWith(`${place}/`) || glob(file);
}
