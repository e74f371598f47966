/**
 * Stands in for the ESLint extension, which no registry of packages has: publishes problems of `debugger` in open
 * documents as that one does, a moment after they are opened or edited, until they are closed.
 */
import * as vscode from 'vscode';

/** From an edit to the diagnostics; the real one takes about as long. */
const lintMs = 100;

export class EslintExtension implements vscode.Disposable {
  readonly collection = vscode.languages.createDiagnosticCollection('eslint');
  readonly #disposables: readonly vscode.Disposable[];

  constructor() {
    this.#disposables = [
      vscode.workspace.onDidOpenTextDocument((document) => this.#lintLater(document)),
      vscode.workspace.onDidChangeTextDocument(({ document }) => this.#lintLater(document)),
      vscode.workspace.onDidCloseTextDocument(({ uri }) => this.collection.delete(uri)),
    ];
    for (const document of vscode.workspace.textDocuments) {
      this.#lintLater(document);
    }
  }

  dispose(): void {
    vscode.Disposable.from(this.collection, ...this.#disposables).dispose();
  }

  #lintLater(document: vscode.TextDocument): void {
    if (document.languageId === 'javascript') {
      setTimeout(() => this.#lint(document), lintMs);
    }
  }

  #lint(document: vscode.TextDocument): void {
    if (document.isClosed) {
      return;
    }
    const found = [...document.getText().matchAll(/debugger;?/g)].map(({ 0: text, index }) => {
      const range = new vscode.Range(document.positionAt(index), document.positionAt(index + text.length));
      const diagnostic = new vscode.Diagnostic(range, "Unexpected 'debugger' statement.");
      diagnostic.source = 'eslint';
      const target = vscode.Uri.parse('https://eslint.org/docs/latest/rules/no-debugger');
      diagnostic.code = { value: 'no-debugger', target };
      return diagnostic;
    });
    this.collection.set(document.uri, found);
  }
}
