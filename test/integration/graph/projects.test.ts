/** Which project a file belongs to, and what a project says where its base, an installation or a file is not as it should be. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { circularFindings } from '../../../workers/detectors/circular/index.ts';
import { importFindings } from '../../../workers/detectors/import/index.ts';
import { isolationFindings } from '../../../workers/detectors/isolation/index.ts';
import { packageFindings } from '../../../workers/detectors/package/index.ts';
import { findProjects } from '../../../workers/detectors/typescript/projects.ts';
import { ModuleGraph } from '../../../workers/graph/graph.ts';
import type { DetectorOptions, Finding } from '../../../workers/protocol/detector-protocol.ts';
import { workspaceOf } from './workspace.ts';

type Files = Readonly<Record<string, string | object>>;

async function graphOf(root: string): Promise<ModuleGraph> {
  const graph = new ModuleGraph(root);
  await graph.update({ overlays: [] });
  return graph;
}

/** `rule file:line`, of all four detectors. */
function told(graph: ModuleGraph, options: DetectorOptions = {}): readonly string[] {
  const detectors = [circularFindings, importFindings, isolationFindings, packageFindings];
  const found: readonly (readonly [string, readonly Finding[]])[] = detectors.flatMap((find) => [...find(graph, options)]); // prettier-ignore
  return found.flatMap(([file, findings]) => findings.map(({ rule, range }) => `${rule} ${file}:${String(range.start.line)}`)).sort(); // prettier-ignore
}

async function findings(files: Files, options?: DetectorOptions): Promise<readonly string[]> {
  using workspace = workspaceOf(files);
  return told(await graphOf(workspace.root), options);
}

async function projectsIn(files: Files): Promise<Awaited<ReturnType<typeof findProjects>>> {
  using workspace = workspaceOf(files);
  return await findProjects(workspace.root, { only: [], signal: new AbortController().signal });
}

const CYCLE = {
  'src/a.js': "import { b } from './b.js';\nexport const a = () => b;\n",
  'src/b.js': "import { a } from './a.js';\nexport const b = () => a;\n",
};

describe('projects', () => {
  it('say what they say although nothing is installed, and find members of the workspace by name', async () => {
    const files = {
      'package.json': { name: 'root', private: true, workspaces: ['apps/*', 'packages/*'] },
      'packages/ts/package.json': { name: '@repo/ts', private: true },
      'packages/ts/base.json': { compilerOptions: { paths: { 'shared/*': ['../../apps/web/src/*'] } } },
      'apps/web/package.json': { name: 'web', private: true },
      'apps/web/tsconfig.json': { extends: '@repo/ts/base.json', compilerOptions: { baseUrl: '.' }, include: ['src'] },
      'apps/web/src/a.ts': "import { b } from 'src/b';\nimport './gone';\nexport const a = () => b;\n",
      'apps/web/src/b.ts': "import { a } from 'src/a';\nexport const b = () => a;\n",
    };
    const found = await findings(files);
    assert.deepEqual(found.filter((finding) => !finding.includes('package.json')), ['import-cycle apps/web/src/b.ts:0']); // prettier-ignore
    using workspace = workspaceOf(files);
    const project = (await graphOf(workspace.root)).projects.projectOf('apps/web/src/a.ts');
    assert.deepEqual(project?.isAlias('shared/x'), true);
  });

  it('own the components that they include, behind a solution too', async () => {
    const found = await findings({
      'package.json': { name: 'app', private: true },
      'tsconfig.json': { files: [], references: [{ path: './tsconfig.node.json' }, { path: './tsconfig.app.json' }] },
      'tsconfig.app.json': { include: ['src/**/*', 'src/**/*.vue'], compilerOptions: { paths: { '@/*': ['./src/*'] } } },
      'tsconfig.node.json': { include: ['vite.config.*'] },
      'src/App.vue': "<script setup lang=\"ts\">\nimport '@/components/Gone.vue';\nimport Hello from '@/Hello.vue';\n</script>\n",
      'src/Hello.vue': '<script setup lang="ts"></script>\n',
      'e2e/test.ts': "import '@/Hello.vue';\n",
    }); // prettier-ignore
    assert.deepEqual(
      found.filter((finding) => finding.startsWith('unresolved')),
      ['unresolved src/App.vue:1'],
    );
  });

  it('are all checked but the one that only serves as a base', async () => {
    const base = { compilerOptions: { strict: true } };
    const packages = {
      'packages/web/tsconfig.json': { extends: '../../tsconfig.json', include: ['src'] },
      'packages/web/src/a.ts': '',
      'packages/old/tsconfig.json': {},
      'packages/old/b.ts': '',
    };
    const only = await projectsIn({ 'tsconfig.json': base, ...packages });
    assert.deepEqual([only.projects, [...only.bases]], [['packages/old/tsconfig.json', 'packages/web/tsconfig.json'], []]);
    // What no nearer one includes is the base's own, and nothing else.
    const more = await projectsIn({ 'tsconfig.json': base, ...packages, 'vite.config.ts': '' });
    assert.deepEqual([more.projects.includes('tsconfig.json'), [...more.bases]], [true, ['tsconfig.json']]);
    for (const own of [{ ...base, include: ['packages'] }, { ...base, files: ['packages/web/src/a.ts'] }]) {
      const chosen = await projectsIn({ 'tsconfig.json': own, ...packages });
      assert.deepEqual([chosen.projects.includes('tsconfig.json'), chosen.bases.size], [true, 0]);
    }
    const unextended = await projectsIn({ 'tsconfig.json': base, ...packages, 'packages/web/tsconfig.json': {} });
    assert.ok(unextended.projects.includes('tsconfig.json'));
  }); // prettier-ignore

  it('that would stop a compiler are named at their place instead of asked for', async () => {
    const { projects, problems } = await projectsIn({
      'a/tsconfig.json': '{\n  "extends": "./base.json"\n}',
      'a/base.json': `{"compilerOptions":${'['.repeat(5_000)}${']'.repeat(5_000)}}`,
      'b/tsconfig.json': {},
    });
    assert.deepEqual(projects, ['b/tsconfig.json']);
    assert.deepEqual(
      problems.map(({ file, fatal }) => [file, fatal]),
      [['a/base.json', true]],
    );
    assert.match(problems[0]?.message ?? '', /levels deep.*the files of a\/tsconfig\.json are not checked/s);
  });

  it('are found with what they wait for, so that a base that appears is noticed', async () => {
    const { configFiles } = await projectsIn({ 'tsconfig.json': { extends: './generated/tsconfig' } });
    const names = configFiles.map((file) => path.basename(path.dirname(file)) + '/' + path.basename(file));
    assert.ok(names.includes('generated/tsconfig.json'), names.join());
  });
});

