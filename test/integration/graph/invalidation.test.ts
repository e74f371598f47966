/** What a warm module graph has to look up again after a change: one test for each kind of change. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
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

/** How many files are read while something is done. */
async function readsDuring(work: () => Promise<void>): Promise<number> {
  const { openSync } = fs;
  let reads = 0;
  const counting: unknown = (...args: Parameters<typeof openSync>): unknown => {
    reads++;
    return openSync(...args);
  };
  try {
    fs.openSync = counting as typeof openSync;
    syncBuiltinESMExports();
    await work();
  } finally {
    fs.openSync = openSync;
    syncBuiltinESMExports();
  }
  return reads;
}

describe('invalidation of the module graph', () => {
  it('reads what is new, and not every file again, when files come and go', async () => {
    const many = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`src/m${String(index)}.ts`, '']));
    using scene = await graphOf({ 'package.json': {}, 'tsconfig.json': {}, ...many, 'a.ts': "import './b';\n" });
    const { graph, workspace } = scene;
    workspace.write('b.ts', 'export {};\n');
    const added = await readsDuring(() => graph.update({ overlays: [], changed: ['b.ts'] }));
    assert.equal(kindOf(graph, 'a.ts'), 'file');
    assert.equal(added, 1);
    workspace.remove('b.ts');
    const removed = await readsDuring(() => graph.update({ overlays: [], changed: ['b.ts'] }));
    assert.equal(kindOf(graph, 'a.ts'), 'missing');
    assert.equal(removed, 0);
    // A folder that changed as a whole.
    workspace.write('src/m0.ts', 'export const a = 1;\n');
    const folder = await readsDuring(() => graph.update({ overlays: [], changed: ['src'] }));
    assert.equal(graph.modules.get('src/m0.ts')?.record.exports.length, 1);
    assert.equal(folder, 100);
    const everything = await readsDuring(() => graph.update({ overlays: [] }));
    assert.ok(everything > 100);
  });

  it('reads a manifest that git ignores when its folder appears, and forgets it with the folder', async () => {
    using scene = await graphOf({ '.gitignore': '/made/package.json\n', 'a.ts': "import 'made';\n" });
    const { graph, workspace } = scene;
    workspace.write('made/package.json', '{ "name": "made", "main": "index.ts" }');
    workspace.write('made/index.ts', '');
    await graph.update({ overlays: [], changed: ['made/index.ts'] });
    assert.equal(kindOf(graph, 'a.ts'), 'file');
    workspace.remove('made');
    await graph.update({ overlays: [], changed: ['made'] });
    assert.equal(kindOf(graph, 'a.ts'), 'missing');
    assert.equal(graph.manifests.all.size, 0);
  });

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
