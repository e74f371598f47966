/**
 * The order of a session: before `initialize` and after `shutdown` no request reaches the server, but each gets an answer.
 * Lives as long as the connection.
 */
import {
  ErrorCodes,
  ExitNotification,
  InitializeRequest,
  ResponseError,
  ShutdownRequest,
  type Connection,
  type Message,
  type MessageStrategy,
} from 'vscode-languageserver/node';

type Next = (message: Message) => Promise<void>;

/** Methods that only fail. A refused request becomes one of these, because nothing else here can answer it. */
const refusals = {
  'bulkhead/refuse/notInitialized': [ErrorCodes.ServerNotInitialized, 'The first request must be "initialize".'],
  'bulkhead/refuse/shutDown': [ErrorCodes.InvalidRequest, 'The server was shut down. Only "exit" may follow.'],
} as const satisfies Readonly<Record<string, readonly [code: number, message: string]>>;

export class Lifecycle implements MessageStrategy {
  /** Instead of a request that comes now; undefined: it is served. */
  #refusal: keyof typeof refusals | undefined = 'bulkhead/refuse/notInitialized';

  /** @param connection that was created with this */
  listen(connection: Connection): void {
    for (const [method, [code, message]] of Object.entries(refusals))
      connection.onRequest(method, () => new ResponseError(code, message));
  }

  handleMessage(message: Message, next: Next): Promise<void> {
    const { method, id } = message as Message & { readonly method?: unknown; readonly id?: unknown };
    // An answer to the server, or the end.
    if (method === undefined || method === ExitNotification.method) return next(message);
    if (method === InitializeRequest.method && this.#refusal === 'bulkhead/refuse/notInitialized') this.#refusal = undefined; // prettier-ignore
    const refusal = this.#refusal;
    if (refusal === undefined) {
      if (method === ShutdownRequest.method) this.#refusal = 'bulkhead/refuse/shutDown';
      return next(message);
    }
    if (id === undefined) return Promise.resolve();
    const refused = { jsonrpc: message.jsonrpc, id, method: refusal };
    return next(refused);
  }
}
