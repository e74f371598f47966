/** ESLint is run as the project itself runs it: files and findings are those of its own commands. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { detector } from '../../../workers/detectors/eslint/index.ts';
import type { DetectorOptions } from '../../../workers/protocol/detector-protocol.ts';
import { runDetector, type DetectorRun } from '../../support/run-detector.ts';
import { compare, runEslint } from './oracle.ts';
import { install, makeWorkspace, removeWorkspaces, write, type EslintAlias, type Files } from './workspaces.ts';

/** What the project runs, as the oracle is to run it. */
interface Command {
  readonly folder?: string;
  readonly args?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  readonly patterns?: readonly string[];
}

const flat = (rules: object): string => `module.exports = [{ rules: ${JSON.stringify(rules)} }];\n`;
const json = (value: object): string => JSON.stringify(value);
const scripts = (lint: string): Files => ({ 'package.json': json({ scripts: { lint } }) });
const FAULTY = 'x == 1;\ndebugger;\n';
const rulesOf = (run: DetectorRun): readonly string[] => run.issues.map((issue) => `${issue.file} ${issue.rule}`);

async function assertSame(
  root: string,
  commands: readonly Command[],
  options: DetectorOptions = {},
): Promise<DetectorRun> {
  const run = await runDetector(detector, root, options);
  const oracle = [];
  for (const { folder, args, env, patterns } of commands) {
    const { results, stderr } = await runEslint(root, folder, args, env, patterns);
    assert.ok(results.length > 0, `the command line lints something: ${stderr}`);
    oracle.push(...results);
  }
  const messages = oracle.filter(
    ({ messages: [first] }) => first === undefined || !first.message.startsWith('File ignored'),
  );
  assert.deepEqual(compare(root, run.plan.units, run.issues, messages).differences, []);
  assert.deepEqual(run.problems, []);
  return run;
}

