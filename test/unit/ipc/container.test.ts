/** What the driver for containers tells the engine of a policy, and what it takes from the program in the container. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { thisOwner } from '../../../workers/ipc/container/orphans.ts';
import { bindsOf, engineSockets, limitsOf } from '../../../workers/ipc/container/policy.ts';
import { RelayLine } from '../../../workers/ipc/container/relay-line.ts';
import { ContainerDriver } from '../../../workers/ipc/drivers/container.ts';
import { silentLogger } from '../../../workers/ipc/logger.ts';
import { DriverError } from '../../../workers/ipc/index.ts';
import { policy, SOME_IMAGE, StandIn, standInOfEach } from '../../support/container.ts';
import { rejection, start } from './support.ts';

const GB = 1024 ** 3;

describe('container', function () {
  if (process.platform === 'win32') {
    it('is refused, with where it works', async () => {
      const driver = new ContainerDriver({ image: SOME_IMAGE });
      assert.match((await rejection(start(driver, { sandbox: policy }))).message, /WSL/);
    });
    return;
  }

  const standIn = standInOfEach();

  describe('the policy', () => {
    let folder: string;
    before(() => {
      folder = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'container-test-')));
    });
    after(() => rmSync(folder, { recursive: true, force: true }));

    it('becomes what the engine is told', async () => {
      const odd = path.join(folder, 'a,b "c"');
      mkdirSync(path.join(odd, '.git'), { recursive: true });
      process.env['BULKHEAD_TEST_SECRET'] = 'secret';
      process.env['BULKHEAD_TEST_KEPT'] = 'kept';
      const sandbox = {
        ...policy,
        env: ['HOME', 'PATH', 'BULKHEAD_TEST_KEPT'],
        write: [odd],
        protect: [path.join(odd, '.git')],
        memory: GB,
        pids: 100,
        cpu: 1.5,
        tmp: 1024 ** 2,
      };
      const worker = await start(standIn().driver({ workspace: 'mine' }), { sandbox, cwd: odd, env: { GIVEN: 'yes' } });
      assert.equal(await worker.send('environment', 'BULKHEAD_TEST_SECRET'), null);
      assert.equal(await worker.send('environment', 'BULKHEAD_TEST_KEPT'), 'kept');
      assert.equal(await worker.send('environment', 'GIVEN'), 'yes');
      assert.equal(await worker.send('environment', 'IMAGE'), 'yes');
      assert.equal(await worker.send('environment', 'HOME'), '/tmp');
      await worker.close();
      delete process.env['BULKHEAD_TEST_SECRET'];
      delete process.env['BULKHEAD_TEST_KEPT'];
      const line = (standIn().asked('run')[0] ?? []).join(' ');
      for (const part of [
        ...['--rm', '--interactive', '--init', '--pull=never', '--log-driver none', '--network none', '--read-only'],
        ...['--cap-drop ALL', '--security-opt no-new-privileges', '--pids-limit 100', '--cpus 1.5'],
        ...[`--memory ${GB} --memory-swap ${GB}`, 'size=1048576,', '--label bulkhead.workspace=mine'],
        ...[`--label bulkhead.host=${process.pid}`, `--label bulkhead.system=${thisOwner().system}`],
        `--user ${String(process.getuid?.())}:${String(process.getgid?.())}`,
        `--mount type=bind,"source=${folder}/a,b ""c""","target=${folder}/a,b ""c""" `,
        `--mount type=bind,"source=${folder}/a,b ""c""/.git","target=${folder}/a,b ""c""/.git",readonly`,
        `--workdir ${odd}`,
      ])
        assert.ok(line.includes(part), `${part} in ${line}`);
      assert.ok(!line.includes('yes') && !line.includes('secret'), 'nothing of the environment is on a command line');
      assert.ok(!line.includes('--privileged') && !line.includes('--http-proxy'));
    });

    it('is told to podman without root as that user, and without the proxies of the host', async () => {
      const podman = new StandIn('podman');
      try {
        const controllers = { cgroupVersion: 'v2', cgroupControllers: ['memory', 'pids'] };
        podman.play({ info: { host: { security: { rootless: true }, memTotal: 64 * GB, ...controllers } } });
        await (await start(podman.driver(), { sandbox: policy })).close();
        const line = (podman.asked('run')[0] ?? []).join(' ');
        assert.ok(line.includes(`--userns keep-id --user ${String(process.getuid?.())}:`), line);
        assert.ok(line.includes('--http-proxy=false') && line.includes('--read-only-tmpfs=false'));
        const warnings: string[] = [];
        const none = { cgroupVersion: 'v2', cgroupControllers: [] };
        podman.play({ info: { host: { security: { rootless: true }, ...none } } });
        const logger = { ...silentLogger, warn: (message: string) => void warnings.push(message) };
        await (await start(podman.driver(), { sandbox: policy, logger })).close();
        assert.deepEqual(warnings, ['The engine cannot limit memory and pids here: the container runs without.']);
        assert.ok(!(podman.asked('run')[1] ?? []).includes('--memory'));
        const error = await rejection(start(podman.driver(), { sandbox: { ...policy, cpu: 1 } }));
        assert.ok(error instanceof DriverError);
        assert.match(error.message, /cannot keep the limit 'sandbox.cpu'/);
      } finally {
        podman.remove();
      }
    });

    it('shows links where they are, and opens nothing else for them', () => {
      const at = (name: string): string => path.join(folder, 'links', name);
      mkdirSync(at('real/inner'), { recursive: true });
      symlinkSync('real', at('link'));
      assert.deepEqual(bindsOf({ network: 'none', read: [at('link/inner')], write: [], env: [] }), [
        { source: at('real/inner'), target: at('real/inner'), writable: false },
        { source: at('real/inner'), target: at('link/inner'), writable: false },
      ]);
    });

    it('cannot hide the system of the image, nor reach the engine', () => {
      for (const place of ['/', '/usr', '/etc', '/proc/self', '/dev', '/tmp'])
        assert.throws(() => bindsOf({ network: 'none', read: [place], write: [], env: [] }, []), DriverError, place);
      const socket = path.join(folder, 'docker.sock');
      const read = (name: string) => () => bindsOf({ network: 'none', read: [name], write: [], env: [] }, [socket]);
      mkdirSync(socket);
      assert.throws(read(folder), /master of this machine/);
      assert.throws(read(socket), /master of this machine/);
      assert.ok(engineSockets({ DOCKER_HOST: 'unix:///some/where.sock' }).includes('/some/where.sock'));
    });

    it('has numbers that mean something', async () => {
      const limits = limitsOf(policy);
      assert.deepEqual([limits.memory, limits.pids, limits.cpu, limits.tmp], [2 * GB, 256, undefined, GB / 4]);
      for (const wrong of [
        { memory: 0 },
        { memory: 1.5 * GB + 0.5 },
        { pids: 2 },
        { cpu: 0 },
        { tmp: Number.NaN },
        { cpu: Infinity },
      ])
        assert.throws(() => limitsOf({ ...policy, ...wrong }), DriverError, JSON.stringify(wrong));
      for (const [options, what] of [
        [{ sandbox: { ...policy, network: { allow: [] } as never } }, /'none' or 'host'/],
        [{ sandbox: { ...policy, launcher: '/usr/bin/bwrap' } }, /sandbox.launcher/],
        [{ sandbox: policy, cwd: '/nowhere' }, /working directory/],
        [{ sandbox: policy, detached: true }, /no use for the option 'detached'/],
        [{ sandbox: policy, execPath: '/node' }, /no use for the option 'execPath'/],
      ] as const)
        assert.match((await rejection(start(standIn().driver(), options))).message, what);
      assert.match(
        (await rejection(start('child-process', { sandbox: { ...policy, memory: GB } }))).message,
        /no use for 'sandbox.memory'/,
      );
      const windows = new ContainerDriver({ image: SOME_IMAGE }, { platform: 'win32' });
      assert.match((await rejection(start(windows, { sandbox: policy }))).message, /WSL/);
    });
  });

  describe('the line to the relay', () => {
    it('breaks by what is no frame, and is not held up by it', () => {
      for (const bytes of [
        Buffer.from('Zxxxx'),
        Buffer.from([0x4f, 0xff, 0xff, 0xff, 0xff]),
        Buffer.from('A\0\0\0\x01x'),
      ]) {
        let broken = 0;
        const output = new PassThrough();
        const nothing = (): void => undefined;
        const ignored = {
          hello: nothing,
          started: nothing,
          printed: nothing,
          report: nothing,
          memory: nothing,
          ended: nothing,
        };
        const line = new RelayLine(new PassThrough(), output, { ...ignored, broken: () => (broken += 1) });
        output.emit('data', bytes);
        output.emit('data', Buffer.from('more'));
        assert.equal(broken, 1);
        assert.equal(line.fromWorker.readableLength, 0);
      }
    });

    it('takes values of any shape from there', () => {
      const told: unknown[] = [];
      const output = new PassThrough();
      const take = (value: unknown): void => void told.push(value);
      const broken = (): void => assert.fail();
      new RelayLine(new PassThrough(), output, {
        hello: take,
        started: take,
        printed: take,
        report: take,
        memory: take,
        ended: take,
        broken,
      });
      for (const [kind, text] of [
        ['P', '[1]'],
        ['P', '{"pid":"x"}'],
        ['X', 'null'],
        ['X', 'no json'],
        ['M', 'NaN'],
        ['M', '-1'],
      ]) {
        const head = Buffer.from([0, 0, 0, 0, text?.length ?? 0]);
        head.write(kind ?? '', 'latin1');
        output.emit('data', Buffer.concat([head, Buffer.from(text ?? '')]));
      }
      const none = { code: null, signal: null, memoryRanOut: false };
      assert.deepEqual(told, [{}, {}, none, none]);
    });
  });
});
