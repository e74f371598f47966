/**
 * The issues the editor shows. One collection that lives as long as the extension, over all sessions: issues stay in
 * the Problems panel while the server is away, and the next session replaces them (replace, never clear first).
 */
import * as vscode from 'vscode';

export class Problems implements vscode.Disposable {
  readonly collection = vscode.languages.createDiagnosticCollection('bulkhead');
  /** Files with issues of an earlier session that this one has not answered for yet. */
  #unconfirmed = new Set<string>();

  /** A new session begins: what is shown stays, but has to be confirmed. */
  beginSession(): void {
    this.#unconfirmed = new Set();
    this.collection.forEach((uri) => this.#unconfirmed.add(uri.toString()));
  }

  /** The running session answered for this file. */
  confirm(uri: vscode.Uri): void {
    this.#unconfirmed.delete(uri.toString());
  }

  /** The running session finished a whole run: what it did not answer for has no issues any more. */
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
