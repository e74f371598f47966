/** Cases of `import` that its pages do not show: what the suites of other linters and the compiler taught. */
import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { detector } from '../../../workers/detectors/import/index.ts';
import { runDetector } from '../../support/run-detector.ts';
import { workspaceOf } from '../graph/workspace.ts';

type Files = Readonly<Record<string, string | object>>;

/** `file:line rule`, lines from 1. */
async function found(files: Files, file?: string): Promise<readonly string[]> {
  using workspace = workspaceOf({ 'package.json': { name: 'root', private: true }, ...files });
  const { issues, problems } = await runDetector(detector, workspace.root, { dedupeWithTypescript: false });
  assert.deepEqual(problems, []);
  return issues
    .filter((issue) => file === undefined || issue.file === file)
    .map((issue) => `${issue.file}:${String(issue.range.start.line + 1)} ${issue.rule}`);
}

describe('import', () => {
  it('is silent about what git ignores by name or folder, not about a kind of file that it ignores', async () => {
    const files = {
      '.gitignore': '*.js\n/made.ts\n/generated\n',
      'a.ts': "import './made';\nimport './generated/x.js';\nimport './gone.js';\nimport './gone-too';\n",
    };
    assert.deepEqual(await found(files), ['a.ts:3 unresolved', 'a.ts:4 unresolved']);
  });

  it('heeds what the repository around the folder ignores', async () => {
    const files = {
      '.git/HEAD': '',
      '.gitignore': '*.generated.ts\n',
      'app/package.json': { name: 'app', private: true },
      'app/a.ts': "import './x.generated';\nimport './gone';\n",
    };
    using workspace = workspaceOf(files);
    const { issues } = await runDetector(detector, path.join(workspace.root, 'app'), { dedupeWithTypescript: false });
    assert.deepEqual(
      issues.map(({ range }) => range.start.line + 1),
      [2],
    );
    workspace.write('.gitignore', 'app\n');
    const all = await runDetector(detector, path.join(workspace.root, 'app'), { dedupeWithTypescript: false });
    assert.equal(all.issues.length, 2);
  });

  it('reports an alias without a target, even if a package of the workspace has its name', async () => {
    const files = {
      'package.json': { name: 'root', private: true, workspaces: ['packages/*'] },
      'packages/p/package.json': { name: 'p', exports: { './*': './dist/*.js' } },
      'packages/p/src/there.ts': '',
      'tsconfig.json': { compilerOptions: { paths: { 'p/*': ['./packages/p/src/*'] } } },
      'a.ts': "import 'p/there';\nimport 'p/gone';\n",
    };
    assert.deepEqual(await found(files), ['a.ts:2 unresolved']);
  });

  it('takes a name below baseUrl for a file of that folder, unless it may be a package', async () => {
    const code =
      "import 'components/there';\nimport 'components/gone';\nimport 'lodash/gone';\nimport 'components/gone.svg';\nimport 'components';\n";
    const files = {
      'package.json': { name: 'root', private: true, dependencies: { lodash: '*' } },
      'src/components/there.js': '',
      'src/lodash/own.js': '',
      'src/a.js': code,
    };
    const wanted = ['src/a.js:2 unresolved', 'src/a.js:5 unresolved'];
    assert.deepEqual(await found({ ...files, 'jsconfig.json': { compilerOptions: { baseUrl: 'src' } } }, 'src/a.js'), wanted); // prettier-ignore
    assert.deepEqual(await found({ ...files, 'jsconfig.json': { compilerOptions: { paths: { '*': ['./src/*'] } } } }, 'src/a.js'), wanted); // prettier-ignore
    assert.deepEqual(await found({ ...files, 'src/a.ts': code, 'tsconfig.json': { compilerOptions: { baseUrl: 'src' } } }, 'src/a.ts'), ['src/a.ts:2 unresolved', 'src/a.ts:5 unresolved']); // prettier-ignore
    assert.deepEqual(await found(files, 'src/a.js'), []);
  });

  it('reports a missing package that is named as some folder, and no file that baseUrl gives', async () => {
    const files = {
      'node_modules/other/package.json': { name: 'other' },
      '.gitignore': '/src/made\n',
      'src/parts/query/client.ts': '',
      'src/parts/index.ts': '',
      'src/single.ts': '',
      'src/a.ts': "import 'query';\nimport 'query/client';\nimport 'parts';\nimport 'single';\nimport 'parts/query/client';\nimport 'made/code';\n", // prettier-ignore
    };
    const missing = ['src/a.ts:1 unresolved-package', 'src/a.ts:2 unresolved-package'];
    const configured = (compilerOptions: object): Files => ({ ...files, 'tsconfig.json': { compilerOptions } });
    assert.deepEqual(await found(configured({ baseUrl: 'src' })), missing);
    assert.deepEqual(await found(configured({ paths: { '*': ['./src/*'] } })), missing);
  });

  it('takes the folder of a package that is not built for its source, and does not miss its output', async () => {
    const files = {
      'package.json': { name: 'root', private: true, workspaces: ['packages/*'] },
      'packages/a/package.json': { name: 'a', main: './lib/index.js', types: './lib/index.d.ts' },
      'packages/a/src/index.ts': 'export const there = 1;\n',
      'packages/b/package.json': { name: 'b', main: './made/b.js' },
      'packages/c/package.json': { name: 'c', type: 'module' },
      'a.js': "import { there,\n gone } from './packages/a';\nimport './packages/b';\nimport './packages/c';\n",
    };
    assert.deepEqual(await found(files), ['a.js:2 missing-export', 'a.js:4 unresolved']);
  });

  it('knows built-in modules behind "imports"', async () => {
    const files = {
      'package.json': { name: 'root', imports: { '#net': { node: 'net', default: './net.js' } } },
      'a.js': "import '#net';\n",
    };
    assert.deepEqual(await found(files), []);
  });

  it('asks for the members of a namespace too, wherever they are not hidden by another name', async () => {
    const files = {
      'b.js': 'export const there = 1;\n',
      'open.js': 'exports.any = 1;\n',
      'a.js': [
        "import * as b from './b.js';",
        "import * as open from './open.js';",
        'b.there;',
        'b.gone;',
        'open.any;',
        'export const f = (b) => b.other;',
      ].join('\n'),
    };
    assert.deepEqual(await found(files), ['a.js:4 missing-export']);
  });

  it('takes the default of declarations for the whole of CommonJS', async () => {
    const files = {
      'b.d.ts': 'export const b: 1;\n',
      'a.ts': "import b, { c } from './b';\nb; c;\n",
    };
    assert.deepEqual(await found(files), ['a.ts:1 missing-export']);
  });

  it('takes TypeScript that an ECMAScript module imports for CommonJS, unless the package says otherwise', async () => {
    const files = { 'a.mjs': "import b from './b.js';\nb;\n", 'b.ts': 'export const b = 1;\n' };
    assert.deepEqual(await found(files), []);
    assert.deepEqual(await found({ ...files, 'package.json': { name: 'root', type: 'module' } }), [
      'a.mjs:1 missing-export',
    ]);
  });

  it('follows the links of package managers to packages of the workspace that are not built', async () => {
    const files = {
      'package.json': { name: 'root', private: true, workspaces: ['packages/*'] },
      'packages/p/package.json': { name: 'p', exports: { './inner/*': './lib/*', '.': './lib/index.js' } },
      'packages/p/tsconfig.json': { compilerOptions: { rootDir: 'src', outDir: 'lib' } },
      'packages/p/src/deep/there.ts': 'export const there = 1;\n',
      'a.js': "import { there, gone } from 'p/inner/deep/there.js';\nthere; gone;\n",
    };
    using workspace = workspaceOf(files);
    mkdirSync(path.join(workspace.root, 'node_modules'));
    symlinkSync(path.join(workspace.root, 'packages/p'), path.join(workspace.root, 'node_modules/p'), 'junction');
    const { issues } = await runDetector(detector, workspace.root, { dedupeWithTypescript: false });
    assert.deepEqual(
      issues.map(({ rule, message }) => `${rule}: ${message}`),
      ["missing-export: packages/p/src/deep/there.ts has no export 'gone'."],
    );
  });

  it('does not report requests whose failure the code handles', async () => {
    const files = {
      'a.js': [
        "try { require('./one'); } catch {}",
        "import('./two').catch(() => {});",
        "import('./three').then(() => {}, () => {});",
        "import('./four').then(() => {});",
        "try { require('./five'); } finally { f(); }",
      ].join('\n'),
    };
    assert.deepEqual(await found(files), ['a.js:4 unresolved', 'a.js:5 unresolved']);
  });

  it('reports `require` in an ECMAScript module, unless the file makes or tests for it', async () => {
    const b = { 'b.cjs': '' };
    const call = "require('./b.cjs');\n";
    assert.deepEqual(await found({ ...b, 'a.mjs': call }), ['a.mjs:1 commonjs-in-esm']);
    assert.deepEqual(await found({ ...b, 'a.mjs': `if (typeof require === 'function') ${call}` }), []);
    const made = "import { createRequire } from 'node:module';\nconst require = createRequire(import.meta.url);\n";
    assert.deepEqual(await found({ ...b, 'a.mjs': made + call }), []);
  });

  it('takes a deprecated module for the package of its name where a bundler runs the code', async () => {
    const manifest = { name: 'root', dependencies: { punycode: '2' } };
    const files = { 'a.js': "import 'punycode';\nimport 'node:punycode';\n" };
    const bundled = { ...manifest, devDependencies: { vite: '7' } };
    assert.deepEqual(await found({ ...files, 'package.json': bundled }, 'a.js'), ['a.js:2 deprecated-builtin']);
    assert.deepEqual(await found({ ...files, 'package.json': manifest }, 'a.js'), [
      'a.js:1 deprecated-builtin',
      'a.js:2 deprecated-builtin',
    ]);
  });

  it('waits for what the build of a package of the workspace makes', async () => {
    using workspace = workspaceOf({
      'package.json': { name: 'root', private: true, workspaces: ['packages/*'], dependencies: { there: '*' } },
      'node_modules/there/package.json': { name: 'there' },
      '.gitignore': 'compiled\n',
      'packages/bundles/package.json': { name: '@s/bundles' },
      'packages/app/package.json': { name: 'app', dependencies: { '@s/bundles': 'workspace:*' } },
      'packages/app/a.js': "require('@s/bundles/compiled/x/index.js');\nrequire('@s/bundles/gone/x.js');\n",
    });
    const { issues } = await runDetector(detector, workspace.root);
    assert.deepEqual(
      issues.map(({ rule, range }) => [rule, range.start.line]),
      [['unresolved-package', 1]],
    );
  });

  it('follows a pattern of .gitignore that takes a file back', async () => {
    const files = {
      '.gitignore': 'generated-*\n!generated-not*\n',
      'a.ts': "import './generated-not';\n",
    };
    assert.deepEqual(await found(files), ['a.ts:1 unresolved']);
  });

  it('ignores imports that Flow resolves', async () => {
    const files = {
      'node_modules/x/package.json': {},
      'a.js': "/**\n * @flow\n */\nimport 'Name';\nimport './gone';\n",
    };
    assert.deepEqual(await found(files), []);
  });

  it('does not suggest installing modules that only a host provides', async () => {
    const files = {
      'node_modules/x/package.json': {},
      'a.js': "import 'vscode';\nimport '@jest/globals';\nimport 'absent';\n",
    };
    assert.deepEqual(await found(files), ['a.js:3 unresolved-package']);
  });

  it('finds deprecated names of built-in modules by whatever way they are reached', async () => {
    const text = [
      "import fs, { lchmod } from 'node:fs';",
      "import * as util from 'util';",
      "const crypto = require('crypto');",
      'fs.exists();',
      'util.isArray([]);',
      'crypto.createCipher();',
      "require('os').tmpDir();",
      'export const f = (fs) => fs.exists();',
      'fs.existsSync();',
    ].join('\n');
    const rules = await found({ 'a.js': text });
    assert.deepEqual(
      rules.filter((one) => one.endsWith('deprecated-builtin')),
      [1, 4, 5, 6, 7].map((line) => `a.js:${String(line)} deprecated-builtin`),
    );
  });

  describe('duplicate-import', () => {
    const duplicates = async (file: string, ...lines: readonly string[]): Promise<readonly string[]> =>
      found({ 'b.ts': 'export default 1;\nexport const c = 1;\nexport type T = 1;\n', [file]: lines.join('\n') }, file);

    it('goes by the file that is meant', async () => {
      assert.deepEqual(await duplicates('a.ts', "import { c } from './b';", "import { type T } from './b.ts';"), [
        'a.ts:2 duplicate-import',
      ]);
    });

    it('counts an import for its effect, but not in TypeScript, where its neighbour may be dropped', async () => {
      const lines = ["import { c } from './b';", "import './b';"];
      assert.deepEqual(await duplicates('a.js', ...lines), ['a.js:2 duplicate-import']);
      assert.deepEqual(await duplicates('a.ts', ...lines), []);
      assert.deepEqual(await duplicates('a.ts', "import './b';", "import './b';"), ['a.ts:2 duplicate-import']);
    });

    it('counts two namespaces, and two defaults', async () => {
      assert.deepEqual(await duplicates('a.ts', "import * as x from './b';", "import * as y from './b';"), [
        'a.ts:2 duplicate-import',
      ]);
      assert.deepEqual(await duplicates('a.ts', "import x from './b';", "import y from './b';"), [
        'a.ts:2 duplicate-import',
      ]);
    });

    it('leaves apart what cannot stand in one statement', async () => {
      assert.deepEqual(await duplicates('a.ts', "import type x from './b';", "import type { T } from './b';"), []);
      assert.deepEqual(await duplicates('a.ts', "import type { T } from './b';", "import { c } from './b';"), []);
      assert.deepEqual(await duplicates('a.ts', "import * as x from './b';", "import { c } from './b';"), []);
    });

    it('leaves apart what a comment for the compiler is about', async () => {
      const directed = ["import { c } from './b';", '// @ts-expect-error So be it.', "import { c as d } from './b';"];
      assert.deepEqual(await duplicates('a.ts', ...directed), []);
    });

    it('distinguishes modules loaded with different attributes', async () => {
      const first = "import x from './b' with { type: 'json' };";
      assert.deepEqual(await duplicates('a.js', first, "import y from './b' with { type: 'text' };"), []);
      assert.deepEqual(await duplicates('a.js', first, "import y from './b'"), []);
      assert.deepEqual(await duplicates('a.js', first, 'import y from "./b" with {type: "json",} // again'), [
        'a.js:2 duplicate-import',
      ]);
    });
  });
});
