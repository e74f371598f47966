/** The pool with drivers that it does not know: of somebody else, of a program in any language, of threads. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { afterEach, describe, it } from 'mocha';
import { createPool } from '../../../server/pool/pool.ts';
import { nodeProcess, nodeThread, program } from '../../../server/pool/runtimes.ts';
import type { WorkerRuntime } from '../../../server/pool/worker-entry.ts';
import type { CheckOutcome, SupervisedPool } from '../../../server/pool/types.ts';
import { childProcessDriver } from '../../../workers/ipc/drivers/child-process.ts';
import { ContainerDriver } from '../../../workers/ipc/drivers/container.ts';
import { defineWorkerDriver, type LaunchOptions } from '../../../workers/ipc/index.ts';
import { engineImage, inContainers, realEngine, roomy, StandIn } from '../../support/container.ts';
import type { CheckEvent } from '../../../workers/protocol/detector-protocol.ts';

const scripted = path.join(import.meta.dirname, '../../fixtures/workers/scripted.ts');
const jsonLines = path.join(import.meta.dirname, '../../fixtures/workers/json-lines.mjs');

describe('drivers of the pool', function () {
  this.timeout(60_000);
  let pool: SupervisedPool | undefined;

  afterEach(async () => {
    await pool?.dispose();
    pool = undefined;
  });

  function open(runtime: WorkerRuntime): SupervisedPool {
    const limits = { cancelMs: 20_000, memoryMb: 4_096 };
    pool = createPool({
      detectors: { foreign: { title: 'Foreign', group: 'foreign', runtime, modules: { foreign: scripted }, limits } },
    });
    return pool;
  }

  function check(files: readonly string[], onEvent: (event: CheckEvent) => void, signal?: AbortSignal) {
    assert.ok(pool);
    return pool.check({
      request: {
        detector: 'foreign',
        root: import.meta.dirname,
        options: {},
        revision: 1,
        units: files.map((file) => ({ id: file, kind: 'file', group: 'all', file }) as const),
        overlays: files.map((file) => ({ file, version: 1, text: '' })),
        first: [],
      },
      priority: 'open',
      signal: signal ?? new AbortController().signal,
      onEvent,
    });
  }

  async function filesDone(files: readonly string[]): Promise<{ outcome: CheckOutcome; done: readonly string[] }> {
    const done: string[] = [];
    const outcome = await check(files, (event) => void (event.kind === 'done' && done.push(event.file)));
    return { outcome, done };
  }

  it('runs workers with a custom driver', async () => {
    const launches: LaunchOptions[] = [];
    // As a sandbox would: it launches what it is given, its own way.
    const driver = defineWorkerDriver({
      name: 'sandbox',
      capabilities: childProcessDriver.capabilities,
      launch: (options, context) => {
        launches.push(options);
        return childProcessDriver.launch({ ...options, env: { ...options.env, IN_SANDBOX: '1' } }, context);
      },
      serve: (startup, context) => childProcessDriver.serve(startup, context),
    });
    open({ ...nodeProcess, driver });
    const { outcome, done } = await filesDone(['a', 'b']);
    assert.equal(outcome.kind, 'done');
    assert.deepEqual(done, ['a', 'b']);
    assert.equal(launches.length, 1);
    assert.deepEqual(
      pool?.health().map(({ name, driver: shown, state }) => ({ name, shown, state })),
      [{ name: 'foreign#1', shown: 'sandbox', state: 'ready' }],
    );
  });

  it('runs workers in containers, by a stand-in for the engine', async () => {
    const standIn = new StandIn();
    try {
      if (process.platform === 'win32') return;
      open(inContainers(standIn.driver()));
      const { outcome, done } = await filesDone(['a', 'b']);
      assert.equal(outcome.kind, 'done');
      assert.deepEqual(done, ['a', 'b']);
      assert.deepEqual(
        pool?.health().map(({ driver: shown }) => shown),
        ['container'],
      );
      await pool?.dispose();
      assert.deepEqual(standIn.containers(), []);
    } finally {
      standIn.remove();
    }
  });

  it('runs workers in containers of the engine that answers here, if one does', async () => {
    const engine = await realEngine();
    if (engine === undefined) return assert.equal(await realEngine(), undefined);
    open(inContainers(new ContainerDriver({ engine: engine.command, image: engineImage(engine) }, roomy)));
    const { outcome, done } = await filesDone(['a', 'b']);
    assert.equal(outcome.kind, 'done');
    assert.deepEqual(done, ['a', 'b']);
  });

  it('runs a program that reads and writes lines of JSON', async () => {
    open(program(process.execPath, [jsonLines]));
    const { outcome, done } = await filesDone(['a', 'b', 'c']);
    assert.equal(outcome.kind, 'done');
    assert.deepEqual(done, ['a', 'b', 'c']);
    assert.equal(pool?.health()[0]?.driver, 'stdio');
  });

  it('finds the input that crashes such a program, and checks the rest', async () => {
    open(program(process.execPath, [jsonLines]));
    const { outcome, done } = await filesDone(['a', 'poison', 'c']);
    assert.equal(outcome.kind, 'done');
    assert.deepEqual(
      outcome.kind === 'done' && outcome.quarantined.map(({ file, reason }) => ({ file, code: reason.exitCode })),
      [{ file: 'poison', code: 7 }],
    );
    assert.deepEqual([...done].sort(), ['a', 'c']);
  });

  it('cancels a request of such a program and continues to use it', async () => {
    open(program(process.execPath, [jsonLines]));
    const controller = new AbortController();
    const cancelled = await check(['endless'], () => controller.abort(), controller.signal);
    assert.equal(cancelled.kind, 'cancelled');
    assert.deepEqual((await filesDone(['a'])).done, ['a']);
    assert.equal(pool?.health()[0]?.restarts, 0);
    assert.equal(pool?.health()[0]?.tasksDone, 2);
  });

  it('runs threads, without a process to measure', async () => {
    open(nodeThread);
    const { outcome, done } = await filesDone(['a']);
    assert.equal(outcome.kind, 'done');
    assert.deepEqual(done, ['a']);
    const [health] = pool?.health() ?? [];
    assert.equal(health?.driver, 'worker-threads');
    assert.equal(health?.pid, undefined);
  });
});
