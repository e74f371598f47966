/** Each driver takes its own options; another driver's do not compile. */
import { createWorker } from '../../../workers/ipc/index.ts';
import type { DefineMessages, DriverName, WorkerDriver, WorkerOptions } from '../../../workers/ipc/index.ts';
import { childProcessDriver } from '../../../workers/ipc/drivers/child-process.ts';
import { ContainerDriver } from '../../../workers/ipc/drivers/container.ts';
import { inlineDriver } from '../../../workers/ipc/drivers/inline.ts';
import { StdioDriver, stdioDriver } from '../../../workers/ipc/drivers/stdio.ts';
import { WorkerThreadsDriver, workerThreadsDriver } from '../../../workers/ipc/drivers/worker-threads.ts';
import { binarySerializer } from '../../../workers/ipc/serializer.ts';

type M = DefineMessages<{ ping: { payload: void; result: number } }>;
const script = '/worker.js';

const container = new ContainerDriver({ image: 'x' });
const policy = { network: 'none', read: [], write: [], env: [] } as const;

export async function right(name: DriverName, own: WorkerDriver): Promise<void> {
  await createWorker<M>({ script, cwd: '/', socketPath: '/s', detached: true, execPath: '/node' });
  await createWorker<M>({ script, driver: 'stdio', cwd: '/', handshake: true });
  await createWorker<M>({ command: 'x', args: ['y'], driver: stdioDriver, cwd: '/', handshake: false });
  await createWorker<M>({ script, driver: workerThreadsDriver, resourceLimits: {}, keepAlive: 'in-work', argv: [] });
  await createWorker<M>({ script, driver: 'inline', workerData: 1, transferList: [] });
  await createWorker<M>({ script, driver: name, timeouts: { startup: 1 } });
  await createWorker<M>({ script, driver: own, resourceLimits: {}, cwd: '/' });
  await createWorker<M>({ script, reconnect: true, spawnOptions: { uid: 1, argv0: 'x' } });
  await createWorker<M>({ script, driver: new WorkerThreadsDriver(), eval: true });
  await createWorker<M>({ command: 'x', driver: new StdioDriver(), spawnOptions: { windowsHide: false } });
  await createWorker<M>({ script, retry: { delayMs: (attempt) => attempt * 10 }, logger: console });
  await createWorker<M>({
    script,
    driver: container,
    sandbox: { ...policy, memory: 1, pids: 1, cpu: 1, tmp: 1 },
    cwd: '/',
  });
  await createWorker<M>({ script, sandbox: { ...policy, launcher: '/bwrap' } });
  const options: WorkerOptions = { script, driver: 'worker-threads', env: {} };
  await createWorker<M>(options);
}

export async function wrong(name: DriverName): Promise<void> {
  // @ts-expect-error: a thread has no working directory of its own
  await createWorker<M>({ script, driver: 'worker-threads', cwd: '/' });
  // @ts-expect-error: by object neither
  await createWorker<M>({ script, driver: workerThreadsDriver, cwd: '/' });
  // @ts-expect-error: nor a socket
  await createWorker<M>({ script, driver: 'worker-threads', socketPath: '/s' });
  // @ts-expect-error: messages of threads are cloned
  await createWorker<M>({ script, driver: 'worker-threads', serializer: binarySerializer });
  // @ts-expect-error: processes have no resource limits of V8
  await createWorker<M>({ script, resourceLimits: {} });
  // @ts-expect-error: by object neither
  await createWorker<M>({ script, driver: childProcessDriver, resourceLimits: {} });
  // @ts-expect-error: nothing can be moved to another process
  await createWorker<M>({ script, driver: 'child-process', transferList: [] });
  // @ts-expect-error: nobody can connect to a thread again
  await createWorker<M>({ script, driver: 'worker-threads', reconnect: true });
  // @ts-expect-error: nor does anybody spawn one
  await createWorker<M>({ script, driver: new WorkerThreadsDriver(), spawnOptions: {} });
  // @ts-expect-error: code is for threads
  await createWorker<M>({ script, eval: true });
  // @ts-expect-error: the library connects the streams
  await createWorker<M>({ script, spawnOptions: { stdio: 'inherit' } });
  // @ts-expect-error: nor is there a shell
  await createWorker<M>({ script, spawnOptions: { shell: true } });
  // @ts-expect-error: a delay is a number
  await createWorker<M>({ script, retry: { delayMs: () => 'soon' } });
  // @ts-expect-error: neither a program nor a script
  await createWorker<M>({ driver: 'stdio' });
  // @ts-expect-error: a program has no script
  await createWorker<M>({ driver: 'stdio', command: 'x', script });
  // @ts-expect-error: its streams are the line
  await createWorker<M>({ driver: stdioDriver, command: 'x', stdio: 'inherit' });
  // @ts-expect-error: this thread's environment is not its own
  await createWorker<M>({ script, driver: inlineDriver, env: {} });
  // @ts-expect-error: a sandbox of a process has no limits
  await createWorker<M>({ script, sandbox: { ...policy, memory: 1 } });
  // @ts-expect-error: the image has its own Node
  await createWorker<M>({ script, driver: container, execPath: '/node' });
  // @ts-expect-error: a container ends with its host
  await createWorker<M>({ script, driver: container, detached: true });
  // @ts-expect-error: its streams are the line
  await createWorker<M>({ script, driver: container, stdio: 'inherit' });
  // @ts-expect-error: a container is chosen by its image, not by a name
  await createWorker<M>({ script, driver: 'container' });
  // @ts-expect-error: no script
  await createWorker<M>({});
  // @ts-expect-error: not every driver can do that
  await createWorker<M>({ script, driver: name, cwd: '/' });
  const shared = { cwd: '/' };
  // @ts-expect-error: spread neither
  await createWorker<M>({ ...shared, script, driver: 'worker-threads' });
}
