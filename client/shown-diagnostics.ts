/**
 * The diagnostics that the editor shows. They outlive the server: issues stay in the Problems panel while no server is
 * running, and the next server replaces them without clearing them first. Lives as long as the extension.
 */
import * as vscode from 'vscode';
import { issueDataOf } from './issue-data.ts';
import { OpenFiles } from './open-files/open-files.ts';

export class ShownDiagnostics implements vscode.Disposable {
  readonly collection = vscode.languages.createDiagnosticCollection('bulkhead');
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #openFiles = new OpenFiles(this.collection);
  /** Files with issues of an earlier server that the present one has not published yet. */
  #unconfirmed = new Set<string>();

  /** A new server starts: the issues stay, but have to be confirmed. */
  expectConfirmation(): void {
    this.#unconfirmed = new Set();
    this.collection.forEach((uri) => this.#unconfirmed.add(uri.toString()));
  }

  /** The present server published the issues of this file. */
  publish(uri: vscode.Uri, diagnostics: readonly vscode.Diagnostic[]): void {
    this.#unconfirmed.delete(uri.toString());
    this.#openFiles.publish(uri, diagnostics);
    this.#changed.fire();
  }

  get onDidChange(): vscode.Event<void> {
    return this.#changed.event;
  }

  /** All issues, also those that are left to other extensions. */
  forEach(visit: (uri: vscode.Uri, diagnostics: readonly vscode.Diagnostic[]) => void): void {
    this.collection.forEach((uri, shown) => visit(uri, this.#openFiles.allOf(uri) ?? shown));
  }

  /**
   * Our issues in a range that are to have actions: those that are shown, and those that are left to an extension without
   * such actions.
   */
  actionable(uri: vscode.Uri, range: vscode.Range): vscode.Diagnostic[] {
    const shown = this.collection.get(uri) ?? [];
    const all = this.#openFiles.allOf(uri) ?? shown;
    return all.filter((diagnostic) => {
      const isWanted = shown.includes(diagnostic) || issueDataOf(diagnostic).detector === 'typescript';
      return isWanted && diagnostic.range.intersection(range) !== undefined;
    });
  }

  /** The present server has analysed everything: files that it did not publish have no issues any more. */
  dropUnconfirmed(): void {
    for (const uri of this.#unconfirmed) {
      this.#openFiles.publish(vscode.Uri.parse(uri, true), []);
    }
    this.#unconfirmed.clear();
    this.#changed.fire();
  }

  dispose(): void {
    this.#openFiles.dispose();
    this.#changed.dispose();
    this.collection.dispose();
  }
}
