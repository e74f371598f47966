/** How a project runs a tool is found in whatever way it writes it. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { projectCommands } from '../../../workers/commands/project-commands.ts';

const json = (value: unknown): string => JSON.stringify(value);
let root: string;

function write(files: Readonly<Record<string, string | object>>): void {
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(root, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  }
}

/** One line for each command: folder, variables, arguments, origin. */
async function found(): Promise<readonly string[]> {
  const { commands } = await projectCommands(root, { program: 'eslint', main: 'lint' });
  return commands.map(({ folder, env, args, origin }) => {
    const variables = Object.entries(env).map(([name, value]) => `${name}=${value} `);
    const where = path.relative(root, folder) || '.';
    return `${where}: ${variables.join('')}${args.join(' ')} <${origin.script ?? path.relative(root, origin.file)}>`.replaceAll(
      path.sep,
      '/',
    );
  });
}

function inScripts(scripts: Readonly<Record<string, string>>): Promise<readonly string[]> {
  write({ 'package.json': { scripts } });
  return found();
}

/** The value with each of its parts, and itself, replaced by each of the others. */
function* mutationsOf(value: unknown, others: readonly unknown[]): Generator {
  yield* others;
  if (typeof value !== 'object' || value === null) return;
  for (const [key, part] of Object.entries(value)) {
    for (const changed of mutationsOf(part, others)) {
      yield Array.isArray(value) ? (value as unknown[]).with(Number(key), changed) : { ...value, [key]: changed };
    }
  }
}

