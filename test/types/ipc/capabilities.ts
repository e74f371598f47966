/** A client can disconnect, reconnect and detach only if its driver can; known at compile time. */
import { attachWorker, createWorker, defineWorkerDriver, startWorkerServer } from '../../../workers/ipc/index.ts';
import type { DefineMessages, WorkerDriver } from '../../../workers/ipc/index.ts';
import { ChildProcessDriver, childProcessDriver } from '../../../workers/ipc/drivers/child-process.ts';
import { inlineDriver } from '../../../workers/ipc/drivers/inline.ts';
import { stdioDriver } from '../../../workers/ipc/drivers/stdio.ts';
import {
  WorkerThreadsDriver,
  workerThreadsDriver,
  WorkerThreadsServer,
} from '../../../workers/ipc/drivers/worker-threads.ts';

type Messages = DefineMessages<{ ping: { payload: void; result: number } }>;
const script = '/worker.js';

export async function byDefault(): Promise<void> {
  const worker = await createWorker<Messages>({ script });
  await worker.disconnect();
  await worker.reconnect();
  await worker.detach();
  const named = await createWorker<Messages>({ script, driver: 'child-process' });
  await named.disconnect();
  const object = await createWorker<Messages>({ script, driver: childProcessDriver });
  await object.disconnect();
  await object.detach();
}

export async function without(): Promise<void> {
  const thread = await createWorker<Messages>({ script, driver: workerThreadsDriver });
  await thread.send('ping');
  // @ts-expect-error: a thread cannot be disconnected
  await thread.disconnect();
  // @ts-expect-error: nor reconnected
  await thread.reconnect();
  // @ts-expect-error: nor outlive its process
  await thread.detach();
  const named = await createWorker<Messages>({ script, driver: 'worker-threads' });
  // @ts-expect-error: by name neither
  await named.disconnect();
  const inline = await createWorker<Messages>({ script, driver: inlineDriver });
  // @ts-expect-error: nothing to disconnect from
  await inline.disconnect();
  const program = await createWorker<Messages>({ command: 'x', driver: stdioDriver });
  // @ts-expect-error: its streams end with the host
  await program.detach();
  const unknown = await createWorker<Messages>({ script, driver: inlineDriver as WorkerDriver });
  // @ts-expect-error: a driver one knows nothing about
  await unknown.disconnect();
  // @ts-expect-error: no such driver
  await createWorker<Messages>({ script, driver: 'carrier-pigeon' });
}

export async function attached(): Promise<void> {
  const worker = await attachWorker<Messages>({ socketPath: '/s', pid: 1 }, { reconnect: true });
  await worker.send('ping');
  await worker.disconnect();
  await worker.reconnect();
  await worker.detach();
  worker.on('exit', ({ kind }) => kind.length);
  // @ts-expect-error: no such event
  worker.on('message', () => undefined);
  // @ts-expect-error: its signs of life go to who started it
  await attachWorker<Messages>('/s', { onVitals: () => undefined });
}

export async function objects(): Promise<void> {
  const child = await createWorker<Messages>({ script, driver: new ChildProcessDriver() });
  await child.disconnect();
  const thread = await createWorker<Messages>({ script, driver: new WorkerThreadsDriver() });
  // @ts-expect-error: a thread cannot be disconnected
  await thread.disconnect();
  await startWorkerServer<Messages>({ ping: () => 1 }, { driver: new WorkerThreadsServer() });
  // @ts-expect-error: a server starts no workers
  await createWorker<Messages>({ script, driver: new WorkerThreadsServer() });
}

export async function ownDrivers(): Promise<void> {
  const half = defineWorkerDriver({
    ...childProcessDriver,
    name: 'half',
    capabilities: { reconnect: true, detach: false, transfer: false, sharedMemory: false, isolation: 'process' },
  });
  const worker = await createWorker<Messages>({ script, driver: half });
  await worker.disconnect();
  // @ts-expect-error: it cannot detach
  await worker.detach();
  // @ts-expect-error: a capability is missing
  defineWorkerDriver({ ...childProcessDriver, capabilities: { reconnect: true } });
}
