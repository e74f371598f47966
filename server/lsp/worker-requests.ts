/**
 * The requests about workers (`bulkhead/health`, `errors`, `captureHeapSnapshot` …), answered by the pool. Lives as long
 * as the connection.
 */
import os from 'node:os';
import path from 'node:path';
import type { Connection } from 'vscode-languageserver/node';
import { poolOperations, type PoolOperations, type PoolRequests } from '../pool/pool-requests.ts';
import type { SupervisedPool } from '../pool/types.ts';

const methods = [
  'bulkhead/health',
  'bulkhead/watchHealth',
  'bulkhead/restartWorker',
  'bulkhead/releaseQuarantine',
  'bulkhead/errors',
  'bulkhead/captureHeapSnapshot',
  'bulkhead/captureCpuProfile',
] as const satisfies readonly (keyof PoolRequests)[];

export class WorkerRequests {
  readonly #connection: Connection;
  #current: PoolOperations | undefined;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  listen(): void {
    for (const method of methods) {
      this.#connection.onRequest(method, (params: unknown) => {
        const answer = this.#current?.requests[method] as ((params: unknown) => unknown) | undefined;
        if (!answer) throw new Error('No workers: the server is not initialized yet, or it is shutting down.');
        return answer(typeof params === 'object' && params !== null ? params : {});
      });
    }
  }

  /** @param storageDir where captures are written; absent: the folder for temporary files */
  serve(pool: SupervisedPool, storageDir: string | undefined): void {
    this.#current?.dispose();
    this.#current = poolOperations({
      pool,
      captureFolder: path.join(storageDir ?? path.join(os.tmpdir(), 'bulkhead'), 'captures'),
      // The editor may be gone by then.
      notify: (health) => void this.#connection.sendNotification('bulkhead/health', health).catch(() => {}),
    });
  }

  dispose(): void {
    this.#current?.dispose();
    this.#current = undefined;
  }
}
