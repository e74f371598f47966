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
    const line = this.#lines[finding.range.start.line]?.trim() ?? '';
    const identity = [this.#detector, finding.rule, this.#file, line].join(ORDINAL_SEPARATOR);
    const ordinal = this.#seen.get(identity) ?? 0;
    this.#seen.set(identity, ordinal + 1);
    const fingerprint = createHash('sha256')
      .update(`${identity}${ORDINAL_SEPARATOR}${ordinal}`)
      .digest('hex')
      .slice(0, 16);
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
