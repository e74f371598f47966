/** What keeps ESLint from working is one problem per cause, at its place, with the way out; the rest goes on. */
import assert from 'node:assert/strict';
import { chmodSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { detector } from '../../../workers/detectors/eslint/index.ts';
import type { DetectorProblem, Position } from '../../../workers/protocol/detector-protocol.ts';
import { runDetector } from '../../support/run-detector.ts';
import type { DetectorRun } from '../../support/run-detector.ts';
import { compare, runEslint } from './oracle.ts';
import { install, installWithout, makeWorkspace, removeWorkspaces, write } from './workspaces.ts';
import type { EslintAlias, Files } from './workspaces.ts';

const SOURCE = { 'src/a.js': 'a == 1;\n' };
const FLAT = { 'eslint.config.js': 'module.exports = [{ rules: { eqeqeq: 2 } }];\n' };

function onlyProblem(run: DetectorRun): DetectorProblem {
  assert.equal(run.problems.length, 1, JSON.stringify(run.problems));
  const [problem] = run.problems;
  assert.ok(problem);
  assert.equal(problem.fatal, true);
  return problem;
}

/** Runs without the right to read everything, which root has. */
async function unprivileged<T>(work: () => Promise<T>): Promise<T> {
  if (process.geteuid?.() !== 0) return work();
  process.seteuid?.(65534);
  try {
    return await work();
  } finally {
    process.seteuid?.(0);
  }
}

describe('eslint: problems', function () {
  this.timeout(60_000);
  after(removeWorkspaces);

  it('no configuration: not applicable, and a new one would be noticed', async () => {
    const dependency = { 'node_modules/dependency/eslint.config.js': '', 'node_modules/dependency/.eslintrc': '{}' };
    const run = await runDetector(detector, makeWorkspace({ ...SOURCE, ...dependency }, 'eslint'));
    assert.equal(run.plan.status, 'not-applicable');
    assert.match(run.plan.note ?? '', /npm init @eslint\/config@latest/);
    assert.deepEqual(run.problems, []);
    assert.ok(run.plan.configFiles.includes('eslint.config.js'));
  });

  it('an empty folder: not applicable', async () => {
    assert.equal((await runDetector(detector, makeWorkspace({}))).plan.status, 'not-applicable');
  });

  it('everything ignored: not applicable', async () => {
    const files = { 'eslint.config.js': "module.exports = [{ ignores: ['**/*'] }];\n", ...SOURCE };
    const run = await runDetector(detector, makeWorkspace(files, 'eslint'));
    assert.equal(run.plan.status, 'not-applicable');
    assert.match(run.plan.note ?? '', /no file/);
  });

  it('a configuration without ESLint: failed, at the configuration', async () => {
    const run = await runDetector(detector, makeWorkspace({ ...FLAT, ...SOURCE }));
    assert.equal(run.plan.status, 'failed');
    const problem = onlyProblem(run);
    assert.equal(problem.code, 'TOOL_MISSING');
    assert.equal(problem.file, 'eslint.config.js');
    assert.match(problem.message, /npm install --save-dev eslint/);
  });

  it('a manifest that is no JSON: failed, and ESLint is not said to be missing', async () => {
    for (const manifest of ['{ "name": "x', '', '[]']) {
      const run = await runDetector(
        detector,
        makeWorkspace({ ...FLAT, ...SOURCE, 'package.json': manifest }, 'eslint'),
      );
      const problem = onlyProblem(run);
      assert.equal(problem.code, 'TOOL_ERROR');
      assert.match(problem.message, /package\.json of this folder is not a valid JSON object/);
    }
  });

  it('an ESLint that is too old: failed, with both versions', async () => {
    const old = { 'node_modules/eslint/package.json': '{ "name": "eslint", "version": "6.8.0" }' };
    const run = await runDetector(detector, makeWorkspace({ '.eslintrc.json': '{}', ...old, ...SOURCE }));
    const problem = onlyProblem(run);
    assert.equal(problem.code, 'TOOL_ERROR');
    assert.match(problem.message, /6\.8\.0.*7\.0\.0/);
  });

  it('an ESLint that takes a flat configuration on trial only: failed, with the version that does', async () => {
    const files = { 'eslint.config.js': 'module.exports = [];\n', ...SOURCE };
    const problem = onlyProblem(await runDetector(detector, makeWorkspace(files, 'eslint8old')));
    assert.deepEqual([problem.code, problem.file], ['TOOL_ERROR', 'eslint.config.js']);
    assert.match(problem.message, /ESLint 8\.40\.0 .* on trial only\. Update it: .*eslint@8\.57\.1/);
  });

  it('an ESLint that does not load: failed, with the reason', async () => {
    const broken = {
      'node_modules/eslint/package.json': '{ "name": "eslint", "version": "9.0.0", "main": "./index.js" }',
      'node_modules/eslint/index.js': 'throw new Error("half installed");\n',
    };
    const problem = onlyProblem(await runDetector(detector, makeWorkspace({ ...FLAT, ...broken, ...SOURCE })));
    assert.equal(problem.code, 'TOOL_ERROR');
    assert.match(problem.message, /half installed/);
  });

  it('an eslintrc file and an ESLint that does not read them', async () => {
    for (const alias of ['eslint', 'eslint9'] as const) {
      const run = await runDetector(detector, makeWorkspace({ '.eslintrc.json': '{}', ...SOURCE }, alias));
      assert.equal(run.plan.status, 'failed');
      const problem = onlyProblem(run);
      assert.equal(problem.file, '.eslintrc.json');
      assert.match(problem.message, /migrate-config/);
    }
  });

  it('a flat configuration and an ESLint that is set not to read them', async () => {
    const before = process.env['ESLINT_USE_FLAT_CONFIG'];
    process.env['ESLINT_USE_FLAT_CONFIG'] = 'false';
    try {
      const problem = onlyProblem(await runDetector(detector, makeWorkspace({ ...FLAT, ...SOURCE }, 'eslint9')));
      assert.equal(problem.file, 'eslint.config.js');
      assert.match(problem.message, /ESLINT_USE_FLAT_CONFIG is false: unset it/);
    } finally {
      if (before === undefined) delete process.env['ESLINT_USE_FLAT_CONFIG'];
      else process.env['ESLINT_USE_FLAT_CONFIG'] = before;
    }
  });

  it('a stale eslintrc file at the root: a problem, and the folders below are linted', async () => {
    const files = { '.eslintrc.json': '{}', 'one/eslint.config.js': FLAT['eslint.config.js'], 'one/a.js': 'a == 1;\n' };
    const run = await runDetector(detector, makeWorkspace(files, 'eslint'));
    assert.equal(run.plan.status, 'ready');
    assert.equal(onlyProblem(run).file, '.eslintrc.json');
    assert.deepEqual(
      run.issues.map((issue) => issue.file),
      ['one/a.js'],
    );
  });

  interface BrokenConfig {
    readonly what: string;
    readonly aliases: readonly EslintAlias[];
    /** A package that ESLint must not find. */
    readonly missing?: string;
    readonly files: Files;
    readonly message: RegExp;
    readonly file: string;
    readonly start: Position;
  }
  const all = ['eslint8', 'eslint9', 'eslint'] as const;
  const broken: readonly BrokenConfig[] = [
    {
      what: 'throws (ESM)',
      aliases: all,
      files: { 'eslint.config.mjs': '\n\nthrow new Error("config says no");\n' },
      message: /config says no/,
      file: 'eslint.config.mjs',
      start: { line: 2, character: 6 },
    },
    {
      what: 'throws (CommonJS)',
      aliases: all,
      files: { 'eslint.config.cjs': '\nthrow new Error("config says no");\n' },
      message: /config says no/,
      file: 'eslint.config.cjs',
      start: { line: 1, character: 6 },
    },
    {
      what: 'has a syntax error',
      aliases: all,
      files: { 'eslint.config.mjs': 'export default [\n  { rules: { eqeqeq 2 } },\n];\n' },
      message: /SyntaxError/,
      file: 'eslint.config.mjs',
      start: { line: 1, character: 20 },
    },
    {
      what: 'needs a plugin that is not installed',
      aliases: all,
      files: {
        'eslint.config.mjs': "import x from 'eslint-plugin-not-there';\nexport default [{ plugins: { x } }];\n",
      },
      message: /eslint-plugin-not-there[^]*npm install --save-dev eslint-plugin-not-there/,
      file: 'eslint.config.mjs',
      start: { line: 0, character: 15 },
    },
    {
      what: 'throws after an await',
      aliases: all,
      files: { 'eslint.config.mjs': 'await null;\nthrow new Error("config says no");\nexport default [];\n' },
      message: /config says no/,
      file: 'eslint.config.mjs',
      start: { line: 1, character: 6 },
    },
    {
      what: 'needs a plugin with native code that does not load',
      aliases: all,
      files: {
        'eslint.config.mjs': "import native from 'eslint-plugin-native';\nexport default [{ plugins: { native } }];\n",
        'node_modules/eslint-plugin-native/package.json': '{ "name": "eslint-plugin-native", "main": "index.js" }',
        'node_modules/eslint-plugin-native/index.js': "module.exports = require('./addon.node');\n",
        'node_modules/eslint-plugin-native/addon.node': 'built for another Node.js',
      },
      message: /addon\.node[^]*npm rebuild[^]*bulkhead\.node/,
      file: 'eslint.config.mjs',
      start: { line: 0, character: 0 },
    },
    {
      what: 'is TypeScript, without what reads that',
      aliases: ['eslint9', 'eslint'],
      missing: 'jiti',
      files: { 'eslint.config.ts': 'export default [];\n' },
      message: /jiti[^]*npm install --save-dev jiti/,
      file: 'eslint.config.ts',
      start: { line: 0, character: 0 },
    },
    {
      what: 'has an invalid rule option',
      aliases: all,
      files: { 'eslint.config.mjs': "export default [{ rules: { eqeqeq: ['error', 'sometimes'] } }];\n" },
      message: /eqeqeq/,
      file: 'eslint.config.mjs',
      start: { line: 0, character: 27 },
    },
    {
      what: '(eslintrc) needs a plugin that is not installed',
      aliases: ['eslint8'],
      files: { '.eslintrc.json': '{ "root": true, "plugins": ["not-there"] }' },
      message: /eslint-plugin-not-there/,
      file: '.eslintrc.json',
      start: { line: 0, character: 0 },
    },
    {
      what: '(eslintrc) is not JSON',
      aliases: ['eslint8'],
      files: { '.eslintrc.json': '{ "root": true, ' },
      message: /\.eslintrc\.json/,
      file: '.eslintrc.json',
      start: { line: 0, character: 16 },
    },
    {
      what: '(suppressions) is not JSON',
      aliases: ['eslint9', 'eslint'],
      files: { ...FLAT, 'eslint-suppressions.json': '{ "src/a.js": ' },
      message: /eslint-suppressions\.json is not valid JSON/,
      file: 'eslint-suppressions.json',
      start: { line: 0, character: 0 },
    },
  ];
  for (const { what, aliases, missing, files, message, file, start } of broken) {
    it(`a configuration that ${what}: one problem, at its place`, async () => {
      for (const alias of aliases) {
        const own = { ...files, ...SOURCE, 'src/b.js': '' };
        const root = makeWorkspace(own, missing === undefined ? alias : undefined);
        if (missing !== undefined) installWithout(root, missing, alias);
        const run = await runDetector(detector, root);
        assert.equal(run.plan.status, 'failed', alias);
        const problem = onlyProblem(run);
        assert.equal(problem.code, 'CONFIG_ERROR');
        assert.match(problem.message, message);
        assert.equal(problem.file, file);
        assert.ok(!problem.message.includes(tmpdir()), problem.message);
        assert.deepEqual(problem.range?.start, start, `${alias}: ${JSON.stringify(problem)}`);
      }
    });
  }

  it('one broken root of two: the other goes on', async () => {
    const root = makeWorkspace(
      {
        'one/eslint.config.mjs': 'throw new Error("config says no");\n',
        'one/a.js': 'a == 1;\n',
        'two/eslint.config.mjs': 'export default [{ rules: { eqeqeq: 2 } }];\n',
        'two/a.js': 'a == 1;\n',
      },
      'eslint',
    );
    const run = await runDetector(detector, root);
    assert.equal(run.plan.status, 'ready');
    assert.equal(onlyProblem(run).file, 'one/eslint.config.mjs');
    assert.deepEqual(
      run.issues.map((issue) => issue.file),
      ['two/a.js'],
    );
  });

  it('one broken configuration in a subfolder: its folder is left out, the rest goes on', async () => {
    const files = {
      ...SOURCE,
      'sub [1]/a.js': 'a == 1;\n',
      'sub/a.js': 'a == 1;\n',
    };
    const flat = { ...FLAT, ...files, 'sub [1]/eslint.config.mjs': 'throw new Error("config says no");\n' };
    const eslintrc = {
      '.eslintrc.json': '{ "root": true, "rules": { "eqeqeq": 2 } }',
      ...files,
      'sub [1]/.eslintrc.json': '{',
    };
    for (const root of [makeWorkspace(flat, 'eslint'), makeWorkspace(eslintrc, 'eslint8')]) {
      const run = await runDetector(detector, root);
      assert.equal(run.plan.status, 'ready');
      assert.match(onlyProblem(run).file ?? '', /^sub \[1\]\/(?:eslint\.config\.mjs|\.eslintrc\.json)$/);
      assert.deepEqual(
        run.issues.map((issue) => issue.file),
        ['src/a.js', 'sub/a.js'],
      );
    }
  });

  it('a configuration that breaks after the plan: one problem for all its files', async () => {
    const root = makeWorkspace({ ...FLAT, ...SOURCE, 'src/b.js': '', 'src/c.js': '' }, 'eslint');
    const { units } = await detector.plan(
      { detector: 'eslint', root, options: {} },
      { signal: new AbortController().signal, log: () => {} },
    );
    write(root, { 'eslint.config.js': "module.exports = [{ rules: { eqeqeq: ['error', 'sometimes'] } }];\n" });
    const problems: DetectorProblem[] = [];
    await detector.check(
      { detector: 'eslint', root, options: {}, revision: 1, units, overlays: [], first: [] },
      {
        signal: new AbortController().signal,
        log: () => {},
        begin: () => {},
        report: () => assert.fail('nothing to report'),
        done: () => assert.fail('no file is done'),
        progress: () => {},
        problem: (problem) => problems.push(problem),
      },
    );
    assert.deepEqual(
      problems.map(({ code, file }) => [code, file]),
      [['CONFIG_ERROR', 'eslint.config.js']],
    );
  });

  it('a rule that throws: a finding on that file naming the rule, other files go on', async () => {
    const plugin = `{ rules: { boom: { create: () => ({ Identifier(node) { if (node.name === 'explode') throw new TypeError('no boom today'); } }) } } }`;
    const config = `module.exports = [{ plugins: { x: ${plugin} }, rules: { 'x/boom': 2, eqeqeq: 2 } }];\n`;
    for (const alias of all) {
      const files = { 'eslint.config.js': config, 'a.js': '\nx == explode;\n', 'b.js': 'x == 1;\n' };
      const root = makeWorkspace(files, alias);
      const oracle = await runEslint(root);
      assert.equal(oracle.exitCode, 2, 'the command line gives up');
      const run = await runDetector(detector, root);
      assert.deepEqual(run.problems, []);
      assert.deepEqual(
        run.issues.map((issue) => [issue.file, issue.rule]),
        [
          ['a.js', 'rule-error'],
          ['b.js', 'eqeqeq'],
        ],
      );
      const [finding] = run.issues;
      assert.match(finding?.message ?? '', /x\/boom failed.*TypeError: no boom today/);
      assert.deepEqual(finding?.range, { start: { line: 1, character: 5 }, end: { line: 1, character: 12 } });
    }
  });

  if (process.platform !== 'win32') {
    it('each unreadable file is a problem, and the rest is checked', async () => {
      for (const [alias, config] of [
        ['eslint', FLAT],
        ['eslint9', FLAT],
        ['eslint8', FLAT],
        ['eslint8', { '.eslintrc.json': '{ "root": true, "rules": { "eqeqeq": 2 } }' }],
      ] as const) {
        const root = makeWorkspace({ ...config, ...SOURCE, 'src/closed.js': '', 'closed (1)/a.js': '' }, alias);
        chmodSync(path.dirname(root), 0o755);
        chmodSync(path.join(root, 'src/closed.js'), 0);
        chmodSync(path.join(root, 'closed (1)'), 0);
        try {
          const run = await unprivileged(() => runDetector(detector, root));
          assert.deepEqual(
            run.problems.map(({ code, file, fatal }) => [code, file, fatal]).sort(),
            [
              ['UNREADABLE', 'closed (1)', true],
              ['UNREADABLE', 'src/closed.js', true],
            ],
            `${alias} ${JSON.stringify(run.problems)}`,
          );
          assert.deepEqual(
            run.issues.map((issue) => issue.file),
            ['src/a.js'],
          );
        } finally {
          chmodSync(path.join(root, 'closed (1)'), 0o755);
        }
      }
    });

    it('a root that cannot be read: failed', async () => {
      const root = makeWorkspace({ ...FLAT, ...SOURCE }, 'eslint');
      chmodSync(path.dirname(root), 0o755);
      chmodSync(root, 0o111);
      try {
        const run = await unprivileged(() => runDetector(detector, root));
        assert.equal(run.plan.status, 'failed');
        assert.equal(onlyProblem(run).code, 'UNREADABLE');
      } finally {
        chmodSync(root, 0o755);
      }
    });
  }

  it('does not stay in the folder it worked in', async () => {
    const before = process.cwd();
    await runDetector(
      detector,
      makeWorkspace({ 'eslint.config.mjs': 'throw new Error("no");\n', ...SOURCE }, 'eslint'),
    );
    const cwdConfig =
      "import { basename } from 'node:path';\nif (basename(process.cwd()) !== 'inner') throw new Error(process.cwd());\nexport default [{ rules: { eqeqeq: 2 } }];\n";
    const root = makeWorkspace({ 'inner/eslint.config.mjs': cwdConfig, 'inner/a.js': 'a == 1\n' });
    install(path.join(root, 'inner'), 'eslint');
    const run = await runDetector(detector, root);
    assert.deepEqual(
      compare(root, run.plan.units, run.issues, (await runEslint(root, 'inner')).results).differences,
      [],
    );
    assert.equal(process.cwd(), before);
  });
});
