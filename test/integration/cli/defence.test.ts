/** What the terminal withstands: lost output, errors of its own, signals, caches of others, folders that go, untrusted code. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync } from 'node:fs';
import { chmod, mkdir, readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { CheckReport } from '../../../server/cli/result.ts';
import { ensureFreshBuild } from '../../../scripts/fresh-build.mjs';
import { checkJson, cli, startCli } from '../../support/cli.ts';
import { descendantsOf, until } from '../../support/processes.ts';
import { makeWorkspace, repository, type TestWorkspace } from '../../support/workspace.ts';

describe('bulkhead check, attacked', function () {
  this.timeout(120_000);
  let workspace: TestWorkspace;

  before(async () => {
    ensureFreshBuild();
    workspace = await makeWorkspace({
      'package.json': '{ "name": "attacked", "private": true, "type": "module" }',
      'a.js': "import { b } from './b.js';\nexport const a = () => b;\nimport './none.js';\n",
      'b.js': "import { a } from './a.js';\nexport const b = () => a;\n",
      'eslint.config.mjs': "import fs from 'node:fs';\nfs.writeFileSync('executed', '');\nexport default [];\n",
    });
  });
  after(() => workspace[Symbol.asyncDispose]());

  const graph = ['--detectors', 'circular,import'];
  const script = path.join(repository, 'dist', 'cli.mjs');

  it('says that its output was lost', async function () {
    if (!existsSync('/dev/full')) this.skip();
    for (const format of ['pretty', 'jsonl']) {
      const full = openSync('/dev/full', 'w');
      const argv = [script, 'check', workspace.root, ...graph, '--no-cache', '--fail-on', 'never', '--format', format];
      const child = spawn(process.execPath, argv, { stdio: ['ignore', full, 'pipe'] });
      closeSync(full);
      let stderr = '';
      child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
      assert.deepEqual(await once(child, 'close'), [3, null]);
      assert.match(stderr, /^bulkhead: The output could not be written, so it is incomplete: .*ENOSPC.*\n$/);
    }
  });

  it('has the same exit code if the reader leaves', async () => {
    const { child, result } = startCli(['check', workspace.root, ...graph]);
    child.stdout.destroy();
    const { code, stderr } = await result;
    assert.deepEqual([code, stderr], [1, '']);
  });

  it('survives an error that nobody caught, prints what it has found, and ends all it started', async () => {
    const isOurs = "process.argv[1].endsWith('cli.mjs')";
    const fault = `if (${isOurs}) setTimeout(() => { throw new Error('the keel \\u001b[31m broke') }, 400)`;
    const env = { ...process.env, NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(fault)}` };
    const { child, result } = startCli(['check', workspace.root, ...graph, '--format', 'json'], { env });
    const { code, stdout, stderr } = await result;
    assert.equal(code, 3, stderr);
    assert.match(stderr, /^bulkhead: internal error: Error: the keel \\x1B\[31m broke\n/);
    assert.equal((JSON.parse(stdout) as CheckReport).schemaVersion, 1);
    assert.deepEqual(descendantsOf(child.pid ?? 0), []);
  });

  it('leaves nothing behind after SIGHUP', async function () {
    if (process.platform === 'win32') this.skip();
    const { child, result } = startCli(['check', workspace.root, ...graph, '--watch'], { cache: true });
    await once(child.stdout, 'data');
    const below = descendantsOf(child.pid ?? 0);
    child.kill('SIGHUP');
    assert.equal((await result).code, 130);
    await until('all processes are gone', () => !below.some(({ pid }) => isRunning(pid)));
    const sockets = (await readdir(os.tmpdir())).filter((name) => name.startsWith(`iw-${child.pid}-`));
    assert.deepEqual(sockets, []);
  });

  it('does not call a folder done that was deleted meanwhile', async () => {
    await using doomed = await makeWorkspace({ 'package.json': '{ "name": "doomed" }', 'a.js': 'export {};\n' });
    const { child, result } = startCli(['check', doomed.root, ...graph, '--format', 'jsonl']);
    await once(child.stdout, 'data');
    await rm(doomed.root, { recursive: true });
    const { code, stdout } = await result;
    assert.equal(code, 3, stdout);
    assert.match(stdout, /was deleted during the check/);
    assert.equal(existsSync(doomed.root), false);
  });

  it('uses no cache that others can write, or that cannot be written, and says so once', async function () {
    if (process.platform === 'win32') this.skip();
    await using caches = await makeWorkspace({});
    const open = path.join(caches.root, 'open');
    await mkdir(path.join(open, 'bulkhead'), { recursive: true });
    await chmod(path.join(open, 'bulkhead'), 0o777);
    const cases = [[open, /^bulkhead: Stored results are not used: .*bulkhead can be written by other users\. .*\n$/], ['/proc/no-such', /^bulkhead: The store in .* cannot be used: .*\n$/]] as const; // prettier-ignore
    for (const [cache, message] of cases) {
      // Unlike the tests, people let Bulkhead choose where compiled code is kept.
      const { NODE_COMPILE_CACHE: _, ...inherited } = process.env;
      const env = { ...inherited, XDG_CACHE_HOME: cache };
      const { code, stderr } = await startCli(['check', workspace.root, ...graph], { env, cache: true }).result;
      assert.match(stderr, message);
      assert.equal(code, 1);
    }
    assert.deepEqual(await readdir(path.join(open, 'bulkhead')), []);
  });

  it('repeats what a compiler did that another process killed, and blames no file', async function () {
    if (process.platform === 'win32') this.skip();
    await using typed = await makeWorkspace({
      'tsconfig.json':
        '{ "compilerOptions": { "strict": true, "noEmit": true, "lib": ["es2023"], "types": [], "skipLibCheck": true } }',
      'a.ts': "export const a: number = 'a';\n",
      'b.ts': "import { a } from './a';\nexport const b: string = a;\n",
    });
    const { child, result } = startCli(['check', typed.root, '--detectors', 'typescript', '--format', 'json']);
    const killed = new Set<number>();
    let isOver = false;
    void result.then(() => (isOver = true));
    await until('three compilers are killed', () => {
      for (const { pid, command } of descendantsOf(child.pid ?? 0)) {
        if (!/ --api /.test(command) || killed.has(pid) || killed.size === 3) continue;
        killed.add(pid);
        process.kill(pid, 'SIGKILL');
      }
      return killed.size === 3 || isOver;
    });
    const { code, stdout } = await result;
    const { issues } = JSON.parse(stdout) as CheckReport;
    assert.ok(killed.size > 0);
    assert.deepEqual([code, issues.map(({ file, rule }) => `${file} ${rule}`)], [1, ['a.ts TS2322', 'b.ts TS2322']]);
  });

  it('runs no code of an untrusted folder, and says whose code it runs otherwise', async () => {
    await workspace.link({ eslint: 'eslint' });
    const executed = path.join(workspace.root, 'executed');
    const { code, report } = await checkJson(workspace.root, '--untrusted', '--fail-on', 'never');
    assert.equal(code, 0);
    assert.equal(existsSync(executed), false);
    const states = Object.fromEntries(report.detectors.map(({ name, status }) => [name, status]));
    assert.deepEqual([states['eslint'], states['knip'], states['circular']], ['restricted', 'restricted', 'done']);
    const trusted = await cli('check', workspace.root, '--detectors', 'eslint');
    assert.match(trusted.stdout, /eslint ran code of this folder\. --untrusted forbids that\./);
    assert.equal(existsSync(executed), true);
    const both = await cli('check', workspace.root, '--detectors', 'eslint', '--untrusted');
    assert.deepEqual([both.code, both.stdout], [2, '']);
    assert.match(both.stderr, /eslint runs code of the folder, which --untrusted forbids/);
  });
});

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
