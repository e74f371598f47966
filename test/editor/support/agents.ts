/** The tools for agents, as an agent in the editor uses them. */
import * as vscode from 'vscode';

/** The texts of an answer. */
export async function invoke(name: string, input: object): Promise<string> {
  const { content } = await vscode.lm.invokeTool(name, { input, toolInvocationToken: undefined });
  return content.map((part) => (part instanceof vscode.LanguageModelTextPart ? part.value : '')).join('\n');
}

/** Asks until the answer has this: when, depends on the machine. */
export async function answered(name: string, input: object, pattern: RegExp): Promise<string> {
  for (;;) {
    const text = await invoke(name, { wait: 1, ...input });
    if (pattern.test(text)) return text;
  }
}
