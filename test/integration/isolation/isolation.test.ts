import assert from 'node:assert/strict';
import { ModuleGraph } from '../../../workers/graph/graph.ts';
import { detector, folderCouplings } from '../../../workers/detectors/isolation/index.ts';
import type { DetectorOptions } from '../../../workers/protocol/detector-protocol.ts';
import { runDetector } from '../../support/run-detector.ts';
import { workspaceOf, type TestWorkspace } from '../graph/workspace.ts';

async function found(workspace: TestWorkspace, options: DetectorOptions = {}): Promise<readonly string[]> {
  const { issues } = await runDetector(detector, workspace.root, options);
  return issues.map(({ file, rule }) => `${file} ${rule}`);
}

function fan(prefix: string, count: number, text: (index: number) => string): Readonly<Record<string, string>> {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`${prefix}${String(index)}.ts`, text(index)]));
}

describe('isolation', () => {
  it('finds hubs and modules that do everything', async () => {
    const imports = Array.from({ length: 20 }, (_, index) => `import './out/x${String(index)}';`).join('\n');
    const exports = Array.from({ length: 30 }, (_, index) => `export const n${String(index)} = 1;`).join('\n');
    using workspace = workspaceOf({
      ...fan('in/u', 20, () => `import '../hub';\nimport '../god';\n`),
      ...fan('out/x', 20, () => 'export {};\n'),
      'hub.ts': imports,
      'god.ts': exports + '\n//'.repeat(1000),
    });
    assert.deepEqual(await found(workspace), ['god.ts god-module', 'hub.ts hub-module']);
  });

  it('does not call an index file a hub', async () => {
    const imports = Array.from({ length: 20 }, (_, index) => `import './out/x${String(index)}';`).join('\n');
    using workspace = workspaceOf({
      ...fan('in/u', 20, () => `import '../index';\n`),
      ...fan('out/x', 20, () => 'export {};\n'),
      'index.ts': imports,
    });
    assert.deepEqual(await found(workspace), []);
  });

  it('lets the manifest of a package be imported although "exports" does not list it', async () => {
    using workspace = workspaceOf({
      'package.json': { name: 'root', workspaces: ['packages/*'] },
      'tsconfig.json': { compilerOptions: { paths: { 'p/*': ['./packages/p/*'] } } },
      'packages/p/package.json': { name: 'p', exports: { '.': './main.ts' } },
      'packages/p/main.ts': '',
      'packages/p/inner.ts': '',
      'packages/q/package.json': { name: 'q' },
      'packages/q/a.ts': "import 'p/package.json';\n",
      'packages/q/b.ts': "import 'p/inner';\n",
    });
    assert.deepEqual(await found(workspace), ['packages/q/b.ts deep-import']);
  });

  it('lets what a package publishes be imported, in whatever folder it is', async () => {
    const lib = (exports: object): object => ({
      name: 'lib',
      type: 'module',
      exports: { '.': './src/index.js', ...exports },
    });
    const files = {
      'src/tools/internal/index.js': 'export const a = 1;',
      'src/tools/internal/deep.js': 'export const b = 1;',
      'src/index.js': "import 'lib/tools/internal';\nimport './tools/internal/index.js';\n",
      'src/other.js': "import './tools/internal/deep.js';\n",
    };
    const both = ['src/index.js private-folder', 'src/other.js private-folder'];
    for (const [exports, expected] of [
      [{ './tools/internal': './src/tools/internal/index.js' }, []],
      [{ './tools/internal/*': './src/tools/internal/*.js' }, []],
      [{ './internal': './src/tools/internal/index.js' }, []],
      [{ './*/internal': './src/*/internal/index.js' }, []],
      [{ './*/internals': './src/*/internals/index.js' }, both],
      [{ './*': './src/*' }, both],
      [{ './tools/internals': './src/tools/internals.js' }, both],
    ] as const) {
      using workspace = workspaceOf({ 'package.json': lib(exports), ...files });
      assert.deepEqual(
        [...new Set(await found(workspace))].filter((one) => one.endsWith('private-folder')),
        expected,
      );
    }
    using workspace = workspaceOf({
      'package.json': { name: 'root', workspaces: ['packages/*', 'apps/*'] },
      'packages/internal/package.json': { name: '@acme/internal', exports: './src/index.js' },
      'packages/internal/src/index.js': '',
      'apps/web/package.json': { name: 'web', dependencies: { '@acme/internal': '*' } },
      'apps/web/src/a.js': "import '@acme/internal';\n",
    });
    assert.deepEqual(await found(workspace), []);
  });

  it('takes a folder that much of its package uses as private to the package', async () => {
    const files = (outside: number, inside: number): Record<string, string> => ({
      'package.json': '{ "name": "p" }',
      'src/utils/internal/x.ts': 'export const x = 1;\n',
      ...Object.fromEntries(
        Array.from({ length: inside }, (_, at) => [`src/utils/in${at}.ts`, "import './internal/x';\n"]),
      ),
      ...Object.fromEntries(
        Array.from({ length: outside }, (_, at) => [`src/out${at}.ts`, "import './utils/internal/x';\n"]),
      ),
    });
    for (const [outside, inside, expected] of [
      [2, 0, 2],
      [3, 0, 0],
      [3, 9, 3],
      [4, 9, 0],
    ] as const) {
      using workspace = workspaceOf(files(outside, inside));
      assert.equal((await found(workspace)).length, expected, `${outside} outside, ${inside} inside`);
    }
    using workspace = workspaceOf({
      ...files(4, 0),
      'package.json': '{ "name": "p", "workspaces": ["packages/*"] }',
      'packages/q/package.json': '{ "name": "q" }',
      'packages/q/a.ts': "import '../../src/utils/internal/x';\n",
    });
    assert.ok((await found(workspace)).includes('packages/q/a.ts private-folder'));
  });

  it('lets scripts and configurations import from private folders', async () => {
    using workspace = workspaceOf({
      'src/internal/x.ts': '',
      'lib/a.ts': "import '../src/internal/x';\n",
      'scripts/build.ts': "import '../src/internal/x';\n",
      'vite.config.ts': "import './src/internal/x';\n",
    });
    assert.deepEqual(await found(workspace), ['lib/a.ts private-folder']);
  });

  it('takes for a test what surely is one, before it says that shipped code imports it', async () => {
    const target = 'export {};\n';
    using workspace = workspaceOf({
      'package.json': { name: 'p' },
      'src/index.ts': [
        "import './test/mock';",
        "import './view/one.spec';",
        "import './view/__tests__/two';",
        "import './view/test/feature';",
        "export * from './test/index';",
        "export * from './test/mock';",
        "export * from './view/one.spec';",
      ].join('\n'),
      'src/test/index.ts': target,
      'src/test/mock.ts': target,
      'src/view/one.spec.ts': target,
      'src/view/__tests__/two.ts': target,
      'src/view/test/feature.ts': target,
    });
    const { issues } = await runDetector(detector, workspace.root, {});
    const lines = issues.filter(({ rule }) => rule === 'prod-imports-test').map(({ range }) => range.start.line);
    assert.deepEqual(lines, [0, 1, 2, 5, 6]);
  });

  it('holds boundaries: what a layer may not, and all it may', async () => {
    using workspace = workspaceOf({
      'ui/a.ts': `import '../domain/b';\nimport '../server/c';\n`,
      'domain/b.ts': `import type { C } from '../server/c';\nexport type B = C;\n`,
      'server/c.ts': `export type C = 1;\n`,
    });
    const rule = (more: object): DetectorOptions => ({ boundaries: [{ name: 'layers', ...more }] });
    assert.deepEqual(await found(workspace, rule({ from: 'ui/**', disallow: ['server/**'] })), ['ui/a.ts boundary']);
    assert.deepEqual(await found(workspace, rule({ from: 'ui/**', allow: ['domain/**'] })), ['ui/a.ts boundary']);
    assert.deepEqual(await found(workspace, rule({ from: ['domain/**'], disallow: 'server/**' })), [
      'domain/b.ts boundary',
    ]);
    assert.deepEqual(await found(workspace, rule({ from: 'domain/**', disallow: 'server/**', types: 'allow' })), []);
  });

  it('reads path rules of dependency-cruiser, groups included', async () => {
    using workspace = workspaceOf({
      '.dependency-cruiser.json': {
        forbidden: [
          {
            name: 'features apart',
            from: { path: '^features/([^/]+)/' },
            to: { path: '^features/', pathNot: '^features/$1/' },
          },
          { name: 'not for us', from: { path: 'a' }, to: { circular: true } },
        ],
      },
      'features/a/x.ts': `import './y';\nimport '../b/z';\n`,
      'features/a/y.ts': 'export {};\n',
      'features/b/z.ts': 'export {};\n',
    });
    const { issues } = await runDetector(detector, workspace.root);
    assert.deepEqual(
      issues.map(({ file, range }) => [file, range.start.line]),
      [['features/a/x.ts', 1]],
    );
  });

  it('measures folders as dependency-cruiser does', async () => {
    using workspace = workspaceOf({
      'a/one.ts': `import '../b/two';\nimport './three';\n`,
      'a/three.ts': `import '../b/two';\n`,
      'b/two.ts': `import '../c/four';\n`,
      'c/four.ts': 'export {};\n',
    });
    const graph = new ModuleGraph(workspace.root);
    await graph.update({ overlays: [] });
    assert.deepEqual(Object.fromEntries(folderCouplings(graph)), {
      a: { ca: 0, ce: 2, instability: 1 },
      b: { ca: 2, ce: 1, instability: 1 / 3 },
      c: { ca: 1, ce: 0, instability: 0 },
    });
  });
});
