/**
 * A language server that can do nothing but say why, for an editor that would otherwise see a server that is silent or has
 * crashed. Uses nothing that the oldest Node.js lacks.
 */
import { createConnection, ProposedFeatures } from 'vscode-languageserver/node';
import { Lifecycle } from './lifecycle.ts';
import { Messages } from './messages.ts';

export function refuse(reason: string): void {
  const message = `Bulkhead analyses nothing: ${reason} Start the language server with a newer Node.js.`;
  process.stderr.write(`${message}\n`);
  const lifecycle = new Lifecycle();
  const connection = createConnection(ProposedFeatures.all, { messageStrategy: lifecycle });
  lifecycle.listen(connection);
  connection.onInitialize(() => ({ capabilities: {}, serverInfo: { name: 'Bulkhead' } }));
  connection.onInitialized(() => new Messages(connection).error(message));
  connection.onShutdown(() => {});
  connection.listen();
}
