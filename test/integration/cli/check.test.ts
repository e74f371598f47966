import assert from 'node:assert/strict';
import { chmod } from 'node:fs/promises';
import path from 'node:path';
import { checkJson, cli, startCli } from '../../support/cli.ts';
import { descendantsOf, until } from '../../support/processes.ts';
import { makeBrokenWorkspace, makeWorkspace, repository, type TestWorkspace } from '../../support/workspace.ts';
import type { Issue } from '../../../workers/protocol/detector-protocol.ts';
import { workspaceOf } from '../graph/workspace.ts';

const sample = path.join(repository, 'samples', 'harbour');
const brief = (issue: Issue): string => `${issue.file}:${issue.range.start.line + 1} ${issue.detector}/${issue.rule}`;

describe('bulkhead check', function () {
  this.timeout(90_000);

  it('reads the workspace of pnpm in what is built', async () => {
    using workspace = workspaceOf({
      'package.json': { name: 'root', private: true, dependencies: { a: 'catalog:' } },
      'pnpm-workspace.yaml': 'packages: []\ncatalog:\n  a: 1.0.0\n  b: 1.0.0\n',
      'pnpm-lock.yaml': "lockfileVersion: '9.0'\n",
    });
    const { report } = await checkJson(workspace.root, '--detectors', 'package', '--no-cache');
    assert.deepEqual(report.issues.filter(({ file }) => file === 'pnpm-workspace.yaml').map(brief), [
      'pnpm-workspace.yaml:4 package/unused-catalog-entry',
    ]);
  });

  it('finds the planted issues of the sample, with all three detectors', async () => {
    const { code, report } = await checkJson(sample, '--detectors', 'typescript,eslint,circular');
    assert.equal(code, 1);
    assert.deepEqual(report.issues.filter((issue) => issue.detector !== 'circular').map(brief), [
      'src/harbour.ts:13 eslint/eqeqeq',
      'src/harbour.ts:17 typescript/TS2339',
      'src/manifest.ts:4 eslint/@typescript-eslint/no-unused-vars',
      'src/manifest.ts:8 typescript/TS2554',
      'src/ship.ts:11 typescript/TS2322',
      'src/tide.ts:2 typescript/TS2307',
      'src/tide.ts:6 eslint/prefer-const',
    ]);
    const cycles = report.issues.filter((issue) => issue.detector === 'circular');
    assert.deepEqual(
      cycles.map((issue) => issue.rule),
      ['import-cycle'],
    );
    assert.match(cycles[0]?.file ?? '', /^src\/(?:ship|harbour)\.ts$/);
    assert.deepEqual(
      report.detectors.map(({ name, status }) => `${name} ${status}`),
      ['typescript done', 'eslint done', 'circular done'],
    );
    assert.ok(report.health.every((health) => health.peakMemoryBytes > 0 && health.restarts === 0));
    assert.equal(report.schemaVersion, 1);
    assert.equal(report.summary.issues, report.issues.length);
  });

  it('starts no worker of a detector that has nothing to check', async () => {
    await using workspace = await makeWorkspace({ 'package.json': '{ "name": "plain", "private": true }' });
    const { report } = await checkJson(workspace.root, '--detectors', 'build,knip', '--no-cache');
    assert.deepEqual(
      report.detectors.map(({ name, status }) => `${name} ${status}`),
      ['build done', 'knip not-applicable'],
    );
    assert.deepEqual(
      report.health.map(({ name }) => name),
      ['build#1'],
    );
  });

  it('folds what follows from packages that are not installed, and says that answers are missing', async () => {
    await using workspace = await makeWorkspace({
      'package.json': '{ "name": "bare", "private": true, "dependencies": { "react": "*" } }',
      'pnpm-lock.yaml': '',
      'tsconfig.json':
        '{ "compilerOptions": { "strict": true, "jsx": "react-jsx", "noEmit": true, "lib": ["es2023"], "types": [], "skipLibCheck": true } }',
      'a.tsx': "import { use } from 'react';\nexport const a = <p onClick={(e) => use(e)} />;\n",
      'b.ts': "import 'react';\nimport './missing';\nexport const b: number = 'b';\n",
    });
    const { code, report } = await checkJson(workspace.root, '--detectors', 'typescript,import');
    const message = "Nothing is installed, so answers are missing. Run 'pnpm install --frozen-lockfile'.";
    assert.equal(code, 3);
    assert.deepEqual(
      report.detectors.slice(0, 1).map(({ status, error }) => [status, error]),
      [['degraded', message]],
    );
    const [missing, cause] = ['b.ts:2 typescript/TS2882', 'package.json:1 bulkhead/not-installed'];
    assert.deepEqual(report.issues.map(brief), [missing, 'b.ts:3 typescript/TS2322', cause]);
    assert.ok(report.issues.at(-1)?.message.startsWith(`${message} `));
    const count = report.issues.at(-1)?.consequences ?? 0;
    assert.ok(count >= 5, `${count} consequences`);
    const { stdout } = await cli('check', workspace.root, '--detectors', 'typescript', '--show-consequences');
    assert.match(stdout, /a\.tsx[\s\S]*TS2307[\s\S]*TS7026/);
    assert.equal(stdout.match(/bulkhead\/not-installed/g)?.length, 1);
  });

  describe('on a broken workspace', () => {
    let workspace: TestWorkspace;
    before(async () => {
      workspace = await makeBrokenWorkspace();
    });
    after(() => workspace[Symbol.asyncDispose]());

    it('streams in jsonl exactly the issues of json', async () => {
      const { report } = await checkJson(workspace.root);
      const { code, stdout } = await cli('check', workspace.root, '--format', 'jsonl');
      assert.equal(code, 1);
      const lines = stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as { type: string; issue?: Issue; name?: string });
      const streamed = lines.flatMap((line) => (line.type === 'issue' && line.issue ? [line.issue] : []));
      assert.deepEqual(
        streamed.map((issue) => JSON.stringify(issue)).sort(),
        report.issues.map((issue) => JSON.stringify(issue)).sort(),
      );
      assert.deepEqual(
        lines.flatMap((line) => (line.type === 'complete' ? [line.name] : [])).sort(),
        report.detectors.map((detector) => detector.name).sort(),
      );
      assert.equal(lines.at(-1)?.type, 'summary');
      assert.ok(lines.some((line) => line.type === 'progress'));
    });

    it('runs only the detectors that are named', async () => {
      const { report } = await checkJson(workspace.root, '--detectors', 'eslint');
      assert.deepEqual(report.issues.map(brief), ['src/loose.js:1 eslint/no-var', 'src/loose.js:2 eslint/eqeqeq']);
      assert.deepEqual(
        report.detectors.map((detector) => detector.name),
        ['eslint'],
      );
    });

    it('decides the exit code by --fail-on', async () => {
      const codeOf = async (...argv: string[]): Promise<number | null> =>
        (await checkJson(workspace.root, '--detectors', 'circular', ...argv)).code;
      assert.equal(await codeOf(), 0, 'a cycle is a warning');
      assert.equal(await codeOf('--fail-on', 'warning'), 1);
      assert.equal(await codeOf('--fail-on', 'never'), 0);
    });

    it('shows issues and a table in the pretty format', async () => {
      const { code, stdout } = await cli('check', workspace.root);
      assert.equal(code, 1);
      assert.match(
        stdout,
        /src\/types\.ts\n +1:14 +error +Type 'string' is not assignable to type 'number'\. +typescript\/TS2322/,
      );
      assert.match(stdout, /detector +status +errors +warnings/);
      assert.match(stdout, /worker +peak memory +restarts/);
      assert.match(stdout, /2 errors, 2 warnings in \d files/);
      assert.ok(!stdout.includes('\u001B'), 'no colours when nobody looks');
    });

    it('stops after the timeout, prints the issues so far and names the reason', async () => {
      const { code, report } = await checkJson(workspace.root, '--timeout', '0.05');
      assert.equal(code, 3);
      assert.ok(
        report.summary.incomplete.some((line) => line.includes('--timeout')),
        report.summary.incomplete.join(),
      );
    });

    it('ends its workers when it is interrupted', async () => {
      const { child, result } = startCli(['check', workspace.root, '--format', 'jsonl']);
      let workers: readonly { pid: number }[] = [];
      await until('workers run', () => {
        workers = descendantsOf(child.pid ?? 0);
        return workers.length > 0 || child.exitCode !== null;
      });
      child.kill('SIGINT');
      assert.equal((await result).code, 130);
      await until('workers are gone', () => workers.every(({ pid }) => !isRunning(pid)));
    });

    it('finds the same when each worker is killed in the middle', async () => {
      const { report: undisturbed } = await checkJson(workspace.root);
      for (const detector of ['typescript', 'eslint', 'graph']) {
        const { child, result } = startCli(['check', workspace.root, '--format', 'json']);
        let killed = 0;
        // As soon as it exists; a worker that was replaced is left alone.
        while (child.exitCode === null && killed === 0) {
          for (const process_ of descendantsOf(child.pid ?? 0)) {
            if (!process_.command.startsWith(`bulkhead ${detector}#`)) continue;
            if (isRunning(process_.pid)) {
              process.kill(process_.pid, 'SIGKILL');
              killed += 1;
            }
          }
          await new Promise((resolve) => setTimeout(resolve, 10));
        }
        const { stdout } = await result;
        const report = JSON.parse(stdout) as typeof undisturbed;
        assert.equal(killed, 1, `${detector}: a worker was killed`);
        assert.deepEqual(report.issues, undisturbed.issues, detector);
        assert.ok(
          report.health.some((health) => health.restarts > 0),
          `${detector}: the restart is told`,
        );
      }
    });
  });
});

