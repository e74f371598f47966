/**
 * Completes findings to issues. A fingerprint must survive edits elsewhere in the file, so it consists of the detector, the
 * rule, the file, the trimmed text of the line, and an ordinal among issues that are equal in all of these.
 */
import { createHash } from 'node:crypto';
import type { Finding, Issue } from './detector-protocol.ts';

const ORDINAL_SEPARATOR = '\u0000';

/**
 * Identifies a text by its lines. Line ends and a byte order mark do not count, because editors change both when they open a
 * file; positions stay the same.
 */
export function textHash(text: string): string {
  const lines = text.replace(/^\uFEFF/, '').replaceAll(/\r\n?/g, '\n');
  return createHash('sha256').update(lines).digest('hex').slice(0, 16);
}

/** Files that the fixes of a finding in `file` edit. */
export function editedFiles(file: string, { fixes = [] }: Pick<Finding, 'fixes'>): ReadonlySet<string> {
  return new Set(fixes.flatMap(({ edits }) => edits.map((edit) => edit.file ?? file)));
}

/** So many equal issues on equal lines are told apart when a line is searched for. */
const SEARCHED_ORDINALS = 20;

/**
 * The line of a text that has an issue, by its fingerprint: lines above it may have come or gone since it was found.
 * @returns undefined: the line was edited or removed, or it is one of several equal lines
 */
export function lineOf(issue: Issue, text: string): number | undefined {
  const lines = text.split(/\r\n|\n|\r/);
  const has = (line: string): boolean => {
    const identity = identityOf(issue, line);
    return Array.from({ length: SEARCHED_ORDINALS }).some((_, ordinal) => fingerprintOf(identity, ordinal) === issue.fingerprint); // prettier-ignore
  };
  const { line } = issue.range.start;
  if (has(lines[line] ?? '')) return line;
  const others = new Map<string, number[]>();
  for (const [index, other] of lines.entries()) {
    const key = other.trim();
    others.set(key, [...(others.get(key) ?? []), index]);
  }
  const [found, ...more] = [...others].find(([other]) => has(other))?.[1] ?? [];
  return more.length === 0 ? found : undefined;
}

function identityOf({ detector, rule, file }: Pick<Issue, 'detector' | 'rule' | 'file'>, line: string): string {
  return [detector, rule, file, line.trim()].join(ORDINAL_SEPARATOR);
}

function fingerprintOf(identity: string, ordinal: number): string {
  return createHash('sha256').update(`${identity}${ORDINAL_SEPARATOR}${ordinal}`).digest('hex').slice(0, 16);
}

/** Completes the findings of one file in one unit. Use the same one for all findings of the file, because it counts ordinals. */
export class IssueCompleter {
  readonly #detector: string;
  readonly #file: string;
  readonly #text: string;
  readonly #lines: readonly string[];
  #textHash: string | undefined;
  readonly #seen = new Map<string, number>();

  /** @param text the text that the findings refer to; empty if the file cannot be read */
  constructor(detector: string, file: string, text: string) {
    this.#detector = detector;
    this.#file = file;
    this.#text = text;
    this.#lines = text === '' ? [] : text.split(/\r\n|\n|\r/);
  }

  /** @param otherTexts hashes of the texts of other files that its fixes edit */
  complete(finding: Finding, otherTexts: ReadonlyMap<string, string> = new Map()): Issue {
    const line = this.#lines[finding.range.start.line] ?? '';
    const identity = identityOf({ detector: this.#detector, rule: finding.rule, file: this.#file }, line);
    const ordinal = this.#seen.get(identity) ?? 0;
    this.#seen.set(identity, ordinal + 1);
    const fingerprint = fingerprintOf(identity, ordinal);
    return {
      ...finding,
      detector: this.#detector,
      file: this.#file,
      fixable: finding.fixes?.some((fix) => fix.kind === 'fix') ?? false,
      fingerprint,
      ...(finding.fixes === undefined ? {} : { fixedTexts: this.#fixedTexts(finding, otherTexts) }),
    };
  }

  #fixedTexts(finding: Finding, otherTexts: ReadonlyMap<string, string>): Record<string, string> {
    const texts: Record<string, string> = {};
    for (const file of editedFiles(this.#file, finding)) {
      const own = file === this.#file;
      const hash = own ? (this.#textHash ??= textHash(this.#text)) : otherTexts.get(file);
      if (hash !== undefined) texts[file] = hash;
    }
    return texts;
  }
}
