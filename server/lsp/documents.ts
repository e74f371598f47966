/**
 * The documents that are open in the editor: which files they are, whether their text differs from the disk, and which
 * watcher events repeat a save. Lives as long as the connection.
 */
import { stat } from 'node:fs/promises';
import { TextDocuments, type Connection } from 'vscode-languageserver/node';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { clockToleranceMs } from '../engine/moment.ts';
import type { ChangeKind } from '../journal.ts';
import type { UnsavedDocument } from '../folder/options.ts';
import type { ChangeSource } from './changes.ts';
import type { FileNames } from './file-names.ts';
import { readText, UnreadableFile } from '../../workers/protocol/read-file.ts';

export interface DocumentsListener {
  /** The editor calls a file, or shows it, in another way than before: what it shows for these may be out of date. */
  namesChanged(uris: readonly string[]): void;
  /** The unsaved text of a file changed; undefined: the file is as on disk. */
  textChanged(absolute: string, document: UnsavedDocument | undefined): void;
  /** Absolute paths, in the order in which they were opened. */
  openFilesChanged(absolute: readonly string[]): void;
  /** Nothing is {@link Documents.busy} any more. */
  compared(): void;
  /** A file has to be analysed again. */
  changed(absolute: string, kind: ChangeKind, source: ChangeSource): void;
}

export class Documents {
  readonly #documents = new TextDocuments(TextDocument);
  readonly #listener: DocumentsListener;
  readonly #names: FileNames;
  /** How often each open document was changed. Some clients send the same version with every change. */
  readonly #edits = new Map<string, number>();
  /** {@link #edits} of each open document when its text was last that of the disk. */
  readonly #savedAt = new Map<string, number>();
  #justOpened: TextDocument | undefined;
  /** URIs of open documents whose file is not known to be on disk, so that the next save may create it. */
  readonly #maybeNew = new Set<string>();
  readonly #comparisons = new Set<Promise<void>>();

  constructor(listener: DocumentsListener, names: FileNames) {
    this.#listener = listener;
    this.#names = names;
  }

