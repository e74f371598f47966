/** Quick fixes of issues, and actions for quarantined files. Stateless. */
import {
  CodeActionKind,
  type CodeAction,
  type Diagnostic,
  type TextEdit as LspTextEdit,
  type WorkspaceEdit,
} from 'vscode-languageserver/node';
import type { Issue, Position, Range, TextEdit } from '../../workers/protocol/detector-protocol.ts';
import { uriOf } from './uris.ts';

/** Executed by the server; the argument of both is the URI of the file. */
export const retryCommand = 'bulkhead.server.retryInput';
export const raiseLimitCommand = 'bulkhead.server.raiseLimit';

/** All safe fixes of a file; editors ask for it by `source.fixAll` on save. */
export const fixAllKind = `${CodeActionKind.SourceFixAll}.bulkhead`;

/** Whether a code action of this kind was requested. A kind includes its sub-kinds. */
export function isRequested(kind: string, only: readonly string[]): boolean {
  return only.some((requested) => kind === requested || kind.startsWith(`${requested}.`));
}

/** A document to edit, as the editor names it. */
export interface EditTarget {
  readonly uri: string;
  /** Version that the edit is for; null: the document is not open; undefined: the editor does not check versions. */
  readonly version: number | null | undefined;
}

/**
 * All safe fixes within a file that do not touch each other. As in ESLint, the later of two touching fixes is omitted: its
 * issue is found again after the first fix is applied.
 */
export function fixAllOf(target: EditTarget, issues: readonly Issue[]): CodeAction | undefined {
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
  return { title: 'Fix all auto-fixable problems', kind: fixAllKind, edit: workspaceEdit([[target, edits]]) };
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

/**
 * @param targetOf where the edits of a file go; undefined: the fixes do not fit the present text and are not offered
 * @param opensSettings the editor is VS Code, which opens its settings
 */
export function codeActionsOf(
  { root, issue }: FoundIssue,
  diagnostic: Diagnostic,
  targetOf: ((file: string) => EditTarget) | undefined,
  opensSettings = false,
): readonly CodeAction[] {
  const fixes = targetOf === undefined ? [] : fixActions(issue, diagnostic, targetOf);
  return issue.rule === 'quarantined'
    ? [...fixes, ...quarantineActions(uriOf(root, issue.file), diagnostic, opensSettings)]
    : fixes;
}

function fixActions(
  { file, fixes = [] }: Issue,
  diagnostic: Diagnostic,
  targetOf: (file: string) => EditTarget,
): readonly CodeAction[] {
  return fixes.map((fix) => ({
    title: fix.title,
    kind: CodeActionKind.QuickFix,
    diagnostics: [diagnostic],
    isPreferred: fix.kind === 'fix',
    edit: workspaceEdit(editsByTarget(file, fix.edits, targetOf)),
  }));
}

function quarantineActions(uri: string, diagnostic: Diagnostic, opensSettings: boolean): readonly CodeAction[] {
  const action = (title: string, command: string, ...args: string[]): CodeAction => ({
    title,
    kind: CodeActionKind.QuickFix,
    diagnostics: [diagnostic],
    command: { title, command, arguments: args },
  });
  return [
    action('Retry', retryCommand, uri),
    opensSettings
      ? action('Raise the Limit', 'workbench.action.openSettings', 'bulkhead.memoryLimit')
      : action('Raise the Limit', raiseLimitCommand, uri),
  ];
}

function editsByTarget(
  issueFile: string,
  edits: readonly TextEdit[],
  targetOf: (file: string) => EditTarget,
): readonly (readonly [EditTarget, LspTextEdit[]])[] {
  const byFile = Map.groupBy(edits, ({ file = issueFile }) => file);
  return [...byFile].map(([file, own]) => [targetOf(file), own.map(({ range, newText }) => ({ range, newText }))]);
}

function workspaceEdit(edits: readonly (readonly [EditTarget, LspTextEdit[]])[]): WorkspaceEdit {
  if (edits.some(([{ version }]) => version === undefined)) {
    return { changes: Object.fromEntries(edits.map(([{ uri }, own]) => [uri, own])) };
  }
  return {
    documentChanges: edits.map(([{ uri, version = null }, own]) => ({ textDocument: { uri, version }, edits: own })),
  };
}