describe('configurations that are wrong', () => {
  it('are named at their place, and cost nothing else', async () => {
    const found = await findings(
      {
        ...CYCLE,
        'package.json': '{ "name": "w", "private": true, "type": "module", "workspaces": [""], "main": 5 }',
        'packages/p/package.json': '{ "name": "p", ',
        'pnpm-workspace.yaml': '# packages:\n#   - packages/*\n',
        'pnpm-lock.yaml': '<<<<<<< ours\nlockfileVersion: "9.0"\n',
        'lerna.json': '{\n  "packages": 5\n}',
        'tsconfig.json': '{\n  "compilerOptions": { "declarationDir": null, "outDir": null },\n  "references": [{}, null]\n}',
        'scripts/tsconfig.json': '{\n  "extends": "./tsconfig.json"\n}',
        '.dependency-cruiser.json': '{ "forbidden": [',
        'data.js': `export const x = ${'['.repeat(10_000)}${']'.repeat(10_000)};\n`,
      },
      { dedupeWithTypescript: false },
    ); // prettier-ignore
    assert.deepEqual(found, [
      'import-cycle src/b.js:0',
      'invalid-configuration .dependency-cruiser.json:0',
      'invalid-configuration lerna.json:1',
      'invalid-configuration pnpm-lock.yaml:0',
      'invalid-configuration scripts/tsconfig.json:1',
      'invalid-configuration tsconfig.json:2',
      'invalid-configuration tsconfig.json:2',
      'invalid-field package.json:0',
      'invalid-field package.json:0',
      'invalid-json packages/p/package.json:0',
      'too-deep data.js:0',
    ]);
  });

  it('are left to TypeScript where it reports them', async () => {
    const files = { ...CYCLE, 'package.json': { name: 'w', private: true, type: 'module' }, 'tsconfig.json': '{ "extends": 5 ' };
    assert.deepEqual(await findings(files), ['import-cycle src/b.js:0']);
    assert.ok((await findings({ ...files, 'tsconfig.build.json': '{' })).includes('invalid-configuration tsconfig.build.json:0'));
  }); // prettier-ignore

  it('may be no file at all', async function () {
    if (process.platform === 'win32') this.skip();
    using workspace = workspaceOf({ ...CYCLE, 'package.json': { name: 'w', private: true, type: 'module' } });
    const { root } = workspace;
    for (const name of ['.gitignore', 'pnpm-workspace.yaml', 'src/c.js', 'a.txt']) execFileSync('mkfifo', [path.join(root, name)]);
    for (const name of ['packages/p/package.json', 'lerna.json']) mkdirSync(path.join(root, name), { recursive: true });
    execFileSync('ln', ['-s', '.dependency-cruiser.json', path.join(root, '.dependency-cruiser.json')]);
    assert.deepEqual(told(await graphOf(root)), [
      'import-cycle src/b.js:0',
      'invalid-configuration .dependency-cruiser.json:0',
      'invalid-configuration .gitignore:0',
      'invalid-configuration lerna.json:0',
      'invalid-configuration packages/p/package.json:0',
      'invalid-configuration pnpm-workspace.yaml:0',
    ]);
  }); // prettier-ignore

  it('of TypeScript that are no files leave their projects out, which is never silent', async function () {
    if (process.platform === 'win32') this.skip();
    using workspace = workspaceOf({ 'a/tsconfig.json': '{}', 'a/a.ts': 'export {};\n' });
    execFileSync('mkfifo', [path.join(workspace.root, 'tsconfig.json')]);
    mkdirSync(path.join(workspace.root, 'b', 'tsconfig.json'), { recursive: true });
    const { projects, problems } = await findProjects(workspace.root, {
      only: [],
      signal: new AbortController().signal,
    });
    assert.deepEqual(projects, ['a/tsconfig.json']);
    assert.deepEqual(
      problems.map(({ file, fatal }) => [file, fatal]),
      [
        ['tsconfig.json', true],
        ['b/tsconfig.json', true],
      ],
    );
  });
});
