/** Converts what ESLint reports for one text to findings. Pure. */
import { TextDocument } from 'vscode-languageserver-textdocument';
import type { Cause, Finding, Fix, Position, Range, TextEdit } from '../../protocol/detector-protocol.ts';
import type { LintFix, LintMessage } from './installation.ts';

/** ESLint's finding that a file could not be parsed; it has no rule there. */
export const PARSE_ERROR = 'parse-error';
/** ESLint's finding that a disable directive or an inline configuration does nothing; it has no rule there. */
export const UNUSED_DIRECTIVE = 'unused-directive';
/** ESLint's other findings about comments that configure it; they have no rule there either. */
export const DIRECTIVE = 'directive';
/** Bulkhead's own: a rule threw an error, at which ESLint would have stopped. */
export const RULE_ERROR = 'rule-error';

const BYTE_ORDER_MARK = '\uFEFF';

/** Something that the configuration is to blame for rather than the linted file. */
export interface ConfigurationFault {
  /** The rule that failed; absent: the parser did. */
  readonly ruleId?: string;
  readonly message: string;
}

/** What a fault follows from, if it occurs in several files. */
export type CauseOfFault = (fault: ConfigurationFault) => Cause | undefined;

/**
 * @param text the text that was linted, with its byte order mark if it has one
 * @param urlOf the documentation of a rule
 */
export function toFindings(
  messages: readonly LintMessage[],
  text: string,
  urlOf: (ruleId: string) => string | undefined,
  causeOf: CauseOfFault = () => undefined,
): Finding[] {
  const source = new SourceText(text);
  return messages.map((message) => {
    const rule = ruleOf(message);
    const url = message.ruleId === null ? undefined : urlOf(message.ruleId);
    const tags = tagsOf(rule);
    const fixes = fixesOf(message, rule, source);
    const fault = faultIn(message);
    const cause = fault && causeOf(fault);
    return {
      rule,
      severity: message.fatal === true || message.severity === 2 ? 'error' : 'warning',
      message: message.message,
      range: source.rangeOf(message),
      ...(url === undefined ? {} : { url }),
      ...(tags.length === 0 ? {} : { tags }),
      ...(fixes.length === 0 ? {} : { fixes }),
      ...(cause === undefined ? {} : { cause }),
    };
  });
}

/** A parser that cannot use its options names no place, and neither does a rule that does not exist. */
function faultIn({ fatal, line, ruleId, message }: LintMessage): ConfigurationFault | undefined {
  if (fatal === true && line === undefined) return { message: message.replace(/^Parsing error: /, '') };
  const isUnknown = ruleId !== null && line === 1 && /^Definition for rule '.+' (?:was )?not found/.test(message);
  return isUnknown ? { ruleId, message: message.replace(/\.$/, '') } : undefined;
}

/** The finding for a rule, parser or processor that threw on a file. */
export function toRuleErrorFinding(error: unknown, causeOf: CauseOfFault = () => undefined): Finding {
  const { message, ruleId, node } = describeThrown(error);
  const cause = causeOf({ message, ...(ruleId === undefined ? {} : { ruleId }) });
  const who = ruleId === undefined ? 'ESLint' : `The rule ${ruleId}`;
  const advice =
    ruleId === undefined
      ? 'Ignore the file in the ESLint configuration, or update the failing parser or plugin.'
      : 'Turn the rule off for this file in the ESLint configuration (a comment does not help), or update its plugin.';
  return {
    rule: RULE_ERROR,
    severity: 'error',
    message: `${who} failed on this file, so ESLint reports nothing for it: ${message}. ${advice}`,
    range: node ?? { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } },
    ...(cause === undefined ? {} : { cause }),
  };
}

function ruleOf(message: LintMessage): string {
  if (message.fatal === true) return PARSE_ERROR;
  return message.ruleId ?? (message.message.startsWith('Unused ') ? UNUSED_DIRECTIVE : DIRECTIVE);
}

const UNNECESSARY = /^(?:unused-directive|no-unreachable|no-unused-(?:vars|imports|labels|private-class-members)\b.*)$/;
const DEPRECATED = /^(?:no-deprecated\b.*|deprecation)$/;

function tagsOf(rule: string): readonly ('unnecessary' | 'deprecated')[] {
  const name = rule.slice(rule.lastIndexOf('/') + 1);
  return UNNECESSARY.test(name) ? ['unnecessary'] : DEPRECATED.test(name) ? ['deprecated'] : [];
}

