/** Asks the editor to report changes of the files that detectors read. Lives as long as the connection. */
import { DidChangeWatchedFilesNotification, WatchKind, type Connection } from 'vscode-languageserver/node';
import { installationMarkers } from '../../workers/protocol/file-patterns.ts';

const usual =
  'js cjs mjs jsx ts cts mts tsx json jsonc md mdx vue svelte astro html css yaml yml lock lockb eslintrc eslintignore gitignore'.split(
    ' ',
  );

/**
 * Deletions are watched everywhere, because a deleted folder is reported only by its name. An installation may change
 * nothing but the folder of packages, and files that its package manager keeps there.
 */
const always = [
  { globPattern: `**/*.{${usual.join(',')}}` },
  { globPattern: '**/*', kind: WatchKind.Delete },
  { globPattern: '**/node_modules', kind: WatchKind.Create },
  { globPattern: `**/node_modules/{${installationMarkers.join(',')}}` },
];

/** An editor that has not answered by then is taken not to watch. */
const answerMs = 10_000;

export class WatchedFiles {
  readonly #connection: Connection;
  readonly #onRefused: () => void;
  readonly #extensions = new Set(usual);
  #isStarted = false;

  /** @param onRefused the editor does not watch, or does not say that it does */
  constructor(connection: Connection, onRefused: () => void) {
    this.#connection = connection;
    this.#onRefused = onRefused;
  }

  start(): void {
    this.#isStarted = true;
    const timer = setTimeout(this.#onRefused, answerMs).unref();
    void this.#register(always).then((isWatched) => {
      clearTimeout(timer);
      if (!isWatched) this.#onRefused();
    });
  }

  /** Watches files with more extensions, such as those that a configuration of ESLint names. */
  add(extensions: readonly string[]): void {
    if (!this.#isStarted) return;
    const more = [...new Set(extensions)].filter((extension) => !this.#extensions.has(extension));
    if (more.length === 0) return;
    for (const extension of more) this.#extensions.add(extension);
    void this.#register(more.map((extension) => ({ globPattern: `**/*.${extension}` })));
  }

  /** @returns false: the editor refused */
  async #register(watchers: readonly { readonly globPattern: string; readonly kind?: WatchKind }[]): Promise<boolean> {
    try {
      await this.#connection.client.register(DidChangeWatchedFilesNotification.type, { watchers: [...watchers] });
      return true;
    } catch (error) {
      this.#connection.console.info(`The editor does not watch files, so Bulkhead does: ${String(error)}`);
      return false;
    }
  }
}
