/** The status bar item, which shows the state of the whole workspace. Lives as long as the extension. */
import * as vscode from 'vscode';
import { statusItem, tooltipCommands } from './view.ts';
import type { View } from './view.ts';

export class StatusBar implements vscode.Disposable {
  readonly #item = vscode.window.createStatusBarItem('status', vscode.StatusBarAlignment.Left);

  constructor() {
    this.#item.name = 'Bulkhead';
  }

  show(view: View): void {
    const { text, tooltip, label, command } = statusItem(view);
    const markdown = new vscode.MarkdownString(tooltip, true);
    markdown.isTrusted = { enabledCommands: tooltipCommands };
    this.#item.text = text;
    this.#item.tooltip = markdown;
    this.#item.accessibilityInformation = { label };
    this.#item.command = command;
    this.#item.show();
  }

  dispose(): void {
    this.#item.dispose();
  }
}