  listen(connection: Connection): void {
    const documents = this.#documents;
    documents.onDidOpen(({ document }) => this.#opened(document));
    documents.onDidChangeContent(({ document }) => this.#contentChanged(document));
    documents.onDidSave(({ document }) => this.#saved(document));
    documents.onDidClose(({ document }) => this.#closed(document));
    documents.listen(connection);
  }

  /** Resolves when it is known of each open document whether its text differs from the disk. */
  async compared(): Promise<void> {
    await Promise.all(this.#comparisons);
  }

  /** Whether it is being found out which documents differ from the disk. */
  get busy(): boolean {
    return this.#comparisons.size > 0;
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

  /** The open documents whose text differs from the disk. */
  unsaved(): readonly string[] {
    return this.#documents
      .all()
      .filter((document) => !this.#isSaved(document))
      .map(({ uri }) => uri);
  }

  /** The open document of a file, however the editor spells its URI. */
  at(absolute: string): TextDocument | undefined {
    return this.#documents.all().find(({ uri }) => this.#names.pathOf(uri) === absolute);
  }

  /** The present text of a file, open or not; undefined: it cannot be read. */
  async textOf(uri: string): Promise<string | undefined> {
    const open = this.#documents.get(uri);
    if (open) return open.getText();
    const absolute = this.#names.pathOf(uri);
    return absolute === undefined ? undefined : readText(absolute).catch(() => undefined);
  }

  /** How the editor names a file. */
  uriOf(absolute: string): string {
    return this.#names.uriOf(absolute);
  }

  /** A watcher saw a change on disk. Saves are ignored, because the editor has already reported them. */
  changedOnDisk(absolute: string, kind: ChangeKind): void {
    const document = this.at(absolute);
    if (kind === 'changed' && document) this.#changedSinceOpened(document, absolute);
    if (kind === 'changed' && document && this.#isSaved(document))
      this.#during(this.#changedUnlessSame(document, absolute));
    else this.#listener.changed(absolute, kind, 'watcher');
  }

  #opened(document: TextDocument): void {
    const { uri } = document;
    this.#justOpened = document;
    this.#names.opened(uri);
    const absolute = this.#names.pathOf(uri);
    // What is on disk is not known yet, and usually it is the same.
    this.#edits.set(uri, 0);
    this.#savedAt.set(uri, 0);
    this.#passOpenFiles();
    if (absolute === undefined) return;
    this.#listener.namesChanged([this.#names.closedUriOf(absolute), uri]);
    this.#maybeNew.add(uri);
    this.#during(this.#compareWithDisk(document, absolute));
  }

  #during(work: Promise<void>): void {
    const comparison = work.finally(() => {
      this.#comparisons.delete(comparison);
      if (!this.busy) this.#listener.compared();
    });
    this.#comparisons.add(comparison);
  }

  /** Most editors load the new text of a document that nobody has edited, so the text of its opening no longer counts. */
  #changedSinceOpened(document: TextDocument, absolute: string): void {
    const { uri } = document;
    this.#maybeNew.delete(uri);
    if (this.#editsOf(document) !== 0 || this.#isSaved(document)) return;
    this.#savedAt.set(uri, 0);
    this.#passText(document, absolute);
  }

  /** An editor may open a document with unsaved text: after a restart, or if the user typed before the server ran. */
  async #compareWithDisk(document: TextDocument, absolute: string): Promise<void> {
    const { uri } = document;
    const text = document.getText();
    const openedAt = Date.now();
    const onDisk = await readText(absolute).catch((error: unknown) => (isMissing(error) ? undefined : text));
    const existed = onDisk !== undefined && (await birthOf(absolute)) < openedAt - clockToleranceMs;
    // It was saved or closed meanwhile.
    if (!this.#maybeNew.has(uri) || this.#documents.get(uri) !== document) return;
    // A file that appeared after the document is new: its save tells.
    if (existed) this.#maybeNew.delete(uri);
    // An empty document of a file that does not exist says nothing yet.
    if (isSameText(text, onDisk ?? '') || this.#savedAt.get(uri) !== 0) return;
    this.#savedAt.delete(uri);
    this.#edited(document);
  }

  #contentChanged(document: TextDocument): void {
    // Opening a document also causes this event.
    if (this.#justOpened !== document) this.#edits.set(document.uri, this.#editsOf(document) + 1);
    this.#justOpened = undefined;
    this.#edited(document);
  }

  #edited(document: TextDocument): void {
    const absolute = this.#names.pathOf(document.uri);
    if (absolute === undefined) return;
    this.#passText(document, absolute);
    if (!this.#isSaved(document)) this.#listener.changed(absolute, 'changed', 'type');
  }

  #saved(document: TextDocument): void {
    const { uri } = document;
    const absolute = this.#names.pathOf(uri);
    if (absolute === undefined) return;
    this.#savedAt.set(uri, this.#editsOf(document));
    this.#passText(document, absolute);
    this.#listener.changed(absolute, this.#maybeNew.delete(uri) ? 'created' : 'changed', 'save');
  }

  #closed(document: TextDocument): void {
    const { uri } = document;
    const absolute = this.#names.pathOf(uri);
    const wasSaved = this.#isSaved(document);
    this.#savedAt.delete(uri);
    this.#edits.delete(uri);
    this.#maybeNew.delete(uri);
    this.#names.closed(uri);
    if (absolute === undefined) return;
    this.#listener.namesChanged([uri, ...this.#names.urisOf(absolute)]);
    // The same file may be open under another name.
    const other = this.at(absolute);
    if (other) this.#passText(other, absolute);
    else this.#listener.textChanged(absolute, undefined);
    this.#passOpenFiles();
    // Closed without saving: the issues shown may be about text that no longer exists.
    if (!wasSaved) this.#listener.changed(absolute, 'changed', 'save');
  }

  #isSaved(document: TextDocument): boolean {
    return this.#savedAt.get(document.uri) === this.#editsOf(document);
  }

  #editsOf({ uri }: TextDocument): number {
    return this.#edits.get(uri) ?? 0;
  }

  /** A saved document is read from the disk, because the editor's text lacks the byte order mark. */
  #passText(document: TextDocument, absolute: string): void {
    const text = this.#isSaved(document) ? undefined : { text: document.getText(), version: document.version };
    this.#listener.textChanged(absolute, text);
  }

  #passOpenFiles(): void {
    this.#listener.openFilesChanged(this.#documents.keys().flatMap((uri) => this.#names.pathOf(uri) ?? []));
  }

  /** Either the watcher repeats a save, or another program wrote the file. */
  async #changedUnlessSame(document: TextDocument, absolute: string): Promise<void> {
    const text = await readText(absolute).catch(() => undefined);
    if (text !== document.getText()) this.#listener.changed(absolute, 'changed', 'watcher');
  }
}

/** Milliseconds since the epoch; 0: unknown. */
async function birthOf(file: string): Promise<number> {
  return stat(file).then(
    ({ birthtimeMs }) => birthtimeMs,
    () => 0,
  );
}

function isMissing(error: unknown): boolean {
  return error instanceof UnreadableFile && error.code === 'ENOENT';
}

/** Some editors leave out the byte order mark, or have line ends of their own. */
function isSameText(one: string, other: string): boolean {
  const plain = (text: string): string => text.replace(/^\uFEFF/, '').replaceAll('\r\n', '\n');
  return one === other || plain(one) === plain(other);
}
