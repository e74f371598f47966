/** Quick fixes of issues, and actions for quarantined files. Stateless. */
import {
  CodeActionKind,
  type CodeAction,
  type Diagnostic,
  type TextEdit as LspTextEdit,
} from 'vscode-languageserver/node';
import type { Fix, Issue, Position, Range } from '../../workers/protocol/detector-protocol.ts';
import { uriOf } from './uris.ts';

/** Executed by the server; its argument is the URI of the file. */
export const retryCommand = 'bulkhead.server.retryInput';

/** All safe fixes of a file; editors ask for it by `source.fixAll` on save. */
export const fixAllKind = `${CodeActionKind.SourceFixAll}.bulkhead`;

/** Whether a code action of this kind was requested. A kind includes its sub-kinds. */
export function isRequested(kind: string, only: readonly string[]): boolean {
  return only.some((requested) => kind === requested || kind.startsWith(`${requested}.`));
}

/**
 * All safe fixes within a file that do not touch each other. As in ESLint, the later of two touching fixes is omitted: its
 * issue is found again after the first fix is applied.
 */
export function fixAllOf(uri: string, issues: readonly Issue[]): CodeAction | undefined {
  const fixes = issues.flatMap(({ file, fixes: own = [] }) =>
    own.filter(({ kind, edits }) => kind === 'fix' && edits.every((edit) => (edit.file ?? file) === file)).slice(0, 1),
  );
  const edits: LspTextEdit[] = [];
  const taken: Range[] = [];
  for (const { edits: own } of fixes) {
    if (own.some(({ range }) => taken.some((other) => touch(range, other)))) continue;
    taken.push(...own.map(({ range }) => range));
    edits.push(...own.map(({ range, newText }) => ({ range, newText })));
  }
  if (edits.length === 0) return undefined;
  return { title: 'Fix all auto-fixable problems', kind: fixAllKind, edit: { changes: { [uri]: edits } } };
}

function touch(one: Range, other: Range): boolean {
  return !isBefore(one.end, other.start) && !isBefore(other.end, one.start);
}

function isBefore(one: Position, other: Position): boolean {
  return one.line < other.line || (one.line === other.line && one.character < other.character);
}

export interface FoundIssue {
  readonly root: string;
  readonly issue: Issue;
}

export function codeActionsOf({ root, issue }: FoundIssue, diagnostic: Diagnostic): readonly CodeAction[] {
  const fixes = (issue.fixes ?? []).map((fix): CodeAction => ({
    title: fix.title,
    kind: CodeActionKind.QuickFix,
    diagnostics: [diagnostic],
    isPreferred: fix.kind === 'fix',
    edit: { changes: changesOf(root, issue.file, fix) },
  }));
  return issue.rule === 'quarantined' ? [...fixes, ...quarantineActions(uriOf(root, issue.file), diagnostic)] : fixes;
}

function quarantineActions(uri: string, diagnostic: Diagnostic): readonly CodeAction[] {
  const action = (title: string, command: string, ...args: string[]): CodeAction => ({
    title,
    kind: CodeActionKind.QuickFix,
    diagnostics: [diagnostic],
    command: { title, command, arguments: args },
  });
  return [
    action('Retry', retryCommand, uri),
    // This command belongs to VS Code.
    action('Raise the Limit', 'workbench.action.openSettings', 'bulkhead.memoryLimit'),
  ];
}

function changesOf(root: string, issueFile: string, fix: Fix): Record<string, LspTextEdit[]> {
  const changes: Record<string, LspTextEdit[]> = {};
  for (const { file = issueFile, range, newText } of fix.edits) {
    const uri = uriOf(root, file);
    (changes[uri] ??= []).push({ range, newText });
  }
  return changes;
}
