/**
 * Containers: what the driver tells the engine, what it makes of each failure, and how containers end. A stand-in for the
 * engine plays everything, everywhere but on Windows; where docker or podman answers, that runs too.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { ask } from '../../../workers/ipc/container/engine.ts';
import { containerFailure } from '../../../workers/ipc/container/failures.ts';
import { checkImage } from '../../../workers/ipc/container/image.ts';
import { containerName, removeOrphans, startOf, thisOwner } from '../../../workers/ipc/container/orphans.ts';
import { bindsOf, engineSockets, limitsOf } from '../../../workers/ipc/container/policy.ts';
import { RelayLine } from '../../../workers/ipc/container/relay-line.ts';
import { checkRoom, machineRoom } from '../../../workers/ipc/container/room.ts';
import { ContainerDriver, ContainerError } from '../../../workers/ipc/drivers/container.ts';
import type { ContainerFailureCause } from '../../../workers/ipc/drivers/container.ts';
import { silentLogger } from '../../../workers/ipc/logger.ts';
import { DriverError, SpawnError } from '../../../workers/ipc/index.ts';
import type { LogEntry } from '../../../workers/ipc/index.ts';
import { engineImage, policy, realEngine, roomy, SOME_IMAGE, StandIn } from '../../support/container.ts';
import type { Play } from '../../support/container.ts';
import { fixturePath, rejection, soon, start, until } from './support.ts';

const GB = 1024 ** 3;

/** What the engines say. */
const words: readonly (readonly [ContainerFailureCause, string])[] = [
  [
    'engine-forbidden',
    'permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock: Get "http://%2Fvar%2Frun%2Fdocker.sock/v1.48/info": dial unix /var/run/docker.sock: connect: permission denied',
  ],
  ['engine-down', 'Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?'],
  [
    'engine-down',
    'Cannot connect to Podman. Please verify your connection to the Linux system using `podman system connection list`, or try `podman machine init` and `podman machine start` to manage a new Linux VM',
  ],
  [
    'engine-down',
    'Error: unable to connect to Podman socket: dial unix /run/user/1000/podman/podman.sock: connect: no such file',
  ],
  ['no-subuid', 'ERRO[0000] cannot find UID/GID for user me: no subuid ranges found for user "me" in /etc/subuid'],
  ['no-subuid', 'Error: cannot set up namespace using "/usr/bin/newuidmap": exit status 1'],
  ['no-init', 'Error: lookup init binary: could not find "catatonit" in one of [/usr/local/libexec/podman]'],
  ['no-init', 'docker: Error response from daemon: exec: "docker-init": executable file not found in $PATH.'],
  [
    'no-init',
    'Error: runc: runc create failed: unable to start container process: exec: "/run/podman-init": stat /run/podman-init: permission denied: OCI permission denied',
  ],
  ['no-image', `Error: ${SOME_IMAGE}: image not known`],
  ['no-image', `docker: Error response from daemon: No such image: ${SOME_IMAGE}.`],
  [
    'no-mount',
    'docker: Error response from daemon: invalid mount config for type "bind": bind source path does not exist: /x.',
  ],
  [
    'no-mount',
    'docker: Error response from daemon: Mounts denied: The path /x is not shared from the host and is not known to Docker.',
  ],
  ['no-mount', 'Error: statfs /x: no such file or directory'],
  [
    'no-limits',
    'Error: OCI runtime error: crun: cgroups in hybrid mode not supported, drop all controllers from cgroupv2',
  ],
  [
    'no-limits',
    'docker: Error response from daemon: range of CPUs is from 0.01 to 2.00, as there are only 2 CPUs available.',
  ],
  [
    'no-node',
    'Error: crun: executable file `node` not found in $PATH: No such file or directory: OCI runtime attempted to invoke a command that was not found',
  ],
  [
    'no-node',
    'docker: Error response from daemon: failed to create task: OCI runtime create failed: runc create failed: unable to start container process: exec: "node": executable file not found in $PATH: unknown.',
  ],
  ['no-node', 'exec /usr/bin/node: exec format error'],
  ['engine-other', 'Error: crun: setrlimit `RLIMIT_NOFILE`: Operation not permitted: OCI permission denied'],
];

