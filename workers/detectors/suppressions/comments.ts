/**
 * The comments that suppress an issue, in the language of the tool that found it, as edits. No edit changes what the code
 * means: where a comment would be part of a literal or of a text, there is none for the line. Pure.
 */
import path from 'node:path';
import type { TextEdit } from '../../protocol/detector-protocol.ts';
import { commentPlaceAt } from '../../graph/comment-places.ts';
import { commentStarts, isModuleFile } from '../../graph/record.ts';
import { isComponentFile, scriptsOf } from '../../graph/scripts.ts';
import { isNextLineDirective } from '../../runtime/suppression.ts';

export interface Suppressed {
  readonly detector: string;
  readonly rule: string;
  /** Zero-based. */
  readonly line: number;
  /** A reason is to be written after the {@link REASON} of the comment, for which `reason` stands. */
  readonly withReason?: boolean;
}

/** What stands for the reason in a comment. */
export const REASON = ' -- reason';

export type SuppressionScope = 'line' | 'file';

/** How a tool is told to suppress a rule. */
interface Directives {
  readonly nextLine: string;
  readonly file: string;
  /** The line's directive must stand directly above it; others skip comments. */
  readonly isAdjacent: boolean;
}

/** The edit that inserts a comment for the line, and the one for the file, as far as they are possible. */
export function suppressionEdits(
  file: string,
  text: string,
  suppressed: Suppressed,
): Readonly<Partial<Record<SuppressionScope, TextEdit>>> {
  const directives = directivesFor(suppressed);
  const lines = text.split(/\r\n|\n|\r/);
  const comment = commentOf(file);
  if (comment === undefined || lines[suppressed.line] === undefined) return {};
  const source: Source = { file, text, lines, starts: startsOf(text), eol: /\r\n|\r(?!\n)|\n/.exec(text)?.[0] ?? '\n' };
  const line = lineEdit(source, suppressed, directives, comment);
  const whole = fileEdit(source, suppressed, directives, comment);
  return { ...(line && { line }), ...(whole && { file: whole }) };
}

function directivesFor({ detector, rule }: Suppressed): Directives {
  switch (detector) {
    case 'eslint':
      return { nextLine: `eslint-disable-next-line ${rule}`, file: `eslint-disable ${rule}`, isAdjacent: true };
    case 'typescript':
      return { nextLine: '@ts-expect-error', file: '@ts-nocheck', isAdjacent: false };
    default: {
      const name = `${detector}/${rule}`;
      return { nextLine: `bulkhead-ignore-next-line ${name}`, file: `bulkhead-ignore-file ${name}`, isAdjacent: false };
    }
  }
}

interface Source {
  readonly file: string;
  readonly text: string;
  readonly lines: readonly string[];
  /** Offsets of the lines. */
  readonly starts: readonly number[];
  readonly eol: string;
}

interface Comment {
  readonly line: (content: string) => string;
  readonly block: (content: string) => string;
  /** The language is one that the parser reads. */
  readonly isScript: boolean;
}

const slashes: Comment = { line: (content) => `// ${content}`, block: (content) => `/* ${content} */`, isScript: true };

/** Undefined: the language has no comments that the tools read. */
function commentOf(file: string): Comment | undefined {
  if (isModuleFile(file)) return path.posix.extname(file) === '.mdx' ? undefined : slashes;
  switch (path.posix.extname(file)) {
    case '.jsonc':
    case '.json5':
      return { ...slashes, isScript: false };
    case '.css':
      return { ...slashes, line: slashes.block, isScript: false };
    case '.md': {
      const html = (content: string): string => `<!-- ${content} -->`;
      return { line: html, block: html, isScript: false };
    }
    default:
      return undefined;
  }
}

function lineEdit(
  source: Source,
  { detector, rule, line, withReason = false }: Suppressed,
  { nextLine, isAdjacent }: Directives,
  comment: Comment,
): TextEdit | undefined {
  const { file, text, lines, starts, eol } = source;
  const added = detector === 'eslint' ? addedToDirective(lines[line - 1], line - 1, rule) : undefined;
  if (added) return added;
  let at = line;
  if (!isAdjacent) while (at > 0 && isNextLineDirective(lines[at - 1] ?? '')) at -= 1;
  const offset = starts[at] ?? 0;
  if (comment.isScript && !isInScript(source, offset)) return undefined;
  const place = comment.isScript ? commentPlaceAt(file, text, offset) : 'code';
  if (place === undefined || isInComment(source, offset)) return undefined;
  const indent = /^[ \t]*/.exec(lines[line] ?? '')?.[0] ?? '';
  const start = { line: at, character: 0 };
  const directive = withReason ? `${nextLine}${REASON}` : nextLine;
  const content = place === 'children' ? `{${comment.block(directive)}}` : comment.line(directive);
  return { range: { start, end: start }, newText: `${indent}${content}${eol}` };
}

/** A second comment of ESLint would take the place of the first, so the rule joins those of the first. */
function addedToDirective(above: string | undefined, line: number, rule: string): TextEdit | undefined {
  const match = /eslint-disable-next-line((?:\s+(?!--|\*\/|-->)[^\s,]+,?)+)/d.exec(above ?? '');
  const end = match?.indices?.[1]?.[1];
  if (end === undefined) return undefined;
  const place = { line, character: end };
  return { range: { start: place, end: place }, newText: above?.[end - 1] === ',' ? ` ${rule}` : `, ${rule}` };
}

function fileEdit(
  source: Source,
  { line }: Suppressed,
  { file: directive }: Directives,
  comment: Comment,
): TextEdit | undefined {
  // prettier-ignore
  const { lines, starts, eol } = source;
  // TypeScript reads its comment only if it is of one line.
  const content = directive.startsWith('@ts-') ? comment.line(directive) : comment.block(directive);
  if (isComponentFile(source.file)) {
    const offset = starts[line] ?? 0;
    const script = scriptsOf(source.file, source.text)?.scripts.find(
      ({ start, end }) => start <= offset && offset < end,
    );
    if (script === undefined) return undefined;
    const at = starts.findLastIndex((start) => start <= script.start);
    const place = { line: at, character: script.start - (starts[at] ?? 0) };
    return { range: { start: place, end: place }, newText: `${eol}${content}` };
  }
  const start = { line: lines[0]?.startsWith('#!') === true ? 1 : 0, character: 0 };
  return { range: { start, end: start }, newText: `${content}${eol}` };
}

function isInScript({ file, text }: Source, offset: number): boolean {
  const component = isComponentFile(file) ? scriptsOf(file, text) : undefined;
  return component === undefined || component.scripts.some(({ start, end }) => start < offset && offset <= end);
}

/** A comment in a comment is none. */
function isInComment({ file, text }: Source, offset: number): boolean {
  const starts = commentStarts(file, text) ?? new Set<number>();
  const before = Math.max(-1, ...[...starts].filter((start) => start < offset));
  return before >= 0 && text.startsWith('/*', before) && text.indexOf('*/', before + 2) + 2 > offset;
}

function startsOf(text: string): readonly number[] {
  return [0, ...Array.from(text.matchAll(/\r\n|\n|\r/g), ({ index, 0: end }) => index + end.length)];
}
