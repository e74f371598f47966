/** Text as a client edits it, with positions in the encoding that it agreed on with the server. */
import assert from 'node:assert/strict';
import type { CodeAction, Position, TextEdit } from 'vscode-languageserver-protocol/node';

/** @throws if a position is within a character, or edits overlap */
export function appliedTo(text: string, edits: readonly TextEdit[], encoding: string): string {
  const lines = startsOf(text);
  const offset = (position: Position): number => {
    const start = lines[position.line];
    return start === undefined ? text.length : start + inLine(text, lines, position, encoding);
  };
  const placed = edits.map(({ range, newText }) => ({ start: offset(range.start), end: offset(range.end), newText }));
  placed.sort((one, other) => one.start - other.start || one.end - other.end);
  let [result, last] = ['', 0];
  for (const { start, end, newText } of placed) {
    assert.ok(start >= last && end >= start, 'edits overlap');
    result += text.slice(last, start) + newText;
    last = end;
  }
  return result + text.slice(last);
}

/** In UTF-16 units, within the text. @throws if it is within a character */
export function utf16Position(text: string, position: Position, encoding: string): Position {
  return { line: position.line, character: inLine(text, startsOf(text), position, encoding) };
}

/** Replaces the whole text. */
export function allOf(text: string, newText: string): TextEdit {
  return { range: { start: { line: 0, character: 0 }, end: { line: text.split('\n').length, character: 0 } }, newText };
}

export function editsOf({ edit }: CodeAction, uri: string): readonly TextEdit[] {
  return (
    edit?.changes?.[uri] ??
    (edit?.documentChanges ?? []).flatMap((change) =>
      'textDocument' in change && change.textDocument.uri === uri ? (change.edits as TextEdit[]) : [],
    )
  );
}

function startsOf(text: string): readonly number[] {
  return [0, ...[...text.matchAll(/\n/g)].map(({ index }) => index + 1)];
}

function inLine(text: string, starts: readonly number[], { line, character }: Position, encoding: string): number {
  const content = text.slice(starts[line], starts[line + 1]).replace(/\r?\n$/, '');
  if (encoding === 'utf-16') return Math.min(character, content.length);
  const before = Buffer.from(content).subarray(0, character).toString();
  assert.ok(!before.includes('\uFFFD'), 'a position within a character');
  return before.length;
}
