/** What users have to know, in messages that every editor understands. Lives as long as the connection. */
import { MessageType, ShowMessageNotification, type Connection } from 'vscode-languageserver/node';
import { printable } from '../printable.ts';

export class Messages {
  readonly #connection: Connection;
  readonly #shown = new Set<string>();

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  error(message: string): void {
    this.#show(MessageType.Error, message);
  }

  warn(message: string): void {
    this.#show(MessageType.Warning, message);
  }

  /** Never shows these: another message has said why. */
  omit(messages: Iterable<string>): void {
    for (const message of messages) this.#shown.add(message);
  }

  /** Once, and in the log. `window.showErrorMessage` of the library asks a question, which some editors refuse. */
  #show(type: MessageType, message: string): void {
    if (this.#shown.has(message)) return;
    this.#shown.add(message);
    this.#connection.console[type === MessageType.Error ? 'error' : 'warn'](printable(message));
    // The editor may be gone by then.
    void this.#connection.sendNotification(ShowMessageNotification.type, { type, message }).catch(() => {});
  }
}
