/** Quick fixes of issues, and actions for quarantined files. Stateless. */
import {
  CodeActionKind,
  type CodeAction,
  type DeleteFile,
  type Diagnostic,
  type SnippetTextEdit,
  type TextDocumentEdit,
  type TextEdit as LspTextEdit,
  type WorkspaceEdit,
} from 'vscode-languageserver/node';
import type { Issue, TextEdit } from '../../workers/protocol/detector-protocol.ts';
import { safeEditsOf } from '../fixes.ts';
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

/** All safe fixes of a file, as an action. */
export function fixAllOf(target: EditTarget, issues: readonly Issue[]): CodeAction | undefined {
  const edits = safeEditsOf(issues);
  if (edits.length === 0) return undefined;
  return { title: 'Fix all auto-fixable problems', kind: fixAllKind, edit: workspaceEdit([[target, edits]]) };
}

/** The safe fixes of one rule in a file, as an action; undefined: there are fewer than two. */
export function fixRuleOf(
  target: EditTarget,
  { detector, rule }: Issue,
  issues: readonly Issue[],
  diagnostic: Diagnostic,
): CodeAction | undefined {
  const same = issues.filter((issue) => issue.detector === detector && issue.rule === rule && issue.fixable);
  const edits = same.length < 2 ? [] : safeEditsOf(same);
  if (edits.length === 0) return undefined;
  return {
    title: `Fix all ${rule} problems in this file`,
    kind: CodeActionKind.QuickFix,
    diagnostics: [diagnostic],
    edit: workspaceEdit([[target, edits]]),
  };
}

/** An edit that the editor shows and applies only when the person agrees. */
export function confirmed(
  label: string,
  changes: readonly (
    DeleteFile | { readonly uri: string; readonly version: number | null; readonly edits: readonly LspTextEdit[] }
  )[],
): WorkspaceEdit {
  const annotationId = 'confirm';
  return {
    changeAnnotations: { [annotationId]: { label, needsConfirmation: true } },
    documentChanges: changes.map((change): DeleteFile | TextDocumentEdit => {
      if ('kind' in change) return { ...change, annotationId };
      const { uri, version, edits } = change;
      return { textDocument: { uri, version }, edits: edits.map((edit) => ({ ...edit, annotationId })) };
    }),
  };
}

/**
 * An edit after which the person writes the reason of a suppression, for which `reason` stands in its comment.
 * @returns undefined: the comment has no room for one
 */
export function reasonEdit(
  { uri, version = null }: EditTarget,
  { range, newText }: LspTextEdit,
): WorkspaceEdit | undefined {
  const [before, after] = newText.split(' -- reason');
  if (before === undefined || after === undefined) return undefined;
  const literal = (text: string): string => text.replace(/[\\$}]/g, '\\$&');
  const value = `${literal(before)} -- \${1:reason}${literal(after)}`;
  const edit: SnippetTextEdit = { range, snippet: { kind: 'snippet', value } };
  return { documentChanges: [{ textDocument: { uri, version }, edits: [edit] }] };
}

export interface FoundIssue {
  readonly root: string;
  readonly issue: Issue;
  /** Of a file in quarantine: a higher memory limit may release it. */
  readonly ranOutOfMemory?: boolean;
}

/**
 * @param targetOf where the edits of a file go; undefined: the fixes do not fit the present text and are not offered
 * @param opensSettings the editor is VS Code, which opens its settings
 */
export function codeActionsOf(
  { root, issue, ranOutOfMemory = false }: FoundIssue,
  diagnostic: Diagnostic,
  targetOf: ((file: string) => EditTarget) | undefined,
  opensSettings = false,
): readonly CodeAction[] {
  const fixes = targetOf === undefined ? [] : fixActions(issue, diagnostic, targetOf);
  if (issue.rule !== 'quarantined') return fixes;
  const uri = uriOf(root, issue.file);
  return [...fixes, ...quarantineActions(uri, diagnostic, ranOutOfMemory, opensSettings)];
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

function quarantineActions(
  uri: string,
  diagnostic: Diagnostic,
  ranOutOfMemory: boolean,
  opensSettings: boolean,
): readonly CodeAction[] {
  const action = (title: string, command: string, ...args: string[]): CodeAction => ({
    title,
    kind: CodeActionKind.QuickFix,
    diagnostics: [diagnostic],
    command: { title, command, arguments: args },
  });
  const raiseLimit = opensSettings
    ? action('Raise the Limit', 'workbench.action.openSettings', 'bulkhead.memoryLimit')
    : action('Raise the Limit', raiseLimitCommand, uri);
  return [action('Retry', retryCommand, uri), ...(ranOutOfMemory ? [raiseLimit] : [])];
}

function editsByTarget(
  issueFile: string,
  edits: readonly TextEdit[],
  targetOf: (file: string) => EditTarget,
): readonly (readonly [EditTarget, LspTextEdit[]])[] {
  const byFile = Map.groupBy(edits, ({ file = issueFile }) => file);
  return [...byFile].map(([file, own]) => [targetOf(file), own.map(({ range, newText }) => ({ range, newText }))]);
}

export function workspaceEdit(edits: readonly (readonly [EditTarget, readonly LspTextEdit[]])[]): WorkspaceEdit {
  if (edits.some(([{ version }]) => version === undefined)) {
    return { changes: Object.fromEntries(edits.map(([{ uri }, own]) => [uri, [...own]])) };
  }
  return {
    documentChanges: edits.map(([{ uri, version = null }, own]) => ({
      textDocument: { uri, version },
      edits: [...own],
    })),
  };
}
