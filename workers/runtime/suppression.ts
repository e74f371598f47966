/**
 * Inline suppression: comments that suppress intended findings. Pure functions over a text.
 *
 *     // bulkhead-ignore-next-line import-cycle -- the registry needs both
 *     import { a } from './a'; // bulkhead-ignore-line circular/import-cycle
 *     /* bulkhead-ignore-file unused-dependency, duplicate-import -- generated *\/
 *
 * Rules are named as `rule` or `detector/rule`, separated by commas or spaces. Without names a comment suppresses all
 * rules. Several comments in a row all apply to the first line below them that is neither such a comment nor one that
 * tells another tool about its next line.
 */
import type { Finding, Range } from '../protocol/detector-protocol.ts';

export type SuppressionScope = 'next-line' | 'line' | 'file';

export interface Suppression {
  readonly scope: SuppressionScope;
  /** As written; empty: every rule. */
  readonly rules: readonly string[];
  /** The text after `--`; empty if there is none. */
  readonly reason: string;
  /** Zero-based line that it applies to; undefined: the whole file. */
  readonly target: number | undefined;
  /** Range of the comment. */
  readonly range: Range;
}

export interface SuppressedFinding {
  readonly finding: Finding;
  readonly suppression: Suppression;
}

export interface SuppressionResult {
  /** Findings that are not suppressed, and one for each comment with rules that suppress nothing. */
  readonly findings: readonly Finding[];
  readonly suppressed: readonly SuppressedFinding[];
}

/** Whether a comment begins at this place of the text, in UTF-16 code units. */
export type IsComment = (offset: number) => boolean;

export const UNUSED_SUPPRESSION = 'unused-suppression';

/**
 * Removes findings that comments of the text suppress.
 * @param owns whether a rule name without a detector belongs to this detector: only those can be reported as unused
 */
export function suppress(
  text: string,
  detector: string,
  findings: readonly Finding[],
  owns: (rule: string) => boolean = () => false,
  isComment?: IsComment,
): SuppressionResult {
  const suppressions = suppressionsIn(text, isComment);
  if (suppressions.length === 0) return { findings, suppressed: [] };
  const kept: Finding[] = [];
  const suppressed: SuppressedFinding[] = [];
  const used = new Map<Suppression, Set<string>>(suppressions.map((one) => [one, new Set()]));
  for (const finding of findings) {
    const names = [finding.rule, `${detector}/${finding.rule}`];
    const line = finding.range.start.line;
    const matching = suppressions.filter(
      ({ target, rules }) =>
        (target === undefined || target === line) && (rules.length === 0 || rules.some((rule) => names.includes(rule))),
    );
    for (const one of matching) for (const name of names) used.get(one)?.add(name);
    const [first] = matching;
    if (first) suppressed.push({ finding, suppression: first });
    else kept.push(finding);
  }
  for (const one of suppressions) {
    const idle = one.rules.filter((rule) => isOwn(rule, detector, owns) && used.get(one)?.has(rule) !== true);
    if (idle.length > 0) kept.push(unused(text, one, idle));
  }
  return { findings: kept, suppressed };
}

/** Whether the text may contain suppression comments. Cheap. */
export function hasSuppressions(text: string): boolean {
  return text.includes('bulkhead-ignore-');
}

/** The suppression comments of a text, in order. */
export function suppressionsIn(text: string, isComment: IsComment = () => true): readonly Suppression[] {
  if (!hasSuppressions(text)) return [];
  const found: { readonly match: RegExpExecArray; readonly number: number }[] = [];
  let start = 0;
  for (const [index, piece] of text.split(/(\r\n|\n|\r)/).entries()) {
    // Every second piece is a line end.
    const match = index % 2 === 0 ? DIRECTIVE.exec(piece) : null;
    // In JSX the comment begins after the brace.
    const opening = match ? match[0].search(/[/<#]/) : 0;
    if (match && isComment(start + match.index + opening)) found.push({ match, number: index / 2 });
    start += piece.length;
  }
  const directiveLines = new Set(
    found.filter(({ match }) => match.groups?.['scope'] !== 'line').map(({ number }) => number),
  );
  const lines = text.split(/\r\n|\n|\r/);
  return found.map(({ match, number }) => {
    const { scope = 'line', rules = '', reason = '' } = match.groups ?? {};
    let next = number + 1;
    while (directiveLines.has(next) || isNextLineDirective(lines[next] ?? '')) next++;
    return {
      scope: scope as SuppressionScope,
      rules: rules.split(/[\s,]+/).filter((rule) => rule !== ''),
      reason: reason.trim(),
      target: scope === 'file' ? undefined : scope === 'line' ? number : next,
      range: {
        start: { line: number, character: match.index },
        end: { line: number, character: match.index + match[0].trimEnd().length },
      },
    };
  });
}

/** Whether a line is nothing but a comment that tells a tool about the line below it. */
export function isNextLineDirective(line: string): boolean {
  return NEXT_LINE_DIRECTIVE.test(line);
}

const NEXT_LINE_DIRECTIVE =
  /^\s*(?:\/\/+|\/\*+|\{\s*\/\*+|<!--)\s*(?:bulkhead-ignore-next-line|(?:eslint|oxlint)-disable-next-line|@ts-(?:expect-error|ignore)|biome-ignore|prettier-ignore|deno-lint-ignore)(?![\w-])/;

/** A suppression comment in any of the supported languages, on one line. */
const DIRECTIVE =
  /(?:\/\/|\/\*+|<!--|#|\{\s*\/\*)\s*bulkhead-ignore-(?<scope>next-line|line|file)(?![\w-])(?<rules>(?:(?!--|\*\/).)*)(?:--(?!>)(?<reason>(?:(?!\*\/|-->).)*))?(?:\*\/\s*\}?|-->)?/;

function isOwn(rule: string, detector: string, owns: (rule: string) => boolean): boolean {
  return rule.includes('/') ? rule.startsWith(`${detector}/`) : owns(rule);
}

function unused(text: string, { range, rules }: Suppression, idle: readonly string[]): Finding {
  const isWhole = idle.length === rules.length;
  const line = text.split(/\r\n|\n|\r/)[range.start.line] ?? '';
  const before = line.slice(0, range.start.character);
  const isAlone = before.trim() === '' && line.slice(range.end.character).trim() === '';
  const whole: Range = isAlone
    ? { start: { line: range.start.line, character: 0 }, end: { line: range.start.line + 1, character: 0 } }
    : { start: { line: range.start.line, character: before.trimEnd().length }, end: range.end };
  return {
    rule: UNUSED_SUPPRESSION,
    severity: 'warning',
    message: `This comment suppresses no finding of ${idle.map((rule) => `'${rule}'`).join(', ')}. Remove ${isWhole ? 'the comment' : idle.length === 1 ? 'the rule' : 'the rules'}.`,
    range,
    tags: ['unnecessary'],
    ...(isWhole
      ? { fixes: [{ title: 'Remove this comment', kind: 'fix', edits: [{ range: whole, newText: '' }] }] }
      : {}),
  };
}
