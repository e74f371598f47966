/** Opens the page of an ESLint rule. */
import * as vscode from 'vscode';

export async function openRule(rule: string): Promise<void> {
  const page = linkOf(rule) ?? coreRule(rule);
  if (page) await vscode.env.openExternal(page);
  else await vscode.commands.executeCommand('workbench.actions.view.problems');
}

/** Where an issue of the rule links to. */
function linkOf(rule: string): vscode.Uri | undefined {
  for (const [, diagnostics] of vscode.languages.getDiagnostics()) {
    for (const { code } of diagnostics) {
      if (typeof code === 'object' && code.value === rule) return code.target;
    }
  }
  return undefined;
}

/** Rules of plugins have a namespace. */
function coreRule(rule: string): vscode.Uri | undefined {
  return /^[\w-]+$/.test(rule) ? vscode.Uri.parse(`https://eslint.org/docs/latest/rules/${rule}`) : undefined;
}
