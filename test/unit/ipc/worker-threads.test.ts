/** What only the worker-threads driver does: moving and sharing memory, limits of a thread. */
import assert from 'node:assert/strict';
import { CrashedError, DriverError, jsonSerializer, SpawnError } from '../../../workers/ipc/index.ts';
import type { Vitals } from '../../../workers/ipc/index.ts';
import { fixture, rejection, soon, start } from './support.ts';

describe('worker-threads driver', () => {
  it('moves an ArrayBuffer there and back', async () => {
    const worker = await start('worker-threads');
    const buffer = new Uint8Array([1, 2, 3]).buffer;
    const answer = await worker.send('bytes', { buffer }, { transfer: [buffer] });
    assert.equal(buffer.detached, true);
    assert.deepEqual([...new Uint8Array(answer.buffer)], [1, 2, 3]);
    await worker.close();
  });

  it('moves what events carry, each with its own', async () => {
    const worker = await start('worker-threads');
    const seen: number[] = [];
    const onEvent = ({ n, buffer }: { n: number; buffer: ArrayBuffer }): void => {
      assert.equal(new Uint8Array(buffer)[0], n % 256);
      seen.push(n);
    };
    const movedAtOnce = await worker.send('buffers', { count: 10_000 }, { onEvent });
    assert.ok(movedAtOnce > 0);
    assert.equal(seen.length, 10_000);
    await worker.close();
  });

  it('shares memory', async () => {
    const worker = await start('worker-threads');
    const memory = new SharedArrayBuffer(4);
    await worker.send('shared', { memory });
    await worker.send('shared', { memory });
    assert.equal(new Int32Array(memory)[0], 2);
    await worker.close();
  });

  it('runs code instead of a file with `eval`', async () => {
    const library = new URL('../../../workers/ipc/index.ts', import.meta.url).href;
    const script = `import('${library}').then(({ startWorkerServer }) => startWorkerServer({ echo: (n) => n * 2 }))`;
    const worker = await start('worker-threads', { eval: true, script });
    assert.equal(await worker.send('echo', 21), 42);
    await worker.close();
    const broken = await rejection(start('worker-threads', { eval: true, script: 'throw new Error("in the code")' }));
    assert.ok(broken instanceof SpawnError);
    assert.match(broken.message, /in the code/);
    for (const [driver, code] of [
      ['worker-threads', fixture('worker.ts')],
      ['child-process', script],
      ['stdio', script],
      ['inline', script],
    ] as const) {
      assert.ok((await rejection(start(driver, { eval: true, script: code }))) instanceof DriverError, driver);
    }
  });

  it('keeps to resourceLimits and tells that the heap ran out', async () => {
    const worker = await start('worker-threads', {
      resourceLimits: { maxOldGenerationSizeMb: 24, maxYoungGenerationSizeMb: 4 },
    });
    const error = await soon(rejection(worker.send('die', { how: 'heap' })), 'the end');
    assert.ok(error instanceof CrashedError);
    assert.equal(error.exit.outOfMemory, 'heap');
    assert.equal(error.exit.kind, 'out-of-memory');
  });

  it('passes the environment and arguments, which a process does too', async () => {
    const worker = await start('worker-threads', { env: { IPC_TEST: 'there' }, argv: ['x'] });
    assert.equal(await worker.send('environment', 'IPC_TEST'), 'there');
    assert.equal(process.env['IPC_TEST'], undefined);
    await worker.close();
  });

  it('names the exception that nobody caught', async () => {
    const worker = await start('worker-threads');
    const error = await rejection(worker.send('die', { how: 'throw' }));
    assert.ok(error instanceof CrashedError);
    assert.equal(error.exit.kind, 'uncaught');
    assert.equal(error.exit.error?.message, 'thrown outside');
    assert.equal((error.cause as Error).message, 'thrown outside');
  });

  it('tells of the thread while it is blocked', async () => {
    const blocked = Promise.withResolvers<Vitals>();
    const worker = await start('worker-threads', {
      onVitals: (vitals) => {
        if (vitals.blockedMs > 500) blocked.resolve(vitals);
      },
    });
    void worker.send('spin', { ms: 600_000 }).catch(() => undefined);
    const vitals = await soon(blocked.promise, 'a heartbeat that tells of the loop');
    assert.ok((vitals.heapUsedBytes ?? 0) > 0);
    assert.ok((vitals.utilization ?? 0) > 0.9);
    await worker.kill();
  });

  it('hands over what the thread prints', async () => {
    const lines: string[] = [];
    const worker = await start('worker-threads', {
      onLog: ({ source, message }) => lines.push(`${source}: ${message}`),
    });
    await worker.send('print', { stdout: 'out\n', stderr: 'err\n' });
    await worker.close();
    assert.deepEqual(lines.toSorted(), ['stderr: err', 'stdout: out']);
  });

  it('refuses what it cannot do', async () => {
    for (const options of [
      { cwd: '/' },
      { detached: true },
      { socketPath: '/tmp/x' },
      { serializer: jsonSerializer },
    ]) {
      assert.ok(
        (await rejection(start('worker-threads', options))) instanceof DriverError,
        JSON.stringify(Object.keys(options)),
      );
    }
  });

  it('has no disconnect, not even for a caller without types', async () => {
    const worker = await start('worker-threads');
    const untyped = worker as unknown as { disconnect(): Promise<void>; detach(): Promise<void> };
    assert.ok((await rejection(untyped.disconnect())) instanceof DriverError);
    assert.ok((await rejection(untyped.detach())) instanceof DriverError);
    await worker.close();
  });

  it('ends a thread that waits for ever', async () => {
    const worker = await start('worker-threads', { script: fixture('waits-for-ever.ts') });
    const exit = await soon(worker.close({ graceMs: 50, terminateMs: 1000 }), 'the end');
    assert.equal(exit.expected, true);
  });
});
