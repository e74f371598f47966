/**
 * After any edits the warm graph, and what the detectors find in it, must be what they are in a cold one. Random edits
 * with seeds; every step compared.
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { CIRCULAR_RULES, circularFindings } from '../../../workers/detectors/circular/index.ts';
import { DUPLICATION_RULES, duplicationFindings } from '../../../workers/detectors/duplication/index.ts';
import { IMPORT_RULES, importFindings } from '../../../workers/detectors/import/index.ts';
import { ISOLATION_RULES, isolationFindings, moduleCouplings } from '../../../workers/detectors/isolation/index.ts';
import { PACKAGE_RULES, packageFindings } from '../../../workers/detectors/package/index.ts';
import { ModuleGraph } from '../../../workers/graph/graph.ts';
import type { DetectorOptions, Finding, Overlay } from '../../../workers/protocol/detector-protocol.ts';
import { workspaceOf, type TestWorkspace } from './workspace.ts';

const MODULES = ['src/a.ts', 'src/b.tsx', 'src/c.js', 'src/lib/index.ts', 'src/lib.ts', 'src/lib/d.ts', 'packages/p/src/index.ts', 'packages/p/main.js', 'packages/p/internal/x.js', 'packages/q/index.mjs', 'src/Upper.ts', 'src/a.test.ts', 'node.d.ts', 'vite.config.js']; // prettier-ignore
const SPECIFIERS = ['./a', './b', './c', './c.js', './lib', './lib/', './lib/d', './a.test', '../a', '..', '.', '@/a', '@/lib', '~/x', 'p', 'p/sub', 'p/src', '#own', 'fs', 'node:punycode', 'dep', 'absent', './upper', './Upper.js', '../../../src/a', '../p/internal/x.js', './data.json', './missing']; // prettier-ignore
const FORMS = [
  (specifier: string) => `import x from '${specifier}';`,
  (specifier: string) => `import { one, two as three } from '${specifier}'; console.log(one);`,
  (specifier: string) => `export * from '${specifier}';`,
  (specifier: string) => `export { one } from '${specifier}';`,
  (specifier: string) => `import type { T } from '${specifier}';`,
  (specifier: string) => `const y = () => require('${specifier}');`,
  (specifier: string) => `void import('${specifier}');`,
  (specifier: string) => `declare module '${specifier}' {}`,
  (specifier: string) => `export const alias = { '${specifier}': 1 };`,
  () => 'export const one = 1;',
  () => 'export let two = () => 2;',
  () => '\n\nexport default class One {}',
];
const CONFIGS: Readonly<Record<string, readonly object[]>> = {
  'package.json': [
    { name: 'root', workspaces: ['packages/*'], imports: { '#own': './src/a.ts' }, dependencies: { p: '*', dep: '1' } },
    { name: 'root', version: '1.0.0', devDependencies: { dep: '^1.0.0' } },
  ],
  'packages/p/package.json': [{ name: 'p', main: './dist/index.js' }, { name: 'p', type: 'module', exports: { '.': './main.js', './sub': './src/index.ts' }, dependencies: { dep: 'x y' } }, { name: 'q' }], // prettier-ignore
  'packages/q/package.json': [{ name: 'q', version: '1.0.0', type: 'module', dependencies: { p: '*', vite: '1' } }],
  'tsconfig.json': [
    { compilerOptions: { paths: { '@/*': ['./src/*'] } } },
    { compilerOptions: { baseUrl: 'src' } },
    { compilerOptions: { allowJs: true, checkJs: true }, include: ['src/a.ts'] },
    {},
  ],
  'src/tsconfig.json': [{ extends: '../tsconfig.json' }],
  '.dependency-cruiser.json': [
    { forbidden: [{ name: 'no-lib', from: { path: '^src/[abc]' }, to: { path: '^src/lib' } }] },
    { forbidden: [] },
  ],
  // Announces what was installed, which nobody else does.
  'package-lock.json': [{ installed: ['dep'] }, { installed: [] }],
};

const text = fc
  .array(fc.tuple(fc.constantFrom(...FORMS), fc.constantFrom(...SPECIFIERS)), { maxLength: 4 })
  .map((lines) => lines.map(([form, specifier]) => form(specifier)).join('\n'));

/** Lines of a module about another: what they say, and whether they name it without its extension. */
const lines = fc.array(
  fc.tuple(
    fc.constantFrom(
      ...FORMS,
      (specifier: string) => `import { one } from '${specifier}'; export class Sub extends one {}`,
      (specifier: string) => `import { one as only } from '${specifier}'; let typed: only;`,
      (specifier: string) => `import * as all from '${specifier}'; all.two();`,
      (specifier: string) => `import { zero } from '${specifier}'; export { zero };`,
    ),
    fc.oneof(
      { weight: 3, arbitrary: fc.constantFrom(...MODULES) },
      { weight: 1, arbitrary: fc.constantFrom('~/x', 'dep', 'absent', 'vite', './missing', 'punycode', 'p', '#own') },
    ),
    fc.boolean(),
  ),
  { maxLength: 5 },
);

