/** The commands of the issues view. Registered for the life of the extension. */
import * as vscode from 'vscode';
import type { IssueNode, IssuesView } from './issues-view.ts';

export function registerViewCommands(view: IssuesView): vscode.Disposable {
  const commands: Record<string, (node?: IssueNode) => Promise<void>> = {
    'bulkhead.groupIssues': () => view.chooseGrouping(),
    'bulkhead.filterIssues': () => view.chooseText(),
    'bulkhead.filterSeverities': () => view.chooseSeverities(),
    'bulkhead.scopeIssues': () => view.chooseScope(),
    'bulkhead.clearIssueFilter': () => view.clearFilter(),
    'bulkhead.explainRule': (node) => view.explain(node),
  };
  return vscode.Disposable.from(
    ...Object.entries(commands).map(([command, run]) => vscode.commands.registerCommand(command, run)),
  );
}
