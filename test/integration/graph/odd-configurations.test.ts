/**
 * One odd value never ends a detector: configurations of every kind, changed at random with a seed, and everything that
 * reads them, in this process. What does not depend on the changed value must be found as before.
 */
import assert from 'node:assert/strict';
import path from 'node:path';
import { CIRCULAR_RULES, circularFindings } from '../../../workers/detectors/circular/index.ts';
import { IMPORT_RULES, importFindings } from '../../../workers/detectors/import/index.ts';
import { ISOLATION_RULES, isolationFindings } from '../../../workers/detectors/isolation/index.ts';
import { PACKAGE_RULES, packageFindings } from '../../../workers/detectors/package/index.ts';
import { ModuleGraph } from '../../../workers/graph/graph.ts';
import type { DetectorOptions, Finding } from '../../../workers/protocol/detector-protocol.ts';
import { ConfigurationError, readConfiguration } from '../../../server/configuration/read.ts';
import { findProjects } from '../../../workers/detectors/typescript/projects.ts';
import { workspaceOf, type TestWorkspace } from './workspace.ts';

const SEED = Number(process.env['BULKHEAD_ODD_SEED'] ?? 20_261_129);
const COUNT = Number(process.env['BULKHEAD_ODD_COUNT'] ?? 1_000);

/** Everything that some reader looks at. */
const CONFIGURATIONS: Readonly<Record<string, unknown>> = {
  'package.json': {
    name: 'root', version: '1.0.0', private: true, type: 'module', main: './src/a.ts', types: './src/a.ts', packageManager: 'pnpm@10.0.0',
    workspaces: { packages: ['packages/*', '!packages/none'] }, engines: { node: '>=22' }, scripts: { build: 'tsc -p .', lint: 'eslint .' },
    dependencies: { dep: '^1.0.0', p: 'workspace:*', c: 'catalog:' }, devDependencies: { eslint: '1.x', vite: '7' }, peerDependencies: { react: '*' },
    overrides: { dep: '1.0.1' }, resolutions: { 'a/b': '1' }, pnpm: { overrides: { x: '1' } }, imports: { '#own': { node: './src/a.ts', default: ['./src/b.ts'] } },
    bundledDependencies: ['dep'], browser: { dep: false }, files: ['src'], bin: { root: './src/a.ts' }, nx: { tags: ['x'] },
    eslintConfig: { rules: { 'boundaries/element-types': ['error', { default: 'allow' }] } }, knip: { entry: ['src/a.ts'] }, jest: { moduleNameMapper: { '^x$': './src/a' } },
  },
  'packages/p/package.json': { name: 'p', version: '0.1.0', exports: { '.': { types: './src/i.ts', default: './src/i.ts' }, './*': './src/*.ts' }, dependencies: { dep: '~1.0.0' }, nx: { tags: ['lib'] } },
  'pnpm-workspace.yaml': { packages: ['packages/*'], catalog: { c: '^1.0.0', unused: '1' }, catalogs: { old: { c: '0' } }, overrides: { c: 'catalog:' } },
  'lerna.json': { packages: ['packages/*'], version: 'independent' },
  'tsconfig.json': {
    extends: ['./tsconfig.base.json', '@scope/config/base.json'], files: ['src/a.ts'], include: ['src/**/*', 'x/*.vue'], exclude: ['dist'],
    compilerOptions: { baseUrl: '.', outDir: './dist', declarationDir: null, rootDir: './src', rootDirs: ['src', 'gen'], paths: { '@/*': ['./src/*'], exact: ['./src/a'] }, types: ['node'], customConditions: ['own'], moduleSuffixes: ['.ios', ''], allowJs: true, checkJs: false, module: 'nodenext' },
    references: [{ path: './packages/p' }],
  },
  'tsconfig.base.json': { extends: './packages/p/tsconfig.json', compilerOptions: { strict: true, paths: { '~/*': ['./src/*'] } } },
  'packages/p/tsconfig.json': { compilerOptions: { composite: true, outDir: '${configDir}/out' }, include: ['${configDir}/src'] },
  'jsconfig.json': { compilerOptions: { checkJs: true } },
  'nx.json': { targetDefaults: {} },
  'packages/p/project.json': { name: 'p', tags: ['type:lib'] },
  '.eslintrc.json': {
    plugins: ['boundaries'], settings: { 'boundaries/elements': [{ type: 'lib', pattern: 'packages/*', mode: 'folder', capture: ['name'], basePattern: 'x/*', baseCapture: ['y'] }], 'boundaries/include': ['src/**'] },
    rules: { 'boundaries/element-types': [2, { default: 'disallow', rules: [{ from: ['lib'], allow: [['lib', { name: '${from.name}' }]] }] }], '@nx/enforce-module-boundaries': ['error', { allow: ['x'], depConstraints: [{ sourceTag: 'type:lib', onlyDependOnLibsWithTags: ['type:lib'], bannedExternalImports: ['*'] }] }] },
    overrides: [{ files: ['*.ts'], excludedFiles: 'x', rules: { 'boundaries/external': [1, { rules: [{ from: 'lib', disallow: ['dep'] }] }] } }],
  },
  '.dependency-cruiser.json': {
    extends: './cruiser-base.json', options: { exclude: { path: 'dist' }, doNotFollow: 'node_modules', tsConfig: { fileName: 'tsconfig.json' } }, allowedSeverity: 'warn',
    allowed: [{ from: {}, to: {} }], required: [{ module: {}, to: {} }],
    forbidden: [{ name: 'one', severity: 'error', comment: 'c', from: { path: '^src/(.+)', pathNot: ['x'] }, to: { path: '$1', dependencyTypes: ['npm'] } }, { name: 'orphans', from: { orphan: true }, to: {} }, { module: { numberOfDependentsLessThan: 2, path: 'src' }, from: {} }],
  },
  'cruiser-base.json': { forbidden: [{ name: 'one', from: {}, to: { circular: true } }] },
  'knip.json': { entry: ['src/a.ts'], ignore: ['x'] },
  'package-lock.json': { lockfileVersion: 3, packages: { 'node_modules/dep': { version: '1.0.0', peerDependencies: { react: '*' } } } },
  'pnpm-lock.yaml': { lockfileVersion: '9.0', packages: { 'dep@1.0.0': { peerDependencies: { react: '*' } } } },
  'bun.lock': { lockfileVersion: 1, packages: { dep: ['dep@1.0.0', '', { peerDependencies: { react: '*' } }] } },
  'babel.config.json': { plugins: [['module-resolver', { alias: { app: './src' } }]] },
  'deno.json': { imports: { x: './src/a.ts' } },
  '.nvmrc': '22.1',
}; // prettier-ignore

