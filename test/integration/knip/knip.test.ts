/** The `knip` detector: what a knip prints becomes findings, what it does wrong a problem, and neither an exception. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, utimesSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { detector } from '../../../workers/detectors/knip/index.ts';
import { detector as packages } from '../../../workers/detectors/package/index.ts';
import type { Issue } from '../../../workers/protocol/detector-protocol.ts';
import { emptyConfiguration } from '../../../server/configuration/read.ts';
import { detectorSettings } from '../../../server/engine/detector-settings.ts';
import { manifestOf } from '../../../workers/detectors/manifests.ts';
import { runDetector } from '../../support/run-detector.ts';
import { makeWorkspace } from '../../support/workspace.ts';
import { workspaceOf, type TestWorkspace } from '../graph/workspace.ts';

type Files = Readonly<Record<string, string | object>>;

/** A knip that runs this instead of looking at anything. It has `root`, and `print` for a report. */
function fakeKnip(script: string, version = '6.1.0'): Files {
  return {
    'node_modules/knip/package.json': { name: 'knip', version, type: 'module', bin: { knip: 'run.js' } },
    'node_modules/knip/run.js': `import fs from 'node:fs';\nconst print = (report) => console.log(JSON.stringify(report));\n${script}\n`,
  };
}

const basis: Files = {
  'package.json': { name: 'p', dependencies: { left: '1' } },
  'knip.json': '{}',
  'a.ts': '',
};

const place = ({ file, rule, range: { start, end } }: Issue): string =>
  `${file}:${String(start.line + 1)}:${String(start.character + 1)}-${String(end.character + 1)} ${rule}`;

