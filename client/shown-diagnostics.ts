/**
 * The diagnostics that the editor shows. The collection outlives the servers: issues stay in the Problems panel while no
 * server is running, and the next server replaces them (replace, never clear first). Lives as long as the extension.
 */
import * as vscode from 'vscode';

export class ShownDiagnostics implements vscode.Disposable {
  readonly collection = vscode.languages.createDiagnosticCollection('bulkhead');
  /** Files with issues of an earlier server that the present one has not answered for yet. */
  #unconfirmed = new Set<string>();

  /** A new server starts: what is shown stays, but has to be confirmed. */
  expectConfirmation(): void {
    this.#unconfirmed = new Set();
    this.collection.forEach((uri) => this.#unconfirmed.add(uri.toString()));
  }

  /** The present server answered for this file. */
  confirm(uri: vscode.Uri): void {
    this.#unconfirmed.delete(uri.toString());
  }

  /** The present server has analysed everything: files that it did not answer for have no issues any more. */
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
