/** The specification of the drivers: each of its success criteria, in its words. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';
import { createWorker, defineWorkerDriver, DriverError, SpawnError, withTransfer } from '../../../workers/ipc/index.ts';
import type { DriverCapabilities, WorkerClient, WorkerDriver } from '../../../workers/ipc/index.ts';
import { ChildProcessDriver, childProcessDriver } from '../../../workers/ipc/drivers/child-process.ts';
import { inlineDriver } from '../../../workers/ipc/drivers/inline.ts';
import { stdioDriver } from '../../../workers/ipc/drivers/stdio.ts';
import { WorkerThreadsDriver, workerThreadsDriver } from '../../../workers/ipc/drivers/worker-threads.ts';
import type { Chosen } from '../../fixtures/ipc/chosen-server.ts';
import type { ConformanceMessages } from '../../fixtures/ipc/messages.ts';
import { subjects } from './subjects.ts';
import { fixture, isAlive, rejection, soon } from './support.ts';

const script = fixture('worker.ts');
const root = path.resolve(import.meta.dirname, '../../..');

/** What the whole workflow comes to, whatever the driver. */
async function workflow(worker: WorkerClient<ConformanceMessages>): Promise<string> {
  const events: number[] = [];
  await worker.send('count', { count: 3 }, { onEvent: ({ n }) => void events.push(n) });
  const error = await rejection(worker.send('fail', { kind: 'odd' }));
  const { kind } = await worker.close();
  return `${events.join()} ${error.name} ${kind}`;
}

