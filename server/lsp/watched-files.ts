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

export class WatchedFiles {
  readonly #connection: Connection;
  readonly #extensions = new Set(usual);
  #isStarted = false;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  start(): void {
    this.#isStarted = true;
    void this.#register(always);
  }

  /** Watches files with more extensions, such as those that a configuration of ESLint names. */
  add(extensions: readonly string[]): void {
    if (!this.#isStarted) return;
    const more = [...new Set(extensions)].filter((extension) => !this.#extensions.has(extension));
    if (more.length === 0) return;
    for (const extension of more) this.#extensions.add(extension);
    void this.#register(more.map((extension) => ({ globPattern: `**/*.${extension}` })));
  }

  async #register(watchers: readonly { readonly globPattern: string; readonly kind?: WatchKind }[]): Promise<void> {
    try {
      await this.#connection.client.register(DidChangeWatchedFilesNotification.type, { watchers: [...watchers] });
    } catch (error) {
      this.#connection.console.warn(`The editor does not watch files: ${String(error)}`);
    }
  }
}
