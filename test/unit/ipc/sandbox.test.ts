/**
 * Sandboxes of child processes. Where bubblewrap works, the real one is tested; elsewhere, that its absence is told with
 * its cause. Launchers that only fail are tested everywhere.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { canaryAttempts, measureSandbox } from '../../../workers/ipc/index.ts';
import { bubblewrapArguments } from '../../../workers/ipc/sandbox/bubblewrap.ts';
import { sandboxFailure } from '../../../workers/ipc/sandbox/failures.ts';
import { findLauncher, installationOf } from '../../../workers/ipc/sandbox/launcher.ts';
import { layoutOf } from '../../../workers/ipc/sandbox/policy.ts';
import { seatbeltProfile } from '../../../workers/ipc/sandbox/seatbelt.ts';
import { canSandbox, launcherThatSays, launcherWords, sandbox } from '../../support/sandbox.ts';
import { fixturePath, rejection, socketDirectories, soon, start, until } from './support.ts';

const windows = process.platform === 'win32';

describe('sandbox', () => {
  let folder: string;
  before(() => {
    folder = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'sandbox-test-')));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('tells the causes apart, each with the way out', () => {
    for (const [cause, text] of launcherWords) {
      const failure = sandboxFailure(['noise', text]);
      assert.equal(failure.cause, cause, text);
      assert.match(failure.message, cause === 'other' ? /Unknown option/ : /\. .+\.$/);
    }
  });

  /** Stands for what holds inside: nothing starts, and why is told. */
  const expectNone = async (): Promise<void> => {
    const report = await measureSandbox(sandbox);
    // Nobody has seen yet what a Mac says.
    if (process.platform === 'darwin') return assert.match(report.state, /^(?:full|partial|none)$/);
    assert.ok(report.state === 'none', JSON.stringify(report));
    assert.match(report.failure.message, /\w\.$/);
    const error = await rejection(start('child-process', { sandbox }));
    assert.ok(['SpawnError', 'DriverError'].includes(error.name), error.name);
    assert.deepEqual(socketDirectories(), []);
  };

  it('measures none where the launcher fails, and starts nothing', async () => {
    if (windows) return expectNone();
    for (const [cause, text] of launcherWords) {
      const report = await measureSandbox({ ...sandbox, launcher: launcherThatSays(folder, text) });
      assert.ok(report.state === 'none' && report.failure.cause === cause, text);
    }
    const error = await rejection(
      start('child-process', { sandbox: { ...sandbox, launcher: path.join(folder, 'bwrap') } }),
    );
    assert.equal(error.name, 'SpawnError');
    assert.deepEqual(socketDirectories(), []);
  });

  it('finds no launcher in relative folders, and none on Windows', () => {
    launcherThatSays(folder, '');
    const relative = findLauncher('linux', path.relative(process.cwd(), folder));
    assert.notEqual(relative, path.join(path.relative(process.cwd(), folder), 'bwrap'));
    if (!windows) assert.equal(findLauncher('linux', folder), path.join(folder, 'bwrap'));
    const none = findLauncher('win32');
    assert.ok(typeof none !== 'string' && none.cause === 'platform');
  });

  it('never opens the home folder for the sake of Node', () => {
    assert.equal(
      installationOf('/home/me/.nvm/versions/node/v24/bin/node', '/home/me'),
      '/home/me/.nvm/versions/node/v24',
    );
    assert.equal(installationOf('/home/me/bin/node', '/home/me'), '/home/me/bin');
    assert.equal(installationOf('/home/me/node', '/home/me'), '/home/me/node');
    const temporary = path.join(os.tmpdir(), 'node');
    assert.equal(installationOf(temporary, '/home/me'), temporary);
  });

  it('mounts outer folders first, real ones once, and keeps what is protected', async () => {
    if (windows) return expectNone();
    const at = (name: string): string => path.join(folder, 'layout', name);
    for (const name of ['ws/.git', 'ws/src', 'real/inner']) mkdirSync(at(name), { recursive: true });
    symlinkSync('real', at('link'));
    symlinkSync(at('real'), at('ws/out'));
    const policy = {
      read: [at('ws/src'), at('link/inner'), at('ws/out'), at('ws'), at('missing')],
      write: [at('ws')],
      protect: [at('ws/.git')],
    };
    const { mounts, links } = layoutOf(policy);
    assert.deepEqual(mounts, [
      { path: at('ws'), writable: true },
      { path: at('real'), writable: false },
      { path: at('ws/src'), writable: false },
      { path: at('ws/.git'), writable: false },
    ]);
    assert.deepEqual([...links], [[at('link'), 'real']]);
    const line = bubblewrapArguments({ ...policy, network: 'none', env: [] }, ['node', 'a']).join(' ');
    for (const part of ['--unshare-net', '--unshare-pid', '--die-with-parent', '--cap-drop ALL', '-- node a'])
      assert.ok(line.includes(part), part);
    assert.ok(line.includes(`--bind ${at('ws')} ${at('ws')} `) && line.includes(`--symlink real ${at('link')} `));
    assert.ok(!bubblewrapArguments({ ...policy, network: 'host', env: [] }, []).includes('--unshare-net'));
  });

  it('writes a profile of Seatbelt', () => {
    const mounts = [
      { path: '/usr', writable: false },
      { path: '/ws "quoted"', writable: true },
      { path: '/ws "quoted"/.git', writable: false },
    ];
    const layout = { mounts, links: new Map([['/etc', 'private/etc']]) };
    const profile = seatbeltProfile({ network: 'none', read: [], write: [], env: [] }, '/scratch', undefined, layout);
    const golden = path.join(import.meta.dirname, '../../fixtures/ipc/seatbelt.sb');
    assert.equal(profile, readFileSync(golden, 'utf8'));
    const policy = { network: { allow: ['registry.example.org:443'] }, read: [], write: [], env: [] };
    const allows = seatbeltProfile(policy, '/scratch', { port: 20_123, socketPath: '/ws "quoted"/p' }, layout);
    assert.equal(allows, readFileSync(golden.replace('.sb', '-allow.sb'), 'utf8'));
  });

  it('refuses what does not go together with it', async () => {
    for (const options of [{ detached: true }, { socketPath: path.join(folder, 's') }])
      assert.match((await rejection(start('child-process', { sandbox, ...options }))).message, /exclude each other/);
    assert.match(
      (await rejection(start('worker-threads', { sandbox }))).message,
      /has no use for the option 'sandbox'/,
    );
  });

  it('keeps everything that the canary tries, or says why there is none', async () => {
    if (!canSandbox()) return expectNone();
    assert.deepEqual(await measureSandbox(sandbox), { state: 'full' });
  });

  it('is told as partial where it keeps less', async () => {
    if (!canSandbox()) return expectNone();
    const report = await measureSandbox({ ...sandbox, read: [...sandbox.read, os.tmpdir()] });
    const opened = ['connect to a socket in a folder', 'read a file outside'];
    assert.deepEqual(report, {
      state: 'partial',
      allowed: canaryAttempts.filter((attempt) => opened.includes(attempt)),
    });
  });

  it('supervises what runs inside: reasons of ends, signs of life, and the end itself', async () => {
    if (!canSandbox()) return expectNone();
    const open = () => soon(start('child-process', { sandbox, execArgv: ['--max-old-space-size=40'] }), 'the worker');
    const worker = await open();
    assert.equal(await worker.send('echo', 'inside'), 'inside');
    assert.ok(isLauncher(worker.pid), 'the process id is that outside');
    await worker.send('spin', { ms: 1_500 });
    assert.ok((worker.vitals?.rssBytes ?? 0) > 10_000_000);
    assert.equal((await worker.close()).expected, true);
    const ends = [
      ['kill', { signal: 'SIGKILL', exitCode: undefined, outOfMemory: false }],
      ['abort', { signal: 'SIGABRT', exitCode: undefined, outOfMemory: false }],
      ['heap', { signal: 'SIGABRT', exitCode: undefined, outOfMemory: 'heap' }],
      // What bubblewrap says of a child that SIGKILL ended, too.
      ['exit', { signal: undefined, exitCode: 137, outOfMemory: false }],
    ] as const;
    const endings = ends.map(async ([how, expected]) => {
      const dying = await open();
      await rejection(how === 'exit' ? dying.send('exit', { code: 137 }) : dying.send('die', { how }));
      const { signal, exitCode, outOfMemory } = await soon(dying.exited, 'the end');
      assert.deepEqual({ signal, exitCode, outOfMemory }, expected, how);
    });
    await Promise.all(endings);
    await until(() => socketDirectories().length === 0, 'the sockets are gone');
  });

  it('ends with a host that is killed, and so do processes that left the group', async () => {
    if (!canSandbox()) return expectNone();
    const host = spawn(process.execPath, [fixturePath('sandbox-host.ts')], { stdio: ['ignore', 'pipe', 'inherit'] });
    await soon(new Promise((resolve) => host.stdout.once('data', resolve)), 'the worker and its stray', 30_000);
    const marked = async (): Promise<number> => {
      const names = (await readdir('/proc')).filter((name) => Number(name) > 0 && Number(name) !== host.pid);
      const lines = await Promise.all(names.map((name) => readFile(`/proc/${name}/cmdline`, 'latin1').catch(() => '')));
      return lines.filter((line) => line.includes('sandbox-stray')).length;
    };
    assert.equal(await marked(), 1);
    host.kill('SIGKILL');
    // Five seconds are promised, on a machine that has time for it.
    const end = performance.now() + 30_000;
    while ((await marked()) > 0) assert.ok(performance.now() < end, 'the stray is still there');
  });
});

function isLauncher(pid: number | undefined): boolean {
  return readFileSync(`/proc/${String(pid)}/comm`, 'utf8').trim() === 'bwrap';
}
