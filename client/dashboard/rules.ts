/** Opens the page of a rule: the one that comes with Bulkhead, or the one that an issue of the rule links to. */
import * as vscode from 'vscode';

export async function openRule(extension: vscode.Uri, detector: string, rule: string): Promise<void> {
  const page = vscode.Uri.joinPath(extension, 'docs', 'rules', detector, `${rule}.md`);
  if (/^[\w-]+$/.test(rule) && (await exists(page))) {
    await vscode.commands.executeCommand('markdown.showPreview', page);
    return;
  }
  const target = linkOf(rule) ?? (detector === 'eslint' ? coreRule(rule) : undefined);
  if (target) await vscode.env.openExternal(target);
  else await vscode.commands.executeCommand('workbench.actions.view.problems');
}

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

async function exists(uri: vscode.Uri): Promise<boolean> {
  try {
    await vscode.workspace.fs.stat(uri);
    return true;
  } catch {
    return false;
  }
}
