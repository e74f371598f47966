/**
 * Keeps each problem of an open document to one row: leaves those that other extensions show there to them, unless
 * `bulkhead.openFiles` is `own`. Lives as long as the diagnostics that the editor shows.
 */
import * as vscode from 'vscode';
import { issueDataOf } from '../issue-data.ts';
import { settingsSection } from '../settings.ts';
import { Deferral, graceMs, type OwnDiagnostic } from './deferral.ts';

interface Own extends OwnDiagnostic {
  readonly diagnostic: vscode.Diagnostic;
}

interface OpenDocument {
  readonly uri: vscode.Uri;
  readonly deferral: Deferral<Own>;
  own: readonly Own[];
  /** Until then everything is shown. */
  shownUntil: number;
  timer?: NodeJS.Timeout | undefined;
}

export class OpenFiles implements vscode.Disposable {
  readonly #collection: vscode.DiagnosticCollection;
  readonly #documents = new Map<string, OpenDocument>();
  readonly #disposables: vscode.Disposable[];
  #lastEdit = Number.NEGATIVE_INFINITY;

  constructor(collection: vscode.DiagnosticCollection) {
    this.#collection = collection;
    this.#disposables = [
      vscode.workspace.onDidOpenTextDocument(({ uri }) => this.#open(uri)),
      vscode.workspace.onDidCloseTextDocument(({ uri }) => this.#close(uri)),
      vscode.window.tabGroups.onDidChangeTabs(({ opened, closed }) => {
        for (const uri of closed.flatMap(urisOf)) {
          this.#leave(uri);
        }
        for (const uri of opened.flatMap(urisOf)) {
          this.#return(uri);
        }
      }),
      vscode.workspace.onDidChangeTextDocument(({ contentChanges }) => {
        if (contentChanges.length > 0) {
          this.#lastEdit = Date.now();
        }
      }),
      vscode.languages.onDidChangeDiagnostics(({ uris }) => {
        for (const uri of uris) {
          this.#update(this.#documents.get(uri.toString()));
        }
      }),
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration(`${settingsSection}.openFiles`)) {
          this.#start();
        }
      }),
    ];
    this.#start();
  }

  /** Replaces our issues of a file. */
  publish(uri: vscode.Uri, diagnostics: readonly vscode.Diagnostic[]): void {
    const document = this.#documents.get(uri.toString());
    if (document === undefined) {
      this.#collection.set(uri, diagnostics);
      return;
    }
    document.own = diagnostics.map(ownOf);
    this.#update(document);
  }

  /** Our issues of an open document, shown or not; undefined: it is not open. */
  allOf(uri: vscode.Uri): readonly vscode.Diagnostic[] | undefined {
    return this.#documents.get(uri.toString())?.own.map(({ diagnostic }) => diagnostic);
  }

  dispose(): void {
    vscode.Disposable.from(...this.#disposables).dispose();
    for (const { timer } of this.#documents.values()) {
      clearTimeout(timer);
    }
    this.#documents.clear();
  }

  #start(): void {
    for (const { uri } of [...this.#documents.values()]) {
      this.#close(uri);
    }
    for (const { uri } of vscode.workspace.textDocuments) {
      this.#open(uri);
    }
  }

  #open(uri: vscode.Uri): void {
    const key = uri.toString();
    const isOpen = vscode.workspace.textDocuments.some((document) => document.uri.toString() === key);
    const choice = vscode.workspace.getConfiguration(settingsSection, uri).get('openFiles');
    if (uri.scheme !== 'file' || !isOpen || choice === 'own' || this.#documents.has(key)) {
      return;
    }
    const own = (this.#collection.get(uri) ?? []).map(ownOf);
    const document: OpenDocument = { uri, own, shownUntil: Number.NEGATIVE_INFINITY, deferral: new Deferral() };
    this.#documents.set(key, document);
    this.#update(document);
  }

  /**
   * The last tab of a document closes: shows everything before other extensions stop to show it. The document itself may
   * stay open for minutes; what they still show after a moment is left to them again.
   */
  #leave(uri: vscode.Uri): void {
    const document = this.#documents.get(uri.toString());
    if (document && !isInTab(uri)) {
      document.shownUntil = Date.now() + graceMs;
      this.#update(document);
    }
  }

  /** A tab opens on a document. */
  #return(uri: vscode.Uri): void {
    const document = this.#documents.get(uri.toString());
    if (document) {
      document.shownUntil = Number.NEGATIVE_INFINITY;
      this.#update(document);
    }
  }

  /** Shows everything again. */
  #close(uri: vscode.Uri): void {
    const document = this.#documents.get(uri.toString());
    if (document === undefined) {
      return;
    }
    clearTimeout(document.timer);
    this.#documents.delete(uri.toString());
    this.#show(document, document.own);
  }

  #update(document: OpenDocument | undefined): void {
    if (document === undefined) {
      return;
    }
    clearTimeout(document.timer);
    const ours = new Set(this.#collection.get(document.uri));
    const others = vscode.languages.getDiagnostics(document.uri).filter((diagnostic) => !ours.has(diagnostic));
    const now = Date.now();
    const decision = document.deferral.decide(document.own, others, now, this.#lastEdit);
    const isLeft = now < document.shownUntil;
    const again = isLeft ? document.shownUntil : decision.again;
    this.#show(document, isLeft ? document.own : decision.shown);
    if (again !== undefined && Number.isFinite(again)) {
      document.timer = setTimeout(() => this.#update(document), again - now);
    }
  }

  /** Only if it differs, because setting them causes the event that leads here. */
  #show({ uri }: OpenDocument, shown: readonly Own[]): void {
    const before = this.#collection.get(uri) ?? [];
    const isSame = before.length === shown.length && shown.every(({ diagnostic }, at) => diagnostic === before[at]);
    if (!isSame) {
      this.#collection.set(
        uri,
        shown.map(({ diagnostic }) => diagnostic),
      );
    }
  }
}

/** The server says which issue a diagnostic is, whatever its source and code are. */
function ownOf(diagnostic: vscode.Diagnostic): Own {
  const { detector = '', rule = '', fingerprint = '' } = issueDataOf(diagnostic);
  const { line } = diagnostic.range.start;
  return { detector, rule, line, id: fingerprint === '' ? diagnostic.message : fingerprint, diagnostic };
}

function urisOf({ input }: vscode.Tab): readonly vscode.Uri[] {
  if (input instanceof vscode.TabInputText) {
    return [input.uri];
  }
  return input instanceof vscode.TabInputTextDiff ? [input.modified] : [];
}

function isInTab(uri: vscode.Uri): boolean {
  const tabs = vscode.window.tabGroups.all.flatMap((group) => group.tabs);
  return tabs.flatMap(urisOf).some((other) => other.toString() === uri.toString());
}
