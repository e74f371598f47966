/** Why no container runs: what the driver makes of all that an engine may say, played by a stand-in for it. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { ask } from '../../../workers/ipc/container/engine.ts';
import { containerFailure } from '../../../workers/ipc/container/failures.ts';
import { checkImage } from '../../../workers/ipc/container/image.ts';
import { checkRoom, machineRoom } from '../../../workers/ipc/container/room.ts';
import { ContainerDriver, ContainerError } from '../../../workers/ipc/drivers/container.ts';
import type { ContainerFailureCause } from '../../../workers/ipc/drivers/container.ts';
import { DriverError, SpawnError } from '../../../workers/ipc/index.ts';
import { policy, roomy, SOME_IMAGE, standInOfEach } from '../../support/container.ts';
import type { Play } from '../../support/container.ts';
import { rejection, soon, start } from './support.ts';

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

describe('container: failures', function () {
  // The driver refuses Windows: container.test.ts.
  if (process.platform === 'win32') return;

  const standIn = standInOfEach();

  const failing = async (play: Play, driver = standIn().driver()): Promise<ContainerError> => {
    standIn().play(play);
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
      assert.deepEqual(standIn().asked('pull'), []);
      assert.deepEqual(standIn().asked('run'), []);
    });

    it('is fetched once if that is allowed', async () => {
      standIn().play({ images: [] });
      const driver = standIn().driver({ pull: 'missing' });
      for (const _ of [1, 2]) await (await start(driver, { sandbox: policy })).close();
      assert.deepEqual(standIn().asked('pull'), [['pull', '--quiet', SOME_IMAGE]]);
      assert.ok(
        standIn()
          .asked('run')
          .every((args) => args.includes('--pull=never')),
      );
    });

    it('that cannot be fetched is told with what the registry said', async () => {
      const fail = { pull: { said: 'Error: manifest unknown', code: 1 } };
      const { failure } = await failing({ images: [], fail }, standIn().driver({ pull: 'missing' }));
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
      const driver = standIn().driver({ nodePath: '/not/there/node' });
      assert.equal((await failing({}, driver)).failure.cause, 'no-node');
      const denied = { run: { said: 'exec: "node": permission denied', code: 126 } };
      assert.equal((await failing({ fail: denied })).failure.cause, 'no-node');
    });

    it('are told where no engine is', async () => {
      const missing = new ContainerDriver({ image: SOME_IMAGE, engine: path.join(standIn().folder, 'missing') }, roomy);
      const { failure } = await failing({}, missing);
      assert.equal(failure.cause, 'no-engine');
      assert.match(failure.message, /Install it/);
      assert.throws(() => new ContainerDriver({ image: SOME_IMAGE, engine: './docker' }), /neither/);
    });

    it('of an engine that never answers', async () => {
      standIn().play({ hangs: ['info'] });
      const error = await rejection(ask(standIn().command, ['info'], 300));
      assert.ok(error instanceof ContainerError && error.failure.cause === 'engine-down');
      assert.match(error.message, /did not answer within 0.3 s/);
    });

    it('are looked at again at the next start', async () => {
      const driver = standIn().driver();
      await failing({ fail: { info: { said: 'Is the docker daemon running?', code: 1 } } }, driver);
      standIn().play({});
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
      const driver = standIn().driver({}, { room: () => Promise.resolve(memory(GB)) });
      assert.equal((await failing({}, driver)).failure.cause, 'no-room');
      assert.deepEqual(standIn().asked('run'), []);
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
});
