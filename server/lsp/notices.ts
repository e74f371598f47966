/** Messages about failing workers, with a button that restarts them. Stateless. */
import type { Connection } from 'vscode-languageserver/node';
import type { Messages } from './messages.ts';
import type { MemoryAlert, Pool, PoolNotice } from '../pool/types.ts';

const restart = { title: 'Restart Workers' };

export async function showNotice(
  connection: Connection,
  messages: Messages,
  pool: Pool,
  notice: PoolNotice,
): Promise<void> {
  const text = noticeText(notice);
  try {
    const answer = await connection.window.showErrorMessage(text, restart);
    if (answer?.title === restart.title) await pool.restart();
  } catch {
    // The editor cannot ask.
    messages.error(text);
  }
}

/** For the log, because the user does not have to act yet. */
export function alertText({ worker, memoryBytes, limitBytes }: MemoryAlert): string {
  const megabytes = (bytes: number): string => `${Math.round(bytes / 1024 / 1024)} MB`;
  return `${worker} uses ${megabytes(memoryBytes)} of its limit of ${megabytes(limitBytes)}.`;
}

export function noticeText(notice: PoolNotice): string {
  const cause = notice.reason.message;
  switch (notice.kind) {
    case 'degraded':
      return `Bulkhead: ${notice.title} crashed repeatedly and will be retried later. ${cause} Other detectors keep running.`;
    case 'disabled':
      return `Bulkhead: ${notice.title} does not start and stays off until you restart it. ${cause} Other detectors keep running.`;
    case 'stopped':
      return `Bulkhead: Workers crashed too often and were stopped. ${cause} The issues found so far stay.`;
  }
}
