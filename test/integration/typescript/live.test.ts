import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import type { CheckContext } from '../../../workers/protocol/detector.ts';
import { detector } from '../../../workers/detectors/typescript/index.ts';
import {
  assertSameAsTsc,
  cleanUp,
  config,
  makeWorkspace,
  run,
  versions,
  type Extra,
  type Files,
  type Workspace,
} from './support.ts';

const start: Files = {
  'tsconfig.json': config({ noUnusedLocals: true }),
  'src/shape.ts': 'export interface Shape { readonly name: string; readonly area: number }\n',
  'src/circle.ts': `import type { Shape } from './shape';
export const circle = (radius: number): Shape => ({ name: 'circle', area: radius ** 2 * Math.PI });
`,
  'src/main.ts': `import { circle } from './circle';
export const label: string = circle(1).name;
export const size: number = circle(2).area;
`,
};

for (const version of versions) {
  describe(`${version}: what changes between checks`, function () {
    this.timeout(60_000);
    after(cleanUp);

    it('unsaved texts win over the disk, and go as they came', async () => {
      const workspace = await makeWorkspace(start, version);
      await assertSameAsTsc(workspace);
      const shape = '\uFEFFexport interface Shape { readonly name: number;\r\n readonly area: bigint }\r\n';
      const main = `${String(start['src/main.ts'])}export const 𝒳 = "😀"; const unused = 1;\n`;
      const overlays = [
        { file: 'src/shape.ts', text: shape, version: 1 },
        { file: 'src/main.ts', text: main, version: 3 },
      ];
      const saved = await makeWorkspace({ ...start, 'src/shape.ts': shape, 'src/main.ts': main }, version);
      const changed = overlays.map(({ file }) => file);
      const { codes } = await assertSameAsTsc(workspace, await run(workspace, {}, { overlays, changed }), saved);
      assert.deepEqual(codes, ['TS2322', 'TS6133']);
      // Known changes or not, and in a cold session: the same.
      await assertSameAsTsc(workspace, await run(workspace, {}, { overlays }), saved);
      await detector.dispose?.();
      await assertSameAsTsc(workspace, await run(workspace, {}, { overlays, changed: [] }), saved);
      await assertSameAsTsc(workspace, await run(workspace, {}, { changed }));
    });

    it('one text after another in a warm session', async () => {
      const workspace = await makeWorkspace(start, version);
      await run(workspace);
      for (const name of ['string', 'number', 'string | number', 'string']) {
        const text = `export interface Shape { readonly name: ${name}; readonly area: number }\n`;
        const overlays = [{ file: 'src/shape.ts', text, version: 1 }];
        const found = await run(workspace, {}, { overlays, changed: ['src/shape.ts'] });
        const expected =
          name === 'string' ? [] : name === 'number' ? ['src/circle.ts', 'src/main.ts'] : ['src/main.ts'];
        assert.deepEqual([...new Set(found.issues.map(({ file }) => file))], expected, name);
      }
    });

    it('changed, created, deleted and renamed files; a changed configuration; a new package', async () => {
      const workspace = await makeWorkspace(start, version);
      await run(workspace);
      const step = async (files: Files, removed: readonly string[] = []): Promise<readonly string[]> => {
        await workspace.write(files);
        for (const file of removed) await workspace.remove(file);
        const found = await run(workspace, {}, { changed: [...Object.keys(files), ...removed] });
        return (await assertSameAsTsc(workspace, found)).codes;
      };
      assert.deepEqual(await step({ 'src/shape.ts': 'export interface Shape { readonly name: string }\n' }), [
        'TS2339',
        'TS2353',
      ]);
      assert.deepEqual(await step({ 'src/shape.ts': String(start['src/shape.ts']) }), []);
      assert.deepEqual(await step({}, ['src/circle.ts']), ['TS2307']);
      assert.deepEqual(
        await step({ 'src/circle/index.ts': 'export const circle = (r: number) => ({ name: "", area: r });\n' }),
        [],
      );
      assert.deepEqual(await step({ 'src/extra.ts': 'import { p } from "p";\nexport const n: number = p;\n' }), [
        'TS2307',
      ]);
      assert.deepEqual(
        await step({
          'node_modules/p/package.json': '{ "name": "p", "version": "1.0.0", "types": "index.d.ts" }',
          'node_modules/p/index.d.ts': 'export declare const p: string;\n',
        }),
        ['TS2322'],
      );
      assert.deepEqual(await step({ 'tsconfig.json': config({}, { include: ['src/main.ts'] }) }), []);
      assert.deepEqual(await step({ 'tsconfig.json': config({ strict: false }) }), ['TS2322']);
    });

    it('any change is found if changes are unknown', async () => {
      const workspace = await makeWorkspace(start, version);
      await run(workspace);
      await workspace.write({
        'src/shape.ts': 'export interface Shape { readonly name: number }\n',
        'src/new.ts': 'nope;\n',
      });
      const { codes } = await assertSameAsTsc(workspace);
      assert.deepEqual(codes, ['TS2304', 'TS2322', 'TS2339']);
    });

    it('the most important files are checked first, with the same results', async () => {
      const workspace = await makeWorkspace(many(), version);
      const wanted = ['src/file37.ts', 'src/file12.ts', 'elsewhere.ts'];
      const found = await run(workspace, {}, { first: wanted });
      const done = found.events.flatMap((event) => (event.kind === 'done' ? [event.file] : []));
      assert.deepEqual(done.slice(0, 2).sort(), ['src/file12.ts', 'src/file37.ts']);
      const { lines } = await assertSameAsTsc(workspace, found);
      assert.equal(lines.length, 60);
      assert.equal(found.events.filter(({ kind }) => kind === 'progress').length > 10, true);
    });

    it('a cancelled check stops early and leaves the session sound', async () => {
      const workspace = await makeWorkspace(many(), version);
      const controller = new AbortController();
      const done: string[] = [];
      const { plan } = await run(workspace, {}, { units: [] });
      const context: CheckContext = {
        signal: controller.signal,
        log: () => {},
        begin: () => {},
        report: () => {},
        problem: ({ message }) => assert.fail(message),
        progress: () => {},
        done: (_unit, file) => {
          done.push(file);
          if (done.length === 5) controller.abort();
          return Promise.resolve();
        },
      };
      const request = { detector: 'typescript', root: workspace.root, options: {}, revision: 1, units: plan.units };
      await assert.rejects(detector.check({ ...request, overlays: [], first: [] }, context), { name: 'AbortError' });
      assert.ok(done.length < 20, String(done.length));
      await assertSameAsTsc(workspace, await run(workspace, {}, { changed: [] }));
    });

    it('a change whose check was cancelled before it began is not lost when the file changes again', async () => {
      const workspace = await makeWorkspace(start, version);
      await assertSameAsTsc(workspace);
      const again = 'src/again.ts';
      const changed = [again];
      await workspace.write({ [again]: 'export const again: string = 1;\n' });
      await cancelled(workspace, { changed });
      const created = await assertSameAsTsc(workspace, await run(workspace, {}, { changed }));
      assert.deepEqual(created.codes, ['TS2322']);
      await workspace.remove(again);
      await cancelled(workspace, { changed });
      await workspace.write({ [again]: 'export const again: number = "";\nfunction unused() {}\n' });
      await cancelled(workspace, { changed });
      await assertSameAsTsc(workspace, await run(workspace, {}, { changed }));
      await workspace.write({ [again]: 'export const again = missing;\n' });
      await cancelled(workspace, { changed });
      await workspace.remove(again);
      await assertSameAsTsc(workspace, await run(workspace, {}, { changed }));
    });

    it('a file that changes after the first check was cancelled is read again', async () => {
      const workspace = await makeWorkspace(many(), version);
      const controller = new AbortController();
      const { signal } = controller;
      const stopped = run(workspace, {}, { signal, onDone: () => controller.abort() });
      await assert.rejects(stopped, { name: 'AbortError' });
      const changed = Object.keys(many()).filter((file) => file.endsWith('.ts')).slice(-2); // prettier-ignore
      for (const file of changed) await workspace.write({ [file]: 'export const other: string = 1;\n' });
      const { codes } = await assertSameAsTsc(workspace, await run(workspace, {}, { changed }));
      assert.deepEqual(codes, ['TS2322']);
    });

    it('a new file whose text was checked before it was saved is checked, although the first check after that was cancelled', async () => {
      const workspace = await makeWorkspace(start, version);
      await assertSameAsTsc(workspace);
      for (const file of ['src/one.ts', 'src/two.ts']) {
        const text = 'export const n: string = 5;\n';
        const open = { first: [file], overlays: [{ file, text, version: 1 }], changed: [file] };
        await run(workspace, {}, open);
        await workspace.write({ [file]: text });
        await cancelled(workspace, open);
        await assertSameAsTsc(workspace, await run(workspace, {}, open));
      }
    });

    it('a result stays the one to build on after a later check was cancelled, whatever that one saw', async () => {
      const main = "import { n } from './n';\nexport const m: string = n;\n";
      const files = { 'src/main.ts': main, 'src/n.ts': 'export const n: string = "";\n' };
      const workspace = await makeWorkspace(
        { 'tsconfig.json': config({}, { files: ['src/main.ts'] }), ...files },
        version,
      );
      const since = { 'tsconfig.json': 1 };
      await run(workspace, {}, { revision: 1 });
      /** An unsaved text without the import, whose check is cancelled when it has answered for a file. */
      const cancel = async (revision: number): Promise<void> => {
        const overlays = [{ file: 'src/main.ts', text: 'export const m: string = 1;\n', version: revision }];
        const controller = new AbortController();
        const stopped = run(workspace, {}, { revision, since, overlays, changed: ['src/main.ts'], signal: controller.signal, onDone: () => controller.abort() }); // prettier-ignore
        await assert.rejects(stopped, { name: 'AbortError' });
      };
      await cancel(2);
      const restored = await run(workspace, {}, { revision: 3, since, changed: ['src/main.ts'] });
      assert.deepEqual(restored.issues, []);
      // Its answer got lost on the way too.
      await cancel(4);
      await workspace.write({ 'src/n.ts': 'export const n: string = 1;\n' });
      const both = await run(workspace, {}, { revision: 5, since, changed: ['src/main.ts', 'src/n.ts'] });
      assert.deepEqual(both.issues.map(({ file, rule }) => `${file} ${rule}`), ['src/n.ts TS2322']); // prettier-ignore
    });
  });
}