describe('bulkhead check on unusual folders', function () {
  this.timeout(60_000);

  const cases: readonly {
    readonly title: string;
    readonly files: Readonly<Record<string, string>>;
    readonly name?: string;
    readonly link?: Readonly<Record<string, string>>;
    readonly code: number;
    /** Each must appear in the pretty output. */
    readonly says: readonly RegExp[];
  }[] = [
    {
      title: 'an empty folder',
      files: {},
      code: 0,
      says: [/typescript: .*tsconfig/i, /eslint: .*config/i, /No issues/],
    },
    {
      title: 'no tsconfig',
      files: { 'a.js': 'export const a = 1;\n' },
      code: 0,
      says: [/typescript: .*npx tsc --init/],
    },
    {
      title: 'a broken tsconfig',
      files: { 'tsconfig.json': '{ "compilerOptions": { "strict": tru } }', 'a.ts': 'export const a = 1;\n' },
      code: 1,
      says: [/tsconfig\.json\n.*TS\d+/],
    },
    {
      title: 'an ESLint configuration without ESLint',
      files: { 'eslint.config.js': 'export default [];', 'a.js': 'let a;' },
      code: 3,
      says: [/eslint: .*(?:npm install|install)/i, /eslint\.config\.js/],
    },
    {
      title: 'an ESLint configuration that throws',
      files: { 'eslint.config.mjs': "throw new Error('the anchor is lost');", 'a.js': 'let a;' },
      link: { eslint: 'eslint' },
      code: 3,
      says: [/the anchor is lost/, /eslint\.config\.mjs/],
    },
    {
      title: 'spaces and letters of many alphabets in the path',
      name: 'mit Leerzeichen und Ümläuten 港 [x] (y) #1',
      files: {
        'tsconfig.json':
          '{ "compilerOptions": { "strict": true, "lib": ["es2023"], "types": [], "skipLibCheck": true } }',
        'eslint.config.mjs': "export default [{ rules: { eqeqeq: 'error' } }];",
        'søren/größe.ts': 'export const größe: number = "groß";\n',
        'søren/[id].js': 'export const same = (a, b) => a == b;\n',
      },
      link: { eslint: 'eslint' },
      code: 1,
      says: [/søren\/größe\.ts\n.*TS2322/, /søren\/\[id\]\.js\n.*eqeqeq/],
    },
  ];

  for (const { title, files, name, link, code, says } of cases) {
    it(title, async () => {
      await using workspace = await makeWorkspace(files, name);
      if (link) await workspace.link(link);
      const result = await cli('check', workspace.root, '--detectors', 'typescript,eslint,circular');
      for (const pattern of says) assert.match(result.stdout, pattern);
      assert.equal(result.code, code, result.stdout + result.stderr);
      assert.equal(result.stderr, '');
    });
  }

  it('a folder without read permission', async function () {
    if (process.platform === 'win32') return;
    await using workspace = await makeWorkspace({ 'a.js': 'let a;' });
    await chmod(workspace.root, 0o000);
    try {
      // The superuser may read everything: somebody else has to try.
      const asNobody = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};
      const result = await startCli(['check', workspace.root], asNobody).result;
      assert.equal(result.code, 2);
      assert.match(result.stderr, /No permission to read .*needs read and search permission/);
    } finally {
      await chmod(workspace.root, 0o755);
    }
  });

  it('a folder below that cannot be read leaves the rest readable', async function () {
    if (process.platform === 'win32') return;
    await using workspace = await makeWorkspace({
      'tsconfig.json':
        '{ "compilerOptions": { "strict": true, "lib": ["es2023"], "types": [], "skipLibCheck": true } }',
      'a.ts': "export const a: number = 'b';\n",
      'locked/b.ts': 'export const b = 1;\n',
    });
    await chmod(path.dirname(workspace.root), 0o755);
    await chmod(path.join(workspace.root, 'locked'), 0o000);
    try {
      const asNobody = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};
      const result = await startCli(['check', workspace.root, '--detectors', 'typescript,circular'], asNobody).result;
      assert.match(result.stdout, /a\.ts\n.*TS2322/);
    } finally {
      await chmod(path.join(workspace.root, 'locked'), 0o755);
    }
  });
});

