/** `bulkhead check --sandbox require` with code that means harm: in the sandbox it reaches nothing, without one it does not run. */
import assert from 'node:assert/strict';
import { mkdtemp, readdir, realpath, rm, writeFile } from 'node:fs/promises';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { checkJson, startCli } from '../../support/cli.ts';
import { processesWith } from '../../support/processes.ts';
import { canSandbox, launcherThatSays } from '../../support/sandbox.ts';
import { makeWorkspace } from '../../support/workspace.ts';

/** Tries all, and tells in a finding what came of it. */
const hostile = (outside: string, port: number): string => `
import { execFileSync, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
const came = {};
const attempt = (name, run) => {
  try {
    run();
    came[name] = 'done';
  } catch (error) {
    came[name] = error.code ?? error.stdout;
  }
};
const outside = ${JSON.stringify(outside)};
const connect = "require('node:net').connect(${port}, '127.0.0.1').on('error', ({ code }) => { console.log(code); process.exit(1); })";
attempt('read', () => readFileSync(outside + '/secret'));
attempt('write', () => writeFileSync(outside + '/written', ''));
attempt('overwrite', () => writeFileSync(new URL('src/a.js', import.meta.url), ''));
attempt('add', () => writeFileSync(new URL('added', import.meta.url), ''));
attempt('connect', () => execFileSync(process.execPath, ['-e', connect], { encoding: 'utf8', timeout: 20_000 }));
attempt('stay', () => spawn('sleep', ['3600'], { detached: true, stdio: 'ignore', env: {}, argv0: outside }).unref());
came.token = process.env.SECRET_TOKEN ?? 'unset';
const rule = { create: (context) => ({ Program: (node) => context.report({ node, message: JSON.stringify(came) }) }) };
export default [{ files: ['src/*.js'], plugins: { x: { rules: { rule } } }, rules: { 'x/rule': 'error' } }];
`;

