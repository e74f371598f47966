/**
 * The documents that are open in the editor: which files they are, whether their text differs from the disk, and which
 * watcher events repeat a save. Lives as long as the connection.
 */
import { TextDocuments, type Connection } from 'vscode-languageserver/node';
import { TextDocument } from 'vscode-languageserver-textdocument';
import type { ChangeKind } from '../journal.ts';
import type { UnsavedDocument } from '../folder/options.ts';
import type { ChangeSource } from './changes.ts';
import { pathOf } from './uris.ts';
import { readText } from '../../workers/protocol/read-file.ts';

export interface DocumentsListener {
  /** The unsaved text of a file changed; undefined: the file is as on disk. */
  textChanged(absolute: string, document: UnsavedDocument | undefined): void;
  /** Absolute paths, in the order in which they were opened. */
  openFilesChanged(absolute: readonly string[]): void;
  /** A file has to be analysed again. */
  changed(absolute: string, kind: ChangeKind, source: ChangeSource): void;
}

export class Documents {
  readonly #documents = new TextDocuments(TextDocument);
  readonly #listener: DocumentsListener;
  /** Version of each open document when it was opened or last saved, when its text was that of the disk. */
  readonly #savedVersions = new Map<string, number>();

  constructor(listener: DocumentsListener) {
    this.#listener = listener;
  }

  listen(connection: Connection): void {
    const documents = this.#documents;
    documents.onDidOpen(({ document }) => {
      this.#savedVersions.set(document.uri, document.version);
      this.#passOpenFiles();
    });
    documents.onDidChangeContent(({ document }) => this.#edited(document));
    documents.onDidSave(({ document }) => this.#saved(document));
    documents.onDidClose(({ document }) => this.#closed(document));
    documents.listen(connection);
  }

  /** Version of the document; undefined: it is not open. */
  versionOf(uri: string): number | undefined {
    return this.#documents.get(uri)?.version;
  }

  /** Whether the document is open and its text differs from the disk. */
  isUnsaved(uri: string): boolean {
    const document = this.#documents.get(uri);
    return document !== undefined && !this.#isSaved(document);
  }

  /** The open document of a file, however the editor spells its URI. */
  at(absolute: string): TextDocument | undefined {
    return this.#documents.all().find(({ uri }) => pathOf(uri) === absolute);
  }

  /** A watcher saw a change on disk. Saves are ignored, because the editor has already reported them. */
  changedOnDisk(uri: string, kind: ChangeKind): void {
    const absolute = pathOf(uri);
    if (absolute === undefined) return;
    const document = this.#documents.get(uri);
    if (kind === 'changed' && document && this.#isSaved(document)) void this.#changedUnlessSame(document, absolute);
    else this.#listener.changed(absolute, kind, 'watcher');
  }

  #edited(document: TextDocument): void {
    const absolute = pathOf(document.uri);
    if (absolute === undefined) return;
    this.#passText(document, absolute);
    // Opening a document also causes this event.
    if (!this.#isSaved(document)) this.#listener.changed(absolute, 'changed', 'type');
  }

  #saved(document: TextDocument): void {
    const absolute = pathOf(document.uri);
    if (absolute === undefined) return;
    this.#savedVersions.set(document.uri, document.version);
    this.#passText(document, absolute);
    this.#listener.changed(absolute, 'changed', 'save');
  }

  #closed(document: TextDocument): void {
    const absolute = pathOf(document.uri);
    const wasSaved = this.#isSaved(document);
    this.#savedVersions.delete(document.uri);
    if (absolute === undefined) return;
    this.#listener.textChanged(absolute, undefined);
    this.#passOpenFiles();
    // Closed without saving: the issues shown may be about text that no longer exists.
    if (!wasSaved) this.#listener.changed(absolute, 'changed', 'save');
  }

  #isSaved({ uri, version }: TextDocument): boolean {
    return this.#savedVersions.get(uri) === version;
  }

  /** A saved document is read from the disk, because the editor's text lacks the byte order mark. */
  #passText(document: TextDocument, absolute: string): void {
    const text = this.#isSaved(document) ? undefined : { text: document.getText(), version: document.version };
    this.#listener.textChanged(absolute, text);
  }

  #passOpenFiles(): void {
    this.#listener.openFilesChanged(this.#documents.keys().flatMap((uri) => pathOf(uri) ?? []));
  }

  /** Either the watcher repeats a save, or another program wrote the file. */
  async #changedUnlessSame(document: TextDocument, absolute: string): Promise<void> {
    const text = await readText(absolute).catch(() => undefined);
    if (text !== document.getText()) this.#listener.changed(absolute, 'changed', 'watcher');
  }
}
