/** What a warm module graph has to look up again after a change: one test for each kind of change. */
import assert from 'node:assert/strict';
import { ModuleGraph } from '../../../workers/graph/graph.ts';
import { workspaceOf, type TestWorkspace } from './workspace.ts';

type Files = Parameters<typeof workspaceOf>[0];

async function graphOf(files: Files): Promise<{ graph: ModuleGraph; workspace: TestWorkspace } & Disposable> {
  const workspace = workspaceOf(files);
  const graph = new ModuleGraph(workspace.root);
  await graph.update({ overlays: [] });
  return { graph, workspace, [Symbol.dispose]: () => workspace[Symbol.dispose]() };
}

/** The kind of resolution of the first import of a module. */
function kindOf(graph: ModuleGraph, file: string): string | undefined {
  return graph.modules.get(file)?.resolutions[0]?.kind;
}

describe('invalidation of the module graph', () => {
  it('resolves an import when the git-ignored file it names is generated later', async () => {
    using scene = await graphOf({ '.gitignore': 'generated/\n', 'a.ts': "import './generated/api';\n" });
    const { graph, workspace } = scene;
    assert.equal(kindOf(graph, 'a.ts'), 'missing');
    workspace.write('generated/api.ts', 'export {};\n');
    await graph.update({ overlays: [], changed: ['generated/api.ts'] });
    assert.equal(kindOf(graph, 'a.ts'), 'outside');
  });

  it('loses a git-ignored file that is deleted', async () => {
    using scene = await graphOf({
      '.gitignore': 'generated/\n',
      'a.ts': "import './generated/api';\n",
      'generated/api.ts': 'export {};\n',
    });
    const { graph, workspace } = scene;
    assert.equal(kindOf(graph, 'a.ts'), 'outside');
    workspace.remove('generated/api.ts');
    await graph.update({ overlays: [], changed: ['generated/api.ts'] });
    assert.equal(kindOf(graph, 'a.ts'), 'missing');
  });

  it('changes the environment revision when a git-ignored file changes, but not when a module does', async () => {
    using scene = await graphOf({ '.gitignore': 'generated/\n', 'a.ts': '', 'generated/api.ts': '' });
    const { graph, workspace } = scene;
    const before = graph.environmentRevision;
    workspace.write('a.ts', 'export const a = 1;\n');
    await graph.update({ overlays: [], changed: ['a.ts'] });
    assert.equal(graph.environmentRevision, before);
    workspace.write('generated/api.ts', 'export const api = 1;\n');
    await graph.update({ overlays: [], changed: ['generated/api.ts'] });
    const changed = graph.environmentRevision;
    assert.notEqual(changed, before);
    await graph.update({ overlays: [], changed: [] });
    assert.equal(graph.environmentRevision, changed, 'the change counts once');
  });

  it('follows a changed .gitignore', async () => {
    using scene = await graphOf({ '.gitignore': '', 'a.ts': "import './b';\n", 'b.ts': '' });
    const { graph, workspace } = scene;
    assert.equal(kindOf(graph, 'a.ts'), 'file');
    workspace.write('.gitignore', 'b.ts\n');
    await graph.update({ overlays: [], changed: ['.gitignore'] });
    assert.equal(kindOf(graph, 'a.ts'), 'outside');
    assert.equal(graph.modules.has('b.ts'), false);
  });

  it('prefers a file that appears to the one that an import meant before', async () => {
    using scene = await graphOf({ 'a.ts': "import './lib';\n", 'lib/index.ts': '' });
    const { graph, workspace } = scene;
    workspace.write('lib.ts', '');
    await graph.update({ overlays: [], changed: ['lib.ts'] });
    assert.equal(graph.modules.get('a.ts')?.targets[0]?.file, 'lib.ts');
    workspace.remove('lib.ts');
    await graph.update({ overlays: [], changed: ['lib.ts'] });
    assert.equal(graph.modules.get('a.ts')?.targets[0]?.file, 'lib/index.ts');
  });

  it('looks for an installed package again when a lockfile changes', async () => {
    using scene = await graphOf({
      'package.json': { name: 'root' },
      'package-lock.json': '{}',
      'a.ts': "import 'dep';\n",
    });
    const { graph, workspace } = scene;
    assert.equal(kindOf(graph, 'a.ts'), 'missing');
    workspace.write('node_modules/dep/package.json', '{ "name": "dep", "main": "index.js" }');
    workspace.write('node_modules/dep/index.js', '');
    workspace.write('package-lock.json', '{ "lockfileVersion": 3 }');
    await graph.update({ overlays: [], changed: ['package-lock.json'] });
    assert.equal(kindOf(graph, 'a.ts'), 'package');
    assert.equal(graph.hasInstalledPackages(''), true);
  });

  it('asks again whether packages are installed', async () => {
    using scene = await graphOf({ 'package.json': { name: 'root' }, 'a.ts': '' });
    const { graph, workspace } = scene;
    assert.equal(graph.hasInstalledPackages(''), false);
    workspace.write('node_modules/dep/package.json', '{}');
    await graph.update({ overlays: [], changed: ['package-lock.json'] });
    assert.equal(graph.hasInstalledPackages(''), true);
  });

  it('drops a file that grew too large to be a module, and takes it back', async () => {
    using scene = await graphOf({ 'a.ts': "import './b';\n", 'b.ts': '' });
    const { graph, workspace } = scene;
    workspace.write('b.ts', ' '.repeat(5_000_001));
    await graph.update({ overlays: [], changed: ['b.ts'] });
    assert.equal(graph.modules.get('a.ts')?.targets[0], undefined);
    workspace.write('b.ts', '');
    await graph.update({ overlays: [], changed: ['b.ts'] });
    assert.equal(graph.modules.get('a.ts')?.targets[0]?.file, 'b.ts');
  });

  it('sees a module that exists in an unsaved buffer only, until it is closed', async () => {
    using scene = await graphOf({ 'a.ts': "import './b';\n" });
    const { graph } = scene;
    await graph.update({ overlays: [{ file: 'b.ts', text: '\uFEFFexport {};\n', version: 1 }], changed: [] });
    assert.equal(graph.modules.get('a.ts')?.targets[0]?.file, 'b.ts');
    assert.equal(graph.textOf('b.ts'), 'export {};\n', 'without its byte order mark');
    await graph.update({ overlays: [], changed: [] });
    assert.equal(kindOf(graph, 'a.ts'), 'missing');
  });

  // Without a manifest in the root: one would make every walk start with a new resolver.
  it('finds a file that appears in an installed package', async () => {
    using scene = await graphOf({
      'node_modules/dep/package.json': { name: 'dep' },
      'a.ts': "import 'dep/sub.js';\n",
    });
    const { graph, workspace } = scene;
    assert.equal(kindOf(graph, 'a.ts'), 'missing');
    workspace.write('node_modules/dep/sub.js', '');
    await graph.update({ overlays: [], changed: ['node_modules/dep/sub.js'] });
    assert.equal(kindOf(graph, 'a.ts'), 'package');
  });

  it('finds an installed package that appears as a folder', async () => {
    using scene = await graphOf({
      'node_modules/other/package.json': { name: 'other' },
      'a.ts': "import 'dep';\n",
    });
    const { graph, workspace } = scene;
    assert.equal(kindOf(graph, 'a.ts'), 'missing');
    workspace.write('node_modules/dep/package.json', '{ "name": "dep", "main": "index.js" }');
    workspace.write('node_modules/dep/index.js', '');
    await graph.update({ overlays: [], changed: ['node_modules/dep'] });
    assert.equal(kindOf(graph, 'a.ts'), 'package');
  });

  it('follows `main` of a folder when its file appears', async () => {
    using scene = await graphOf({
      'a.ts': "import './lib';\n",
      'lib/package.json': { main: './entry.js' },
      'lib/index.js': '',
    });
    const { graph, workspace } = scene;
    assert.equal(graph.modules.get('a.ts')?.targets[0]?.file, 'lib/index.js');
    workspace.write('lib/entry.js', '');
    await graph.update({ overlays: [], changed: ['lib/entry.js'] });
    assert.equal(graph.modules.get('a.ts')?.targets[0]?.file, 'lib/entry.js');
  });

  it('prefers a file that `paths` names to an installed package when it appears', async () => {
    using scene = await graphOf({
      'package.json': { name: 'root' },
      'tsconfig.json': { compilerOptions: { paths: { '*': ['./src/*'] } } },
      'node_modules/dep/package.json': { name: 'dep', main: 'index.js' },
      'node_modules/dep/index.js': '',
      'a.ts': "import 'dep';\n",
    });
    const { graph, workspace } = scene;
    assert.equal(kindOf(graph, 'a.ts'), 'package');
    workspace.write('src/dep.ts', '');
    await graph.update({ overlays: [], changed: ['src/dep.ts'] });
    assert.equal(graph.modules.get('a.ts')?.targets[0]?.file, 'src/dep.ts');
  });
});