describe('bulkhead check, wrong use', function () {
  this.timeout(30_000);

  const cases: readonly [readonly string[], RegExp][] = [
    [['check', '/no/such/folder'], /Folder not found: .*no.such.folder/],
    [['check', path.join(repository, 'package.json')], /is a file/],
    [['check', '--detectors', 'spelling'], /Unknown detector "spelling"\. The detectors are typescript, .*eslint/],
    [['check', '--format', 'xml'], /--format must be one of pretty, jsonl, json, sarif/],
    [['check', '--max-workers', 'many'], /--max-workers must be a number/],
    [['check', '--timeout', '-1'], /--timeout/],
    [['check', '--colour'], /colour/],
    [['lint'], /Unknown command "lint"/],
    [['check', 'a', 'b'], /Only one folder can be given/],
  ];
  for (const [argv, says] of cases) {
    it(argv.join(' ').replaceAll(repository, ''), async () => {
      const { code, stdout, stderr } = await cli(...argv);
      assert.equal(code, 2);
      assert.match(stderr, says);
      assert.equal(stdout, '');
    });
  }

  it('a broken bulkhead.config.json names the file and the place', async () => {
    await using workspace = await makeWorkspace({ 'bulkhead.config.json': '{\n  "exclude": [,\n}\n' });
    const { code, stderr } = await cli('check', workspace.root);
    assert.equal(code, 2);
    assert.match(stderr, /bulkhead\.config\.json:2:\d+/);
  });

  it('a mistake in bulkhead.config.json is an issue, and the rest of the file is in force', async () => {
    await using workspace = await makeWorkspace({
      'bulkhead.config.json': '{ "exclude": ["b.js"], "detectors": { "imprt": false } }',
      'package.json': '{ "type": "module" }',
      'b.js': "import './none.js';\n",
    });
    const { code, report } = await checkJson(workspace.root);
    assert.equal(code, 0);
    assert.deepEqual(
      report.issues.map(({ file, detector, rule, range }) => [file, detector, rule, range.start.character]),
      [['bulkhead.config.json', 'bulkhead', 'unknown-option', 38]],
    );
    assert.equal((await cli('check', workspace.root, '--fail-on', 'warning')).code, 1);
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
