/** `import` resolves as the runtime does: the cases run in Node.js, which refuses what is reported and nothing else. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { detector } from '../../../workers/detectors/import/index.ts';
import { runDetector } from '../../support/run-detector.ts';
import { workspaceOf } from '../graph/workspace.ts';

type Files = Readonly<Record<string, string | object>>;

const merged = (all: readonly Files[]): Files => Object.fromEntries(all.flatMap((one) => Object.entries(one)));

const installed = (name: string, manifest: object): Files => ({
  [`node_modules/${name}/package.json`]: { name, version: '1.0.0', ...manifest },
  ...Object.fromEntries(
    ['a.js', 'a.mjs', 'a.cjs'].map((file) => [
      `node_modules/${name}/${file}`,
      file === 'a.mjs' ? 'export default 1;' : '',
    ]),
  ),
  [`node_modules/${name}/a.d.ts`]: 'export {};',
});

/** Packages, and how they can be asked for; `false`: Node.js refuses. */
const packages: Readonly<Record<string, { exports: object | null; require: boolean; import: boolean }>> = {
  'import-only': { exports: { import: './a.mjs' }, require: false, import: true },
  'typed-import-only': { exports: { '.': { types: './a.d.ts', import: './a.mjs' } }, require: false, import: true },
  'require-only': { exports: { '.': { types: './a.d.ts', require: './a.cjs' } }, require: true, import: false },
  'esm-by-default': { exports: { types: './a.d.ts', default: './a.mjs' }, require: true, import: true },
  'esm-by-module-sync': { exports: { 'module-sync': './a.mjs', import: './a.mjs' }, require: true, import: true },
  'esm-by-require': { exports: { require: './a.mjs' }, require: true, import: false },
  'for-node': { exports: { node: './a.cjs', import: './a.mjs' }, require: true, import: true },
  'no-map': { exports: null, require: true, import: true },
  nested: { exports: { node: { import: './a.mjs' }, default: './a.cjs' }, require: true, import: true },
};

/** `file:line rule`, lines from 1. */
async function found(files: Files, first: Files = { 'package.json': { type: 'module' } }): Promise<readonly string[]> {
  using workspace = workspaceOf({ ...first, ...files });
  const { issues, problems } = await runDetector(detector, workspace.root, { dedupeWithTypescript: false });
  assert.deepEqual(problems, []);
  const isNote = (file: string): boolean => file === 'package.json';
  return issues
    .filter(({ file }) => !isNote(file))
    .map((issue) => `${issue.file}:${String(issue.range.start.line + 1)} ${issue.rule}`);
}

