/** Directories of sockets whose hosts, workers and guards were killed in the same instant. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { removeStaleSockets } from '../../../workers/ipc/drivers/stale-sockets.ts';

/** Listens, and is killed before it can remove its socket. */
const killedListener = `require('net').createServer().listen(process.argv[1], () => process.kill(process.pid, 'SIGKILL'))`;

describe('stale sockets', () => {
  let base: string;
  let deadPid: number;
  let servers: net.Server[];
  const later = (): number => Date.now() + 3_600_000;

  beforeEach(function () {
    // There are no socket files on Windows.
    if (process.platform === 'win32') return this.skip();
    base = mkdtempSync(path.join(os.tmpdir(), 'stale-'));
    deadPid = spawnSync(process.execPath, ['-e', '0']).pid;
    servers = [];
  });

  afterEach(() => {
    for (const server of servers) server.close();
    rmSync(base, { recursive: true, force: true });
  });

  function place(pid: number, suffix = 'AbCd12'): string {
    const directory = path.join(base, `iw-${pid}-${suffix}`);
    mkdirSync(directory);
    return path.join(directory, 's');
  }

  async function listen(socketPath: string): Promise<void> {
    const server = net.createServer();
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  }

  it('are removed with their directories when host and worker are dead', async () => {
    const left = place(deadPid);
    spawnSync(process.execPath, ['-e', killedListener, left]);
    assert.equal(existsSync(left), true, 'the kill left the socket');
    const empty = place(deadPid, 'EfGh34');
    assert.equal(await removeStaleSockets(base, later()), 2);
    assert.deepEqual([existsSync(path.dirname(left)), existsSync(path.dirname(empty))], [false, false]);
  });

  it('stay while their host lives, while a detached worker answers, and while they are young', async () => {
    const ofLivingHost = place(process.pid);
    const ofDetachedWorker = place(deadPid);
    await listen(ofDetachedWorker);
    assert.equal(await removeStaleSockets(base, later()), 0);
    const young = place(deadPid, 'EfGh34');
    assert.equal(await removeStaleSockets(base), 0);
    for (const kept of [ofLivingHost, ofDetachedWorker, young])
      assert.equal(existsSync(path.dirname(kept)), true, kept);
  });

  it('are told from what others put there', async () => {
    for (const name of ['iw-', `iw-${deadPid}`, `iw-${deadPid}-AbCd12-more`, `xiw-${deadPid}-AbCd12`]) {
      mkdirSync(path.join(base, name));
    }
    writeFileSync(path.join(path.dirname(place(deadPid)), 'mine.txt'), 'not a socket');
    await removeStaleSockets(base, later());
    assert.equal(existsSync(path.join(base, `iw-${deadPid}-AbCd12`, 'mine.txt')), true);
    assert.equal(existsSync(path.join(base, `iw-${deadPid}-AbCd12-more`)), true);
    assert.equal(await removeStaleSockets(path.join(base, 'not-there')), 0);
  });
});
