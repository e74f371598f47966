/** Programs that were let go for lack of memory: which changes load them again, and when. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { compilerFor } from '../../../workers/detectors/typescript/compiler.ts';
import { openJavascript } from '../../../workers/detectors/typescript/javascript.ts';
import type { Extent, ProjectSink, TypeScriptSession } from '../../../workers/detectors/typescript/session.ts';
import { cleanUp, config, makeWorkspace, type Version, type Workspace } from './support.ts';

for (const version of ['TypeScript 5.9', 'TypeScript 6.0'] satisfies Version[]) {
  describe(`${version}: projects at rest`, function () {
    this.timeout(60_000);
    let workspace: Workspace;
    let session: TypeScriptSession;
    let revision: number;
    let since: Map<string, number>;
    let codes: Map<string, readonly number[]>;

    beforeEach(async () => {
      workspace = await makeWorkspace(
        {
          'front/tsconfig.json': config(),
          'front/page.ts': 'export const page: number = 1;\n',
          'back/tsconfig.json': config({}, { include: ['.', '../front/page.ts'] }),
          'back/server.ts': "import { page } from '../front/page';\nexport const answer: number = page;\n",
        },
        version,
      );
      session = openJavascript(await compilerFor(workspace.root, 'workspace'), { root: workspace.root, log: () => {} });
      revision = 0;
      since = new Map();
      codes = new Map();
      await session.update({ overlays: new Map() });
      for (const project of ['front', 'back']) assert.equal(await check(project), 'whole');
    });
    afterEach(async () => {
      await session.close();
      await cleanUp();
    });

    const at = (file: string): string => path.join(workspace.root, file);

    async function check(project: string, first: readonly string[] = [], whole = false): Promise<Extent> {
      revision += 1;
      const known = since.get(project);
      const sink: ProjectSink = {
        begin: () => {},
        project: () => {},
        answeredBy: () => {},
        progress: () => {},
        answer: (file, found) => {
          codes.set(
            `${project} ${path.basename(file)}`,
            found.map(({ code }) => code),
          );
          return Promise.resolve();
        },
      };
      const order = { configFile: at(`${project}/tsconfig.json`), first: first.map(at), revision, whole };
      const extent = await session.check({ ...order, ...(known === undefined ? {} : { since: known }) }, sink, new AbortController().signal); // prettier-ignore
      since.set(project, revision);
      return extent;
    }

    async function edit(file: string, text: string): Promise<void> {
      await workspace.write({ [file]: text });
      await session.update({ overlays: new Map(), changed: [at(file)] });
    }

    it('one that a change does not concern stays at rest, one that it concerns is loaded', async () => {
      session.trim();
      await edit('back/server.ts', "import { page } from '../front/page';\nexport const answer: string = page;\n");
      assert.equal(await check('front'), 'unchanged');
      assert.equal(await check('back'), 'whole');
      assert.deepEqual(codes.get('back server.ts'), [2322]);
      assert.equal(await check('front'), 'unchanged', 'and goes on knowing');
    });

    it('one stays unloaded for a change that a loaded project checks, until everything is checked', async () => {
      session.trim(at('front/tsconfig.json'));
      await edit('front/page.ts', "export const page: string = 'text';\n");
      assert.equal(await check('front', ['front/page.ts']), 'affected');
      assert.equal(await check('back'), 'later');
      await edit('front/page.ts', "export const page: string = 'other';\n");
      assert.equal(await check('front', ['front/page.ts']), 'affected');
      assert.equal(await check('back'), 'later', 'what was put off stays so');
      assert.deepEqual(codes.get('back server.ts'), []);
      assert.equal(await check('back', [], true), 'whole');
      assert.deepEqual(codes.get('back server.ts'), [2322]);
      assert.equal(await check('back'), 'unchanged');
    });

    it('a created or deleted file, or a changed JSON file, loads it again', async () => {
      session.trim();
      await edit('back/more.ts', 'export const more: number = "text";\n');
      assert.equal(await check('back'), 'whole');
      assert.deepEqual(codes.get('back more.ts'), [2322]);
      session.trim();
      await edit('package.json', '{}\n');
      assert.equal(await check('front'), 'whole');
    });

    it('the project in front of the user keeps its program, unless all have to go', async () => {
      await edit('front/page.ts', 'export const page: number = 2;\n');
      assert.equal(await check('front', ['front/page.ts']), 'affected');
      session.trim(at('back/tsconfig.json'));
      await edit('front/page.ts', 'export const page: number = 3;\n');
      assert.equal(await check('front', ['front/page.ts']), 'affected');
      session.trim(undefined, true);
      await edit('front/page.ts', 'export const page: number = 4;\n');
      assert.equal(await check('front', ['front/page.ts']), 'whole');
    });
  });
}
