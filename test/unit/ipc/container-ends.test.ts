/** How containers start and end: with a stand-in for the engine, and with docker or podman where one of them answers. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import path from 'node:path';
import { ask } from '../../../workers/ipc/container/engine.ts';
import { containerName, removeOrphans, startOf, thisOwner } from '../../../workers/ipc/container/orphans.ts';
import { ContainerDriver } from '../../../workers/ipc/drivers/container.ts';
import { SpawnError } from '../../../workers/ipc/index.ts';
import type { LogEntry } from '../../../workers/ipc/index.ts';
import { engineImage, policy, realEngine, roomy, SOME_IMAGE, standInOfEach } from '../../support/container.ts';
import { fixturePath, rejection, soon, start, until } from './support.ts';

const GB = 1024 ** 3;
const real = await realEngine();

describe('container: starts and ends', function () {
  // The driver refuses Windows: container.test.ts.
  if (process.platform === 'win32') return;

  const standIn = standInOfEach();

  const ends = (
    title: string,
    choose: () => Promise<{
      readonly engine: string;
      readonly image: string;
      readonly left: (host?: number) => Promise<readonly string[]>;
    }>,
  ): void => {
    describe(`the end: ${title}`, () => {
      const open = async (options = {}) => {
        const { engine, image } = await choose();
        const driver = new ContainerDriver({ engine, image }, roomy);
        return soon(start(driver, { sandbox: policy, ...options }), 'the worker');
      };

      it('has its reason', async () => {
        const { left } = await choose();
        const expected = [
          ['kill', { signal: 'SIGKILL', exitCode: undefined, outOfMemory: false, kind: 'signal' }],
          ['abort', { signal: 'SIGABRT', exitCode: undefined, outOfMemory: false, kind: 'signal' }],
          ['heap', { signal: 'SIGABRT', exitCode: undefined, outOfMemory: 'heap', kind: 'out-of-memory' }],
          ['exit', { signal: undefined, exitCode: 137, outOfMemory: false, kind: 'exit' }],
        ] as const;
        for (const [how, end] of expected) {
          const worker = await open({ execArgv: ['--max-old-space-size=40'] });
          await rejection(how === 'exit' ? worker.send('exit', { code: 137 }) : worker.send('die', { how }));
          const { signal, exitCode, outOfMemory, kind } = await soon(worker.exited, 'the end');
          assert.deepEqual({ signal, exitCode, outOfMemory, kind }, end, how);
        }
        assert.deepEqual(await left(), []);
      });

      it('comes by kill, though the worker loops or the relay is stopped', async () => {
        const { left } = await choose();
        for (const how of ['loops', 'stopped'] as const) {
          const worker = await open();
          if (how === 'loops') {
            const began = Promise.withResolvers<void>();
            void rejection(worker.send('spin', { ms: 600_000 }, { onEvent: () => began.resolve() }));
            await began.promise;
          } else {
            worker.notify('stopParent');
            // Once the relay stands, nothing comes back.
            const answers = (): Promise<boolean> => worker.send('echo', 1, { timeout: 500 }).then(() => true, () => false); // prettier-ignore
            while (await answers());
          }
          const exit = await soon(worker.kill(), `the end of one that ${how}`);
          assert.equal(exit.kind, 'killed');
          assert.deepEqual(await left(), []);
        }
      });

      it('comes with that of the host, however that ends', async () => {
        const { engine, image, left } = await choose();
        const host = spawn(process.execPath, [fixturePath('container-host.ts'), engine, image], {
          stdio: ['ignore', 'pipe', 'inherit'],
        });
        await soon(new Promise((resolve) => host.stdout.once('data', resolve)), 'the workers of the host');
        assert.equal((await left(host.pid)).length, 2);
        host.kill('SIGKILL');
        const end = performance.now() + 30_000;
        while ((await left(host.pid)).length > 0) assert.ok(performance.now() < end, 'containers are still there');
      });
    });
  };

  ends('a stand-in for the engine', () =>
    Promise.resolve({
      engine: standIn().command,
      image: SOME_IMAGE,
      left: () => Promise.resolve(standIn().containers()),
    }),
  );
  if (real === undefined) {
    it('has no real engine here: neither docker nor podman answers, so the stand-in alone was run', async () => {
      assert.equal(await realEngine(), undefined);
    });
  } else {
    ends(`${real.kind} ${real.version}`, () =>
      Promise.resolve({
        engine: real.command,
        image: engineImage(real),
        left: async (host = process.pid) => {
          // Other test processes have theirs.
          const label = `label=bulkhead.host=${host}`;
          const { stdout } = await ask(real.command, ['ps', '--all', '--filter', label, '--format', '{{.Names}}']);
          return stdout.split('\n').filter(Boolean);
        },
      }),
    );

    if (real.limits.has('memory')) {
      it(`is killed by the kernel when it uses more memory than its limit: ${real.kind}`, async () => {
        const driver = new ContainerDriver({ engine: real.command, image: engineImage(real) }, roomy);
        const worker = await start(driver, { sandbox: { ...policy, memory: 256 * 1024 ** 2 } });
        await rejection(worker.send('fillMemory'));
        const exit = await soon(worker.exited, 'the end');
        assert.deepEqual([exit.kind, exit.outOfMemory], ['out-of-memory', 'kernel']);
      });

      it(`tells what the whole container uses: ${real.kind}`, async () => {
        const driver = new ContainerDriver({ engine: real.command, image: engineImage(real) }, roomy);
        const worker = await start(driver, { sandbox: policy });
        void rejection(worker.send('writeScratch', { folder: '/tmp', bytes: 200 * 1024 ** 2 }));
        await until(() => (worker.vitals?.rssBytes ?? 0) > 250 * 1024 ** 2, 'the temporary folder is counted');
        await worker.kill();
      });
    } else {
      it(`cannot limit memory here, and says so: ${real.kind}`, async () => {
        const driver = new ContainerDriver({ engine: real.command, image: engineImage(real) }, roomy);
        const error = await rejection(start(driver, { sandbox: { ...policy, memory: GB } }));
        assert.match(error.message, /cannot keep the limit 'sandbox.memory'/);
      });
    }
  }

  describe('orphans', () => {
    it('are the containers of processes that are gone, not of others', async () => {
      const owner = thisOwner();
      assert.equal(startOf(process.pid), owner.started);
      const other = spawn(process.execPath, ['-e', '']);
      const { pid = 0 } = other;
      const started = startOf(pid) ?? 'unknown';
      await new Promise((resolve) => other.once('exit', resolve));
      // A container runs something; here nothing that a test could end by accident.
      const put = (name: string): string => standIn().put(name, owner.system);
      const gone = put(containerName({ ...owner, pid, started }));
      const reused = put(containerName({ ...owner, started: '0123456789ab' }));
      const own = put(containerName(owner));
      const foreign = put('somebody-elses');
      const elsewhere = standIn().put(containerName({ ...owner, pid, started }), 'another-machine');
      assert.deepEqual([...(await removeOrphans(standIn().command))].toSorted(), [gone, reused].toSorted());
      assert.deepEqual([...standIn().containers()].toSorted(), [own, foreign, elsewhere].toSorted());
      for (const name of standIn().containers()) standIn().take(name);
    });

    it('are removed by the next host, if the command of the engine was killed with its host', async () => {
      const owner = thisOwner();
      const left = standIn().put(containerName({ ...owner, started: '0123456789ab' }), owner.system);
      await (await start(standIn().driver(), { sandbox: policy })).close();
      assert.ok(!standIn().containers().includes(left));
    });

    it('that cannot be removed keep no worker from starting', async () => {
      standIn().play({ fail: { ps: { said: 'no', code: 1 } } });
      await (await start(standIn().driver(), { sandbox: policy })).close();
      assert.deepEqual(await removeOrphans(path.join(standIn().folder, 'missing')), []);
    });
  });

  it('leaves stdin and stdout to the worker', async () => {
    const printed: string[] = [];
    const onLog = ({ source, message }: LogEntry): void => void printed.push(`${source}: ${message}`);
    const worker = await start(standIn().driver(), { sandbox: policy, onLog });
    await worker.send('print', { stdout: '{"tx":1,"type":"echoResult"}\nno line feed', stderr: 'an error' });
    assert.equal(await worker.send('readStdin'), '');
    assert.equal(await worker.send('echo', 1), 1);
    await worker.close();
    assert.deepEqual(printed.toSorted(), [
      'stderr: an error',
      'stdout: no line feed',
      'stdout: {"tx":1,"type":"echoResult"}',
    ]);
  });

  it('is refused by a program that is no Node', async () => {
    const error = await soon(
      rejection(start(standIn().driver({ nodePath: '/bin/echo' }), { sandbox: policy })),
      'the failure',
    );
    assert.ok(error instanceof SpawnError);
    assert.match(error.message, /is no message/);
  });

  it('can be ended while the engine takes its time, for an image for instance', async () => {
    standIn().play({ images: [], hangs: ['pull'] });
    const controller = new AbortController();
    const driver = standIn().driver({ pull: 'missing' });
    const starting = rejection(start(driver, { sandbox: policy, signal: controller.signal }));
    await until(() => standIn().asked('pull').length > 0, 'the engine is asked');
    controller.abort();
    assert.equal((await soon(starting, 'the end of the start')).name, 'CancelledError');
    process.kill(standIn().pid('pull'), 'SIGKILL');
  });

  it('can be ended before there is a container, and leaves none', async () => {
    standIn().play({ hangs: ['run'] });
    const controller = new AbortController();
    const starting = rejection(start(standIn().driver(), { sandbox: policy, signal: controller.signal }));
    await until(() => standIn().asked('run').length > 0, 'the engine is asked');
    controller.abort();
    await soon(starting, 'the end of the start');
    assert.ok(standIn().asked('rm').length > 0, 'what may be there is removed');
  });
});
