/** When the host is killed, nothing it started is there five seconds later: no process, no socket. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { build } from 'esbuild';
import { fixturePath, isAlive, socketDirectories, soon, until } from './support.ts';

interface Family {
  readonly host: number;
  readonly children: readonly number[];
}

/** A host with workers that are idle, busy for ever, looping while they load, and one with a child of its own. */
async function startFamily(kind: string, script = fixturePath('host.ts')): Promise<Family> {
  const host = spawn(process.execPath, [script, kind], { stdio: ['ignore', 'pipe', 'inherit'] });
  const line = await soon(
    new Promise<string>((resolve, reject) => {
      let text = '';
      host.stdout.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
        if (text.includes('\n')) resolve(text);
      });
      host.once('exit', (code) => reject(new Error(`The host ended with ${code}.`)));
    }),
    'the workers of the host',
    30_000,
  );
  return { host: host.pid ?? 0, children: JSON.parse(line) as number[] };
}

describe('orphans', () => {
  for (const kind of ['idle', 'busy', 'loading', 'grandchild', 'stdio', 'stopped']) {
    it(`kill -9 of the host leaves nothing: ${kind}`, async () => {
      const { host, children } = await startFamily(kind);
      assert.ok(children.length > 0);
      for (const pid of children) assert.equal(isAlive(pid), true);
      process.kill(host, 'SIGKILL');
      await until(() => !children.some(isAlive), 'all children are gone', 5000);
      await until(() => socketDirectories(host).length === 0, 'the sockets are gone', 5000);
    });
  }

  it('also when host and worker are bundled, minified, with names kept', async () => {
    const directory = mkdtempSync(path.join(os.tmpdir(), 'ipc-bundle-'));
    try {
      await build({
        entryPoints: [fixturePath('host.ts'), fixturePath('worker.ts')],
        outdir: directory,
        outExtension: { '.js': '.mjs' },
        bundle: true,
        minify: true,
        keepNames: true,
        platform: 'node',
        format: 'esm',
        define: { WORKER_NAME: '"worker.mjs"' },
        logLevel: 'error',
      });
      const { host, children } = await startFamily('busy', path.join(directory, 'host.mjs'));
      process.kill(host, 'SIGKILL');
      await until(() => !children.some(isAlive), 'all children are gone', 5000);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it('a host that just ends takes its workers along', async () => {
    const { host, children } = await startFamily('ends');
    await until(() => !isAlive(host), 'the host has ended');
    await until(() => !children.some(isAlive), 'all children are gone', 5000);
    assert.deepEqual(socketDirectories(host), []);
  });

  it('the children of a worker do not hold its lifeline', async function () {
    if (process.platform !== 'linux') return;
    const { host, children } = await startFamily('grandchild');
    const [, grandchild] = children;
    const arguments_ = readFileSync(`/proc/${grandchild ?? 0}/cmdline`, 'utf8');
    assert.ok(!arguments_.includes('--import'));
    // Only the depth of nesting is inherited: see nesting.ts.
    const environment = readFileSync(`/proc/${grandchild ?? 0}/environ`, 'utf8').replaceAll(
      /ISOLATED_WORKER_DEPTH=\d+/g,
      '',
    );
    assert.ok(!environment.includes('ISOLATED_WORKER'));
    process.kill(host, 'SIGKILL');
    await until(() => !children.some(isAlive), 'all children are gone', 5000);
  });
});