describe('bulkhead check --sandbox require', function () {
  this.timeout(60_000);

  it('keeps a hostile ESLint configuration from files, network, secrets and outliving it, or does not run it', async () => {
    const outside = await realpath(await mkdtemp(path.join(os.tmpdir(), 'bulkhead-outside-')));
    await writeFile(path.join(outside, 'secret'), 'secret');
    let connections = 0;
    const server = net.createServer((socket) => socket.destroy(void (connections += 1)));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as net.AddressInfo;
    await using workspace = await makeWorkspace({
      'package.json': '{ "name": "hostile", "private": true, "type": "module" }',
      'eslint.config.js': hostile(outside, port),
      'src/a.js': 'export const a = 1;\n',
    });
    await workspace.link({ eslint: 'eslint' });
    process.env['SECRET_TOKEN'] = 'secret';
    try {
      const { code, report } = await checkJson(workspace.root, '--detectors', 'eslint', '--sandbox', 'require');
      if (canSandbox()) {
        assert.equal(code, 1);
        assert.deepEqual(JSON.parse(report.issues[0]?.message ?? ''), {
          ...{ read: 'ENOENT', write: 'ENOENT', overwrite: 'EROFS', add: 'EROFS' },
          ...{ connect: 'ECONNREFUSED\n', stay: 'done', token: 'unset' },
        });
      } else if (process.platform !== 'darwin') {
        assert.equal(code, 3);
        assert.match(report.detectors[0]?.error ?? '', /^No worker runs, because a sandbox is required\. /);
      }
      if (process.platform !== 'win32') assert.deepEqual(processesWith(outside), []);
      assert.equal(connections, 0);
      assert.deepEqual(await readdir(outside), ['secret']);
      assert.ok(!(await readdir(workspace.root)).includes('added'));
    } finally {
      delete process.env['SECRET_TOKEN'];
      server.close();
      await rm(outside, { recursive: true, force: true });
    }
  });

  it('says once why nothing ran, and how to repair it', async () => {
    if (process.platform === 'win32') return;
    await using workspace = await makeWorkspace({ 'src/a.ts': 'export const a = 1;\n' });
    launcherThatSays(workspace.root, 'bwrap: setting up uid map: Operation not permitted');
    const env = { ...process.env, PATH: `${workspace.root}${path.delimiter}${process.env['PATH'] ?? ''}` };
    const { code, stdout } = await startCli(['check', workspace.root, '--sandbox', 'require'], { env }).result;
    if (process.platform === 'darwin') return;
    assert.equal(code, 3);
    assert.equal(stdout.match(/Root lacks the capability CAP_SETFCAP\. Run as an ordinary user/g)?.length, 1, stdout);
    assert.ok(!stdout.includes('ran code of this folder'), stdout);
  });

  it('lets code of a folder that is not trusted run only inside, and says that it did', async () => {
    await using workspace = await makeWorkspace({
      'package.json': '{ "name": "untrusted", "private": true, "type": "module" }',
      'eslint.config.js':
        "import { writeFileSync } from 'node:fs';\ntry { writeFileSync(new URL('added', import.meta.url), ''); } catch {}\nexport default [{ rules: { 'no-var': 'error' } }];\n",
      'src/a.js': 'var a = 1;\n',
    });
    await workspace.link({ eslint: 'eslint' });
    const run = (...argv: readonly string[]) =>
      startCli(['check', workspace.root, '--untrusted', '--sandbox', 'require', ...argv]).result;
    const before = await run();
    assert.ok(!before.stdout.includes('no-var'), before.stdout);
    const { code, stdout } = await run('--sandbox-untrusted', '--detectors', 'eslint');
    assert.ok(!(await readdir(workspace.root)).includes('added'));
    if (canSandbox()) {
      assert.match(stdout, /no-var/);
      assert.match(stdout, /eslint ran code of this folder in the sandbox\./);
      assert.equal(code, 1);
    } else if (process.platform !== 'darwin') assert.equal(code, 3);
  });

  it('says what a tool asks for and may not reach, and lets it reach what the user names', async () => {
    if (!canSandbox()) return;
    const script = `
const [answer] = await Promise.allSettled(['granted.invalid', 'other.invalid'].map((host) => fetch('https://' + host + '/').catch(() => {})));
console.log('src/a.js:1:1: ' + process.env.HTTPS_PROXY);`;
    const network = ['granted.invalid:443', 'other.invalid:443'];
    const declaration = {
      command: ['node', 'tool.mjs'],
      network,
      pattern: '^(?<file>[^:]+):(?<line>\\d+):(?<column>\\d+): (?<message>.*)$',
    };
    await using workspace = await makeWorkspace({
      'bulkhead.config.json': JSON.stringify({ external: { asks: declaration } }),
      'tool.mjs': script,
      'src/a.js': 'export const a = 1;\n',
    });
    const run = (...argv: readonly string[]) =>
      startCli(['check', workspace.root, '--detectors', 'asks', '--sandbox', 'require', '--fail-on', 'never', ...argv])
        .result;
    const closed = await run();
    const told = closed.stdout + closed.stderr;
    assert.equal(
      told.match(/asks asks for granted\.invalid:443, other\.invalid:443, which it cannot reach/g)?.length,
      1,
      told,
    );
    assert.match(told, /--sandbox-network asks=granted\.invalid:443/);
    assert.match(told, /src\/a\.js[^]*undefined/, 'no proxy without a grant');
    const opened = await run('--sandbox-network', 'asks=granted.invalid:443');
    const said = opened.stdout + opened.stderr;
    assert.match(said, /asks asks for other\.invalid:443, which/);
    assert.match(said, /asks#1 was refused other\.invalid:443: it is not on the allow-list/);
    // No resolver knows it.
    assert.match(said, /asks#1 could not reach granted\.invalid:443: its name was not resolved/);
  });
});
