import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';
import { repository } from '../../support/workspace.ts';

/** What a folder is made of. Front ends get it from `Folder`, and know at most its types. */
const parts = [
  'server/engine/engine.ts',
  'server/store/store.ts',
  'server/sharing/sharing.ts',
  'server/sharing/shared-pool.ts',
  'server/sharing/visitor.ts',
];
/** Everything else in `server/` is a front end. */
const belowFrontEnds = new Set(['engine', 'folder', 'pool', 'sharing', 'store']);

/** Parts that these modules load at run time, other than through `server/folder`: the imports that bundling leaves. */
async function assembledBy(modules: readonly string[], source = ''): Promise<readonly string[]> {
  const imports = modules.map((file) => `import ${JSON.stringify(`./${file}`)};`).join('\n');
  const { metafile } = await build({
    stdin: { contents: `${imports}\n${source}`, resolveDir: repository, loader: 'ts' },
    bundle: true,
    metafile: true,
    write: false,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    plugins: [
      {
        name: 'folder',
        setup: ({ onResolve }) => {
          onResolve({ filter: /\/folder\/[\w-]+\.ts$/ }, ({ path: name }) => ({ path: name, external: true }));
        },
      },
    ],
  });
  return parts.filter((part) => Object.hasOwn(metafile.inputs, part));
}

describe('front ends', () => {
  const frontEnds = readdirSync(path.join(repository, 'server'), { recursive: true, encoding: 'utf8' })
    .map((file) => file.split(path.sep))
    .filter(([folder = '', ...rest]) => rest.length > 0 && !belowFrontEnds.has(folder))
    .map((names) => ['server', ...names].join('/'))
    .filter((file) => file.endsWith('.ts'));

  it('assemble no folder of their own', async () => {
    assert.ok(frontEnds.includes('server/lsp/workspace.ts') && frontEnds.includes('server/cli/check.ts'));
    assert.deepEqual(await assembledBy(frontEnds), []);
  });

  it('would be caught if they did, directly or not', async () => {
    const engine = "import { Engine } from './server/engine/engine.ts'; console.log(Engine);";
    assert.ok((await assembledBy([], engine)).includes('server/engine/engine.ts'));
    const lazily = "export const share = () => import('./server/sharing/sharing.ts');";
    assert.ok((await assembledBy([], lazily)).includes('server/sharing/sharing.ts'));
    const typesOnly = "import type { Engine } from './server/engine/engine.ts'; export let engine: Engine;";
    assert.deepEqual(await assembledBy([], typesOnly), []);
  });
});