type Lines = typeof lines extends fc.Arbitrary<infer Value> ? Value : never;

function rendered(file: string, content: Lines): string {
  return content
    .map(([form, target, isBare]) => {
      if (!target.includes('.') || target.startsWith('.')) return form(target);
      const relative = path.posix.relative(path.posix.dirname(file), isBare ? target.replace(/\.\w+$/, '') : target);
      return form(relative.startsWith('.') ? relative : `./${relative}`);
    })
    .join('\n');
}

type Step =
  | { readonly do: 'write' | 'overlay'; readonly file: string; readonly text: string }
  | { readonly do: 'remove' | 'close'; readonly file: string }
  | { readonly do: 'rename'; readonly file: string; readonly to: string }
  | { readonly do: 'ignore'; readonly text: string };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('write' as const),
      file: fc.constantFrom(...MODULES, 'src/data.json'),
      text,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('rename' as const),
      file: fc.constantFrom(...MODULES),
      to: fc.constantFrom(...MODULES),
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
      if (one.file === 'package-lock.json') install(workspace, one.text);
      return [one.file];
    case 'rename': {
      const from = path.join(workspace.root, one.file);
      if (one.file === one.to || !existsSync(from)) return [];
      workspace.write(one.to, readFileSync(from, 'utf8'));
      workspace.remove(one.file);
      return [one.file, one.to];
    }
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

function install(workspace: TestWorkspace, lockfile: string): void {
  const { installed } = JSON.parse(lockfile) as { readonly installed: readonly string[] };
  workspace.remove('node_modules');
  for (const name of installed) {
    workspace.write(`node_modules/${name}/package.json`, JSON.stringify({ name, version: '1.0.0' }));
    workspace.write(`node_modules/${name}/index.js`, '');
  }
}