/** Read from the disk only, not as unsaved text. */
const ON_DISK: Readonly<Record<string, unknown>> = {
  'node_modules/dep/package.json': { name: 'dep', version: '1.0.0', main: 'index.js', engines: { node: '>=4' }, peerDependencies: { react: '>=1' }, peerDependenciesMeta: { react: { optional: true } }, bin: { dep: './x.js' }, exports: { '.': './index.js' } },
  'node_modules/knip/package.json': { name: 'knip', version: '5.1.0', bin: { knip: './x.js' } },
  '.gitignore': '*.log\n/dist\n',
  '.pnp.data.json': { packageRegistryData: [[null, [[null, { packageLocation: './', packageDependencies: [['dep', 'npm:1']] }]]]], enableTopLevelFallback: true, fallbackPool: [], fallbackExclusionList: [] },
  'bulkhead.config.json': { exclude: ['dist/**'], detectors: { eslint: false, import: { known: ['x'], rules: { unresolved: 'off' } }, isolation: { boundaries: [{ from: 'src/**', disallow: ['x'] }] } } },
  '.vscode/settings.json': { 'bulkhead.import.known': ['x'] },
}; // prettier-ignore

const MODULES: Readonly<Record<string, string>> = {
  'src/a.ts': "import { b } from './b.ts'; import '@/b'; import 'dep'; import 'p/i'; import '#own'; import './gone'; import '\\0';\nexport const a = () => b;\n",
  'src/b.ts': "import { a } from './a.ts'; import 'exact'; import 'app/a'; import '~/a'; import 'none';\nexport const b = () => a;\n",
  'src/c.js': "const dep = require('dep'); require('c'); module.exports = dep;\n",
  'src/long.ts': `import '${'a'.repeat(70_000)}'; import './${'b/'.repeat(20_000)}'; import '${'@/'.repeat(9)}'; import 'x\\u0000'; require('(?');\n`,
  'src/ambient.d.ts': `declare module '${'a*'.repeat(30_000)}' {}\ndeclare module '(' {}\n`,
  'packages/p/src/i.ts': "import '../../../src/a.ts'; import 'react';\nexport const i = 1;\n",
  'x/App.vue': "<script setup>import '@/a'</script>\n",
  'node_modules/dep/index.js': '',
}; // prettier-ignore

