/**
 * Answers code lens requests: the scores of each function, above it. While a text cannot be parsed, which is most of the time
 * that somebody types, the last lenses stay. Lives as long as the connection.
 */
import { CodeLensRefreshRequest, CodeLensRequest, type CodeLens, type Connection } from 'vscode-languageserver/node';
import { BoundedMap } from '../bounded-map.ts';
import type { FunctionScores } from '../folder/scores.ts';
import { signalOf } from './cancellation.ts';

/** Documents whose last lenses are kept. */
const MAXIMUM_KEPT = 100;

export interface CodeLensHost {
  /** The client asks again when it is told to. */
  canRefresh(): boolean;
  /** The present text of a document; undefined: it cannot be read. */
  textOf(uri: string): Promise<string | undefined>;
  /**
   * The scores of its functions, if they are to be shown.
   * @returns undefined: the text cannot be parsed
   * @throws Error when the worker failed
   */
  scoresOf(uri: string, text: string, signal: AbortSignal): Promise<readonly FunctionScores[] | undefined>;
  /** In the position encoding of the client. */
  encoded(uri: string, lenses: readonly CodeLens[]): Promise<CodeLens[]>;
  onError(error: unknown): void;
}

export class CodeLenses {
  readonly #connection: Connection;
  readonly #host: CodeLensHost;
  /** By URI. */
  readonly #last = new BoundedMap<string, CodeLens[]>(MAXIMUM_KEPT);

  constructor(connection: Connection, host: CodeLensHost) {
    this.#connection = connection;
    this.#host = host;
  }

  listen(): void {
    this.#connection.onRequest(CodeLensRequest.type, ({ textDocument: { uri } }, cancel) =>
      this.#provide(uri, signalOf(cancel)),
    );
  }

  /** The client asks again: a setting has changed. */
  refresh(): void {
    this.#last.clear();
    // Others ask with the next edit.
    if (this.#host.canRefresh()) void this.#connection.sendRequest(CodeLensRefreshRequest.type).catch(() => {});
  }

  async #provide(uri: string, signal: AbortSignal): Promise<CodeLens[]> {
    const text = await this.#host.textOf(uri);
    if (text === undefined) return [];
    try {
      const scores = await this.#host.scoresOf(uri, text, signal);
      if (scores === undefined || signal.aborted) return this.#last.get(uri) ?? [];
      const lenses = await this.#host.encoded(uri, scores.map(lensOf));
      this.#last.set(uri, lenses);
      return lenses;
    } catch (error) {
      this.#host.onError(error);
      return [];
    }
  }
}

function lensOf({ range, cyclomatic, cognitive }: FunctionScores): CodeLens {
  const title = `cyclomatic ${cyclomatic} · cognitive ${cognitive}`;
  // Editors show a command without a name as text.
  return { range, command: { title, command: '' } };
}
