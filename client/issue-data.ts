/** Which issue a diagnostic is. The language client keeps what the server attached to it. Stateless. */
import type * as vscode from 'vscode';
import type { IssueData } from '../workers/protocol/issue-requests.ts';

/** Empty: it is no issue, such as the note that says how many are hidden. */
export function issueDataOf(diagnostic: vscode.Diagnostic): Partial<IssueData> {
  const { data } = diagnostic as { readonly data?: Partial<IssueData> };
  return data ?? {};
}