describe('import: as the runtime resolves', () => {
  it('refuses what Node.js refuses by the kind of import', async () => {
    const names = Object.keys(packages);
    using workspace = workspaceOf({
      'package.json': { private: true, dependencies: Object.fromEntries(names.map((name) => [name, '1.0.0'])) },
      ...merged(names.map((name) => installed(name, { main: 'a.js', exports: packages[name]?.exports }))),
      ...Object.fromEntries(names.map((name) => [`${name}.cjs`, `require('${name}');`])),
      ...Object.fromEntries(names.map((name) => [`${name}.mjs`, `import '${name}';`])),
      'run.mjs': `import { createRequire } from 'node:module';
        const require = createRequire(import.meta.url);
        for (const name of ${JSON.stringify(names)}) {
          const result = {};
          for (const extension of ['cjs', 'mjs']) {
            try { extension === 'cjs' ? require('./' + name + '.cjs') : await import('./' + name + '.mjs'); result[extension] = true; }
            catch (error) { result[extension] = error.code === 'ERR_PACKAGE_PATH_NOT_EXPORTED' ? false : error.code; }
          }
          console.log(JSON.stringify(result));
        }`,
    });
    const output = execFileSync(process.execPath, ['--no-warnings', 'run.mjs'], {
      cwd: workspace.root,
      encoding: 'utf8',
    });
    const wanted = names.map((name) => ({ cjs: packages[name]?.require, mjs: packages[name]?.import }));
    assert.deepEqual(output.trim().split('\n').map((line) => JSON.parse(line) as unknown), wanted); // prettier-ignore
    const { issues } = await runDetector(detector, workspace.root, {});
    const blocked = new Set(issues.filter(({ rule }) => rule === 'exports-blocked').map(({ file }) => file));
    assert.deepEqual(
      names.map((name) => ({ cjs: !blocked.has(`${name}.cjs`), mjs: !blocked.has(`${name}.mjs`) })),
      wanted,
    );
  });

  it('refuses it of packages of the workspace too, and follows them all the same', async () => {
    const files = {
      'package.json': { name: 'root', private: true, workspaces: ['packages/*'] },
      'packages/lib/package.json': { name: 'lib', type: 'module', exports: { import: './a.js' } },
      'packages/lib/a.js': 'export const a = 1;',
      'a.cjs': "require('lib');\ntry { require('lib'); } catch {}\nimport('lib');",
      'b.mjs': "import { b } from 'lib';",
    };
    assert.deepEqual(await found(files), ['a.cjs:1 exports-blocked', 'b.mjs:1 missing-export']);
  });

  it('asks the file of the conditions that hold for its exports', async () => {
    const files = {
      'package.json': {
        name: 'lib', type: 'module', imports: { '#dev': { development: './gone.js', default: './full.js' } },
        exports: { '.': { production: './small.js', default: './full.js' }, './browser': { browser: './small.js', default: './full.js' } },
      },
      'full.js': 'export const one = 1;\nexport const two = 2;',
      'small.js': 'export const one = 1;\nexport const three = 3;',
      'a.js': "import { two } from 'lib';\nimport { three } from 'lib';\nimport { two as b } from 'lib/browser';\nimport { one } from '#dev';",
    }; // prettier-ignore
    assert.deepEqual(await found(files), ['a.js:2 missing-export', 'a.js:2 duplicate-import']);
    const bundled = { ...files, 'package.json': { ...files['package.json'], devDependencies: { vite: '1' } } };
    bundled['a.js'] = "import { two, three } from 'lib/browser';\nimport { four } from 'lib/browser';\n";
    assert.deepEqual(await found(bundled), ['a.js:2 missing-export', 'a.js:2 duplicate-import']);
  });

  it('gives types to those who see types', async () => {
    const files = {
      'package.json': { name: 'lib', exports: { types: './types.d.ts', default: './a.js' } },
      'types.d.ts': 'export interface T {}\nexport const a: number;',
      'a.js': 'export const a = 1;',
      'a.vue': '<script lang="ts">\nimport { a, type T } from \'lib\';\n</script>',
      'b.js': "import { T } from 'lib';",
    };
    assert.deepEqual(await found(files), ['b.js:1 missing-export']);
  });

  it('does not hold the map of another package of the same name against an import', async () => {
    const files = {
      'package.json': { name: 'root', private: true, dependencies: { lib: '^2.0.0' } },
      'examples/old/package.json': { name: 'lib', version: '1.0.0', exports: { '.': './a.js' } },
      'examples/old/a.js': "import 'lib';\nimport 'lib/none';",
      'a.js': "import 'lib/sub';",
    };
    assert.deepEqual(await found(files), ['examples/old/a.js:2 exports-blocked']);
    const workspace = {
      'package.json': {
        name: 'root',
        private: true,
        workspaces: ['packages/*'],
        dependencies: { lib: '^2.0.0', now: '^1.0.0' },
      },
      'packages/lib/package.json': { name: 'lib', version: '1.0.0', exports: { '.': './a.js' } },
      'packages/now/package.json': { name: 'now', version: '1.2.0', exports: { '.': './a.js' } },
      'a.js': "import 'lib/sub';\nimport 'now/sub';",
    };
    assert.deepEqual(await found(workspace), ['a.js:2 exports-blocked']);
  });

  it('reads "imports" as Node.js does', async () => {
    const files = {
      'package.json': {
        type: 'module',
        imports: { '#list/*': ['./src/*.js', './src/*/index.js'], '#bad/*': 'src/*.js', '#shut/*': null, '#x': { node: './src/a.js' } },
      },
      'src/a.js': '',
      'src/b/index.js': '',
      'main.js': "import '#list/a';\nimport '#list/b';\nimport '#bad/a';\nimport '#shut/a';\nimport '#x';",
    }; // prettier-ignore
    assert.deepEqual(await found(files), ['main.js:2 unresolved', 'main.js:3 unresolved', 'main.js:4 unresolved']);
    const bundled = { ...files, 'package.json': { ...files['package.json'], devDependencies: { webpack: '1' } } };
    assert.deepEqual(await found(bundled), ['main.js:3 unresolved', 'main.js:4 unresolved']);
  });

  it('follows "imports" to packages, and knows entries for the other kind of import', async () => {
    const files = {
      'package.json': {
        type: 'module', dependencies: { there: '1' },
        imports: { '#gone': 'gone', '#there': 'there', '#there/*': 'there/*', '#require': { require: './a.js' }, '#import': { import: './a.js' } },
      },
      ...installed('there', { main: 'a.js' }),
      'a.js': '',
      'main.js': "import '#gone';\nimport '#there';\nimport '#there/none.js';\nimport '#require';\nimport '#import';",
      'main.cjs': "require('#require');\nrequire('#import');",
    }; // prettier-ignore
    assert.deepEqual(await found(files), [
      'main.cjs:2 exports-blocked',
      'main.js:1 unresolved-package',
      'main.js:3 unresolved-package',
      'main.js:4 exports-blocked',
    ]);
  });

  it('knows which built-in modules there are', async () => {
    const files = {
      'a.js':
        "import 'node:fs/promises';\nimport 'node:fss';\nimport 'node:utill';\nimport 'node:sqlite';\nimport 'node:no-such-thing';\ntry { await import('node:later'); } catch {}",
    };
    using workspace = workspaceOf({ 'package.json': { type: 'module' }, ...files });
    const { issues } = await runDetector(detector, workspace.root);
    assert.deepEqual(issues.map(({ message }) => message), [
      "Node.js has no built-in module 'node:fss'. Did you mean 'node:fs'?",
      "Node.js has no built-in module 'node:utill'. Did you mean 'node:util'?",
      "Node.js has no built-in module 'node:no-such-thing'. Correct the name.",
    ]); // prettier-ignore
  });

  it('asks a script for its exports, not the declarations beside it', async () => {
    const files = {
      'lib.js': 'export const there = 1;',
      'lib.d.ts': 'export const there: number;\nexport const declared: number;',
      'a.js': "import { there, declared } from './lib.js';",
      'b.ts': "import { there, declared } from './lib.js';",
      'd.ts': "import { nowhere } from './lib.js';",
      'e.vue': '<script lang="ts">\nimport { declared, nowhere } from \'./lib.js\';\n</script>',
      'open.js': 'export const there = 1;',
      'open.d.ts': 'declare const all: { [name: string]: number };\nexport = all;',
      'f.ts': "import { nowhere } from './open.js';",
      'posts.data.mts': 'export default { load() {} };',
      'p.vue': "<script setup>\nimport { data } from './posts.data.mts';\n</script>",
      'c.js': "/** @type {import('./lib.js').Other} */\nexport default 1;",
    };
    assert.deepEqual(await found(files), ['a.js:1 missing-export', 'd.ts:1 missing-export', 'e.vue:2 missing-export']);
  });

  it('sees that a module exports nothing any more', async () => {
    const files = {
      'empty.js': '',
      'effect.ts':
        '/* this module exports nothing */\nclass A { constructor() { this.a = 1; } }\nconsole.log("exports");\n',
      'common.js': 'exports.a = 1;',
      'script.js': '(function (root) { root.f = 1; })(this);',
      'globals.d.ts': 'declare const g: number;',
      'a.js':
        "import { a } from './empty.js';\nimport b from './effect.ts';\nimport * as c from './empty.js';\nc.d;\nimport { e } from './common.js';\nimport { f } from './script.js';",
      'b.ts': "import { g } from './globals';\nimport './empty.js';\nexport * from './empty.js';",
      'c.js': "import { x } from './b.ts';",
    };
    const reported = ['a.js:1 missing-export', 'a.js:2 missing-export', 'a.js:4 missing-export'];
    assert.deepEqual(await found(files), [...reported, 'c.js:1 missing-export']);
    // The default of CommonJS is the module itself.
    assert.ok(!(await found(files, { 'package.json': {} })).includes('a.js:2 missing-export'));
  });

  it('reports names that fail unless they resolve', async () => {
    const files = {
      'there.js': '',
      'a.test.js': [
        "jest.mock('./there'); jest.mock('./a'); jest.mock('./v', () => 1, { virtual: true });",
        "jest.requireActual('./b');",
        "require.resolve('./c'); require.resolve('./d', { paths: [x] }); require.resolve('no-package');",
        "new URL('./e.js', import.meta.url);",
        "new Worker(new URL('f.js', import.meta.url)); new Worker(new URL('there.js', import.meta.url));",
        "try { require.resolve('./g'); } catch {}",
        "vi.mock('./h'); vi.importActual('./i');",
        "const jest2 = { mock() {} }; jest2.mock('./j');",
      ].join('\n'),
    };
    assert.deepEqual(
      (await found(files)).map((one) => one.replace('a.test.js:', '')),
      ['1 unresolved', '2 unresolved', '3 unresolved', '5 unresolved', '7 unresolved'],
    );
  });

  it('keeps the scripts of a component apart', async () => {
    const files = {
      'a.js': 'export const a = 1;\nexport const b = 2;',
      'p.astro':
        "---\nimport { a } from './a';\n---\n<script>\nimport { a } from './a';\nimport { b } from './a';\n</script>",
      'p.vue': "<script>\nimport { a } from './a';\n</script>\n<script setup>\nimport { b } from './a';\n</script>",
      'q.vue': '<script src="./gone.js"></script>\n<template src="./gone.html"></template>',
    };
    assert.deepEqual(await found(files), ['p.astro:6 duplicate-import', 'q.vue:1 unresolved']);
  });

  it('does not look at generated and vendored files, unless it is told to', async () => {
    const bad = "import './gone';";
    const files = {
      'a/__snapshots__/a.js': bad, 'vendor/a.js': bad, 'src/a.min.js': bad, 'src/b.generated.ts': bad, 'dist/a.js': bad,
      'src/api.ts': `// @generated\n${bad}`, 'src/a.ts': bad,
    }; // prettier-ignore
    assert.deepEqual(await found(files), ['src/a.ts:1 unresolved']);
    using workspace = workspaceOf(files);
    const { issues } = await runDetector(detector, workspace.root, { ignore: [] });
    assert.equal(issues.length, Object.keys(files).length);
  });
});
