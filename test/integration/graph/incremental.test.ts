/** After any edits the warm graph must be what a cold one is. Random edits with seeds; every step compared. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { ModuleGraph } from '../../../workers/graph/graph.ts';
import type { Overlay } from '../../../workers/protocol.ts';
import { workspaceOf, type TestWorkspace } from './workspace.ts';

const MODULES = ['src/a.ts', 'src/b.tsx', 'src/c.js', 'src/lib/index.ts', 'src/lib.ts', 'src/lib/d.ts', 'packages/p/src/index.ts', 'packages/p/main.js', 'src/Upper.ts', 'node.d.ts']; // prettier-ignore
const SPECIFIERS = ['./a', './b', './c', './c.js', './lib', './lib/', './lib/d', '../a', '..', '.', '@/a', '@/lib', 'p', 'p/sub', 'p/src', '#own', 'fs', 'absent', './upper', './Upper.js', '../../../src/a', './data.json', './missing']; // prettier-ignore
const FORMS = [
  (specifier: string) => `import x from '${specifier}';`,
  (specifier: string) => `export * from '${specifier}';`,
  (specifier: string) => `import type { T } from '${specifier}';`,
  (specifier: string) => `const y = () => require('${specifier}');`,
  (specifier: string) => `void import('${specifier}');`,
];
const CONFIGS: Readonly<Record<string, readonly object[]>> = {
  'package.json': [{ name: 'root', workspaces: ['packages/*'], imports: { '#own': './src/a.ts' } }, { name: 'root' }],
  'packages/p/package.json': [{ name: 'p', main: './dist/index.js' }, { name: 'p', exports: { '.': './main.js', './sub': './src/index.ts' } }, { name: 'q' }], // prettier-ignore
  'tsconfig.json': [
    { compilerOptions: { paths: { '@/*': ['./src/*'] } } },
    { compilerOptions: { baseUrl: 'src' } },
    {},
  ],
  'src/tsconfig.json': [{ extends: '../tsconfig.json' }],
};

const text = fc
  .array(fc.tuple(fc.constantFrom(...FORMS), fc.constantFrom(...SPECIFIERS)), { maxLength: 4 })
  .map((lines) => lines.map(([form, specifier]) => form(specifier)).join('\n'));

type Step =
  | { readonly do: 'write' | 'overlay'; readonly file: string; readonly text: string }
  | { readonly do: 'remove' | 'close'; readonly file: string }
  | { readonly do: 'ignore'; readonly text: string };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('write' as const),
      file: fc.constantFrom(...MODULES, 'src/data.json'),
      text,
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('overlay' as const), file: fc.constantFrom(...MODULES), text }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('close' as const), file: fc.constantFrom(...MODULES) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('remove' as const), file: fc.constantFrom(...MODULES, ...Object.keys(CONFIGS), 'src/lib') }) }, // prettier-ignore
  {
    weight: 2,
    arbitrary: fc
      .constantFrom(...Object.entries(CONFIGS))
      .chain(([file, values]) =>
        fc.constantFrom(...values).map((value) => ({ do: 'write' as const, file, text: JSON.stringify(value) })),
      ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom('', 'src/lib\n', '*.js\n').map((rules) => ({ do: 'ignore' as const, text: rules })),
  },
);

function apply(workspace: TestWorkspace, overlays: Map<string, string>, one: Step): readonly string[] {
  switch (one.do) {
    case 'write':
      workspace.write(one.file, one.text);
      return [one.file];
    case 'remove':
      if (!existsSync(path.join(workspace.root, one.file))) return [];
      workspace.remove(one.file);
      return [one.file];
    case 'overlay':
      overlays.set(one.file, one.text);
      return [];
    case 'close':
      overlays.delete(one.file);
      return [];
    case 'ignore':
      workspace.write('.gitignore', one.text);
      return ['.gitignore'];
  }
}

function picture(graph: ModuleGraph): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    [...graph.modules.values()]
      .sort((one, other) => (one.file < other.file ? -1 : 1))
      .map(({ file, record, resolutions, targets }) => [
        file,
        { hash: record.hash, resolutions, targets: targets.map((target) => target?.file) },
      ]),
  );
}

describe('the warm graph', () => {
  it('equals a cold one after every edit', async function () {
    this.timeout(60_000);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(step, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 8 }),
        async (rounds) => {
          using workspace = workspaceOf({ ...Object.fromEntries(Object.entries(CONFIGS).map(([file, values]) => [file, values[0] ?? {}])), 'src/a.ts': `import './lib';` }); // prettier-ignore
          const overlays = new Map<string, string>();
          const unsaved = (): Overlay[] =>
            [...overlays].map(([file, content]) => ({ file, text: content, version: 1 }));
          const warm = new ModuleGraph(workspace.root);
          await warm.update({ overlays: [] });
          for (const round of rounds) {
            const changed = round.flatMap((one) => apply(workspace, overlays, one));
            await warm.update({ overlays: unsaved(), changed });
            const cold = new ModuleGraph(workspace.root);
            await cold.update({ overlays: unsaved() });
            assert.deepEqual(picture(warm), picture(cold));
            for (const module of warm.modules.values()) {
              for (const target of module.targets) if (target) assert.equal(warm.modules.get(target.file), target);
            }
          }
        },
      ),
      { numRuns: 80, seed: 20261121 },
    );
  });

  it('takes up what an aborted update left', async () => {
    using workspace = workspaceOf({ 'a.ts': `import './b';\n`, 'b.ts': '' });
    const graph = new ModuleGraph(workspace.root);
    await graph.update({ overlays: [] });
    workspace.write('b.ts', `import './a';\n`);
    await assert.rejects(graph.update({ overlays: [], changed: ['b.ts'], signal: AbortSignal.abort() }));
    await graph.update({ overlays: [], changed: [] });
    assert.equal(graph.modules.get('b.ts')?.targets[0]?.file, 'a.ts');
  });

  it('parses again only what changed', async () => {
    using workspace = workspaceOf({ 'a.ts': `import './b';\n`, 'b.ts': 'export {};\n' });
    const graph = new ModuleGraph(workspace.root);
    await graph.update({ overlays: [] });
    const before = graph.modules.get('a.ts')?.record;
    const version = graph.version;
    workspace.write('b.ts', 'export const b = 1;\n');
    await graph.update({ overlays: [], changed: ['b.ts'] });
    assert.equal(graph.modules.get('a.ts')?.record, before);
    assert.notEqual(graph.version, version);
    const settled = graph.version;
    await graph.update({ overlays: [], changed: ['b.ts'] });
    assert.equal(graph.version, settled);
  });
});
