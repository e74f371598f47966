/**
 * The diagnostics that the editor shows. They outlive the server: issues stay in the Problems panel while no server is
 * running, and the next server replaces them without clearing them first. Lives as long as the extension.
 */
import * as vscode from 'vscode';

export class ShownDiagnostics implements vscode.Disposable {
  readonly collection = vscode.languages.createDiagnosticCollection('bulkhead');
  /** Files with issues of an earlier server that the present one has not published yet. */
  #unconfirmed = new Set<string>();

  /** A new server starts: the issues stay, but have to be confirmed. */
  expectConfirmation(): void {
    this.#unconfirmed = new Set();
    this.collection.forEach((uri) => this.#unconfirmed.add(uri.toString()));
  }

  /** The present server published this file. */
  confirm(uri: vscode.Uri): void {
    this.#unconfirmed.delete(uri.toString());
  }

  /** The present server has analysed everything: files that it did not publish have no issues any more. */
  dropUnconfirmed(): void {
    for (const uri of this.#unconfirmed) {
      this.collection.delete(vscode.Uri.parse(uri, true));
    }
    this.#unconfirmed.clear();
  }

  dispose(): void {
    this.collection.dispose();
  }
}