function fixesOf(message: LintMessage, rule: string, source: SourceText): Fix[] {
  const fixes: Fix[] = [];
  const add = (kind: Fix['kind'], title: string, fix: LintFix): void => {
    const edit = source.editOf(fix);
    if (edit) fixes.push({ title, kind, edits: [edit] });
  };
  if (message.fix) add('fix', `Fix this ${rule} problem`, message.fix);
  for (const suggestion of message.suggestions ?? []) add('suggestion', suggestion.desc, suggestion.fix);
  return fixes;
}

/** A text in ESLint's measures (lines from 1, lines also end at U+2028 and U+2029) and in those of LSP. */
class SourceText {
  readonly #document: TextDocument;
  readonly #text: string;
  /** Offset of each line as ESLint counts them; only where that differs from LSP. */
  readonly #lineStarts: readonly number[] | undefined;

  constructor(text: string) {
    this.#text = text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text;
    this.#document = TextDocument.create('', '', 0, this.#text);
    if (/[\u2028\u2029]/.test(this.#text)) {
      this.#lineStarts = [
        0,
        ...Array.from(this.#text.matchAll(/\r\n|[\r\n\u2028\u2029]/g), (end) => end.index + end[0].length),
      ];
    }
  }

  /** If ESLint gives no end, the range is the word or comment that starts there, or one character. */
  rangeOf({ line, column, endLine, endColumn }: LintMessage): Range {
    const start = this.#positionOf(line, column);
    if (typeof endLine === 'number' && typeof endColumn === 'number') {
      const end = this.#positionOf(endLine, endColumn);
      // Some plugins report an end before the start.
      return { start, end: isBefore(end, start) ? start : end };
    }
    const what = /[\p{L}\p{N}_$]+|\/[/*].*|[^\r\n]/uy;
    what.lastIndex = this.#document.offsetAt(start);
    const length = what.exec(this.#text)?.[0].length ?? 0;
    return { start, end: { line: start.line, character: start.character + length } };
  }

  /** Undefined for a fix that removes the byte order mark: an editor's text does not have it. */
  editOf({ range: [start, end], text }: LintFix): TextEdit | undefined {
    if (start < 0) return undefined;
    // No position is between \r and \n, so an edit that starts or ends there includes both.
    const from = this.#splitsLineEnd(start) ? start - 1 : start;
    const to = this.#splitsLineEnd(end) ? end + 1 : end;
    return {
      range: { start: this.#document.positionAt(from), end: this.#document.positionAt(to) },
      newText: this.#text.slice(from, start) + text + this.#text.slice(end, to),
    };
  }

  #splitsLineEnd(offset: number): boolean {
    return this.#text[offset] === '\n' && this.#text[offset - 1] === '\r';
  }

  #positionOf(line: number | undefined, column: number | undefined): Position {
    const zeroLine = zeroBased(line);
    const character = zeroBased(column);
    const lineStart = this.#lineStarts?.[zeroLine];
    return lineStart === undefined ? { line: zeroLine, character } : this.#document.positionAt(lineStart + character);
  }
}

function isBefore(a: Position, b: Position): boolean {
  return a.line < b.line || (a.line === b.line && a.character < b.character);
}

function zeroBased(number: number | undefined): number {
  return number !== undefined && Number.isInteger(number) && number > 0 ? number - 1 : 0;
}

interface ThrownByRule {
  readonly message: string;
  readonly ruleId?: string;
  readonly node?: Range;
}

/** ESLint adds the rule, the current node and some lines of text to an error that a rule throws. */
function describeThrown(error: unknown): ThrownByRule {
  if (!(error instanceof Error)) return { message: String(error) };
  const { ruleId, currentNode } = error as { ruleId?: unknown; currentNode?: { loc?: SourceLocation } };
  const own = error.message.split('\nOccurred while linting ')[0] ?? error.message;
  // ESLint names a rule that fails before it looks at anything in the message only.
  const [, unloaded, reason] = /^Error while loading rule '([^']+)': (.+)/.exec(own) ?? [];
  const message = `${error.name}: ${reason ?? own.trim().split('\n')[0] ?? ''}`.replace(/\.$/, '');
  const name = typeof ruleId === 'string' ? ruleId : unloaded;
  const loc = currentNode?.loc;
  return {
    message,
    ...(name === undefined ? {} : { ruleId: name }),
    ...(loc ? { node: { start: pointOf(loc.start), end: pointOf(loc.end) } } : {}),
  };
}

interface SourceLocation {
  readonly start: { readonly line: number; readonly column: number };
  readonly end: { readonly line: number; readonly column: number };
}

function pointOf({ line, column }: { readonly line: number; readonly column: number }): Position {
  return { line: line - 1, character: column };
}
