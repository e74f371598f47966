/** Quick fixes of issues, and the ways out of a quarantine. Stateless. */
import {
  CodeActionKind,
  type CodeAction,
  type Diagnostic,
  type TextEdit as LspTextEdit,
} from 'vscode-languageserver/node';
import type { Fix, Issue } from '../../workers/protocol.ts';
import { uriOf } from './diagnostics.ts';

/** Executed by the server; its argument is the URI of the file. */
export const retryCommand = 'bulkhead.server.retryInput';

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
  return issue.rule === 'quarantined' ? [...fixes, ...waysOut(uriOf(root, issue.file), diagnostic)] : fixes;
}

function waysOut(uri: string, diagnostic: Diagnostic): readonly CodeAction[] {
  const action = (title: string, command: string, ...args: string[]): CodeAction => ({
    title,
    kind: CodeActionKind.QuickFix,
    diagnostics: [diagnostic],
    command: { title, command, arguments: args },
  });
  return [
    action('Retry', retryCommand, uri),
    // A command of VS Code itself.
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
