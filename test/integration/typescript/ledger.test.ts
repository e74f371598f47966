/** What TypeScript 7 was asked before stays known when its process is replaced, and when files come and go. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { compilerFor } from '../../../workers/detectors/typescript/compiler.ts';
import { openNative } from '../../../workers/detectors/typescript/native.ts';
import type { Extent, ProjectSink, TypeScriptSession } from '../../../workers/detectors/typescript/session.ts';
import { cleanUp, config, makeWorkspace, type Workspace } from './support.ts';

describe('TypeScript 7.0: what was answered', function () {
  this.timeout(60_000);
  const projects = ['front', 'back', 'open'] as const;
  type Project = (typeof projects)[number];
  let workspace: Workspace;
  let session: TypeScriptSession;
  let revision = 0;
  const since = new Map<Project, number>();
  let found: string[];

  before(async () => {
    workspace = await makeWorkspace(
      {
        'front/tsconfig.json': config({}, { include: ['src'] }),
        'front/src/page.ts': "import { later } from './later';\nexport const page: number = later;\n",
        'back/tsconfig.json': config({}, { include: ['src'] }),
        'back/src/server.ts': 'export const answer: number = 1;\n',
        'back/src/data.json': '{ "a": 1 }',
        'open/tsconfig.json': config({ resolveJsonModule: true }, { include: ['src'] }),
        'open/src/data.json': '{ "a": 1 }',
        'open/src/index.ts':
          "import data from './data.json';\nimport later from '@acme/later';\nexport const a: number = data.a;\nexport { later };\n",
      },
      'TypeScript 7.0',
    );
    session = openNative(await compilerFor(workspace.root, 'workspace'), { root: workspace.root, log: () => {} });
    await session.update({ overlays: new Map() });
    assert.deepEqual(await checkAll(), { front: 'whole', back: 'whole', open: 'whole' });
  });
  after(async () => {
    await session.close();
    await cleanUp();
  });

  async function checkAll(): Promise<Record<Project, Extent>> {
    found = [];
    const sink: ProjectSink = {
      ...{ begin: () => {}, project: () => {}, answeredBy: () => {}, progress: () => {} },
      answer: (file, all) => {
        found.push(...all.map(({ code }) => `${path.basename(file)} ${code}`));
        return Promise.resolve();
      },
    };
    const extents: [Project, Extent][] = [];
    for (const project of projects) {
      revision += 1;
      const known = since.get(project);
      const order = {
        configFile: path.join(workspace.root, project, 'tsconfig.json'),
        first: [],
        revision,
        whole: false,
      };
      const extent = await session.check({ ...order, ...(known === undefined ? {} : { since: known }) }, sink, new AbortController().signal); // prettier-ignore
      since.set(project, revision);
      extents.push([project, extent]);
    }
    return Object.fromEntries(extents) as Record<Project, Extent>;
  }

  const changed = (...files: readonly string[]): Promise<void> =>
    session.update({ overlays: new Map(), changed: files.map((file) => path.join(workspace.root, file)) });

  it('survives JSON that no program has, and is asked again where a program has it', async () => {
    await workspace.write({ 'back/src/data.json': '{ "b": 1 }' });
    await changed('back/src/data.json');
    assert.deepEqual(await checkAll(), { front: 'unchanged', back: 'unchanged', open: 'whole' }, 'it may be what @acme/later means'); // prettier-ignore
    await workspace.write({ 'open/src/data.json': '{ "a": "text" }' });
    await changed('open/src/data.json');
    assert.deepEqual(await checkAll(), { front: 'unchanged', back: 'unchanged', open: 'whole' });
    assert.deepEqual(found.sort(), ['index.ts 2307', 'index.ts 2322']);
  });

  it('is asked again where the process was replaced after an edit', async () => {
    await workspace.write({ 'back/src/server.ts': "export const answer: number = 'text';\n" });
    // The second makes it start anew.
    await changed('back/src/server.ts', 'open/src/data.json');
    assert.deepEqual(await checkAll(), { front: 'unchanged', back: 'whole', open: 'unchanged' });
    assert.ok(found.includes('server.ts 2322'));
    await workspace.write({ 'back/src/server.ts': 'export const answer: number = 2;\n' });
    await changed('back/src/server.ts');
    assert.deepEqual(await checkAll(), { front: 'unchanged', back: 'affected', open: 'unchanged' });
    assert.deepEqual(found, []);
  });

  it('is asked again where a file came that is included, imported, or may be meant by a name', async () => {
    await workspace.write({ 'back/src/new.ts': 'export const fresh: string = 1;\n' });
    await changed('back/src/new.ts');
    assert.deepEqual(await checkAll(), { front: 'unchanged', back: 'whole', open: 'whole' });
    assert.ok(found.includes('new.ts 2322'));
    await workspace.write({ 'front/src/later.ts': "export const later = 'text';\n" });
    await changed('front/src/later.ts');
    assert.deepEqual(await checkAll(), { front: 'whole', back: 'unchanged', open: 'whole' });
    assert.ok(found.includes('page.ts 2322'));
    await workspace.write({ 'types/later/index.d.ts': "declare module '@acme/later';\n" });
    await changed('types/later/index.d.ts');
    assert.deepEqual(await checkAll(), { front: 'whole', back: 'whole', open: 'whole' });
  });

  it('is asked again where a file went that a program had', async () => {
    await workspace.remove('back/src/new.ts');
    await changed('back/src/new.ts');
    assert.deepEqual(await checkAll(), { front: 'unchanged', back: 'whole', open: 'unchanged' });
    assert.deepEqual(found, []);
    await workspace.remove('front/src/later.ts');
    await changed('front/src/later.ts');
    assert.deepEqual(await checkAll(), { front: 'whole', back: 'unchanged', open: 'unchanged' });
    assert.deepEqual(found, ['page.ts 2307']);
  });

  it('is asked again where a referenced project declares something else, and not for more', async () => {
    const composite = { composite: true, declaration: true };
    await workspace.write({
      'front/tsconfig.json': config(composite, { include: ['src'] }),
      'front/src/later.ts': 'export function later(): number {\n  return 1;\n}\n',
      'front/src/page.ts': "import { later } from './later';\nexport const page: number = later();\n",
      'back/tsconfig.json': config({}, { include: ['src'], references: [{ path: '../front' }] }),
      'back/src/server.ts': "import { page } from '../../front/src/page';\nexport const answer: number = page;\n",
    });
    since.clear();
    await session.update({ overlays: new Map() });
    assert.deepEqual(await checkAll(), { front: 'whole', back: 'whole', open: 'whole' });
    await workspace.write({ 'front/src/later.ts': 'export function later(): number {\n  return 2;\n}\n' });
    await changed('front/src/later.ts');
    assert.deepEqual(await checkAll(), { front: 'affected', back: 'unchanged', open: 'unchanged' });
    await workspace.write({ 'front/src/page.ts': "export const page: string = 'text';\n" });
    await changed('front/src/page.ts');
    assert.deepEqual(await checkAll(), { front: 'affected', back: 'affected', open: 'unchanged' });
    assert.deepEqual(found, ['server.ts 2322']);
  });
});