const DEEP = `${'['.repeat(5_000)}${']'.repeat(5_000)}`;
const ODD_VALUES: readonly unknown[] = [
  null, true, false, 0, -1, '', ' ', '*', '**', '!', '!!', '(', '[z-a]', '\\', '\0', '../..', '/', '$1', '${configDir}', '__proto__', 'a'.repeat(70_000),
  [], {}, [null], [[]], [{}], [''], [1], [['', null]], { '': '' }, { a: null }, { '*': ['*', '**'] }, { '**/*': ['a*b*c'] }, { path: null }, { __proto__: null, constructor: 1, length: 3 },
]; // prettier-ignore
const ODD_TEXTS = [
  '', ' ', '\n', 'null', '[]', '{}', '""', '0', '{', '[', '"', '}', '#', '# only a comment', '// only a comment', '<<<<<<< ours\n{}\n=======\n[]\n>>>>>>> theirs\n',
  DEEP, `{"a":${DEEP}}`, `{"compilerOptions":${'{"a":'.repeat(5_000)}1${'}'.repeat(5_000)}}`, '&a [*a]', 'a: &a\n  b: *a\n', 'a: b: c', '\t- x', '{"a":1,"a":{"a":2}}', '{"__proto__":{"name":1}}', '\uFEFF{}', '\uFFFD\0',
]; // prettier-ignore

class Mutator {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** Mulberry32. */
  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % limit;
  }

  one<Value>(values: readonly Value[]): Value {
    return values[this.below(values.length)] as Value;
  }

  mutated(content: unknown): string {
    const text = typeof content === 'string' ? content : JSON.stringify(content, undefined, 2);
    const kind = this.below(10);
    if (kind === 0) return this.one(ODD_TEXTS);
    if (kind === 1) return text.slice(0, this.below(text.length));
    if (kind === 2) {
      const at = this.below(text.length);
      return text.slice(0, at) + this.one(['{', '}', '[', ']', ',', ':', '"', '\\', '\0', '\uFEFF', '\n', '*', '//']) + text.slice(at); // prettier-ignore
    }
    if (typeof content === 'string') return text + this.one(['!', '[', '\\', '\0', '{a,b}', '**'.repeat(50)]);
    const copy = structuredClone(content) as object;
    for (let times = 1 + this.below(2); times > 0; times--) this.#replaceSomething(copy);
    return (this.below(8) === 0 ? '\uFEFF' : '') + JSON.stringify(copy, undefined, 2);
  }

  #replaceSomething(container: object): void {
    const places: { readonly within: Record<string, unknown>; readonly key: string }[] = [];
    const visit = (within: object): void => {
      for (const [key, value] of Object.entries(within) as [string, unknown][]) {
        places.push({ within: within as Record<string, unknown>, key });
        if (typeof value === 'object' && value !== null) visit(value);
      }
    };
    visit(container);
    if (places.length === 0) return;
    const { within, key } = this.one(places);
    within[key] = structuredClone(this.one(ODD_VALUES));
  }
}

const DETECTORS = {
  circular: [circularFindings, CIRCULAR_RULES],
  import: [importFindings, IMPORT_RULES],
  isolation: [isolationFindings, ISOLATION_RULES],
  package: [packageFindings, PACKAGE_RULES],
} as const;

function findingsIn(graph: ModuleGraph): readonly string[] {
  return Object.entries(DETECTORS).flatMap(([name, [find, rules]]) => {
    const allOn = Object.entries(rules).map(([rule, severity]) => [rule, severity === 'off' ? 'hint' : severity]);
    const options: DetectorOptions = { rules: Object.fromEntries(allOn), dedupeWithTypescript: false };
    const found: ReadonlyMap<string, readonly Finding[]> = find(graph, options);
    return [...found].flatMap(([file, findings]) =>
      findings.map(({ rule, range }) => `${name}/${rule} ${file}:${String(range.start.line)}`),
    );
  });
}

