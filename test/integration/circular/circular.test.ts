import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import path from 'node:path';
import { detector } from '../../../workers/detectors/circular/index.ts';
import type { DetectorOptions } from '../../../workers/protocol/detector-protocol.ts';
import { runDetector } from '../../support/run-detector.ts';
import { workspaceOf, type TestWorkspace } from '../graph/workspace.ts';

const ALL_ON = { rules: { 'type-only-cycle': 'hint' } };

async function found(workspace: TestWorkspace, options: DetectorOptions = ALL_ON): Promise<readonly string[]> {
  const { issues } = await runDetector(detector, workspace.root, options);
  return issues.map(({ file, rule, range }) => `${file}:${String(range.start.line + 1)} ${rule}`);
}

describe('circular', () => {
  it('reports a cycle once, where to cut it, with every import', async () => {
    using workspace = workspaceOf({
      'a.ts': `import { b } from './b';\nexport const a = () => b;\n`,
      'b.ts': `import { c } from './c';\nexport const b = () => c;\n`,
      'c.ts': `import { a } from './a';\nexport const c = () => a;\n`,
    });
    const { issues } = await runDetector(detector, workspace.root);
    assert.equal(issues.length, 1);
    const [issue] = issues;
    assert.equal(issue?.rule, 'import-cycle');
    assert.equal(issue.severity, 'warning');
    assert.match(issue.message, /^Import cycle of 3 modules: (\w)\.ts → \w\.ts → \w\.ts → \1\.ts\./);
    assert.deepEqual(issue.related?.map(({ file }) => file).toSorted(), ['a.ts', 'b.ts', 'c.ts']);
    assert.equal(issue.range.start.line, 0);
    assert.equal(issue.range.start.character, `import { c } from `.length);
  });

  it('is silent about a graph without cycles', async () => {
    using workspace = workspaceOf({
      'a.ts': `import './b';\nimport './c';\n`,
      'b.ts': `import './c';\n`,
      'c.ts': `export {};\n`,
    });
    assert.deepEqual(await found(workspace), []);
  });

  it('distinguishes imports, deferred imports and types', async () => {
    using workspace = workspaceOf({
      'dynamic/a.ts': `export const later = () => import('./b');\n`,
      'dynamic/b.ts': `import { later } from './a';\nexport const b = () => later;\n`,
      'lazy/a.js': `exports.later = function () { return require('./b'); };\n`,
      'lazy/b.js': `const { later } = require('./a');\nexports.b = later;\n`,
      'types/a.ts': `import type { B } from './b';\nexport interface A { b: B }\n`,
      'types/b.ts': `import type { A } from './a';\nexport interface B { a: A }\n`,
    });
    assert.deepEqual(await found(workspace), [
      'dynamic/a.ts:1 dynamic-cycle',
      'lazy/a.js:1 dynamic-cycle',
      'types/a.ts:1 type-only-cycle',
    ]);
  });

  it('does not count imports that TypeScript drops, unless verbatimModuleSyntax keeps them', async () => {
    const files = {
      'a.ts': `import { B } from './b';\nexport class A { b?: B }\n`,
      'b.ts': `import { A } from './a';\nexport class B { a = new A() }\n`,
    };
    using dropped = workspaceOf({ ...files, 'tsconfig.json': {} });
    assert.deepEqual(await found(dropped, {}), []);
    using kept = workspaceOf({ ...files, 'tsconfig.json': { compilerOptions: { verbatimModuleSyntax: true } } });
    const { issues } = await runDetector(detector, kept.root);
    assert.deepEqual(
      issues.map(({ file, rule }) => `${file} ${rule}`),
      ['a.ts import-cycle'],
    );
    assert.deepEqual(issues[0]?.fixes?.[0]?.edits, [
      { range: { start: { line: 0, character: 6 }, end: { line: 0, character: 6 } }, newText: ' type' },
    ]);
  });

  it('counts types that decorator metadata turns into values', async () => {
    using workspace = workspaceOf({
      'tsconfig.json': { compilerOptions: { emitDecoratorMetadata: true, experimentalDecorators: true } },
      'a.ts': `import { B } from './b';\nimport { column } from './column';\nexport class A { @column() b?: B }\n`,
      'b.ts': `import { A } from './a';\nexport class B { make() { return new A(); } }\n`,
      'column.ts': `export const column = () => (...all: unknown[]) => all;\n`,
    });
    assert.deepEqual(await found(workspace, {}), ['b.ts:1 import-cycle']);
  });

  it('reports a module that imports itself, but not one that names itself as a namespace', async () => {
    using workspace = workspaceOf({
      'a.ts': `import { x } from './a';\nexport const y = 1;\nexport const z = () => x;\n`,
      'b.ts': `export * as b from './b';\nexport const y = 1;\n`,
      'c.js': `const c = require('./c');\nexports.f = () => c;\n`,
      'index.js': `require('./');\n`,
    });
    assert.deepEqual(await found(workspace), ['a.ts:1 self-import', 'c.js:1 self-import', 'index.js:1 self-import']);
  });

  it('follows paths, workspace packages without their build, and unsaved text', async () => {
    using workspace = workspaceOf({
      'package.json': { name: 'root', workspaces: ['packages/*'] },
      'tsconfig.json': { compilerOptions: { paths: { '@/*': ['./src/*'] } } },
      'src/a.ts': `import { b } from '@/b';\nexport const a = () => b;\n`,
      'src/b.ts': `export const b = 1;\n`,
      'packages/one/package.json': { name: 'one', exports: { '.': './dist/index.js' } },
      'packages/one/tsconfig.json': { compilerOptions: { outDir: 'dist', rootDir: 'source' } },
      'packages/one/source/index.ts': `import { two } from 'two';\nexport const one = () => two;\n`,
      'packages/two/package.json': { name: 'two', main: 'lib/main.js' },
      'packages/two/src/main.ts': `import { one } from 'one';\nexport const two = () => one;\n`,
    });
    assert.deepEqual(await found(workspace), ['packages/two/src/main.ts:1 import-cycle']);
    const overlay = { file: 'src/b.ts', text: `import { a } from './a.js';\nexport const b = () => a;\n`, version: 2 };
    const unsaved = await runDetector(detector, workspace.root, {}, { overlays: [overlay], changed: [] });
    assert.deepEqual(
      unsaved.issues.map(({ file }) => file),
      ['packages/two/src/main.ts', 'src/b.ts'],
    );
    assert.deepEqual(await found(workspace), ['packages/two/src/main.ts:1 import-cycle']);
  });

  it('reports a file again whose issues are fixed', async () => {
    using workspace = workspaceOf({
      'a.ts': `import { b } from './b';\nexport const a = () => b;\n`,
      'b.ts': `import { a } from './a';\nexport const b = () => a;\n`,
    });
    assert.equal((await found(workspace)).length, 1);
    workspace.write('b.ts', `export const b = 1;\n`);
    const { events, issues } = await runDetector(detector, workspace.root, {}, { changed: ['b.ts'] });
    assert.deepEqual(issues, []);
    assert.ok(events.some((event) => event.kind === 'done' && event.file === 'b.ts'));
  });

  it('follows relative paths through rootDirs', async () => {
    using workspace = workspaceOf({
      'tsconfig.json': { compilerOptions: { rootDirs: ['src', 'gen'] } },
      'src/view/helper.ts': "import { t } from './types';\nexport const helper = () => t;\n",
      'gen/view/types.ts': "import { helper } from './helper';\nexport const t = () => helper;\n",
    });
    assert.deepEqual(await found(workspace), ['src/view/helper.ts:1 import-cycle']);
  });

  it('reports a cycle where its files are written by hand, and not one among generated files', async () => {
    using workspace = workspaceOf({
      'gen/a.ts': "// @generated\nimport { b } from './b';\nexport const a = () => b;\n",
      'gen/b.ts': "// @generated\nimport { a } from './a';\nexport const b = () => a;\n",
      'dist/a.js': "import { b } from './b.js';\nexport const a = () => b;\n",
      'dist/b.js': "import { a } from './a.js';\nexport const b = () => a;\n",
      'src/api.gen.ts': "import { c } from './c';\nexport const api = () => c;\n",
      'src/c.ts': "import { api } from './api.gen';\nexport const c = () => api;\n",
    });
    assert.deepEqual(await found(workspace), ['src/c.ts:1 import-cycle']);
    assert.equal((await found(workspace, { ignore: [] })).length, 3);
  });

  it('stops when it is cancelled', async () => {
    using workspace = workspaceOf({ 'a.ts': `import './a';\n` });
    const signal = AbortSignal.abort(new Error('enough'));
    await assert.rejects(runDetector(detector, workspace.root, {}, { signal }), /enough/);
  });

  describe('cycle-uses-at-load', () => {
    const throwing: Readonly<Record<string, Readonly<Record<string, string>>>> = {
      'a class extends what has not run': {
        'main.mjs': `import './base.mjs';\n`,
        'base.mjs': `import { Derived } from './derived.mjs';\nexport class Base { make() { return new Derived(); } }\n`,
        'derived.mjs': `import { Base } from './base.mjs';\nexport class Derived extends Base {}\n`,
      },
      'a constant through a barrel': {
        'main.mjs': `import './index.mjs';\n`,
        'index.mjs': `export * from './a.mjs';\nexport * from './b.mjs';\n`,
        'a.mjs': `import { b } from './index.mjs';\nexport const a = b + 1;\n`,
        'b.mjs': `export const b = 1;\n`,
      },
      'a function called while loading': {
        'main.mjs': `import './a.mjs';\n`,
        'a.mjs': `import { b } from './b.mjs';\nexport const a = 1;\nexport const use = () => b;\n`,
        'b.mjs': `import * as a from './a.mjs';\nfunction init() { return a.a; }\nexport const b = init();\n`,
      },
    };
    const working: Readonly<Record<string, Readonly<Record<string, string>>>> = {
      'a function declaration is there from the start': {
        'main.mjs': `import './a.mjs';\n`,
        'a.mjs': `import { b } from './b.mjs';\nexport function a() { return b; }\n`,
        'b.mjs': `import { a } from './a.mjs';\nexport const b = typeof a();\n`.replace('a()', 'a'),
      },
      'a read inside a function': {
        'main.mjs': `import './a.mjs';\n`,
        'a.mjs': `import { b } from './b.mjs';\nexport const a = 1;\nexport const use = () => b;\n`,
        'b.mjs': `import { a } from './a.mjs';\nexport const b = () => a;\n`,
      },
      'the right way in': {
        'main.mjs': `import './derived.mjs';\n`,
        'base.mjs': `import { Derived } from './derived.mjs';\nexport class Base { make() { return new Derived(); } }\n`,
        'derived.mjs': `import { Base } from './base.mjs';\nexport class Derived extends Base {}\n`,
      },
    };
    for (const [name, files] of Object.entries(throwing)) {
      it(`finds what Node throws at: ${name}`, async () => {
        using workspace = workspaceOf(files);
        const run = spawnSync(process.execPath, [path.join(workspace.root, 'main.mjs')], { encoding: 'utf8' });
        assert.match(run.stderr, /ReferenceError: Cannot access/);
        const { issues } = await runDetector(detector, workspace.root);
        const early = issues.filter(({ rule }) => rule === 'cycle-uses-at-load');
        assert.deepEqual(
          early.map(({ severity }) => severity),
          ['error'],
        );
        assert.ok(
          run.stderr.includes(`${early[0]?.file ?? ''}:${String((early[0]?.range.start.line ?? 0) + 1)}`),
          run.stderr,
        );
      });
    }
    it('reads the classes that decorator metadata names, where the output is ECMAScript', async () => {
      const files = {
        'package.json': { type: 'module' },
        'main.ts': "import { User } from './user.js';\nnew User();\n",
        'user.ts':
          "import { Photo } from './photo.js';\nimport { one } from './orm.js';\nexport class User { @one(() => Photo) photo!: Photo; }\n",
        'orm.ts': 'export const one = (type: () => unknown): PropertyDecorator => () => void type;\n',
      };
      const member = async (compilerOptions: object, type: string): Promise<readonly string[]> => {
        using workspace = workspaceOf({
          ...files,
          'tsconfig.json': { compilerOptions: { experimentalDecorators: true, ...compilerOptions } },
          'photo.ts': `import { User } from './user.js';\nimport { one } from './orm.js';\nexport class Photo { @one(() => User) user!: ${type}; }\n`,
        });
        return (await found(workspace, {})).filter((issue) => issue.endsWith('cycle-uses-at-load'));
      };
      const metadata = { emitDecoratorMetadata: true, module: 'nodenext', strict: true };
      const reported = ['photo.ts:3 cycle-uses-at-load'];
      assert.deepEqual(await member(metadata, 'User'), reported);
      assert.deepEqual(await member({ ...metadata, strict: false }, 'User | null'), reported);
      for (const type of ['User | null', 'User[]', 'Promise<User>', 'typeof User']) {
        assert.deepEqual(await member(metadata, type), [], type);
      }
      assert.deepEqual(await member({ ...metadata, module: 'commonjs' }, 'User'), []);
      assert.deepEqual(await member({ module: 'nodenext' }, 'User'), []);
    });
    it('is an info where another way in works', async () => {
      const files = { ...working['the right way in'], 'other.mjs': `import './base.mjs';\n` };
      using workspace = workspaceOf(files);
      const { issues } = await runDetector(detector, workspace.root);
      const early = issues.filter(({ rule }) => rule === 'cycle-uses-at-load');
      assert.deepEqual(
        early.map(({ file, severity }) => [file, severity]),
        [['derived.mjs', 'info']],
      );
      assert.match(early[0]?.message ?? '', /can be entered through base\.mjs/);
    });
    it('is an info in a test, which fails by itself', async () => {
      const reader = "import { Base } from './base.mjs';\nexport class Derived extends Base {}\n";
      for (const [name, severity] of [
        ['derived.mjs', 'error'],
        ['derived.test.mjs', 'info'],
      ] as const) {
        const base = `import './${name}';\nexport class Base {}\n`;
        using workspace = workspaceOf({ 'main.mjs': "import './base.mjs';\n", 'base.mjs': base, [name]: reader });
        const { issues } = await runDetector(detector, workspace.root);
        const early = issues.filter(({ rule }) => rule === 'cycle-uses-at-load');
        assert.deepEqual(
          early.map((issue) => [issue.file, issue.severity]),
          [[name, severity]],
        );
      }
    });
    for (const [name, files] of Object.entries(working)) {
      it(`is silent where Node runs: ${name}`, async () => {
        using workspace = workspaceOf(files);
        execFileSync(process.execPath, [path.join(workspace.root, 'main.mjs')]);
        const { issues } = await runDetector(detector, workspace.root);
        assert.deepEqual(
          issues.map(({ rule }) => rule),
          ['import-cycle'],
        );
      });
    }
  });
});
