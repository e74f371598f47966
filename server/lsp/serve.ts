/**
 * The process of the language server, for one connection. Errors do not end it. When the editor has gone, it ends with all
 * its child processes.
 */
import { createConnection, ProposedFeatures } from 'vscode-languageserver/node';
import { forgetEditor } from '../environment.ts';
import { serverReportsDir } from '../store/server-reports.ts';
import { LanguageServer } from './language-server.ts';
import { Lifecycle } from './lifecycle.ts';

/** After a signal, the server may take so long to end in an orderly way. */
const END_MS = 5_000;

// Transport from the command line: `--stdio`, `--node-ipc` (what the VS Code client passes), `--socket=PORT`, `--pipe=NAME`.
const lifecycle = new Lifecycle();
const connection = createConnection(ProposedFeatures.all, { messageStrategy: lifecycle });
lifecycle.listen(connection);
const server = new LanguageServer(connection, serverReportsDir());

forgetEditor();

process.on('uncaughtException', (error) => report('uncaught exception', error));
process.on('unhandledRejection', (reason) => report('unhandled rejection', reason));

// The library ends the process on `exit`, when its stream ends and when the editor's process is gone; workers
// watch this process themselves, so that they end even if it is killed.
process.on('exit', () => void server.dispose());

// Without the editor's `shutdown`: nothing stays behind, neither sockets nor lists of processes. A second signal ends it at once.
let isEnding = false;
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const) {
  // prettier-ignore
  process.on(signal, () => {
    if (isEnding) process.exit(code);
    isEnding = true;
    setTimeout(() => process.exit(code), END_MS).unref();
    void server.dispose().finally(() => process.exit(code));
  });
}

server.listen();

function report(what: string, error: unknown): void {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  try {
    connection.console.error(`Bulkhead server: ${what}: ${text}`);
  } catch {
    // The connection is closed.
  }
}