describe('specification: drivers', () => {
  it('Driver interface defined with capability types', () => {
    const known: Record<string, DriverCapabilities> = {};
    for (const driver of [childProcessDriver, workerThreadsDriver, stdioDriver, inlineDriver] satisfies WorkerDriver[])
      known[driver.name] = driver.capabilities;
    const process = { reconnect: false, detach: false, transfer: false, sharedMemory: false, isolation: 'process' };
    const shared = { reconnect: false, detach: false, transfer: true, sharedMemory: true };
    assert.deepEqual(known, {
      'child-process': { ...process, reconnect: true, detach: true },
      'worker-threads': { ...shared, isolation: 'thread' },
      stdio: process,
      inline: { ...shared, isolation: 'none' },
    });
    // Literal types: the compiler knows them too.
    const reconnects: true = childProcessDriver.capabilities.reconnect;
    const never: false = workerThreadsDriver.capabilities.reconnect;
    assert.deepEqual([reconnects, never], [true, false]);
    const { capabilities, launch, serve } = workerThreadsDriver;
    const own = defineWorkerDriver({ name: 'own', capabilities, launch, serve });
    assert.equal(own.capabilities.sharedMemory, true);
  });

  it('Child process driver extracted (backwards compatible)', async () => {
    const worker = await createWorker<ConformanceMessages>({ script });
    assert.equal(worker.capabilities.isolation, 'process');
    assert.notEqual(worker.pid, process.pid);
    await worker.disconnect();
    await worker.reconnect();
    assert.equal(await workflow(worker), '0,1,2 OddError closed');
  });

  it('Worker threads driver implemented', async () => {
    const worker = await createWorker<ConformanceMessages>({ script, driver: 'worker-threads' });
    assert.equal(worker.pid, undefined);
    assert.equal(worker.socketPath, undefined);
    const memory = new SharedArrayBuffer(4);
    await worker.send('shared', { memory });
    assert.equal(new Int32Array(memory)[0], 1);
    const buffer = new ArrayBuffer(8);
    await worker.send('bytes', { buffer }, { transfer: [buffer] });
    assert.equal(buffer.byteLength, 0, 'it was moved');
    const value = { buffer: new ArrayBuffer(1) };
    assert.equal(withTransfer(value, [value.buffer]), value, 'what its handler returned');
    assert.equal(await workflow(worker), '0,1,2 OddError closed');
  });

  it('`createWorker()` accepts driver instances', async () => {
    for (const driver of [new ChildProcessDriver(), new WorkerThreadsDriver(), stdioDriver, inlineDriver]) {
      const worker = await createWorker<ConformanceMessages>({ script, driver });
      assert.equal(await worker.send('echo', driver.name), driver.name);
      await worker.close();
    }
    const driver = new WorkerThreadsDriver();
    const [one, two] = await Promise.all([
      createWorker<ConformanceMessages>({ script, driver, resourceLimits: { maxOldGenerationSizeMb: 64 } }),
      createWorker<ConformanceMessages>({ script, driver }),
    ]);
    assert.deepEqual(await Promise.all([one.send('echo', 1), two.send('echo', 2)]), [1, 2]);
    await Promise.all([one.close(), two.close()]);
  });

  it('`startWorkerServer()` routes to correct server', async () => {
    const worker = fixture('chosen-server.ts');
    for (const [driver, server] of [
      [childProcessDriver, 'ChildProcessServer'],
      [stdioDriver, 'StdioServer'],
      [workerThreadsDriver, 'WorkerThreadsServer'],
    ] as const) {
      const client = await createWorker<Chosen>({ script: worker, driver, argv: [server] });
      assert.equal(await client.send('add', { a: 1, b: 2 }), 3);
      await client.close();
    }
    const mismatch = await soon(
      rejection(createWorker({ script: worker, driver: 'worker-threads', argv: ['ChildProcessServer'] })),
      'the refusal',
    );
    assert.ok(mismatch instanceof SpawnError);
    assert.match(mismatch.message, /uses the driver 'child-process', but the host started it with 'worker-threads'/);
  });

  it('Type narrowing works for capabilities (disconnect/reconnect hidden for worker_threads)', async () => {
    const thread = await createWorker<ConformanceMessages>({ script, driver: new WorkerThreadsDriver() });
    for (const hidden of ['disconnect', 'reconnect', 'detach'] as const) {
      // @ts-expect-error -- a thread can do none of them
      const call = thread[hidden] as () => Promise<unknown>;
      assert.ok((await rejection(call.call(thread))) instanceof DriverError, hidden);
    }
    assert.equal(await thread.send('echo', 'still there'), 'still there');
    await thread.close();
    const child = await createWorker<ConformanceMessages>({ script, driver: new ChildProcessDriver() });
    await child.disconnect();
    await child.reconnect();
    await child.close();
  });

  it('Type safety for driver-specific options', async () => {
    // @ts-expect-error -- a process has no resource limits
    assert.ok((await rejection(createWorker({ script, resourceLimits: {} }))) instanceof DriverError);
    // @ts-expect-error -- a thread has no working directory of its own
    assert.ok((await rejection(createWorker({ script, driver: 'worker-threads', cwd: '/' }))) instanceof DriverError);
    // @ts-expect-error -- code is for threads
    assert.ok((await rejection(createWorker({ script, eval: true }))) instanceof DriverError);
    // @ts-expect-error -- a thread is not spawned
    const spawned = createWorker({ script, driver: workerThreadsDriver, spawnOptions: { argv0: 'x' } });
    assert.ok((await rejection(spawned)) instanceof DriverError);
    const shell = createWorker({
      script,
      // @ts-expect-error -- the library sets it itself
      spawnOptions: { shell: true },
    });
    assert.match((await rejection(shell)).message, /'spawnOptions' cannot set 'shell'/);
  });

  it('Dynamic imports work (no driver bundled by default)', async () => {
    const { metafile } = await build({
      stdin: {
        contents: "export { createWorker, startWorkerServer } from './workers/ipc/index.ts';",
        resolveDir: root,
        sourcefile: 'program.ts',
      },
      bundle: true,
      splitting: true,
      format: 'esm',
      platform: 'node',
      outdir: 'out',
      write: false,
      metafile: true,
      absWorkingDir: root,
      logLevel: 'silent',
    });
    const { outputs } = metafile;
    const loaded = new Set<string>();
    const visit = (file: string): void => {
      if (loaded.has(file)) return;
      loaded.add(file);
      for (const { path: imported, kind, external } of outputs[file]?.imports ?? [])
        if (kind === 'import-statement' && external !== true) visit(imported);
    };
    visit('out/stdin.js');
    const sources = [...loaded].flatMap((file) => Object.keys(outputs[file]?.inputs ?? {}));
    assert.ok(sources.includes('workers/ipc/create-worker.ts'));
    const drivers = ['child-process', 'worker-threads', 'stdio', 'inline', 'attached', 'dial', 'port-worker'];
    assert.deepEqual(
      sources.filter((file) => drivers.includes(path.basename(file, '.ts'))),
      [],
    );
  });

  it('Existing tests pass (backwards compatible)', async () => {
    // They are the other files of this folder. What users of the default wrote before there were drivers:
    const worker = await createWorker<ConformanceMessages>({
      script,
      env: { IPC_TEST: 'there' },
      timeouts: { startup: 30_000 },
    });
    assert.equal(await worker.send('environment', 'IPC_TEST'), 'there');
    assert.equal(isAlive(worker.pid ?? 0), true);
    await worker.close();
  });

  it('New tests for worker_threads driver', () => {
    assert.ok(existsSync(path.join(import.meta.dirname, 'worker-threads.test.ts')));
    // The conformance suite runs for each of them.
    const tested = new Set(subjects.map(({ driver }) => (typeof driver === 'string' ? driver : driver.name)));
    const containers = process.platform === 'win32' ? [] : ['container'];
    assert.deepEqual([...tested].sort(), ['child-process', ...containers, 'inline', 'stdio', 'worker-threads']);
  });

  it('E2E test with both drivers', async () => {
    const outcomes = new Set<string>();
    for (const driver of ['child-process', 'worker-threads'] as const)
      outcomes.add(await workflow(await createWorker<ConformanceMessages>({ script, driver })));
    assert.deepEqual([...outcomes], ['0,1,2 OddError closed']);
  });
});