/** Whatever a configuration says, the two modules that import each other are found. */
function assertGoesOn(graph: ModuleGraph, what: string): void {
  let found: readonly string[];
  try {
    found = findingsIn(graph);
  } catch (error) {
    throw new Error(`A detector failed after ${what}`, { cause: error });
  }
  // A pattern of .gitignore may mean them.
  if (!graph.modules.has('src/a.ts') || !graph.modules.has('src/b.ts')) return;
  assert.ok(
    found.some((finding) => finding.startsWith('circular/import-cycle src/')),
    `no cycle after ${what}`,
  );
}

describe('odd configurations', function () {
  this.timeout(600_000);

  it(`no detector fails for ${String(COUNT)} of them (seed ${String(SEED)})`, async () => {
    using workspace = workspaceOf({ ...CONFIGURATIONS, ...ON_DISK, ...MODULES } as Record<string, string | object>);
    const mutator = new Mutator(SEED);
    const graph = new ModuleGraph(workspace.root);
    await graph.update({ overlays: [] });
    assertGoesOn(graph, 'nothing');
    const unsaved = Object.keys(CONFIGURATIONS);
    const onDisk = Object.keys(ON_DISK);
    for (let round = 0; round < COUNT; round++) {
      const file = round % 5 === 4 ? mutator.one(onDisk) : mutator.one(unsaved);
      const text = mutator.mutated(CONFIGURATIONS[file] ?? ON_DISK[file]);
      const what = `round ${String(round)}, ${file}: ${JSON.stringify(text.slice(0, 2_000))}`;
      if (file in CONFIGURATIONS) {
        await update(graph, { overlays: [{ file, text, version: 1 }], changed: [] }, what);
        assertGoesOn(graph, what);
      } else {
        workspace.write(file, text);
        await update(graph, { overlays: [] }, what);
        assertGoesOn(graph, what);
        await assertConfigurationReads(workspace, what);
        restore(workspace, file);
      }
    }
  });

  it('nor does the search for projects, whatever a tsconfig says', async () => {
    using workspace = workspaceOf({ ...CONFIGURATIONS, ...MODULES } as Record<string, string | object>);
    const mutator = new Mutator(SEED + 1);
    const tsconfigs = Object.keys(CONFIGURATIONS).filter((file) => /[jt]sconfig/.test(file));
    for (let round = 0; round < COUNT / 10; round++) {
      const file = mutator.one(tsconfigs);
      const text = mutator.mutated(CONFIGURATIONS[file]);
      workspace.write(file, text);
      const what = `round ${String(round)}, ${file}: ${JSON.stringify(text.slice(0, 2_000))}`;
      const found = await findProjects(workspace.root, { only: [], signal: new AbortController().signal }).catch(
        (error: unknown) => {
          throw new Error(`The search failed after ${what}`, { cause: error });
        },
      );
      // A configuration that no compiler may be asked about is named; every other one is checked.
      const named = found.problems.map(({ file: place }) => place);
      assert.ok(
        found.projects.includes('packages/p/tsconfig.json') || named.includes('packages/p/tsconfig.json'),
        what,
      );
      restore(workspace, file);
    }
  });
});

async function update(graph: ModuleGraph, state: Parameters<ModuleGraph['update']>[0], what: string): Promise<void> {
  await graph.update(state).catch((error: unknown) => {
    throw new Error(`The graph failed after ${what}`, { cause: error });
  });
}

/** The server's own configuration: a mistake is an error of its kind, which names the file. */
async function assertConfigurationReads({ root }: TestWorkspace, what: string): Promise<void> {
  await readConfiguration(root).catch((error: unknown) => {
    if (error instanceof ConfigurationError && error.message.includes(path.join(root, 'bulkhead.config.json'))) return;
    throw new Error(`The configuration was not read after ${what}`, { cause: error });
  });
}

function restore(workspace: TestWorkspace, file: string): void {
  const content = CONFIGURATIONS[file] ?? ON_DISK[file];
  workspace.write(file, typeof content === 'string' ? content : JSON.stringify(content, undefined, 2));
}