/** A check that has learned of the changes, and begins with nothing. */
async function cancelled({ root }: Workspace, extra: Extra): Promise<void> {
  const log = (): void => {};
  const asked = { detector: 'typescript', root, options: {}, revision: 1, overlays: [], first: [] };
  const { units } = await detector.plan(asked, { signal: new AbortController().signal, log });
  const nothing = (): never => assert.fail('it was cancelled');
  const context = { log, begin: nothing, report: nothing, problem: nothing, progress: nothing, done: nothing };
  const check = detector.check({ ...asked, units, ...extra }, { ...context, signal: AbortSignal.abort() });
  await assert.rejects(check, { name: 'AbortError' });
}

describe('TypeScript 7.0: its process', function () {
  this.timeout(60_000);
  after(cleanUp);

  it('killed in the middle of a check, the check is complete all the same', async () => {
    // Windows has no `pgrep`; what is tested does not depend on the platform.
    if (process.platform === 'win32') return;
    const workspace = await makeWorkspace(many(), 'TypeScript 7.0');
    const { plan } = await run(workspace, {}, { units: [] });
    let killed = 0;
    const issues = new Map<string, number>();
    const context: CheckContext = {
      signal: new AbortController().signal,
      log: () => {},
      begin: (_unit, file) => void issues.set(file, 0),
      report: (_unit, file, findings) => void issues.set(file, findings.length),
      problem: ({ message }) => assert.fail(message),
      progress: () => {},
      done: () => {
        if (killed === 0) for (const pid of children()) killed += Number(process.kill(pid, 'SIGKILL'));
        return Promise.resolve();
      },
    };
    const request = { detector: 'typescript', root: workspace.root, options: {}, revision: 1, units: plan.units };
    await detector.check({ ...request, overlays: [], first: [] }, context);
    assert.ok(killed > 0);
    assert.equal(
      [...issues.values()].reduce((sum, count) => sum + count, 0),
      60,
    );
  });

  it('is gone soon after we are killed', async () => {
    const workspace = await makeWorkspace(many(), 'TypeScript 7.0');
    const code = `
      const { detector } = await import(process.argv[1]);
      const { execFileSync } = await import('node:child_process');
      const root = process.argv[2];
      const signal = new AbortController().signal;
      const plan = await detector.plan({ detector: 'typescript', root, options: {} }, { signal, log() {} });
      const quiet = { signal, log() {}, begin() {}, report() {}, problem() {}, progress() {} };
      const done = () => { process.send('checking'); return new Promise(() => {}); };
      const request = { detector: 'typescript', root, options: {}, revision: 1, units: plan.units, overlays: [], first: [] };
      await detector.check(request, { ...quiet, done });
    `;
    const module = new URL('../../../workers/detectors/typescript/index.ts', import.meta.url).href;
    const parent = spawn(process.execPath, ['--input-type=module', '-e', code, module, workspace.root], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    await once(parent, 'message');
    const started = process.platform === 'win32' ? [] : children(parent.pid);
    parent.kill('SIGKILL');
    await once(parent, 'exit');
    if (process.platform === 'win32') return;
    assert.equal(started.length, 1);
    const deadline = Date.now() + 5000;
    while (started.some(isAlive) && Date.now() < deadline) await setTimeout(50);
    assert.deepEqual(started.filter(isAlive), []);
  });

  it('is gone after dispose', async () => {
    const workspace = await makeWorkspace(start, 'TypeScript 7.0');
    await run(workspace);
    await detector.dispose?.();
    if (process.platform !== 'win32') assert.deepEqual(children(), []);
  });
});

/** Sixty files with an issue each. */
function many(): Files {
  const files: Record<string, string> = { 'tsconfig.json': config() };
  for (let index = 0; index < 60; index += 1) {
    const before = index === 0 ? 'start' : `v${String(index - 1)}`;
    files[`src/file${String(index)}.ts`] =
      `${index === 0 ? '' : `import { ${before} } from './file${String(index - 1)}';\n`}
export type U${String(index)} = 'd${String(index)}' | 'b' | 'a${String(index)}';
export const v${String(index)} = { value: ${index === 0 ? '1' : before}.toString() };
export const u: U${String(index)} | undefined = 'c' as 'b' | 'c';
`.replace('{ value: 1.toString() }', '{ value: "" }');
  }
  return files;
}

/** Processes of TypeScript that a process started; not on Windows. */
function children(parent: number | undefined = process.pid): readonly number[] {
  try {
    const found = execFileSync('pgrep', ['-P', String(parent), '-f', '--', '--api --async'], { encoding: 'utf8' });
    return found.trim().split('\n').map(Number);
  } catch {
    return [];
  }
}

/** A process that has ended and was not waited for is not alive. */
function isAlive(pid: number): boolean {
  try {
    return !execFileSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' }).startsWith('Z');
  } catch {
    return false;
  }
}
