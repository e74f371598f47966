/** TypeScript 7 speaks first for a workspace's own older version, where it was found to say the same. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { detector } from '../../../workers/detectors/typescript/index.ts';
import { openNative } from '../../../workers/detectors/typescript/native.ts';
import { CompilerExited, type TypeScriptSession } from '../../../workers/detectors/typescript/session.ts';
import { coldLines, LiveProject } from './accelerated-support.ts';
import { Project, randomFrom } from './seeded-project.ts';
import { cleanUp, config, makeWorkspace, run, type Files } from './support.ts';

/** An option that TypeScript 7 no longer has, and an issue in each file but one. */
const start: Files = {
  'tsconfig.json': config({ module: 'commonjs', moduleResolution: 'node', noUnusedLocals: true }),
  'src/shape.ts': 'export interface Shape { readonly name: string; readonly area: number }\n',
  'src/circle.ts': `import type { Shape } from './shape';
export const circle = (radius: number): Shape => ({ name: radius, area: radius ** 2 });
`,
  'src/main.ts': `import { circle } from './circle';
const unused = 1;
export const label: number = circle(1).name;
`,
};
const first = 'typescript 7.0.2 first, typescript 5.9.3 (workspace) confirms';

describe('TypeScript 5.9 with an accelerator', function () {
  this.timeout(120_000);
  const open: LiveProject[] = [];
  async function opened(...settings: Parameters<typeof LiveProject.open>): Promise<LiveProject> {
    const project = await LiveProject.open(...settings);
    open.push(project);
    return project;
  }
  /** What a session leaves that found both to be equal. */
  async function verdictOf(
    workspace: Parameters<typeof LiveProject.open>[0],
  ): Promise<Readonly<Record<string, string>>> {
    const project = await opened(workspace);
    await project.settle({}, await project.ask());
    await project.close();
    return project.remembered;
  }
  afterEach(async () => {
    for (const project of open.splice(0)) await project.close();
    if (process.platform !== 'win32') assert.deepEqual(children(), []);
  });
  after(cleanUp);

  it('is compared once while idle, and answers first in the next session', async () => {
    const workspace = await makeWorkspace(start, 'TypeScript 5.9');
    const expected = await coldLines(workspace);
    assert.equal(expected.length, 3);
    const project = await opened(workspace);
    const cold = await project.ask();
    assert.deepEqual([cold.extent, cold.speaker, cold.again], ['whole', undefined, true]);
    assert.deepEqual(project.lines, expected);
    const compared = await project.ask({ changed: [], confirm: true });
    assert.deepEqual([compared.extent, compared.files, compared.again], ['unchanged', [], false]);
    assert.match(project.remembered['comparison tsconfig.json'] ?? '', /^equal \d+ [0-9a-f]{32}$/);
    // Its warm program goes on answering for edits.
    const edit = await project.ask({ changed: [], overlays: { 'src/main.ts': 'export {};\n' } });
    assert.deepEqual([edit.extent, edit.speaker], ['affected', undefined]);
    await project.close();

    const next = await opened(workspace, project.remembered);
    const fast = await next.ask({ first: ['src/main.ts'] });
    assert.deepEqual([fast.extent, fast.speaker, fast.again], ['whole', first, true]);
    assert.ok(fast.files.indexOf('src/main.ts') < fast.files.indexOf('src/shape.ts'));
    assert.deepEqual(next.lines, expected);
    const last = await next.ask({ changed: [], confirm: true });
    assert.deepEqual([last.extent, last.speaker, last.again], ['whole', undefined, false]);
    assert.deepEqual(next.lines, expected);
    await gone();
  });

  it('answers for edits until the own version has confirmed', async () => {
    const workspace = await makeWorkspace(start, 'TypeScript 5.9');
    const project = await opened(workspace, await verdictOf(workspace));
    await project.ask();
    const overlays = { 'src/shape.ts': 'export interface Shape { readonly name: number; readonly area: number }\n' };
    const edit = await project.ask({ changed: ['src/shape.ts'], overlays });
    assert.deepEqual([edit.speaker, edit.again], [first, true]);
    const expected = await coldLines(workspace, overlays);
    assert.equal(expected.length, 1);
    assert.deepEqual(project.lines, expected);
    assert.equal(await project.settle({ overlays }, edit), 1);
    assert.deepEqual(project.lines, expected);
    const later = await project.ask({ changed: ['src/shape.ts'] });
    assert.deepEqual([later.extent, later.speaker], ['affected', undefined]);
    assert.match(project.remembered['comparison tsconfig.json'] ?? '', /^equal /);
  });

  it('answers first after an edit that affects too much for a partial check', async () => {
    const workspace = await makeWorkspace(start, 'TypeScript 5.9');
    const project = await opened(workspace, await verdictOf(workspace));
    await project.settle({}, await project.ask());
    await workspace.write({
      'src/new.ts': 'declare global { interface Array<T> { extra: T } }\nexport const n: string = 1;\n',
    });
    const far = await project.ask({ changed: ['src/new.ts'] });
    assert.equal(far.speaker, first);
    assert.deepEqual(project.lines, await coldLines(workspace));
  });

  it('stays silent where both differ, in later sessions too, until the configuration is another', async () => {
    const workspace = await makeWorkspace({ ...start, 'src/differing.ts': DIFFERING }, 'TypeScript 5.9');
    const remembered = await verdictOf(workspace);
    assert.match(remembered['comparison tsconfig.json'] ?? '', /^different /);
    const project = await opened(workspace, remembered);
    const cold = await project.ask();
    assert.deepEqual([cold.speaker, cold.again], [undefined, false]);
    assert.deepEqual(project.lines, await coldLines(workspace));
    await workspace.write({ 'tsconfig.json': config({ module: 'commonjs', moduleResolution: 'node', strict: false }) });
    assert.equal((await project.ask()).again, true);
  });

  it('falls silent when the own version confirms something else', async () => {
    const workspace = await makeWorkspace(start, 'TypeScript 5.9');
    const remembered = await verdictOf(workspace);
    await workspace.write({ 'src/differing.ts': DIFFERING });
    const project = await opened(workspace, remembered);
    const cold = await project.ask();
    assert.equal(cold.speaker, first);
    const expected = await coldLines(workspace);
    assert.notDeepEqual(project.lines, expected);
    await project.settle({}, cold);
    assert.deepEqual(project.lines, expected);
    assert.match(project.remembered['comparison tsconfig.json'] ?? '', /^different /);
    assert.equal((await project.ask()).speaker, undefined);
    await gone();
  });

  it('an edit aborts the comparison at once, which is made later', async () => {
    const workspace = await makeWorkspace(start, 'TypeScript 5.9');
    const controller = new AbortController();
    const project = await opened(
      workspace,
      {},
      {
        open: (engine, settings) => {
          const native = openNative(engine, settings);
          return changed(native, {
            check: (...all) => (queueMicrotask(() => controller.abort()), native.check(...all)),
          });
        },
      },
    );
    await project.ask();
    const { signal } = controller;
    await assert.rejects(project.ask({ changed: [], confirm: true, signal }), { name: 'AbortError' });
    assert.deepEqual(project.remembered, {});
    const edit = await project.ask({ changed: [], overlays: { 'src/main.ts': 'export {};\n' } });
    assert.equal(edit.extent, 'affected');
    assert.equal(await project.settle({ overlays: { 'src/main.ts': 'export {};\n' } }, edit), 2);
    assert.match(project.remembered['comparison tsconfig.json'] ?? '', /^equal /);
  });

  it('an edit does not wait for a process that does not answer', async () => {
    const workspace = await makeWorkspace(start, 'TypeScript 5.9');
    const controller = new AbortController();
    let closed = 0;
    const silent: TypeScriptSession = {
      update: () => Promise.resolve(),
      check: () => {
        setImmediate(() => controller.abort());
        return new Promise(() => {});
      },
      trim: () => {},
      close: () => Promise.resolve(void (closed += 1)),
    };
    const project = await opened(workspace, {}, { open: () => silent });
    await project.ask();
    const { signal } = controller;
    await assert.rejects(project.ask({ changed: [], confirm: true, signal }), { name: 'AbortError' });
    assert.equal(closed, 1);
  });

  it("files that changed before the comparison are checked by the workspace's version first", async () => {
    const workspace = await makeWorkspace(start, 'TypeScript 5.9');
    const project = await opened(workspace);
    await project.ask();
    const overlays = { 'src/main.ts': 'export const main: number = "";\n' };
    const confirmed = await project.ask({ changed: ['src/main.ts'], overlays, confirm: true });
    assert.deepEqual([confirmed.extent, confirmed.again], ['whole', true]);
    assert.deepEqual(project.lines, await coldLines(workspace, overlays));
    assert.equal(await project.settle({ overlays }, confirmed), 1);
    assert.match(project.remembered['comparison tsconfig.json'] ?? '', /^equal /);
  });

  it('a fault of the accelerator leaves the own version alone, without its issues', async () => {
    const workspace = await makeWorkspace(start, 'TypeScript 5.9');
    const remembered = await verdictOf(workspace);
    let opened = 0;
    const project = await LiveProject.open(workspace, remembered, {
      open: (engine, settings) => {
        opened += 1;
        const native = openNative(engine, settings);
        return changed(native, {
          check: async (_order, sink) => {
            const place = { range: { start: { line: 0, character: 0 }, end: { line: 0, character: 1 } }, code: 1 };
            const wrong = { ...place, severity: 'error', message: 'wrong' } as const;
            for (const file of ['src/main.ts', 'src/elsewhere.ts']) {
              await sink.answer(`${workspace.root}/${file}`, [{ ...wrong, file }]);
            }
            sink.project([wrong]);
            throw new CompilerExited('TypeScript ended by itself');
          },
        });
      },
    });
    open.push(project);
    const cold = await project.ask();
    assert.deepEqual([cold.extent, cold.speaker, cold.again], ['whole', 'typescript 5.9.3 (workspace)', false]);
    assert.deepEqual(project.lines, await coldLines(workspace));
    assert.match(project.log.join('\n'), /^warn tsconfig\.json: .*ended by itself/);
    await project.ask();
    // Nor for another configuration: its process is not to be trusted.
    await workspace.write({ 'tsconfig.json': config({ module: 'commonjs', moduleResolution: 'node', strict: false }) });
    assert.equal((await project.ask()).again, false);
    assert.equal(opened, 1);
  });

  it('its process is killed in the middle, and the check is complete all the same', async () => {
    // Windows has no `pgrep`; what is tested does not depend on the platform.
    if (process.platform === 'win32') return;
    const workspace = await makeWorkspace(start, 'TypeScript 5.9');
    const project = await opened(workspace, await verdictOf(workspace));
    await gone();
    let killed = 0;
    const onAnswer = (): void => {
      if (killed === 0) for (const pid of children()) killed += Number(process.kill(pid, 'SIGKILL'));
    };
    const cold = await project.ask({ onAnswer });
    assert.deepEqual([killed, cold.extent], [1, 'whole']);
    assert.deepEqual(project.lines, await coldLines(workspace));
  });

  it('is not used if it is missing, if memory is short, if it gains nothing, or if results are not revalidated', async () => {
    const workspace = await makeWorkspace(start, 'TypeScript 5.9');
    const remembered = await verdictOf(workspace);
    const never = { open: () => assert.fail('opened') };
    const missing = await opened(workspace, remembered, { ...never, find: () => Promise.resolve(undefined) });
    assert.equal((await missing.ask()).again, false);
    const cramped = await opened(workspace, remembered, { ...never, hasMemory: () => false });
    assert.deepEqual(await cramped.ask().then(({ speaker, again }) => [speaker, again]), [undefined, false]);
    const unknown = await opened(workspace, {}, { ...never, hasMemory: () => false });
    await unknown.settle({}, await unknown.ask());
    const small = await opened(workspace, {}, { ...never, worthMs: 60_000 });
    assert.equal((await small.ask()).again, false);
    const plain = await opened(workspace, remembered, never);
    assert.equal((await plain.ask({ provisional: false })).again, false);
    for (const project of [missing, cramped, unknown, small, plain]) {
      assert.deepEqual(project.lines, await coldLines(workspace));
    }
  });

  it('a damaged verdict is none', async () => {
    const workspace = await makeWorkspace(start, 'TypeScript 5.9');
    const sound = (await verdictOf(workspace))['comparison tsconfig.json'] ?? '';
    for (const text of ['', 'equal', sound.replace('equal', 'EQUAL'), `${sound}0`, sound.replace(/.$/, 'x')]) {
      const project = await opened(workspace, { 'comparison tsconfig.json': text });
      const cold = await project.ask();
      assert.deepEqual([cold.speaker, cold.again], [undefined, true], text);
      await project.close();
    }
  });

  it('the detector passes notes on only if results may be provisional', async () => {
    const workspace = await makeWorkspace(start, 'TypeScript 5.9');
    const remembered = await verdictOf(workspace);
    const result = async (options: object, extra: object): Promise<readonly string[] | undefined> => {
      const { result: told } = await run(workspace, { ...options }, { notes: remembered, ...extra });
      return told?.provisional;
    };
    assert.deepEqual(await result({ engine: 'workspace' }, { allowProvisional: true }), []);
    assert.deepEqual(await result({}, {}), []);
    assert.deepEqual(await result({}, { allowProvisional: true }), ['tsconfig.json']);
    const last = await run(workspace, {}, { changed: [], revalidate: true, allowProvisional: true, notes: remembered });
    assert.deepEqual(last.result?.provisional, []);
    assert.equal(last.issues.length, 3);
    await detector.dispose?.();
  });

  for (const seed of [2, 5]) {
    it(`random changes, seed ${String(seed)}: revalidated results equal those of a cold session`, async () => {
      const random = randomFrom(seed);
      const project = new Project();
      const workspace = await makeWorkspace(project.files(), 'TypeScript 5.9');
      const live = await opened(workspace);
      let spoken = 0;
      await live.settle({}, await live.ask());
      for (let step = 0; step < 16; step += 1) {
        const { name, changed: files } = await project.mutate(workspace, random);
        const answer = await live.ask(step % 4 === 3 || files.includes('tsconfig.json') ? {} : { changed: files });
        if (answer.speaker !== undefined) spoken += 1;
        if (step % 3 === 2) continue;
        await live.settle({}, answer);
        assert.deepEqual(
          live.lines,
          await coldLines(workspace),
          `step ${String(step)}: ${name} of ${files.join(', ')}`,
        );
      }
      assert.ok(spoken > 0, live.log.join('\n'));
    });
  }
});

const DIFFERING = `export const wide: number = (1 as 1 | 'b' | 'a');
declare const date: Date;
export const later = date.toTemporalInstant();
`;

function changed(session: TypeScriptSession, other: Partial<TypeScriptSession>): TypeScriptSession {
  return {
    update: (changes) => session.update(changes),
    check: (...all) => session.check(...all),
    trim: () => session.trim(),
    close: () => session.close(),
    ...other,
  };
}

/** Processes of TypeScript 7 that we started; not on Windows. */
function children(): readonly number[] {
  try {
    const found = execFileSync('pgrep', ['-P', String(process.pid), '-f', '--', '--api --async'], { encoding: 'utf8' });
    return found.trim().split('\n').map(Number);
  } catch {
    return [];
  }
}

/** Nobody waits for the end of the process: it ends soon. */
async function gone(): Promise<void> {
  if (process.platform === 'win32') return;
  const deadline = Date.now() + 5000;
  while (children().length > 0 && Date.now() < deadline) await sleep(20);
  assert.deepEqual(children(), []);
}
