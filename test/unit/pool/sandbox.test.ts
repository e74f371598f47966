/** When workers run in a sandbox, what they may read there, and what is told. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { SandboxReport } from '../../../workers/ipc/index.ts';
import { detectorTable, entryOfTool } from '../../../server/pool/detectors.ts';
import { nodeThread } from '../../../server/pool/runtimes.ts';
import { launchIn } from '../../../server/pool/process-link.ts';
import { confinementOf, Sandbox } from '../../../server/pool/sandbox.ts';
import { noSandbox, requiredOf, type SandboxSettings } from '../../../server/pool/sandbox-settings.ts';
import { pathsAround } from '../../../server/pool/sandbox-paths.ts';
import { sandboxFailure } from '../../../workers/ipc/sandbox/failures.ts';
import { canSandbox, launcherThatSays, launcherWords } from '../../support/sandbox.ts';
import type { LaunchOptions } from '../../../server/pool/link.ts';
import type { DetectorEntry } from '../../../server/pool/worker-entry.ts';

describe('sandbox of the pool', () => {
  let folder: string;
  before(() => {
    folder = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'pool-sandbox-')));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const make = (settings: Partial<SandboxSettings>, report: SandboxReport, launcher = '/usr/bin/bwrap') => {
    const warnings: string[] = [];
    const sandbox = new Sandbox(
      { ...noSandbox, mode: 'auto', ...settings },
      {
        launcher: () => launcher,
        measure: () => Promise.resolve(report),
        warn: (message) => warnings.push(message),
        groupOf: (detector) => (detector === 'circular' ? 'graph' : detector),
      },
    );
    return { sandbox, warnings };
  };
  const start = (entry: DetectorEntry | undefined = detectorTable['eslint']): LaunchOptions => {
    assert.ok(entry !== undefined);
    return { name: `${entry.group}#1`, root: folder, heapMb: 500, entry, startMs: 60_000, log: () => {} };
  };
  /** On Windows: `auto` says so, and goes on without. */
  const expectNoLauncher = async (): Promise<void> => {
    const warnings: string[] = [];
    const sandbox = new Sandbox({ ...noSandbox, mode: 'auto' }, { warn: (message) => warnings.push(message) });
    assert.equal(await sandbox.policyFor(start()), undefined);
    assert.match(warnings.join('\n'), /^Workers run without a sandbox\. There is no sandbox for Windows\. /);
  };
  const full: SandboxReport = { state: 'full' };
  const none: SandboxReport = {
    state: 'none',
    failure: { cause: 'no-setfcap', message: 'Root lacks something. Grant it.', said: '' },
  };

  it('gives each detector what its manifest names, and nothing more', async () => {
    const { sandbox } = make({ read: ['~/shared'] }, full);
    const eslint = (await sandbox.policyFor(start())) ?? assert.fail();
    assert.equal(eslint.network, 'none');
    assert.deepEqual(eslint.write, []);
    assert.ok([folder, path.join(os.homedir(), 'shared')].every((name) => eslint.read.includes(name)));
    assert.ok(!eslint.env.some((name) => /TOKEN|SECRET|AWS|NPM|GITHUB|^\*$/.test(name)));
    const build = (await sandbox.policyFor(start(detectorTable['build']))) ?? assert.fail();
    assert.deepEqual(build.write, [folder]);
    assert.ok(build.protect?.includes(path.join(folder, '.git')));
    assert.deepEqual((await sandbox.policyFor(start(entryOfTool('lint'))))?.write, []);
  });

  it('leaves out the detectors that the user names, with those that share their worker', async () => {
    const { sandbox } = make({ except: ['circular', 'lint'] }, full);
    assert.equal(await sandbox.policyFor(start(detectorTable['import'])), undefined);
    assert.equal(await sandbox.policyFor(start(entryOfTool('lint'))), undefined);
    assert.ok(await sandbox.policyFor(start()));
  });

  it('lets the worker of a tool reach the hosts that the user names, and tells of those that only a folder names', async () => {
    const network = { lint: ['Registry.example.org:443', '10.0.0.1:80'], circular: ['a.example:1'] };
    const { sandbox, warnings } = make({ network }, full);
    const policyOf = async (name: string) => sandbox.policyFor(start(detectorTable[name] ?? entryOfTool(name)));
    assert.deepEqual((await policyOf('lint'))?.network, { allow: ['registry.example.org:443'] });
    assert.match(warnings.join('\n'), /^'bulkhead\.sandboxNetwork' of lint: "10\.0\.0\.1:80" is an address\./);
    assert.deepEqual(
      (await policyOf('import'))?.network,
      { allow: ['a.example:1'] },
      'it shares the worker of circular',
    );
    for (const name of ['eslint', 'other']) assert.equal((await policyOf(name))?.network, 'none');
    warnings.length = 0;
    sandbox.asked('lint', ['registry.example.org:443']);
    assert.deepEqual(warnings, []);
    sandbox.asked('lint', ['registry.example.org:443', 'b.example:443']);
    sandbox.asked('lint', ['registry.example.org:443', 'b.example:443']);
    sandbox.asked('other', ['b.example:443']);
    assert.equal(warnings.length, 2);
    assert.match(
      warnings[0] ?? '',
      /^lint asks for b\.example:443, which .* --sandbox-network lint=b\.example:443\)\.$/,
    );
    const excepted = make({ except: ['lint'] }, full);
    excepted.sandbox.asked('lint', ['b.example:443']);
    assert.deepEqual(excepted.warnings, []);
    assert.deepEqual(
      requiredOf({ ...noSandbox, mode: 'require', except: ['knip'], network: { lint: ['a.example:1'] } }),
      {
        sandboxExcept: ['knip', 'lint=a.example:1'],
      },
    );
  });

  it('shows the hosts that workers reached or wished to, folded and capped', () => {
    const { sandbox } = make({}, full);
    assert.equal(sandbox.health().network, undefined);
    const reach = (host: string, outcome: 'allowed' | 'refused'): void =>
      sandbox.reached('lint#1', { host, port: 443, outcome });
    for (let index = 0; index < 1_000; index += 1) reach(`h${index}\u001B[2J`, 'refused');
    for (let index = 0; index < 3; index += 1) reach('registry.example.org', 'allowed');
    const { hosts = [], unlisted } = sandbox.health().network ?? {};
    assert.equal(hosts.length, 51);
    assert.equal(unlisted, 950);
    assert.equal(hosts[0]?.host, 'h0\\x1B[2J');
    const { worker, host, port, outcome, count } = hosts.at(-1) ?? assert.fail();
    assert.deepEqual([worker, host, port, outcome, count], ['lint#1', 'registry.example.org', 443, 'allowed', 3]);
  });

  it('confines untrusted code only in a required sandbox, and lets nobody out of it who has more', () => {
    const chosen = { ...noSandbox, mode: 'require', untrusted: true } as const;
    assert.equal(confinementOf({ ...chosen, untrusted: false }), undefined);
    for (const mode of ['auto', 'off'] as const) assert.equal(confinementOf({ ...chosen, mode }), undefined);
    assert.deepEqual(confinementOf(chosen), { except: [] });
    const { except = [] } =
      confinementOf({ ...chosen, except: ['circular'], network: { lint: ['a.example:1'] } }) ?? {};
    for (const name of ['circular', 'import', 'lint']) assert.ok(except.includes(name), name);
    assert.ok(!except.includes('eslint'));
  });

  it('requires a sandbox that keeps everything: nothing starts otherwise, and the error says how to repair it', async () => {
    for (const report of [none, { state: 'partial', allowed: ['resolve a name'] } satisfies SandboxReport]) {
      const { sandbox } = make({ mode: 'require' }, report);
      const link = launchIn(sandbox)(start());
      assert.equal(await link.ready, false);
      const { refused = '' } = await link.exited;
      assert.match(refused, /a sandbox is required/);
      assert.match(refused, report.state === 'none' ? /Grant it\./ : /can still resolve a name\./);
      assert.equal(sandbox.health().state, report.state);
    }
  });

  it('tells of each cause once with `auto`, and starts nothing because of it with `require`', async () => {
    if (process.platform === 'win32') return expectNoLauncher();
    for (const [cause, text] of launcherWords) {
      const { message } = sandboxFailure([text]);
      const { sandbox: auto, warnings } = make({}, full);
      assert.ok(await auto.policyFor(start()));
      assert.equal(auto.failed('eslint#1', [text]), true, 'it starts outside');
      if (cause !== 'other') assert.equal(await auto.policyFor(start()), undefined, 'so do the next ones');
      assert.equal(warnings.length, 1);
      assert.ok(warnings[0]?.includes(message), text);

      const launcher = launcherThatSays(folder, text);
      const settings = { ...noSandbox, mode: 'require' } as const;
      const required = new Sandbox(settings, { launcher: () => launcher, warn: (said) => assert.fail(said) });
      const link = launchIn(required)(start());
      assert.equal(await link.ready, false);
      assert.equal(link.pid, undefined);
      const { refused = '' } = await link.exited;
      assert.ok(refused.includes(message), text);
      assert.equal(required.health().state, 'none');
    }
  });

  it('has no sandbox for other drivers: `require` refuses them, `auto` says so, and the user may except them', async () => {
    const entry = { ...detectorTable['circular'], title: 'Other', group: 'other', runtime: nodeThread };
    const refused = make({ mode: 'require' }, full).sandbox.policyFor(start(entry));
    await assert.rejects(refused, /'worker-threads' cannot run in a sandbox\. .*sandboxExcept/);
    assert.equal(await make({ mode: 'require', except: ['other'] }, full).sandbox.policyFor(start(entry)), undefined);
    const { sandbox, warnings } = make({}, full);
    assert.equal(await sandbox.policyFor(start(entry)), undefined);
    assert.match(warnings.join('\n'), /^other#1 runs without a sandbox\./);
  });

  it('lets a capture out of the sandbox, or makes it where there is none', async () => {
    const warnings: string[] = [];
    const sandbox = new Sandbox({ ...noSandbox, mode: 'auto' }, { warn: (message) => warnings.push(message) });
    const link = launchIn(sandbox)(start(detectorTable['circular']));
    assert.ok(await link.ready);
    const isKnown = process.platform !== 'darwin';
    if (isKnown) assert.equal(link.sandboxed, canSandbox());
    const file = path.join(folder, 'x.cpuprofile');
    await link.capture('cpu-profile', file, 50);
    assert.ok('nodes' in (JSON.parse(readFileSync(file, 'utf8')) as object));
    link.close();
    await link.exited;
    if (isKnown) assert.equal(warnings.length, canSandbox() ? 0 : 1);
  });

  it('says what a sandbox does not keep', async () => {
    const { sandbox, warnings } = make({}, { state: 'partial', allowed: ['resolve a name'] });
    const policy = (await sandbox.policyFor(start())) ?? assert.fail();
    sandbox.started(start(), policy);
    sandbox.started(start(), policy);
    await new Promise(setImmediate);
    assert.deepEqual(warnings, ['The sandbox of workers does not keep everything: resolve a name.']);
    assert.equal(sandbox.health().state, 'partial');
  });

  it('starts a worker outside when it does not start inside, and says so once', async () => {
    if (process.platform === 'win32') return expectNoLauncher();
    const launcher = launcherThatSays(folder, 'bwrap: setting up uid map: Permission denied');
    const { sandbox, warnings } = make({}, full, launcher);
    for (const sandboxed of [false, false]) {
      const link = launchIn(sandbox)(start(detectorTable['circular']));
      assert.equal(await link.ready, true);
      assert.equal(link.sandboxed, sandboxed);
      link.close();
      await link.exited;
    }
    assert.equal(warnings.length, 1);
    assert.match(warnings[0] ?? '', /^Workers run without a sandbox\. AppArmor .*Install the profile/);
    assert.equal(sandbox.health().state, 'none');
  });

  it('leads no worker outside by what code inside can bring about', async () => {
    const { sandbox, warnings } = make({}, full);
    const policy = (await sandbox.policyFor(start())) ?? assert.fail();
    sandbox.started(start(), policy);
    assert.equal(sandbox.failed('knip#1', ['bwrap: Creating new namespace failed: No space left on device']), false);
    assert.equal(sandbox.failed('knip#1', ['It was not ready after 60 s.']), false);
    assert.equal(sandbox.failed('build#1', ["bwrap: Can't bind mount /a on /newroot/a: No such file"]), true);
    assert.equal(warnings.length, 1);
    assert.ok(await sandbox.policyFor(start()), 'the others stay inside');
  });

  it('opens the packages that links lead to, and nothing else that a folder points at', async () => {
    if (process.platform === 'win32') return expectNoLauncher();
    const at = (name: string): string => path.join(folder, 'home', name);
    const put = (name: string): void => {
      mkdirSync(path.dirname(at(name)), { recursive: true });
      writeFileSync(at(name), '{}');
    };
    const link = (name: string, target: string): void => {
      mkdirSync(path.dirname(at(name)), { recursive: true });
      symlinkSync(at(target), at(name));
    };
    put('code/repo/.git/HEAD');
    put('code/repo/apps/web/package.json');
    put('code/package.json');
    put('code/.npmrc');
    put('package.json');
    put('code/node_modules/above/package.json');
    put('.ssh/id');
    put('store/b@1/node_modules/b/package.json');
    put('data/pnpm/store/v10/links/c/node_modules/c/package.json');
    put('lib/packages/linked/package.json');
    put('lib/node_modules/dependency/package.json');
    link('store/a@1/node_modules/b', 'store/b@1/node_modules/b');
    put('store/a@1/node_modules/a/package.json');
    link('code/repo/apps/web/node_modules/a', 'store/a@1/node_modules/a');
    link('code/repo/apps/web/node_modules/@scope/linked', 'lib/packages/linked');
    link('code/repo/apps/web/node_modules/keys', '.ssh');
    link('code/repo/apps/web/node_modules/everything', '.');
    link('code/repo/apps/web/keys', '.ssh');
    link('code/repo/apps/web/node_modules/pnpm', 'data/pnpm/store/v10/links/c/node_modules/c');
    const { read, unread } = await pathsAround(at('code/repo/apps/web'), at('.'));
    const found = new Set(read);
    const opened = [
      'code/repo',
      'code/package.json',
      'code/node_modules',
      'store/a@1/node_modules',
      'store/b@1/node_modules',
      'data/pnpm/store/v10',
    ];
    for (const name of opened) assert.ok(found.has(at(name)), `${name} can be read`);
    for (const name of ['.', '.ssh', 'code', 'code/.npmrc', 'lib', 'lib/packages/linked', 'lib/node_modules', 'store'])
      assert.ok(!found.has(path.resolve(at(name))), `${name} cannot be read`);
    const places = ['everything', 'keys', '@scope/linked'].map((name) => at(`code/repo/apps/web/node_modules/${name}`));
    assert.deepEqual([...unread.keys()].toSorted(), places.toSorted());
  });
});
