/** What the pool wants the user to hear once, as a message with the way out. */
import type { Connection } from 'vscode-languageserver/node';
import type { MemoryAlert, Pool, PoolNotice } from '../pool/types.ts';

const restart = { title: 'Restart Workers' };

/** Shows the notice; its button restarts the workers. */
export async function showNotice(connection: Connection, pool: Pool, notice: PoolNotice): Promise<void> {
  const answer = await connection.window.showErrorMessage(textOf(notice), restart);
  if (answer?.title === restart.title) await pool.restart();
}

/** For the log: nobody has to do anything yet. */
export function alertText({ worker, memoryBytes, limitBytes }: MemoryAlert): string {
  const megabytes = (bytes: number): string => `${Math.round(bytes / 1024 / 1024)} MB`;
  return `${worker} uses ${megabytes(memoryBytes)} of ${megabytes(limitBytes)}.`;
}

function textOf(notice: PoolNotice): string {
  const cause = notice.reason.message;
  switch (notice.kind) {
    case 'degraded':
      return `Bulkhead: ${notice.title} crashed several times and is tried again later. ${cause} Other detectors go on.`;
    case 'disabled':
      return `Bulkhead: ${notice.title} does not start and is off until you restart it. ${cause} Other detectors go on.`;
    case 'stopped':
      return `Bulkhead: workers crash too often and are stopped. ${cause} What was found stays.`;
  }
}
