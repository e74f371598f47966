/**
 * Completes findings to issues. A fingerprint must survive edits elsewhere in the file, so it consists of the detector, the
 * rule, the file, the trimmed text of the line, and an ordinal among issues that are equal in all of these.
 */
import { createHash } from 'node:crypto';
import type { Finding, Issue } from './detector-protocol.ts';

const ORDINAL_SEPARATOR = '\u0000';

/** Completes the findings of one file in one unit. Use the same one for all findings of the file, because it counts ordinals. */
export class IssueCompleter {
  readonly #detector: string;
  readonly #file: string;
  readonly #lines: readonly string[];
  readonly #seen = new Map<string, number>();

  /** @param text the text that the findings refer to; empty if the file cannot be read */
  constructor(detector: string, file: string, text: string) {
    this.#detector = detector;
    this.#file = file;
    this.#lines = text === '' ? [] : text.split(/\r\n|\n|\r/);
  }

  complete(finding: Finding): Issue {
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
    };
  }
}
