/** The detector's files and findings are those of `eslint . -f json` of the same version. */
import assert from 'node:assert/strict';
import { existsSync, realpathSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { detector } from '../../../workers/detectors/eslint/index.ts';
import { runDetector } from '../../support/run-detector.ts';
import type { DetectorRun } from '../../support/run-detector.ts';
import { ESLINTRC_EVERYTHING, FLAT_EVERYTHING, OLD_ESLINTRC_EVERYTHING } from './everything.ts';
import { compare, runEslint } from './oracle.ts';
import { install, makeWorkspace, removeWorkspaces } from './workspaces.ts';
import type { EslintAlias, Files } from './workspaces.ts';

/** @param folders where the command line has to be run for the whole, relative to the root */
async function assertParity(root: string, folders: readonly string[] = ['.']): Promise<DetectorRun> {
  const run = await runDetector(detector, root);
  const oracle = [];
  for (const folder of folders) {
    const { results, stderr } = await runEslint(root, folder);
    assert.ok(
      results.some((result) => result.messages.length > 0),
      `the command line finds something: ${stderr}`,
    );
    oracle.push(...results);
  }
  assert.deepEqual(compare(root, run.plan.units, run.issues, oracle).differences, []);
  assert.deepEqual(run.problems, []);
  return run;
}

describe('eslint: parity with the command line', function () {
  this.timeout(60_000);
  const flatSetting = process.env['ESLINT_USE_FLAT_CONFIG'];

  afterEach(() => {
    if (flatSetting === undefined) delete process.env['ESLINT_USE_FLAT_CONFIG'];
    else process.env['ESLINT_USE_FLAT_CONFIG'] = flatSetting;
  });
  after(removeWorkspaces);

  const flatFiles = FLAT_EVERYTHING;
  const eslintrcFiles = ESLINTRC_EVERYTHING;
  const kinds: readonly [EslintAlias, 'flat' | 'eslintrc', files: Files, setting?: string][] = [
    ['eslint7', 'eslintrc', OLD_ESLINTRC_EVERYTHING],
    ['eslint8old', 'eslintrc', eslintrcFiles],
    ['eslint8old', 'eslintrc', { ...eslintrcFiles, 'eslint.config.js': 'module.exports = [];' }, 'false'],
    ['eslint8', 'eslintrc', eslintrcFiles],
    ['eslint8', 'flat', flatFiles],
    ['eslint9', 'flat', flatFiles],
    ['eslint9', 'eslintrc', eslintrcFiles, 'false'],
    ['eslint', 'flat', flatFiles],
  ];
  for (const [alias, kind, files, setting] of kinds) {
    it(`everything at once: ${alias}, ${kind}${setting === undefined ? '' : ', by the setting'}`, async () => {
      if (setting !== undefined) process.env['ESLINT_USE_FLAT_CONFIG'] = setting;
      const root = makeWorkspace(files, alias);
      if (process.platform !== 'win32') {
        symlinkSync('src/plain.js', path.join(root, 'link.js'));
        symlinkSync('src', path.join(root, 'linked'));
      }
      const run = await assertParity(root);
      const rules = new Set(run.issues.map((issue) => issue.rule));
      for (const rule of ['parse-error', 'unused-directive', 'semi', 'local/no-todo']) assert.ok(rules.has(rule), rule);
      assert.equal(run.issues.find((issue) => issue.rule === 'local/no-todo')?.url, 'https://example.org/no-todo');
      assert.deepEqual(run.issues.find((issue) => issue.rule === 'no-unused-vars')?.tags, ['unnecessary']);
    });
  }

  it('leaves the cache file of the user alone', async () => {
    const root = makeWorkspace(FLAT_EVERYTHING, 'eslint');
    await runDetector(detector, root);
    assert.ok(existsSync(path.join(root, '.eslintcache')));
  });

  it('a root reached through a symbolic link', async function () {
    const target = makeWorkspace(FLAT_EVERYTHING, 'eslint');
    const link = path.join(path.dirname(target), 'link');
    symlinkSync(target, link, 'junction');
    const run = await assertParity(link);
    assert.equal(realpathSync(link), target);
    assert.ok(run.plan.units.some((unit) => unit.id === 'src/plain.js'));
  });

  describe('several configurations', () => {
    const nested = {
      'a.js': 'x == 1\n',
      'packages/one/a.js': 'x == 1\n',
      'packages/two/deep/a.js': 'x == 1\n',
      'packages/three/a.js': 'x == 1\n',
    };
    const flat = (rules: object): string => `module.exports = [{ rules: ${JSON.stringify(rules)} }];`;

    it('flat, ESLint 9: the configuration of the working directory', async () => {
      const files = { 'eslint.config.js': flat({ eqeqeq: 2 }), 'packages/one/eslint.config.js': flat({ semi: 2 }) };
      const run = await assertParity(makeWorkspace({ ...nested, ...files }, 'eslint9'));
      assert.deepEqual([...new Set(run.issues.map((issue) => issue.rule))], ['eqeqeq']);
    });

    it('flat, ESLint 10: the configuration nearest to the file', async () => {
      const files = { 'eslint.config.js': flat({ eqeqeq: 2 }), 'packages/one/eslint.config.js': flat({ semi: 2 }) };
      const run = await assertParity(makeWorkspace({ ...nested, ...files }, 'eslint'));
      assert.deepEqual(new Set(run.issues.map((issue) => issue.rule)), new Set(['eqeqeq', 'semi']));
      assert.ok(run.plan.configFiles.includes('packages/one/eslint.config.js'));
    });

    it('eslintrc: they cascade, also from a package.json', async () => {
      const files = {
        '.eslintrc.yml': 'root: true\nrules: { eqeqeq: 2 }\n',
        'packages/one/.eslintrc.js': 'module.exports = { rules: { semi: 2 } };',
        'packages/two/package.json': JSON.stringify({ eslintConfig: { root: true, rules: { semi: 1 } } }),
      };
      const run = await assertParity(makeWorkspace({ ...nested, ...files }, 'eslint8'));
      assert.deepEqual(
        run.issues.map((issue) => `${issue.file} ${issue.rule}`),
        [
          'a.js eqeqeq',
          'packages/one/a.js eqeqeq',
          'packages/one/a.js semi',
          'packages/three/a.js eqeqeq',
          'packages/two/deep/a.js semi',
        ],
      );
    });

    it('none at the root: each topmost folder with one is a root of its own, with its own ESLint', async () => {
      const root = makeWorkspace({
        ...nested,
        'packages/one/eslint.config.js': flat({ eqeqeq: 2 }),
        'packages/one/inner/eslint.config.js': flat({ semi: 2 }),
        'packages/one/inner/a.js': 'x == 1\n',
        'packages/two/.eslintrc.json': JSON.stringify({ root: true, rules: { semi: 2 } }),
      });
      install(path.join(root, 'packages/one'), 'eslint');
      install(path.join(root, 'packages/two'), 'eslint', 'eslint8');
      const run = await assertParity(root, ['packages/one', 'packages/two']);
      assert.match(run.plan.engine ?? '', /eslint 10\.\S+, 8\.57/);
      assert.equal(new Set(run.plan.units.map((unit) => unit.group)).size, 2);
    });

    it('one above the workspace counts where ESLint is installed', async () => {
      const root = makeWorkspace({ ...nested, 'eslint.config.js': flat({ eqeqeq: 2 }) }, 'eslint9');
      const run = await assertParity(path.join(root, 'packages'));
      assert.deepEqual(run.plan.units.map((unit) => unit.id).sort(), ['one/a.js', 'three/a.js', 'two/deep/a.js']);
      assert.ok(run.plan.configFiles.some((file) => file.endsWith('/eslint.config.js') && path.isAbsolute(file)));
    });
  });

  describe('TypeScript', () => {
    const sources = {
      'tsconfig.json': JSON.stringify({ compilerOptions: { strict: true, module: 'nodenext' }, include: ['src'] }),
      'src/promise.ts': 'export async function later(): Promise<number> {\n  return 1;\n}\n',
      'src/use.ts': "import { later } from './promise.js';\n\nlater();\nconst unused: any = 1;\n",
      'src/broken.ts': 'const x: = 1;\n',
      'outside.ts': 'export const o = 1;\n',
      'script.js': 'let s = 1\n',
    };
    const packages = [
      'typescript-eslint',
      'typescript',
      '@typescript-eslint/parser',
      '@typescript-eslint/eslint-plugin',
    ];

    it('without type information: light units', async () => {
      const config = "import ts from 'typescript-eslint';\nexport default ts.config(ts.configs.recommended);\n";
      const run = await assertParity(makeWorkspace({ ...sources, 'eslint.config.mjs': config }, 'eslint9', packages));
      assert.ok(run.plan.units.every((unit) => unit.lane === 'light'));
    });

    it('with type information, flat: heavy units', async () => {
      const config = `
        import ts from 'typescript-eslint';
        export default ts.config(
          { files: ['**/*.ts'], extends: [ts.configs.recommendedTypeChecked] },
          { languageOptions: { parserOptions: { projectService: true } } },
          { rules: { 'prefer-const': 'error' } });`;
      const run = await assertParity(makeWorkspace({ ...sources, 'eslint.config.mjs': config }, 'eslint', packages));
      assert.ok(run.issues.some((issue) => issue.rule === '@typescript-eslint/no-floating-promises'));
      const lanes = new Map(run.plan.units.map((unit) => [unit.id, unit.lane]));
      assert.equal(lanes.get('src/use.ts'), 'heavy');
      assert.equal(lanes.get('script.js'), 'light');
      assert.ok(run.plan.configFiles.includes('tsconfig.json'));
    });

    it('with type information, eslintrc: heavy units', async () => {
      const config = {
        root: true,
        overrides: [
          {
            files: ['*.ts'],
            parser: '@typescript-eslint/parser',
            parserOptions: { project: './tsconfig.json' },
            plugins: ['@typescript-eslint'],
            rules: { '@typescript-eslint/no-floating-promises': 'error' },
          },
        ],
      };
      const files = { ...sources, '.eslintrc.json': JSON.stringify(config) };
      const run = await assertParity(makeWorkspace(files, 'eslint8', packages));
      assert.ok(run.issues.some((issue) => issue.rule === '@typescript-eslint/no-floating-promises'));
      assert.equal(run.plan.units.find((unit) => unit.id === 'src/use.ts')?.lane, 'heavy');
    });
  });
});