describe('the commands of a project', function () {
  this.timeout(60_000);
  beforeEach(() => {
    root = realpathSync(mkdtempSync(path.join(tmpdir(), 'bulkhead-commands-')));
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  const lines: readonly [script: string, expected: readonly string[]][] = [
    ['eslint .', ['.: . <lint>']],
    ['eslint', ['.:  <lint>']],
    [
      'eslint -c "my config/e.js" \'src/**/*.ts\' --ext .js,.ts',
      ['.: -c my config/e.js src/**/*.ts --ext .js,.ts <lint>'],
    ],
    ['NODE_ENV=test ESLINT_USE_FLAT_CONFIG=false eslint .', ['.: NODE_ENV=test ESLINT_USE_FLAT_CONFIG=false . <lint>']],
    [
      'cross-env ESLINT_FLAGS=v10_config_lookup_from_file eslint .',
      ['.: ESLINT_FLAGS=v10_config_lookup_from_file . <lint>'],
    ],
    ['env -u X A=1 npx --yes eslint@9 src', ['.: A=1 src <lint>']],
    ['export A=1; eslint .', ['.: A=1 . <lint>']],
    ['tsc --noEmit && cd apps/a && eslint . || true', ['apps/a: . <lint>']],
    ['(cd apps/a && eslint .) && eslint src', ['apps/a: . <lint>', '.: src <lint>']],
    ['node --max-old-space-size=8192 node_modules/.bin/eslint src', ['.: src <lint>']],
    ['node -r dotenv/config ./node_modules/eslint/bin/eslint.js src', ['.: src <lint>']],
    ['TIMING=1 ./node_modules/.bin/eslint src', ['.: TIMING=1 src <lint>']],
    ['pnpm exec eslint src', ['.: src <lint>']],
    ['pnpm eslint src', ['.: src <lint>']],
    ['yarn run eslint src', ['.: src <lint>']],
    ['yarn run -T eslint src', ['.: src <lint>']],
    ['npm exec -- eslint src', ['.: src <lint>']],
    ['bunx eslint src', ['.: src <lint>']],
    ['bash -c "eslint src"', ['.: src <lint>']],
    ['if [ -n "$CI" ]; then eslint src; fi', ['.: src <lint>']],
    ['eslint src > report.txt 2>&1', ['.: src <lint>']],
    ['eslint $(git diff --name-only) lib', ['.: \uE000 lib <lint>']],
    ['eslint `git ls-files` lib', ['.: \uE000 lib <lint>']],
    ['dotenv -e .env -- eslint src', ['.: src <lint>']],
    ['stylelint . && prettier --check .', []],
    ['echo eslint .', []],
    ['(cd $DIR && eslint lost) && eslint src', ['.: src <lint>']],
    ['cd $DIR && eslint lost', []],
    ['next lint --dir src', ['.: --dir src --next <lint>']],
  ];
  for (const [script, expected] of lines) {
    it(script, async () => {
      mkdirSync(path.join(root, 'apps/a'), { recursive: true });
      assert.deepEqual(await inScripts({ lint: script }), expected);
    });
  }

  it('follows scripts that run scripts, each once', async () => {
    const others = {
      'lint:js': 'eslint src',
      'lint:md:x': 'eslint docs',
      'lint:css': 'stylelint .',
      check: 'npm run lint',
    };
    for (const lint of [
      'run-s lint:*',
      'npm-run-all --parallel lint:js lint:css',
      'concurrently -n a,b "npm:lint:*"',
      'concurrently "npm run lint:js" "pnpm lint:css"',
      'npm run lint:js && npm run lint:css',
      'pnpm run "/^lint:/"',
      'node --run lint:js',
      'yarn lint:js; yarn check',
    ]) {
      const all = await inScripts({ lint, ...others });
      assert.ok(all.includes('.: src <lint:js>'), lint);
      assert.equal(new Set(all).size, all.length, lint);
    }
    assert.deepEqual(await inScripts({ lint: 'eslint', 'lint:fix': 'npm run lint -- --fix src' }), [
      '.:  <lint>',
      '.: --fix src <lint>',
    ]);
  });

  it('puts the main script first, and leaves out scripts that only happen to use the tool', async () => {
    const scripts = { generate: 'make-it && eslint --fix generated', 'lint:tests': 'eslint test', lint: 'eslint src' };
    assert.deepEqual(await inScripts(scripts), ['.: src <lint>', '.: test <lint:tests>']);
    assert.deepEqual(await inScripts({ test: 'eslint . && mocha' }), ['.: . <test>']);
  });

  const members = {
    'apps/a/package.json': { name: '@x/a', scripts: { lint: 'eslint . --max-warnings 0' } },
    'apps/b/package.json': { name: '@x/b', scripts: { lint: 'eslint src' } },
    'other/package.json': { name: 'other', scripts: { lint: 'eslint never' } },
  };
  for (const lint of [
    'turbo run lint',
    'turbo lint --filter=...',
    'pnpm -r lint',
    'pnpm --recursive run lint',
    'npm run lint --workspaces --if-present',
    'npm run lint -ws',
    'yarn workspaces foreach -A run lint',
    'yarn workspaces run lint',
    'lerna run lint',
    'lage build lint',
    'nx run-many -t lint test',
    'nx run-many --target=lint --parallel=3',
    'nx affected -t build,lint',
    'tool that nobody knows',
  ]) {
    it(`in the packages of a workspace: ${lint}`, async () => {
      write({ 'package.json': { workspaces: ['apps/*'], scripts: { lint } }, ...members });
      assert.deepEqual(await found(), ['apps/a: . --max-warnings 0 <lint>', 'apps/b: src <lint>']);
    });
  }

  it('in one package of a workspace', async () => {
    for (const script of [
      'npm run lint -w @x/b',
      'pnpm --filter @x/b lint',
      'pnpm -F ./apps/b run lint',
      'yarn workspace @x/b lint',
      'npm --prefix apps/b run lint',
      'pnpm -C apps/b lint',
      'cd apps/b && npm run lint',
    ]) {
      // prettier-ignore
      write({ 'package.json': { workspaces: ['apps/*'], scripts: { lint: script } }, ...members });
      assert.equal((await found())[0], 'apps/b: src <lint>', script);
    }
  });

  it('a command in every package: pnpm -r exec', async () => {
    write({
      'package.json': { scripts: { lint: 'pnpm -r exec eslint .' } },
      'pnpm-workspace.yaml': 'packages:\n  - apps/*\n',
      'apps/a/package.json': { name: 'a' },
      'apps/b/package.json': { name: 'b' },
    });
    assert.deepEqual(await found(), ['apps/a: . <lint>', 'apps/b: . <lint>']);
  });

  it('without a workspace, packages count only if the root runs nothing', async () => {
    write({ 'package.json': { scripts: {} }, ...members });
    assert.equal((await found()).length, 3);
    write({ 'package.json': { scripts: { lint: 'eslint .' } } });
    assert.deepEqual(await found(), ['.: . <lint>']);
  });

  it('in continuous integration', async () => {
    write({
      '.github/workflows/ci.yml': `
on: push
env: { NODE_ENV: ci }
jobs:
  lint:
    defaults: { run: { working-directory: web } }
    steps:
      - uses: actions/checkout@v4
      - run: |
          npm ci
          npx eslint \\
            src --max-warnings 0
      - run: npm run style
        working-directory: docs
        env: { ESLINT_USE_FLAT_CONFIG: 'false' }
`,
      'docs/package.json': { scripts: { style: 'eslint pages' } },
      'web/package.json': {},
    });
    assert.deepEqual(await found(), [
      'web: NODE_ENV=ci src --max-warnings 0 <.github/workflows/ci.yml>',
      'docs: NODE_ENV=ci ESLINT_USE_FLAT_CONFIG=false pages <style>',
    ]);
    write({
      '.github/workflows/ci.yml': '',
      '.gitlab-ci.yml': 'lint:\n  variables: { NODE_ENV: x }\n  script:\n    - cd web\n    - yarn eslint src\n',
    });
    assert.deepEqual(await found(), ['web: NODE_ENV=x src <.gitlab-ci.yml>']);
  });

  it('a variable that only the pipeline sets, and folders that only it knows', async () => {
    write({
      'package.json': { scripts: { lint: 'eslint .' } },
      '.github/workflows/ci.yml': `
jobs:
  a:
    env: { ESLINT_USE_FLAT_CONFIG: false, OTHER: x }
    steps:
      - run: npm run lint
      - run: npx eslint lost
        working-directory: \${{ matrix.folder }}
      - run: cd \${{ matrix.folder }} && npx eslint lost
`,
    });
    assert.deepEqual(await found(), ['.: ESLINT_USE_FLAT_CONFIG=false . <lint>']);
    write({
      '.github/workflows/ci.yml': 'jobs: { a: { steps: [{ run: "ESLINT_USE_FLAT_CONFIG=true npm run lint" }] } }',
    });
    assert.deepEqual(await found(), ['.: ESLINT_USE_FLAT_CONFIG=true . <lint>']);
  });

  it('names programs that run the tool in their own way', async () => {
    write({
      'package.json': {
        scripts: { lint: 'run-p lint:*', 'lint:a': 'ng lint', 'lint:b': 'standard', 'lint:c': 'ng build' },
      },
    });
    const tool = { program: 'eslint', main: 'lint', related: { ng: 'lint', standard: '' } };
    const { related, mainScript } = await projectCommands(root, tool);
    assert.deepEqual(
      related.map(({ text, origin }) => `${text} <${origin.script ?? ''}>`),
      ['ng lint <lint:a>', 'standard <lint:b>'],
    );
    assert.equal(mainScript, 'run-p lint:*');
  });

  it('in lint-staged only, in every form of its configuration', async () => {
    const expected = (file: string): readonly string[] => [`.: --fix **/*.{js,ts} <${file}>`];
    write({ 'package.json': { 'lint-staged': { '*.{js,ts}': ['prettier --write', 'eslint --fix'] } } });
    assert.deepEqual(await found(), expected('package.json'));
    write({ 'package.json': {}, '.lintstagedrc': '"*.{js,ts}": eslint --fix\n' });
    assert.deepEqual(await found(), expected('.lintstagedrc'));
    rmSync(path.join(root, '.lintstagedrc'));
    write({
      'lint-staged.config.mjs': "export default { '*.{js,ts}': (files) => [`eslint --fix ${files.join(' ')}`] };\n",
    });
    assert.deepEqual(await found(), expected('lint-staged.config.mjs'));
    write({ 'package.json': { scripts: { lint: 'eslint .', precommit: 'lint-staged' } } });
    assert.deepEqual(await found(), ['.: . <lint>'], 'a script says it better');
  });

  it('in shell scripts, Makefiles and wireit', async () => {
    write({ 'scripts/lint.sh': '#!/bin/sh\nset -e\ncd web\neslint src\n', 'web/a.js': '' });
    assert.deepEqual(await inScripts({ lint: './scripts/lint.sh' }), ['web: src <scripts/lint.sh>']);
    assert.deepEqual(await inScripts({ lint: 'sh scripts/lint.sh' }), ['web: src <scripts/lint.sh>']);
    write({ Makefile: 'build:\n\ttsc\nlint: build\n\t@eslint src\n' });
    assert.deepEqual(await inScripts({ lint: 'make lint' }), ['.: src <Makefile>']);
    write({
      'package.json': { scripts: { lint: 'wireit' }, wireit: { lint: { command: 'eslint src', dependencies: ['x'] } } },
    });
    assert.deepEqual(await found(), ['.: src <lint>']);
  });

  it('in targets of Nx: executors, commands and those that it infers', async () => {
    write({
      'package.json': { scripts: { lint: 'nx run-many -t lint' } },
      'nx.json': { plugins: [{ plugin: '@nx/eslint/plugin', options: { targetName: 'lint' } }] },
      'eslint.config.mjs': '',
      'apps/a/project.json': { name: 'a' },
      'apps/b/project.json': { name: 'b', targets: { lint: { executor: '@nx/eslint:lint', options: {} } } },
      'apps/b/eslint.config.mjs': '',
      'apps/c/project.json': { name: 'c', targets: { lint: { command: 'eslint {projectRoot}/src' } } },
    });
    assert.deepEqual(await found(), [
      'apps/a: . <nx.json>',
      '.: --config apps/b/eslint.config.mjs apps/b <apps/b/project.json>',
      '.: apps/c/src <apps/c/project.json>',
    ]);
  });

  it('an unquoted pattern means what a shell makes of it', async function () {
    if (process.platform === 'win32') this.skip();
    write({ 'src/a.js': '', 'src/x/b.js': '', 'src/x/y/c.js': '' });
    assert.deepEqual(await inScripts({ lint: 'eslint src/**/*.js test/**/*.js' }), [
      '.: src/x/b.js test/**/*.js <lint>',
    ]);
  });

  it('survives any value anywhere in any file', async () => {
    const lint = { lint: 'turbo run lint && wireit && lint-staged && nx lint && make lint' };
    const files: Readonly<Record<string, object>> = {
      'package.json': { name: 'r', workspaces: ['apps/*'], scripts: lint, wireit: { lint: { command: 'x', dependencies: ['y'] } }, 'lint-staged': { '*.js': ['eslint'] } }, // prettier-ignore
      'apps/a/package.json': { name: 'a', scripts: lint, 'lint-staged': { '*.js': 'eslint' } },
      'apps/a/project.json': { name: 'a', targets: { lint: { executor: '@nx/eslint:lint', command: 'x', options: { lintFilePatterns: ['x'], eslintConfig: 'x', commands: ['x'], cwd: 'x' } } } }, // prettier-ignore
      'nx.json': { plugins: [{ plugin: '@nx/eslint/plugin', options: { targetName: 'lint' } }] },
      'pnpm-workspace.yaml': { packages: ['apps/*'] },
      '.lintstagedrc': { '*.js': ['eslint'] },
      '.github/workflows/ci.yml': { jobs: { a: { env: { A: 'x' }, defaults: { run: { 'working-directory': 'x' } }, steps: [{ run: 'npm run lint', env: { A: 1 } }] } } }, // prettier-ignore
      '.gitlab-ci.yml': { a: { script: ['npm run lint', ['x']], variables: { A: 'x' } } },
    };
    const odd = [null, 0, '', '${', [null, ''], { constructor: 1 }];
    write(files);
    for (const [name, value] of Object.entries(files)) {
      for (const changed of mutationsOf(value, odd)) {
        write({ [name]: json(changed) });
        await found();
      }
      write({ [name]: value });
    }
    write({
      '.gitlab-ci.yml': `${'['.repeat(3000)}${']'.repeat(3000)}`,
      'lint-staged.config.js': `x = ${'['.repeat(3000)}${']'.repeat(3000)}`,
    });
    await found();
  });

  it('survives scripts that never end and files that are odd', async () => {
    assert.deepEqual(await inScripts({ lint: 'npm run a', a: 'npm run lint -- --x', pre: '' }), []);
    write({ 'package.json': '{ "scripts": [1], "lint-staged": 3, "workspaces": [null, 3] }' });
    write({ '.gitlab-ci.yml': '*: [', '.github/workflows/x.yml': 'jobs: 3', 'nx.json': 'null', 'project.json': '[]' });
    assert.deepEqual(await found(), []);
    write({ 'package.json': { scripts: { lint: 'eslint "unclosed', other: '&& | ;; ( ) ${', test: 3 } } });
    await found();
  });
});
