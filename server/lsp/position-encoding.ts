/**
 * Positions in the encoding that was agreed with the client. The rest of the server counts UTF-16 units, as JavaScript does;
 * a client that offers them gets them. Lives as long as the connection.
 */
import {
  PositionEncodingKind,
  type CodeAction,
  type CodeActionParams,
  type CodeLens,
  type Diagnostic,
  type Position,
  type Range,
  type TextEdit,
  type WorkspaceEdit,
} from 'vscode-languageserver/node';

/** The present text of a file, open or not; undefined: it cannot be read. */
type TextOf = (uri: string) => Promise<string | undefined>;
type Convert = (line: string, character: number) => number;
type Lines = readonly string[] | undefined;

export class PositionEncoding {
  readonly kind: PositionEncodingKind;
  readonly #textOf: TextOf;

  /** @param offered by the client, the preferred first; absent: it knows only UTF-16 */
  constructor(offered: readonly string[] | undefined, textOf: TextOf) {
    const { UTF8, UTF16, UTF32 } = PositionEncodingKind;
    const others = offered?.includes(UTF16) === false ? offered : [];
    this.kind = others.find((kind) => kind === UTF8 || kind === UTF32) ?? UTF16;
    this.#textOf = textOf;
  }

  /** Whether the client counts as the server does. */
  get isOwn(): boolean {
    return this.kind === PositionEncodingKind.UTF16;
  }

  /** For the client. */
  async diagnostics(uri: string, diagnostics: readonly Diagnostic[]): Promise<Diagnostic[]> {
    if (this.isOwn) return [...diagnostics];
    const lines = await this.#linesOf(uri);
    return Promise.all(
      diagnostics.map(async (diagnostic) => {
        const { range, relatedInformation } = diagnostic;
        const own = { ...diagnostic, range: this.#encoded(range, lines) };
        if (relatedInformation === undefined) return own;
        const related = relatedInformation.map(async ({ location, message }) => {
          const there = location.uri === uri ? lines : await this.#linesOf(location.uri);
          return { message, location: { uri: location.uri, range: this.#encoded(location.range, there) } };
        });
        return { ...own, relatedInformation: await Promise.all(related) };
      }),
    );
  }

  /** For the client. @param uri of the document that it asked about */
  async actions(uri: string, actions: readonly CodeAction[]): Promise<CodeAction[]> {
    if (this.isOwn) return [...actions];
    return Promise.all(
      actions.map(async (action) => {
        const { diagnostics = [], edit } = action;
        const own = { ...action, diagnostics: await this.diagnostics(uri, diagnostics) };
        return edit === undefined ? own : { ...own, edit: await this.#edit(edit) };
      }),
    );
  }

  /** For the client. @param uri of the document that they are in */
  async lenses(uri: string, lenses: readonly CodeLens[]): Promise<CodeLens[]> {
    if (this.isOwn) return [...lenses];
    const lines = await this.#linesOf(uri);
    return lenses.map((lens) => ({ ...lens, range: this.#encoded(lens.range, lines) }));
  }

  /** From the client. */
  async request(params: CodeActionParams): Promise<CodeActionParams> {
    if (this.isOwn) return params;
    const lines = await this.#linesOf(params.textDocument.uri);
    const decoded = (range: Range): Range => converted(range, lines, this.kind === 'utf-8' ? fromUtf8 : fromUtf32);
    const diagnostics = params.context.diagnostics.map((one) => ({ ...one, range: decoded(one.range) }));
    return { ...params, range: decoded(params.range), context: { ...params.context, diagnostics } };
  }

  async #edit(edit: WorkspaceEdit): Promise<WorkspaceEdit> {
    const edited = async (uri: string, edits: readonly TextEdit[]): Promise<TextEdit[]> => {
      const lines = await this.#linesOf(uri);
      return edits.map((one) => ({ ...one, range: this.#encoded(one.range, lines) }));
    };
    const { changes, documentChanges } = edit;
    if (changes !== undefined) {
      const entries = Object.entries(changes).map(async ([uri, edits]) => [uri, await edited(uri, edits)] as const);
      return { changes: Object.fromEntries(await Promise.all(entries)) };
    }
    const all = (documentChanges ?? []).map(async (change) => {
      if (!('textDocument' in change)) return change;
      // The server makes no snippets.
      return { ...change, edits: await edited(change.textDocument.uri, change.edits as TextEdit[]) };
    });
    return { documentChanges: await Promise.all(all) };
  }

  async #linesOf(uri: string): Promise<Lines> {
    return (await this.#textOf(uri))?.split(/\r\n|\r|\n/);
  }

  #encoded(range: Range, lines: Lines): Range {
    return converted(range, lines, this.kind === 'utf-8' ? toUtf8 : toUtf32);
  }
}

function converted({ start, end }: Range, lines: Lines, convert: Convert): Range {
  const at = ({ line, character }: Position): Position => {
    const text = lines?.[line];
    return { line, character: text === undefined ? character : convert(text, character) };
  };
  return { start: at(start), end: at(end) };
}

const toUtf8: Convert = (line, character) => Buffer.byteLength(line.slice(0, character));
const toUtf32: Convert = (line, character) => Array.from(line.slice(0, character)).length;
const fromUtf8: Convert = (line, character) => Buffer.from(line).subarray(0, character).toString().length;
const fromUtf32: Convert = (line, character) => Array.from(line).slice(0, character).join('').length;
