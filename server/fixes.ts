/** Which fixes of issues can be applied together. Pure. */
import type { Issue, Position, Range } from '../workers/protocol/detector-protocol.ts';

export interface FileEdit {
  readonly range: Range;
  readonly newText: string;
}

/**
 * The edits of all safe fixes within a file that do not touch each other. As in ESLint, the later of two touching fixes is
 * omitted: its issue is found again after the first fix is applied.
 */
export function safeEditsOf(issues: readonly Issue[]): readonly FileEdit[] {
  const fixes = issues.flatMap(({ file, fixes: own = [] }) =>
    own.filter(({ kind, edits }) => kind === 'fix' && edits.every((edit) => (edit.file ?? file) === file)).slice(0, 1),
  );
  const edits: FileEdit[] = [];
  const taken: Range[] = [];
  for (const { edits: own } of fixes) {
    if (own.some(({ range }) => taken.some((other) => touch(range, other)))) continue;
    taken.push(...own.map(({ range }) => range));
    edits.push(...own.map(({ range, newText }) => ({ range, newText })));
  }
  return edits;
}

function touch(one: Range, other: Range): boolean {
  return !isBefore(one.end, other.start) && !isBefore(other.end, one.start);
}

function isBefore(one: Position, other: Position): boolean {
  return one.line < other.line || (one.line === other.line && one.character < other.character);
}
