/** From the cancellation of the language server protocol to that of the platform. Stateless. */
import type { CancellationToken } from 'vscode-languageserver/node';

export function signalOf(token: CancellationToken): AbortSignal {
  const controller = new AbortController();
  if (token.isCancellationRequested) controller.abort();
  token.onCancellationRequested(() => controller.abort());
  return controller.signal;
}