describe('eslint: as the project runs it', function () {
  this.timeout(60_000);
  afterEach(() => detector.dispose?.());
  after(removeWorkspaces);

  interface Case {
    readonly title: string;
    readonly eslint: EslintAlias;
    readonly files: Files;
    readonly commands: readonly Command[];
    /** Every pattern is in the note. */
    readonly note: readonly RegExp[];
  }

  const sources = { 'src/a.js': FAULTY, 'src/b.es': FAULTY, 'src/c.ts': 'x == 1;\n', 'test/a.js': FAULTY };
  const config = { 'config/eslint.config.js': flat({ 'no-debugger': 2 }) };
  const eslintrc = { '.eslintrc.json': json({ root: true, rules: { eqeqeq: 2, 'no-undef': 2 } }) };
  const packages = {
    'eslint.config.js': flat({ eqeqeq: 2 }),
    'apps/a/eslint.config.js': flat({ 'no-debugger': 2 }),
    'apps/a/package.json': json({ name: 'a', scripts: { lint: 'eslint .' } }),
    'apps/a/a.js': FAULTY,
    'apps/b/package.json': json({ name: 'b', scripts: { lint: 'eslint src' } }),
    'apps/b/src/b.js': FAULTY,
    'apps/b/not-src/b.js': FAULTY,
  };
  const monorepo = (lint: string): Files => ({
    ...packages,
    'package.json': json({ workspaces: ['apps/*'], scripts: { lint } }),
  });

  const cases: readonly Case[] = [
    {
      title: 'a configuration by --config, and folders',
      eslint: 'eslint9',
      files: { ...sources, ...config, ...scripts('eslint -c config/eslint.config.js src') },
      commands: [{ args: ['-c', 'config/eslint.config.js'], patterns: ['src'] }],
      note: [/^config\/eslint\.config\.js: 1 file \(npm run lint: src\)\.$/],
    },
    {
      title: 'the same with ESLint 10',
      eslint: 'eslint',
      files: {
        ...sources,
        ...config,
        'src/eslint.config.js': flat({ eqeqeq: 2 }),
        ...scripts('eslint --config=config/eslint.config.js src test'),
      },
      commands: [{ args: ['-c', 'config/eslint.config.js'], patterns: ['src', 'test'] }],
      note: [/^config\/eslint\.config\.js: 3 files/, /ESLint 10 does not use src\/eslint\.config\.js/],
    },
    {
      title: 'the same with eslintrc files',
      eslint: 'eslint8',
      files: {
        ...sources,
        ...eslintrc,
        'config/strict.json': json({ rules: { 'no-debugger': 2 } }),
        ...scripts('eslint -c config/strict.json src'),
      },
      commands: [{ args: ['-c', 'config/strict.json'], patterns: ['src'] }],
      note: [/^config\/strict\.json: 1 file/],
    },
    {
      title: '--ext, eslintrc',
      eslint: 'eslint8',
      files: { ...sources, ...eslintrc, ...scripts('eslint --ext .js,.es --ext ts .') },
      commands: [{ args: ['--ext', '.js,.es,.ts'] }],
      note: [/^\.eslintrc\.json: 4 files \(npm run lint\)\.$/],
    },
    {
      title: '--ext, flat',
      eslint: 'eslint9',
      files: { ...sources, 'eslint.config.js': flat({ eqeqeq: 2 }), ...scripts('eslint . --ext es') },
      commands: [{ args: ['--ext', 'es'] }],
      note: [/^eslint\.config\.js: 4 files/],
    },
    {
      title: '--no-eslintrc with rules on the command line',
      eslint: 'eslint8',
      files: {
        ...sources,
        ...eslintrc,
        ...scripts(
          `eslint --no-eslintrc --env es2020 --rule 'no-debugger: error' --rule "eqeqeq:[1, always]" --parser-options=ecmaVersion:2020 .`,
        ),
      },
      commands: [
        {
          args: [
            '--no-eslintrc',
            '--env',
            'es2020',
            '--rule',
            'no-debugger: error',
            '--rule',
            'eqeqeq: [1, always]',
            '--parser-options=ecmaVersion:2020',
          ],
        },
      ],
      note: [/^no configuration: 2 files/, /ESLint 8 does not use \.eslintrc\.json/],
    },
    {
      title: '--no-config-lookup with rules on the command line',
      eslint: 'eslint',
      files: {
        ...sources,
        'eslint.config.js': flat({ eqeqeq: 2 }),
        ...scripts(`eslint --no-config-lookup --rule '{"no-debugger": "error"}' --global a,b:true src`),
      },
      commands: [
        { args: ['--no-config-lookup', '--rule', 'no-debugger: error', '--global', 'a,b:true'], patterns: ['src'] },
      ],
      note: [/^no configuration: 1 file/],
    },
    {
      title: '--ignore-path, --ignore-pattern, --rulesdir, --no-inline-config, --report-unused-disable-directives',
      eslint: 'eslint8',
      files: {
        ...sources,
        '.eslintrc.json': json({ root: true, rules: { mine: 2, eqeqeq: 2 } }),
        'rules/mine.js':
          'module.exports = { create: (c) => ({ DebuggerStatement: (node) => c.report({ node, message: "mine" }) }) };\n',
        'src/d.js': '/* eslint eqeqeq: 0 */\nx == 1; // eslint-disable-line eqeqeq\n',
        '.lintignore': 'test\n',
        ...scripts(
          'eslint --rulesdir rules --ignore-path .lintignore --ignore-pattern "rules/*" --no-inline-config --report-unused-disable-directives .',
        ),
      },
      commands: [
        {
          args: [
            '--rulesdir',
            'rules',
            '--ignore-path',
            '.lintignore',
            '--ignore-pattern',
            'rules/*',
            '--no-inline-config',
            '--report-unused-disable-directives',
          ],
        },
      ],
      note: [/^\.eslintrc\.json: 2 files/],
    },
    {
      title: '--quiet, --max-warnings',
      eslint: 'eslint',
      // The command line leaves files without errors out of its report.
      files: {
        ...sources,
        'eslint.config.js': flat({ eqeqeq: 1, 'no-debugger': 2 }),
        ...scripts('eslint src test --quiet --max-warnings=0'),
      },
      commands: [{ args: ['--quiet'], patterns: ['src', 'test'] }],
      note: [/Warnings are left out, as with --quiet/, /--max-warnings 0.*bulkhead check --fail-on warning/],
    },
    {
      title: 'ESLINT_USE_FLAT_CONFIG=false',
      eslint: 'eslint9',
      files: {
        ...sources,
        ...eslintrc,
        'eslint.config.js': flat({ 'no-debugger': 2 }),
        ...scripts('cross-env ESLINT_USE_FLAT_CONFIG=false eslint --ext .js,.es .'),
      },
      commands: [{ args: ['--ext', '.js,.es'], env: { ESLINT_USE_FLAT_CONFIG: 'false' } }],
      note: [/^\.eslintrc\.json: 4 files/, /does not use eslint\.config\.js/],
    },
    {
      title: 'ESLINT_USE_FLAT_CONFIG=true',
      eslint: 'eslint8',
      files: {
        ...sources,
        ...eslintrc,
        ...config,
        ...scripts('ESLINT_USE_FLAT_CONFIG=true eslint -c config/eslint.config.js .'),
      },
      commands: [{ args: ['-c', 'config/eslint.config.js'], env: { ESLINT_USE_FLAT_CONFIG: 'true' } }],
      note: [/^config\/eslint\.config\.js: 3 files/, /ESLint 8 does not use \.eslintrc\.json/],
    },
    {
      title: 'other variables',
      eslint: 'eslint9',
      files: {
        ...sources,
        'eslint.config.js': 'module.exports = [{ rules: { eqeqeq: process.env.STRICT ? 2 : 0 } }];\n',
        ...scripts('STRICT=1 eslint .'),
      },
      commands: [{ env: { STRICT: '1' } }],
      note: [/^eslint\.config\.js: 3 files/],
    },
    {
      title: 'a flag: the configuration nearest to the file, by an option or a variable',
      eslint: 'eslint9',
      files: monorepo('eslint --flag v10_config_lookup_from_file .'),
      commands: [{ args: ['--flag', 'v10_config_lookup_from_file'] }],
      note: [/^eslint\.config\.js: 3 files/, /apps\/a\/eslint\.config\.js: 2 files/],
    },
    {
      title: 'the earlier name of that flag, by a variable',
      eslint: 'eslint9',
      files: monorepo('ESLINT_FLAGS=unstable_config_lookup_from_file eslint .'),
      commands: [{ env: { ESLINT_FLAGS: 'v10_config_lookup_from_file' } }],
      note: [/apps\/a\/eslint\.config\.js: 2 files/],
    },
    {
      title: 'one run in the root of a monorepo: nested configurations are not used, and that is said',
      eslint: 'eslint9',
      files: monorepo('eslint .'),
      commands: [{}],
      note: [
        /^eslint\.config\.js: 5 files \(npm run lint\)/,
        /ESLint 9 does not use apps\/a\/eslint\.config\.js/,
        /workingDirectories, as in \["\.", "apps\/a"\]/,
      ],
    },
    ...['turbo run lint', 'cd apps/a && eslint . && cd ../b && eslint src'].map((lint): Case => {
      return {
        title: `in each package: ${lint}`,
        eslint: 'eslint9',
        files: monorepo(lint),
        commands: [{ folder: 'apps/a' }, { folder: 'apps/b', patterns: ['src'] }],
        note: [/^apps\/a\/eslint\.config\.js: 2 files/, /eslint\.config\.js: 1 file/],
      };
    }),
    {
      title: 'only in continuous integration',
      eslint: 'eslint9',
      files: {
        ...sources,
        ...config,
        '.github/workflows/ci.yml': 'jobs:\n  a:\n    steps:\n      - run: npx eslint -c config/eslint.config.js src\n',
      },
      commands: [{ args: ['-c', 'config/eslint.config.js'], patterns: ['src'] }],
      note: [/\(\.github\/workflows\/ci\.yml: src\)/],
    },
    {
      title: 'only in lint-staged',
      eslint: 'eslint',
      files: {
        ...sources,
        'eslint.config.js': flat({ eqeqeq: 2 }),
        'package.json': json({ 'lint-staged': { '{src,test}/**/*.js': 'eslint --fix' } }),
      },
      commands: [{ patterns: ['src', 'test'] }],
      note: [/^eslint\.config\.js: 2 files/],
    },
    {
      title: 'eslintrc files that are added to each other and to the one of --config, in folders',
      eslint: 'eslint8',
      files: {
        ...sources,
        ...eslintrc,
        'config/strict.json': json({ rules: { 'no-debugger': 1 } }),
        'test/.eslintrc.yml': 'rules: { no-undef: 0 }\n',
        'other/.eslintrc.json': '{}',
        ...scripts('eslint -c config/strict.json --ext js,es src test'),
      },
      commands: [{ args: ['-c', 'config/strict.json', '--ext', 'js,es'], patterns: ['src', 'test'] }],
      note: [
        /^config\/strict\.json: 3 files \(npm run lint: src test\)\. ESLint 8 does not use other\/\.eslintrc\.json\.$/,
      ],
    },
    {
      title: 'a file that is ignored though it is named, a plugin and patterns',
      eslint: 'eslint',
      files: {
        ...sources,
        'node_modules/eslint-plugin-p/package.json': json({ name: 'eslint-plugin-p', version: '1.0.0' }),
        'node_modules/eslint-plugin-p/index.js':
          'module.exports = { rules: { r: { create: (c) => ({ DebuggerStatement: (node) => c.report({ node, message: "r" }) }) } } };\n',
        'eslint.config.js': "module.exports = [{ ignores: ['test/**'] }, { rules: { eqeqeq: 2 } }];\n",
        ...scripts("eslint --plugin p --rule 'p/r: 2' 'src/**/*.{js,es,ts}' test/a.js"),
      },
      commands: [{ args: ['--plugin', 'p', '--rule', 'p/r: 2'], patterns: ['src/**/*.{js,es,ts}'] }],
      note: [/^eslint\.config\.js: \d files? \(npm run lint: src/],
    },
    {
      title: 'a bulk suppressions file in another place',
      eslint: 'eslint9',
      files: {
        'a.js': FAULTY,
        'eslint.config.js': flat({ eqeqeq: 2, 'no-debugger': 2 }),
        'other.json': json({ 'a.js': { eqeqeq: { count: 1 } } }),
        ...scripts('eslint --suppressions-location other.json .'),
      },
      commands: [{ args: ['--suppressions-location', 'other.json'] }],
      note: [/2 files/],
    },
  ];
  for (const { title, eslint, files, commands, note } of cases) {
    it(title, async () => {
      const run = await assertSame(makeWorkspace(files, eslint), commands);
      assert.ok(run.issues.length > 0);
      for (const pattern of note) assert.match(run.plan.note ?? '', pattern);
    });
  }

  it('a package that the root leaves alone is linted by its own script', async () => {
    const root = makeWorkspace(
      {
        ...monorepo('eslint .'),
        'eslint.config.js': "module.exports = [{ ignores: ['apps/a/**'] }, { rules: { eqeqeq: 2 } }];\n",
      },
      'eslint9',
    );
    await assertSame(root, [{}, { folder: 'apps/a' }]);
  });

  it('a folder with a configuration of its own in which no script runs anything', async () => {
    const root = makeWorkspace({ 'web/package.json': json({ scripts: { lint: 'eslint .' } }), 'web/eslint.config.js': flat({ eqeqeq: 2 }), 'web/a.js': FAULTY, 'docs/eslint.config.js': flat({ 'no-debugger': 2 }), 'docs/a.js': FAULTY }, 'eslint9'); // prettier-ignore
    await assertSame(root, [{ folder: 'web' }, { folder: 'docs' }]);
  });

  it('a configuration of the root that no script uses lints what the scripts leave alone', async () => {
    const files = {
      'eslint.config.js': flat({ 'no-debugger': 2 }),
      'root.js': FAULTY,
      'package.json': json({ workspaces: ['apps/*'] }),
      'apps/a/package.json': json({ name: 'a', scripts: { lint: 'eslint src' } }),
      'apps/a/eslint.config.js': flat({ eqeqeq: 2 }),
      'apps/a/src/a.js': FAULTY,
      'apps/a/not-src/a.js': FAULTY,
    };
    const run = await runDetector(detector, makeWorkspace(files, 'eslint'));
    assert.deepEqual(rulesOf(run), ['apps/a/src/a.js eqeqeq', 'root.js no-debugger']);
    assert.match(
      run.plan.note ?? '',
      /eslint\.config\.js: 2 files; apps\/a\/eslint\.config\.js: 1 file \(lint in apps\/a\/package\.json: src\)/,
    );
  });

  describe('options', () => {
    it('workingDirectories, with patterns', async () => {
      const root = makeWorkspace(monorepo('eslint .'), 'eslint9');
      const run = await assertSame(root, [{ folder: 'apps/a' }, { folder: 'apps/b' }], {
        workingDirectories: ['apps/*'],
      });
      assert.deepEqual(
        rulesOf(run).filter((each) => each.startsWith('apps/a/a.js')),
        ['apps/a/a.js no-debugger'],
      );
      await assertSame(root, [{}], { workingDirectories: ['.'] });
      const both = await runDetector(detector, root, { workingDirectories: ['.', 'apps/a'] });
      assert.match(both.plan.note ?? '', /^eslint\.config\.js: 3 files; apps\/a\/eslint\.config\.js: 2 files\.$/);
    });

    it('workingDirectories that do not exist, or have no configuration', async () => {
      const root = makeWorkspace(
        { 'a.js': FAULTY, 'apps/a/eslint.config.js': flat({ eqeqeq: 2 }), 'apps/a/a.js': FAULTY, 'apps/b/b.js': '' },
        'eslint9',
      );
      const run = await runDetector(detector, root, { workingDirectories: ['apps/*', 'app'] });
      assert.match(
        run.problems[0]?.message ?? '',
        /The option workingDirectories names the folder app, which does not exist/,
      );
      assert.deepEqual(rulesOf(run), ['apps/a/a.js eqeqeq']);
      const other = await runDetector(detector, root, { workingDirectories: ['apps/b'] });
      assert.match(other.problems[0]?.message ?? '', /runs ESLint 9\S+ in apps\/b, where it finds no configuration/);
    });

    it('configFile, useFlatConfig and extensions', async () => {
      const root = makeWorkspace(
        { ...sources, ...config, 'eslint.config.js': flat({ eqeqeq: 2 }), ...eslintrc },
        'eslint9',
      );
      await assertSame(root, [{ args: ['-c', 'config/eslint.config.js'] }], { configFile: 'config/eslint.config.js' });
      await assertSame(root, [{ args: ['--ext', '.es'] }], { extensions: ['es'] });
      const off = { ESLINT_USE_FLAT_CONFIG: 'false' };
      await assertSame(root, [{ args: ['--ext', '.js,.ts'], env: off }], {
        useFlatConfig: false,
        extensions: ['.js', '.ts'],
      });
    });
  });

  describe('nothing is looked at silently', () => {
    it('a script that matches no file: degraded, at the script', async () => {
      const root = makeWorkspace(
        {
          'eslint.config.js': flat({ eqeqeq: 2 }),
          'package.json': '{\n  "scripts": {\n    "lint": "eslint lib"\n  }\n}\n',
          'a.js': FAULTY,
        },
        'eslint9',
      );
      const run = await runDetector(detector, root);
      const [problem] = run.problems;
      assert.match(problem?.message ?? '', /npm run lint runs eslint lib, which matches no file/);
      assert.equal(problem?.degrades, true);
      assert.deepEqual([problem.file, problem.range?.start], ['package.json', { line: 2, character: 4 }]);
    });

    it('a script whose ESLint finds no configuration: failed, at the script', async () => {
      const root = makeWorkspace({ ...scripts('eslint .'), 'a.js': FAULTY }, 'eslint9');
      const run = await runDetector(detector, root);
      assert.equal(run.plan.status, 'failed');
      assert.match(
        run.problems[0]?.message ?? '',
        /npm run lint runs ESLint 9\S+ in this folder, where it finds no configuration/,
      );
      assert.equal(run.problems[0]?.file, 'package.json');
    });

    it('a configuration that a script names and that does not exist', async () => {
      const run = await runDetector(
        detector,
        makeWorkspace({ ...scripts('eslint -c gone.js .'), 'a.js': FAULTY }, 'eslint9'),
      );
      assert.match(run.problems[0]?.message ?? '', /does not find its configuration gone\.js/);
    });

    it('a script that does not say how it runs ESLint, and no configuration', async () => {
      const packageJson = { scripts: { lint: 'node tools/lint.mjs' }, devDependencies: { eslint: '9' } };
      const run = await runDetector(detector, makeWorkspace({ 'package.json': json(packageJson), 'a.js': FAULTY }));
      assert.equal(run.plan.status, 'failed');
      assert.match(run.problems[0]?.message ?? '', /npm run lint runs "node tools\/lint\.mjs".*configFile/);
      const other = { ...packageJson, scripts: { lint: 'biome check .' } };
      const none = await runDetector(detector, makeWorkspace({ 'package.json': json(other), 'a.js': FAULTY }));
      assert.equal(none.plan.status, 'not-applicable');
    });

    it('a program that brings its own ESLint is named', async () => {
      const run = await runDetector(detector, makeWorkspace({ ...scripts('xo'), 'a.js': FAULTY }));
      assert.match(run.plan.note ?? '', /npm run lint runs xo, which this detector does not/);
      const root = makeWorkspace(
        { ...scripts('ng lint'), 'eslint.config.js': flat({ eqeqeq: 2 }), 'a.js': FAULTY },
        'eslint9',
      );
      const { plan } = await runDetector(detector, root);
      assert.match(
        plan.note ?? '',
        /^eslint\.config\.js: 2 files\. npm run lint \(ng lint\) may choose other files: here it is eslint \.\.$/,
      );
    });

    it('an installation that is missing in many packages is one problem', async () => {
      const names = Array.from({ length: 9 }, (_, index) => `p${index}`);
      const files = Object.fromEntries(names.flatMap((name) => [[`packages/${name}/package.json`, json({ name, scripts: { lint: 'eslint .' } })], [`packages/${name}/eslint.config.js`, '']])); // prettier-ignore
      const run = await runDetector(
        detector,
        makeWorkspace({ ...files, 'package.json': json({ workspaces: ['packages/*'] }) }),
      );
      assert.equal(run.plan.status, 'failed');
      assert.equal(run.problems.length, 1);
      assert.match(run.problems[0]?.message ?? '', /and 5 more/);
    });

    it('an example that runs ESLint and has neither configuration nor ESLint is no fault', async () => {
      const root = makeWorkspace({
        'examples/e/package.json': json({ name: 'e', scripts: { lint: 'eslint .' } }),
        'web/eslint.config.js': flat({ eqeqeq: 2 }),
        'web/a.js': FAULTY,
      });
      install(path.join(root, 'web'), 'eslint', 'eslint9');
      await assertSame(root, [{ folder: 'web' }]);
    });
  });

  describe('a configuration above the repository', () => {
    const stray = 'export default [{ rules: { "no-alert": "error" } }];\n';
    const repository = { 'repo/package.json': json({ private: true, workspaces: ['apps/*'] }), 'repo/apps/a/eslint.config.js': flat({ 'no-undef': 2 }).replace('[{', '[{ files: ["x.js"],'), 'repo/apps/a/x.js': 'zz();\n', 'repo/apps/a/package.json': json({ name: 'a' }) }; // prettier-ignore

    for (const alias of ['eslint9', 'eslint'] as const) {
      it(`does not take over a repository that has its own: ${alias}`, async () => {
        for (const text of [stray, 'throw new Error("stray");\n']) {
          const root = makeWorkspace({ ...repository, 'eslint.config.mjs': text }, alias);
          mkdirSync(path.join(root, 'repo/.git'));
          const run = await assertSame(path.join(root, 'repo'), [{ folder: 'apps/a' }]);
          assert.deepEqual(rulesOf(run), ['apps/a/x.js no-undef']);
        }
      });
    }

    it('counts where the repository has none, and is named, also when it is broken', async () => {
      const root = makeWorkspace({ 'repo/a.js': 'alert();\n', 'eslint.config.mjs': stray }, 'eslint9');
      mkdirSync(path.join(root, 'repo/.git'));
      const run = await assertSame(path.join(root, 'repo'), [{}]);
      assert.match(run.plan.note ?? '', /wörk space\/eslint\.config\.mjs: 1 file/);
      write(root, { 'eslint.config.mjs': 'throw new Error("stray");\n' });
      const broken = await runDetector(detector, path.join(root, 'repo'));
      assert.deepEqual(
        broken.problems.map(({ file }) => file?.endsWith('wörk space/eslint.config.mjs')),
        [true],
      );
    });
  });

  it('an error in a part of a configuration is shown in that part', async () => {
    const parts: readonly [Files, string, number][] = [
      [
        {
          'eslint.config.mjs': "import './parts/base.mjs';\nexport default [];\n",
          'parts/base.mjs': '\nthrow new Error("part");\n',
        },
        'parts/base.mjs',
        1,
      ],
      [
        {
          'eslint.config.cjs': "module.exports = [require('./parts/rules.json')];\n",
          'parts/rules.json': '{ "rules": ',
        },
        'parts/rules.json',
        0,
      ],
      [
        {
          'eslint.config.mjs': "import './parts/syntax.mjs';\nexport default [];\n",
          'parts/syntax.mjs': 'const = 1;\n',
        },
        'parts/syntax.mjs',
        0,
      ],
    ];
    for (const [files, file, line] of parts) {
      const { problems } = await runDetector(detector, makeWorkspace({ ...files, 'a.js': '' }, 'eslint9'));
      assert.deepEqual(
        problems.map((problem) => [problem.file, problem.range?.start.line]),
        [[file, line]],
      );
    }
  });

  it('the fault of the root is not blamed on folders below', async () => {
    const files = {
      'eslint.config.mjs': 'throw new Error("root");\n',
      'a/eslint.config.mjs': 'export default [];\n',
      'a/a.js': '',
    };
    const { problems } = await runDetector(detector, makeWorkspace(files, 'eslint'));
    assert.deepEqual(
      problems.map(({ file }) => file),
      ['eslint.config.mjs'],
    );
  });

  it('a plan names all that a configuration consists of', async () => {
    const root = makeWorkspace(
      {
        'package.json': json({ workspaces: ['packages/*'], scripts: { lint: 'sh scripts/lint.sh' } }),
        'scripts/lint.sh': 'eslint .\n',
        'packages/config/package.json': json({ name: '@x/eslint-config', main: 'index.js' }),
        'packages/config/index.js': "module.exports = { rules: require('./rules') };\n",
        'packages/config/rules.js': 'module.exports = { eqeqeq: 2 };\n',
        '.eslintrc.yml':
          "root: true\nextends:\n  - '@x'\n  - ./local/base\noverrides:\n  - files: '*.js'\n    extends: [./local/more.yml]\n",
        'local/base.js':
          "const path = require('node:path');\nmodule.exports = require(path.join(__dirname, 'computed'));\n",
        'local/computed.js': 'module.exports = { rules: {} };\n',
        'local/more.yml': 'rules: { no-debugger: 2 }\n',
        'a.js': FAULTY,
      },
      'eslint8',
    );
    install(
      root,
      '@x/eslint-config',
      path.relative(path.resolve(import.meta.dirname, '../../../node_modules'), path.join(root, 'packages/config')),
    );
    const run = await assertSame(root, [{}]);
    for (const file of [
      'scripts/lint.sh',
      'packages/config/index.js',
      'packages/config/rules.js',
      'local/base.js',
      'local/computed.js',
      'local/more.yml',
    ]) {
      assert.ok(existsSync(path.join(root, file)) && readFileSync(path.join(root, file)).length > 0);
      assert.ok(run.plan.configFiles.includes(file), file);
    }
  });
});