const real = await realEngine();

describe('container', function () {
  if (process.platform === 'win32') {
    it('is refused, with where it works', async () => {
      const driver = new ContainerDriver({ image: SOME_IMAGE });
      assert.match((await rejection(start(driver, { sandbox: policy }))).message, /WSL/);
    });
    return;
  }

  let standIn: StandIn;
  beforeEach(() => {
    standIn = new StandIn();
  });
  afterEach(() => {
    const left = standIn.containers();
    standIn.remove();
    assert.deepEqual(left, []);
  });

  const failing = async (play: Play, driver = standIn.driver()): Promise<ContainerError> => {
    standIn.play(play);
    const error = await soon(rejection(start(driver, { sandbox: policy })), 'the failure');
    assert.ok(error instanceof SpawnError, error.message);
    assert.ok(error.cause instanceof ContainerError, error.message);
    assert.ok(error.message.includes(error.cause.message), 'the message says why');
    return error.cause;
  };

  describe('the image', () => {
    it('is named by its digest or its id, and not by a tag unless that is allowed', () => {
      const digest = `sha256:${'0f'.repeat(32)}`;
      for (const image of [
        `node@${digest}`,
        `localhost:5000/a/b-c@${digest}`,
        `docker.io/library/node:24@${digest}`,
        digest,
      ])
        assert.equal(checkImage(image, false), image);
      for (const image of ['node', 'node:24', 'localhost:5000/node']) {
        assert.throws(() => checkImage(image, false), /named by a tag.*docker image inspect.*allowTag/s, image);
        assert.equal(checkImage(image, true), image);
      }
    });

    it('is nothing else', () => {
      for (const image of [
        '',
        undefined,
        '--privileged',
        '-v/:/x',
        'node@sha256:12',
        'a b',
        'Node@',
        `x@${'a'.repeat(64)}`,
        'node;ls',
      ])
        assert.throws(() => new ContainerDriver({ image: image as string, allowTag: true }), DriverError, image);
    });

    it('is not fetched unless that is allowed; the message names the command', async () => {
      const { failure } = await failing({ images: [] });
      assert.equal(failure.cause, 'no-image');
      assert.ok(failure.message.includes(`pull ${SOME_IMAGE}`), failure.message);
      assert.deepEqual(standIn.asked('pull'), []);
      assert.deepEqual(standIn.asked('run'), []);
    });

    it('is fetched once if that is allowed', async () => {
      standIn.play({ images: [] });
      const driver = standIn.driver({ pull: 'missing' });
      for (const _ of [1, 2]) await (await start(driver, { sandbox: policy })).close();
      assert.deepEqual(standIn.asked('pull'), [['pull', '--quiet', SOME_IMAGE]]);
      assert.ok(standIn.asked('run').every((args) => args.includes('--pull=never')));
    });

    it('that cannot be fetched is told with what the registry said', async () => {
      const fail = { pull: { said: 'Error: manifest unknown', code: 1 } };
      const { failure } = await failing({ images: [], fail }, standIn.driver({ pull: 'missing' }));
      assert.match(failure.message, /could not be fetched.*manifest unknown/s);
    });
  });

  describe('failures', () => {
    it('are told apart by what the engine says, each with the way out', () => {
      for (const [cause, text] of words) {
        const { cause: told, message } = containerFailure(['WARN[0000] noise', text]);
        assert.equal(told, cause, text);
        assert.match(message, cause === 'engine-other' ? /setrlimit/ : /\. It said: /);
      }
      assert.match(containerFailure([]).message, /said nothing/);
    });

    it('of the engine end a start with their cause, whatever step says it', async () => {
      for (const [cause, said] of words) {
        const steps = cause.startsWith('engine-') || cause === 'no-subuid' ? ['info', 'run'] : ['run'];
        for (const step of steps) {
          const code = step === 'run' ? 125 : 1;
          assert.equal((await failing({ fail: { [step]: { said, code } } })).failure.cause, cause, `${step}: ${said}`);
        }
      }
    });

    it('of a docker that says in its answer only that nobody is there', async () => {
      const stdout = JSON.stringify({
        ServerErrors: ['Cannot connect to the Docker daemon at tcp://x. Is the docker daemon running?'],
      });
      assert.equal((await failing({ fail: { info: { said: '', code: 0, stdout } } })).failure.cause, 'engine-down');
    });

    it('of a program that cannot be run are the exit codes 126 and 127', async () => {
      const driver = standIn.driver({ nodePath: '/not/there/node' });
      assert.equal((await failing({}, driver)).failure.cause, 'no-node');
      const denied = { run: { said: 'exec: "node": permission denied', code: 126 } };
      assert.equal((await failing({ fail: denied })).failure.cause, 'no-node');
    });

    it('are told where no engine is', async () => {
      const missing = new ContainerDriver({ image: SOME_IMAGE, engine: path.join(standIn.folder, 'missing') }, roomy);
      const { failure } = await failing({}, missing);
      assert.equal(failure.cause, 'no-engine');
      assert.match(failure.message, /Install it/);
      assert.throws(() => new ContainerDriver({ image: SOME_IMAGE, engine: './docker' }), /neither/);
    });

    it('of an engine that never answers', async () => {
      standIn.play({ hangs: ['info'] });
      const error = await rejection(ask(standIn.command, ['info'], 300));
      assert.ok(error instanceof ContainerError && error.failure.cause === 'engine-down');
      assert.match(error.message, /did not answer within 0.3 s/);
    });

    it('are looked at again at the next start', async () => {
      const driver = standIn.driver();
      await failing({ fail: { info: { said: 'Is the docker daemon running?', code: 1 } } }, driver);
      standIn.play({});
      assert.equal((await (await start(driver, { sandbox: policy })).close()).kind, 'closed');
    });
  });

  describe('room', () => {
    const limits = { memory: GB, pids: 256 };
    const memory = (freeBytes: number) => ({ memory: { totalBytes: 10 * GB, freeBytes }, pids: undefined });
    const pids = (used: number) => ({ memory: undefined, pids: { most: 10_000, used } });

    it('is there while 20 % of the memory and 10 % of the processes stay free', () => {
      checkRoom(memory(3 * GB), limits, undefined);
      checkRoom(pids(10_000 - 1_000 - 256), limits, undefined);
      for (const [room, word] of [
        [memory(3 * GB - 1), 'memory'],
        [pids(10_000 - 1_000 - 255), 'pids'],
      ] as const)
        assert.throws(
          () => checkRoom(room, limits, undefined),
          (error) => {
            assert.ok(error instanceof ContainerError && error.failure.cause === 'no-room');
            return error.message.includes(`'sandbox.${word}'`);
          },
        );
    });

    it('is that of the engine, which may have a machine of its own', () => {
      checkRoom(memory(9 * GB), { memory: GB, pids: 64 }, 1.25 * GB);
      assert.throws(() => checkRoom(memory(9 * GB), { memory: GB, pids: 64 }, 1.2 * GB), /does not fit/);
    });

    it('is looked at before each start', async () => {
      const driver = standIn.driver({}, { room: () => Promise.resolve(memory(GB)) });
      assert.equal((await failing({}, driver)).failure.cause, 'no-room');
      assert.deepEqual(standIn.asked('run'), []);
    });

    it('is read from the system where it tells', async () => {
      const files: Readonly<Record<string, string>> = {
        '/proc/meminfo': 'MemTotal:       100 kB\nMemAvailable:    40 kB\n',
        '/proc/sys/kernel/pid_max': '32768\n',
        '/proc/loadavg': '0.1 0.2 0.3 2/345 6789\n',
      };
      assert.deepEqual(await machineRoom('linux', (file) => Promise.resolve(files[file] ?? '')), {
        memory: { totalBytes: 102_400, freeBytes: 40_960 },
        pids: { most: 32_768, used: 345 },
      });
      const nothing = { memory: undefined, pids: undefined };
      assert.deepEqual(await machineRoom('linux', () => Promise.reject(new Error('ENOENT'))), nothing);
      assert.deepEqual(await machineRoom('darwin'), nothing);
    });
  });

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
      const sandbox = {
        ...policy,
        write: [odd],
        protect: [path.join(odd, '.git')],
        memory: GB,
        pids: 100,
        cpu: 1.5,
        tmp: 1024 ** 2,
      };
      const worker = await start(standIn.driver({ workspace: 'mine' }), { sandbox, cwd: odd, env: { GIVEN: 'yes' } });
      assert.equal(await worker.send('environment', 'BULKHEAD_TEST_SECRET'), null);
      assert.equal(await worker.send('environment', 'GIVEN'), 'yes');
      assert.equal(await worker.send('environment', 'IMAGE'), 'yes');
      assert.equal(await worker.send('environment', 'HOME'), '/tmp');
      await worker.close();
      delete process.env['BULKHEAD_TEST_SECRET'];
      const line = (standIn.asked('run')[0] ?? []).join(' ');
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
        assert.match((await rejection(start(standIn.driver(), options))).message, what);
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

  const ends = (
    title: string,
    choose: () => Promise<{
      readonly engine: string;
      readonly image: string;
      readonly left: () => Promise<readonly string[]>;
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
        assert.equal((await left()).length, 2);
        host.kill('SIGKILL');
        const end = performance.now() + 30_000;
        while ((await left()).length > 0) assert.ok(performance.now() < end, 'containers are still there');
      });
    });
  };

  ends('a stand-in for the engine', () =>
    Promise.resolve({ engine: standIn.command, image: SOME_IMAGE, left: () => Promise.resolve(standIn.containers()) }),
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
        left: async () => {
          const label = `label=bulkhead.system=${thisOwner().system}`;
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
      const put = (name: string): string => standIn.put(name, owner.system);
      const gone = put(containerName({ ...owner, pid, started }));
      const reused = put(containerName({ ...owner, started: '0123456789ab' }));
      const own = put(containerName(owner));
      const foreign = put('somebody-elses');
      const elsewhere = standIn.put(containerName({ ...owner, pid, started }), 'another-machine');
      assert.deepEqual([...(await removeOrphans(standIn.command))].toSorted(), [gone, reused].toSorted());
      assert.deepEqual([...standIn.containers()].toSorted(), [own, foreign, elsewhere].toSorted());
      for (const name of standIn.containers()) standIn.take(name);
    });

    it('are removed by the next host, if the command of the engine was killed with its host', async () => {
      const owner = thisOwner();
      const left = standIn.put(containerName({ ...owner, started: '0123456789ab' }), owner.system);
      await (await start(standIn.driver(), { sandbox: policy })).close();
      assert.ok(!standIn.containers().includes(left));
    });

    it('that cannot be removed keep no worker from starting', async () => {
      standIn.play({ fail: { ps: { said: 'no', code: 1 } } });
      await (await start(standIn.driver(), { sandbox: policy })).close();
      assert.deepEqual(await removeOrphans(path.join(standIn.folder, 'missing')), []);
    });
  });

  it('leaves stdin and stdout to the worker', async () => {
    const printed: string[] = [];
    const onLog = ({ source, message }: LogEntry): void => void printed.push(`${source}: ${message}`);
    const worker = await start(standIn.driver(), { sandbox: policy, onLog });
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
      rejection(start(standIn.driver({ nodePath: '/bin/echo' }), { sandbox: policy })),
      'the failure',
    );
    assert.ok(error instanceof SpawnError);
    assert.match(error.message, /is no message/);
  });

  it('can be ended while the engine takes its time, for an image for instance', async () => {
    standIn.play({ images: [], hangs: ['pull'] });
    const controller = new AbortController();
    const driver = standIn.driver({ pull: 'missing' });
    const starting = rejection(start(driver, { sandbox: policy, signal: controller.signal }));
    await until(() => standIn.asked('pull').length > 0, 'the engine is asked');
    controller.abort();
    assert.equal((await soon(starting, 'the end of the start')).name, 'CancelledError');
    process.kill(standIn.pid('pull'), 'SIGKILL');
  });

  it('can be ended before there is a container, and leaves none', async () => {
    standIn.play({ hangs: ['run'] });
    const controller = new AbortController();
    const starting = rejection(start(standIn.driver(), { sandbox: policy, signal: controller.signal }));
    await until(() => standIn.asked('run').length > 0, 'the engine is asked');
    controller.abort();
    await soon(starting, 'the end of the start');
    assert.ok(standIn.asked('rm').length > 0, 'what may be there is removed');
  });
});