describe('knip', () => {
  it('runs as the script of the project does', async () => {
    const printing = fakeKnip("fs.writeFileSync('args.txt', process.argv.slice(6).join(' '));\nprint({ issues: [] });");
    const argumentsOf = async (files: Files, options = {}): Promise<readonly (string | undefined)[]> => {
      using workspace = workspaceOf({ ...printing, ...files });
      const { plan } = await runDetector(detector, workspace.root, options);
      const ran = path.join(workspace.root, 'args.txt');
      return [existsSync(ran) ? readFileSync(ran, 'utf8') : undefined, plan.note, plan.units[0]?.file];
    };
    const scripts = (all: object): Files => ({ 'package.json': { scripts: all } });
    for (const [script, args, config] of [
      ['knip', '', 'package.json'],
      ['tsc && knip -p --strict --reporter compact --fix --max-issues 3', '--production --strict', 'package.json'],
      [
        'cross-env X=1 knip -c config/knip.json --workspace a -W b',
        '--config=config/knip.json --workspace=a --workspace=b',
        'config/knip.json',
      ],
      [
        'knip --include files,exports --exclude=types --tags=-internal',
        '--include=files,exports --exclude=types --tags=-internal',
        'package.json',
      ],
    ] as const) {
      const [ran, note, file] = await argumentsOf(scripts({ knip: script }));
      assert.equal(ran, args, script);
      assert.equal(note, args === '' ? undefined : `Run as npm run knip does: knip ${args}.`);
      assert.equal(file, config);
    }
    const [ran, note] = await argumentsOf(
      scripts({ knip: 'knip', 'knip:prod': 'knip --production', 'knip:fix': 'knip --fix' }),
    );
    assert.equal(ran, '');
    assert.equal(note, 'Not run: npm run knip:prod (knip --production). To run knip so, set its option "arguments".');
    assert.equal((await argumentsOf(scripts({ knip: 'knip' }), { arguments: ['--production'] }))[0], '--production');
    assert.match(String((await argumentsOf({ 'package.json': {} }))[1]), /no script runs knip/);
  });

  it('places the findings of knip 6', async () => {
    const text = "import 'far/away';\nexport const one = 1;\nexport enum E { A, B }\nexport { one as two };\n";
    const report = {
      issues: [
        { file: 'src/gone.ts', files: [{ name: 'src/gone.ts' }] },
        {
          file: 'package.json',
          owners: [{ name: '@somebody' }],
          dependencies: [{ name: 'left' }],
          binaries: [{ name: 'prog' }],
        },
        {
          file: 'src/a.ts',
          unlisted: [{ name: 'far', line: 1, col: 8, pos: 7 }],
          exports: [{ name: 'one', line: 2, col: 14, pos: 32 }],
          enumMembers: [{ namespace: 'E', name: 'B', line: 3, col: 20, pos: 60 }],
          duplicates: [[{ name: 'one', line: 2, col: 14, pos: 32 }, { name: 'two', line: 4, col: 17, pos: 80 }]],
          somethingNew: [{ name: 'x', line: 4, col: 1 }],
        },
      ],
    }; // prettier-ignore
    using workspace = workspaceOf({
      ...basis,
      'package.json': '{\n  "name": "p",\n  "scripts": { "a": "x", "b": "prog --y" },\n  "dependencies": {\n    "left": "1"\n  }\n}\n',
      'src/a.ts': text,
      ...fakeKnip(`print(${JSON.stringify(report)})`),
    }); // prettier-ignore
    const { plan, issues, problems } = await runDetector(detector, workspace.root);
    assert.deepEqual(problems, []);
    assert.equal(plan.engine, 'knip 6.1.0');
    assert.deepEqual(issues.map(place), [
      'package.json:3:26-41 binaries',
      'package.json:5:5-16 dependencies',
      'src/a.ts:1:9-17 unlisted',
      'src/a.ts:2:14-17 duplicates',
      'src/a.ts:2:14-17 exports',
      'src/a.ts:3:20-21 enumMembers',
      'src/a.ts:4:1-2 somethingNew',
      'src/gone.ts:1:1-1 files',
    ]);
    assert.deepEqual(new Set(issues.map(({ severity }) => severity)), new Set(['warning']));
    const duplicates = issues.find(({ rule }) => rule === 'duplicates');
    assert.match(duplicates?.message ?? '', /'one', 'two'/);
    assert.deepEqual(duplicates?.related?.map(({ range }) => range.start), [{ line: 3, character: 16 }]); // prettier-ignore
    assert.match(issues.find(({ rule }) => rule === 'enumMembers')?.message ?? '', /'E\.B'/);
  });

  it('understands knip 5, whatever a configuration prints beside the report', async () => {
    const report = {
      files: ['src/gone.ts'],
      issues: [
        {
          file: 'src/a.ts',
          unlisted: [{ name: 'far' }],
          enumMembers: { E: [{ name: 'B', line: 2, col: 20, pos: 38 }] },
          classMembers: {},
        },
      ],
    };
    using workspace = workspaceOf({
      ...basis,
      'src/a.ts': "import 'far/away';\nexport enum E { A, B }\n",
      ...fakeKnip(`console.log('{ "loading": 1 }'); print(${JSON.stringify(report)}); console.log('bye')`, '5.0.0'),
    });
    const { issues, problems } = await runDetector(detector, workspace.root, { rules: { files: 'error', exports: 'off' } }); // prettier-ignore
    assert.deepEqual(problems, []);
    assert.deepEqual(issues.map(place), [
      'src/a.ts:1:9-12 unlisted',
      'src/a.ts:2:20-21 enumMembers',
      'src/gone.ts:1:1-1 files',
    ]);
    assert.equal(issues.at(-1)?.severity, 'error');
  });

  it('reports nothing of a type that is off', async () => {
    const report = { issues: [{ file: 'a.ts', types: [{ name: 'T' }], exports: [{ name: 'e' }] }] };
    using workspace = workspaceOf({ ...basis, ...fakeKnip(`print(${JSON.stringify(report)})`) });
    const { issues } = await runDetector(detector, workspace.root, { rules: { types: 'off' } });
    assert.deepEqual(issues.map(({ rule }) => rule), ['exports']); // prettier-ignore
  });

  it('is applicable only with a configuration and an installed knip', async () => {
    const notes = async (files: Files): Promise<string | undefined> => {
      using workspace = workspaceOf(files);
      const { plan } = await runDetector(detector, workspace.root);
      return plan.status === 'ready' ? plan.units[0]?.file : plan.note;
    };
    const fake = fakeKnip('print({ issues: [] })');
    assert.match((await notes({ 'package.json': {}, ...fake })) ?? '', /no knip configuration/);
    assert.match((await notes(basis)) ?? '', /not installed/);
    assert.match((await notes({ ...basis, ...fakeKnip('', '4.9.0') })) ?? '', /4\.9\.0 is too old/);
    assert.equal(await notes({ ...basis, ...fake }), 'knip.json');
    assert.equal(await notes({ 'package.json': { knip: {} }, ...fake }), 'package.json');
    assert.equal(await notes({ 'package.json': {}, 'knip.config.ts': '', ...fake }), 'knip.config.ts');
    // A manifest that no longer names knip ends its work, and does not leave it with nothing to say.
    const decidedBy = async (files: Files): Promise<readonly string[]> => {
      using workspace = workspaceOf(files);
      return (await runDetector(detector, workspace.root)).plan.configFiles;
    };
    assert.deepEqual(await decidedBy({ 'package.json': { knip: {} }, ...fake }), ['package.json']);
    assert.deepEqual(await decidedBy({ 'package.json': { scripts: { lint: 'knip' } }, ...fake }), ['package.json']);
    assert.deepEqual(await decidedBy({ ...basis, ...fake }), ['knip.json']);
  });

  const faults = {
    'a configuration that throws': ["console.error('knip.json: no such plugin'); process.exit(2)", /exit code 2.*no such plugin/],
    'no output': ['', /printed no report/],
    'output that is no report': ["console.log('{ no'); console.log('[1]'); console.log('{}')", /printed no report: \{ no/],
    'a death by its own fault': ['process.abort()', /SIGABRT|exit code 134/],
    'a flood': ["const line = 'x'.repeat(1 << 20); for (;;) fs.writeSync(1, line)", /printed more than 64 MB/],
    'silence': ['setInterval(() => {}, 1000)', /did not finish within 2 s/],
  } as const; // prettier-ignore
  for (const [fault, [script, message]] of Object.entries(faults)) {
    it(`names the configuration after ${fault}`, async () => {
      using workspace = workspaceOf({ ...basis, ...fakeKnip(script) });
      const { issues, problems } = await runDetector(detector, workspace.root, {
        timeout: fault === 'silence' ? 2 : 60,
      });
      assert.deepEqual(issues, []);
      assert.equal(problems.length, 1);
      const [problem] = problems;
      assert.equal(problem?.file, 'knip.json');
      assert.equal(problem?.fatal, true);
      assert.match(problem?.message ?? '', message);
    });
  }

  it('accepts a report with errors, and names the files that could not be loaded', async () => {
    const complain = "console.error('ERROR: Error loading a/vite.config.ts (no vite)'); process.exitCode = 2;";
    using workspace = workspaceOf({
      ...basis,
      ...fakeKnip(`${complain} print({ issues: [{ file: 'a.ts', exports: [{ name: 'e' }] }] })`),
    });
    const { issues, problems } = await runDetector(detector, workspace.root);
    assert.deepEqual(
      issues.map(({ rule }) => rule),
      ['exports'],
    );
    assert.deepEqual(
      problems.map(({ file, fatal }) => [file, fatal]),
      [['a/vite.config.ts', true]],
    );
    assert.match(problems[0]?.message ?? '', /no vite/);
  });

  it('ends a knip process whose check was cancelled', async () => {
    using workspace = workspaceOf({ ...basis, ...fakeKnip("fs.writeFileSync('pid', String(process.pid)); setInterval(() => {}, 1000)") }); // prettier-ignore
    const abort = new AbortController();
    const run = runDetector(detector, workspace.root, {}, { signal: abort.signal });
    const file = path.join(workspace.root, 'pid');
    while (!existsSync(file) || readFileSync(file, 'utf8') === '') await delay(20);
    const pid = Number(readFileSync(file, 'utf8'));
    abort.abort(new Error('enough'));
    await assert.rejects(run, /enough/);
    while (isAlive(pid)) await delay(20);
  });

  it('runs when it is quiet, not for unsaved text', async () => {
    using workspace = workspaceOf({
      ...basis,
      ...fakeKnip("fs.appendFileSync('runs', '.'); print({ issues: [] })"),
      'a.ts': '',
    });
    const runs = (): number => readFileSync(path.join(workspace.root, 'runs'), 'utf8').length;
    const { root } = workspace;
    const typed = { overlays: [{ file: 'a.ts', text: 'x', version: 1 }], since: { knip: 1 }, changed: ['a.ts'] };
    await runDetector(detector, root);
    assert.equal(runs(), 1);
    const whileTyping = await runDetector(detector, root, {}, typed);
    assert.deepEqual(whileTyping.result?.coverage, { knip: 'unchanged' });
    const time = new Date(Date.now() + 60_000);
    utimesSync(path.join(root, 'a.ts'), time, time);
    const hidden = await runDetector(detector, root, {}, typed);
    assert.deepEqual(hidden.result?.coverage, { knip: 'affected' }, 'the text hides that it was saved');
    const saved = await runDetector(detector, root, {}, { since: { knip: 1 }, changed: ['a.ts'] });
    assert.deepEqual(saved.result?.coverage, { knip: 'affected' });
    assert.equal(runs(), 1);
    const confirmed = await runDetector(detector, root, {}, { since: { knip: 1 }, changed: [], revalidate: true });
    assert.equal(confirmed.result?.coverage, undefined);
    assert.equal(runs(), 2);
  });

  it('keeps reporting why it failed while the user types, and tries again after a save', async () => {
    using workspace = workspaceOf({ ...basis, ...fakeKnip("fs.appendFileSync('runs', '.'); process.exit(2)") });
    const runs = (): number => readFileSync(path.join(workspace.root, 'runs'), 'utf8').length;
    const ask = async (extra: object): Promise<number> => (await runDetector(detector, workspace.root, {}, extra)).problems.length; // prettier-ignore
    const overlays = [{ file: 'a.ts', text: 'x', version: 1 }];
    assert.equal(await ask({}), 1);
    assert.equal(await ask({ overlays, changed: ['a.ts'] }), 1);
    assert.equal(runs(), 1);
    assert.equal(await ask({ changed: ['knip.json'] }), 1);
    assert.equal(runs(), 2);
  });

  it('does not run before the workspace is trusted', () => {
    assert.equal(manifestOf('knip')?.untrusted, 'does not run');
    assert.deepEqual(manifestOf('package')?.untrusted, { knip: 'off' });
  });

  it('reports unused dependencies of packages in the workspace, unless it is disabled', async () => {
    const files = {
      ...basis,
      'package.json': { name: 'p', private: true, workspaces: ['a'], dependencies: { left: '1' } },
      'a/package.json': { name: 'a', dependencies: { right: '1' } },
      'apart/package.json': { name: 'b', dependencies: { middle: '1' } },
      'a/a.js': '',
      'apart/b.js': '',
      // It says that no package has peers.
      'package-lock.json': { lockfileVersion: 3, packages: {} },
    };
    const unused = async (workspace: TestWorkspace, options = {}): Promise<readonly string[]> => {
      const { issues } = await runDetector(packages, workspace.root, options);
      return issues.filter(({ rule }) => rule === 'unused-dependency').map(({ file }) => file);
    };
    using without = workspaceOf(files);
    assert.deepEqual(await unused(without), ['a/package.json', 'apart/package.json', 'package.json']);
    using workspace = workspaceOf({ ...files, ...fakeKnip('') });
    assert.deepEqual(await unused(workspace), ['apart/package.json']);
    const catalog = { ...files, 'pnpm-workspace.yaml': "packages: [a]\ncatalog:\n  x: '1'\n" };
    const catalogRules = async (more: Files): Promise<number> => {
      using withCatalog = workspaceOf({ ...catalog, ...more });
      const { issues } = await runDetector(packages, withCatalog.root);
      return issues.filter(({ rule }) => rule === 'unused-catalog-entry').length;
    };
    assert.deepEqual([await catalogRules({}), await catalogRules(fakeKnip('', '5.1.0'))], [1, 1]);
    assert.equal(await catalogRules(fakeKnip('')), 0);
    const choices = { off: ['knip'] };
    const options = detectorSettings(emptyConfiguration, choices).detectors.get('package') ?? {};
    assert.deepEqual(await unused(workspace, options), ['a/package.json', 'apart/package.json', 'package.json']);
  });

  it('reports the same as the real one', async function () {
    this.timeout(60_000);
    await using workspace = await makeWorkspace({
      'package.json': '{\n  "name": "p",\n  "type": "module",\n  "dependencies": {\n    "left": "1"\n  }\n}\n',
      'knip.json': '{ "entry": ["src/main.ts"], "project": ["src/**"] }\n',
      'src/main.ts': "import { used } from './used.ts';\nconsole.log(used);\n",
      'src/used.ts': 'export const used = 1;\nexport const spare = 2;\n',
      'src/dead.ts': 'export {};\n',
    });
    await workspace.link({ knip: 'knip' });
    const { issues, problems } = await runDetector(detector, workspace.root);
    assert.deepEqual(problems, []);
    assert.deepEqual(issues.map(place), [
      'package.json:5:5-16 dependencies',
      'src/dead.ts:1:1-1 files',
      'src/used.ts:2:14-19 exports',
    ]);
    await workspace.write({ 'knip.json': '{ "entry": 1 }\n' });
    const broken = await runDetector(detector, workspace.root);
    assert.equal(broken.problems[0]?.file, 'knip.json');
    assert.match(broken.problems[0].message, /entry/);
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