/** Every rule on, and TypeScript not trusted to speak for itself in every other workspace. */
function findingsIn(graph: ModuleGraph, dedupeWithTypescript: boolean): Readonly<Record<string, unknown>> {
  const optionsFor = (rules: Readonly<Record<string, string>>): DetectorOptions => ({
    rules: Object.fromEntries(
      Object.entries(rules).map(([rule, severity]) => [rule, severity === 'off' ? 'hint' : severity]),
    ),
    dedupeWithTypescript,
    ignore: [],
  });
  const sorted = (found: ReadonlyMap<string, readonly Finding[]>): unknown =>
    Object.fromEntries([...found].sort(([one], [other]) => (one < other ? -1 : 1)));
  return {
    circular: sorted(circularFindings(graph, optionsFor(CIRCULAR_RULES))),
    duplication: sorted(
      duplicationFindings(graph, { ...optionsFor(DUPLICATION_RULES), minimumTokens: 12, minimumLines: 1 }),
    ),
    import: sorted(importFindings(graph, optionsFor(IMPORT_RULES))),
    isolation: sorted(isolationFindings(graph, optionsFor(ISOLATION_RULES))),
    package: sorted(packageFindings(graph, optionsFor(PACKAGE_RULES))),
  };
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
  it('and its findings equal those of a cold one after every edit', async function () {
    this.timeout(240_000);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(step, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 8 }),
        fc.boolean(),
        async (rounds, dedupes) => {
          using workspace = workspaceOf({ ...Object.fromEntries(Object.entries(CONFIGS).map(([file, values]) => [file, values[0] ?? {}])), 'src/a.ts': `import './lib';` }); // prettier-ignore
          const overlays = new Map<string, string>();
          const unsaved = (): Overlay[] =>
            [...overlays].map(([file, content]) => ({ file, text: content, version: 1 }));
          const warm = new ModuleGraph(workspace.root);
          await warm.update({ overlays: [] });
          findingsIn(warm, dedupes);
          for (const round of rounds) {
            const changed = round.flatMap((one) => apply(workspace, overlays, one));
            await warm.update({ overlays: unsaved(), changed });
            const cold = new ModuleGraph(workspace.root);
            await cold.update({ overlays: unsaved() });
            assert.deepEqual(picture(warm), picture(cold));
            assert.deepEqual(findingsIn(warm, dedupes), findingsIn(cold, dedupes));
            for (const module of warm.modules.values()) {
              for (const target of module.targets) if (target) assert.equal(warm.modules.get(target.file), target);
            }
          }
        },
      ),
      { numRuns: 60, seed: 20261121 },
    );
  });

  it('finds the same as a cold one after edits of existing modules', async function () {
    this.timeout(240_000);
    // A configuration of a tool, and what it imports, is more than a module.
    const edited = MODULES.filter((file) => file !== 'vite.config.js');
    const edits = fc.array(fc.tuple(fc.constantFrom(...edited), fc.boolean(), lines), { minLength: 1, maxLength: 2 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(lines, { minLength: MODULES.length, maxLength: MODULES.length }),
        fc.array(edits, { minLength: 4, maxLength: 10 }),
        fc.nat(3),
        async (before, rounds, config) => {
          using workspace = workspaceOf({
            ...Object.fromEntries(Object.entries(CONFIGS).map(([file, values]) => [file, values[config] ?? values[0] ?? {}])), // prettier-ignore
            ...Object.fromEntries(MODULES.map((file, index) => [file, rendered(file, edited.includes(file) ? (before[index] ?? []) : [])])), // prettier-ignore
            'node_modules/dep/package.json': { name: 'dep', version: '1.0.0' },
          });
          const overlays = new Map<string, Overlay>();
          const warm = new ModuleGraph(workspace.root);
          await warm.update({ overlays: [] });
          findingsIn(warm, config % 2 === 0);
          const { environmentRevision } = warm;
          for (const [version, round] of rounds.entries()) {
            const changed: string[] = [];
            for (const [file, isSaved, content] of round) {
              const written = rendered(file, content);
              if (isSaved) {
                workspace.write(file, written);
                overlays.delete(file);
                changed.push(file);
              } else overlays.set(file, { file, text: written, version });
            }
            await warm.update({ overlays: [...overlays.values()], changed });
            const cold = new ModuleGraph(workspace.root);
            await cold.update({ overlays: [...overlays.values()] });
            assert.deepEqual(moduleCouplings(warm), moduleCouplings(cold));
            assert.deepEqual(findingsIn(warm, config % 2 === 0), findingsIn(cold, config % 2 === 0));
          }
          assert.equal(warm.environmentRevision, environmentRevision, 'these edits are about modules only');
        },
      ),
      { numRuns: 30, seed: 20261121 },
    );
  });

  it('completes an aborted update', async () => {
    using workspace = workspaceOf({ 'a.ts': `import './b';\n`, 'b.ts': '' });
    const graph = new ModuleGraph(workspace.root);
    await graph.update({ overlays: [] });
    workspace.write('b.ts', `import './a';\n`);
    await assert.rejects(graph.update({ overlays: [], changed: ['b.ts'], signal: AbortSignal.abort() }));
    await graph.update({ overlays: [], changed: [] });
    assert.equal(graph.modules.get('b.ts')?.targets[0]?.file, 'a.ts');
  });

  it('completes an aborted update of a changed package.json', async () => {
    using workspace = workspaceOf({
      'package.json': { workspaces: ['packages/*'] },
      'packages/p/package.json': { name: 'before' },
      'packages/p/index.ts': '',
      'a.ts': "import 'after';",
      'long.ts': '',
    });
    const graph = new ModuleGraph(workspace.root);
    await graph.update({ overlays: [] });
    assert.equal(graph.modules.get('a.ts')?.resolutions[0]?.kind, 'missing');
    workspace.write('packages/p/package.json', '{ "name": "after" }');
    // Takes longer than a graph works without listening.
    workspace.write('long.ts', 'x();\n'.repeat(900_000));
    const controller = new AbortController();
    setImmediate(() => {
      controller.abort();
    });
    const changed = ['packages/p/package.json', 'long.ts'];
    await assert.rejects(graph.update({ overlays: [], changed, signal: controller.signal }), { name: 'AbortError' });
    await graph.update({ overlays: [], changed: [] });
    assert.equal(graph.modules.get('a.ts')?.resolutions[0]?.kind, 'file');
  });

  it('parses again only what changed', async () => {
    using workspace = workspaceOf({ 'a.ts': `import './b';\n`, 'b.ts': 'export {};\n' });
    const graph = new ModuleGraph(workspace.root);
    await graph.update({ overlays: [] });
    const before = graph.modules.get('a.ts')?.record;
    const version = graph.revision;
    workspace.write('b.ts', 'export const b = 1;\n');
    await graph.update({ overlays: [], changed: ['b.ts'] });
    assert.equal(graph.modules.get('a.ts')?.record, before);
    assert.notEqual(graph.revision, version);
    const settled = graph.revision;
    await graph.update({ overlays: [], changed: ['b.ts'] });
    assert.equal(graph.revision, settled);
  });
});
