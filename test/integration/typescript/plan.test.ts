import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, rm, symlink } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { manifest } from '../../../workers/detectors/typescript/manifest.ts';
import type { PlanResult } from '../../../workers/protocol/detector-protocol.ts';
import { assertSameAsTsc, cleanUp, config, makeWorkspace, run, tscOf, unitsNamed, type Files } from './support.ts';

describe('typescript: plan', function () {
  this.timeout(60_000);
  after(cleanUp);

  const plan = async (files: Files, options = {}): Promise<Awaited<ReturnType<typeof run>>> =>
    run(await makeWorkspace(files), options, { units: [] });

  it('an empty folder is not applicable, and the note says what to do', async () => {
    const { plan: planned, problems } = await plan({ 'a.ts': 'export const n: number = "";\n' });
    assert.equal(planned.status, 'not-applicable');
    assert.match(planned.note ?? '', /tsc --init/);
    assert.deepEqual([planned.units, problems], [[], []]);
  });

  it('every tsconfig and jsconfig, references by any name, each once; a solution is only its references', async () => {
    const found = await plan({
      'tsconfig.json': JSON.stringify({ files: [], references: [{ path: './tsconfig.app.json' }, { path: 'a' }] }),
      'tsconfig.app.json':
        '{ "include": ["app"], /* comment */ "references": [{ "path": "a" }, { "path": "b/x.json" }], }',
      'a/tsconfig.json': '{ "extends": "../base", "references": [{ "path": "../../outside" }] }',
      'b/x.json': '{}',
      'base.json': '{ "extends": ["./deeper.json", "@package/base"] }',
      'deeper.json': '{}',
      'c/jsconfig.json': '{}',
      'd/jsconfig.json': '{}',
      'd/tsconfig.json': '{}',
      'tsconfig.unreferenced.json': '{}',
      '.gitignore': 'ignored\n',
      '.git/HEAD': '',
      'ignored/tsconfig.json': '{}',
      'node_modules/p/tsconfig.json': '{}',
    });
    assert.deepEqual(unitsNamed(found), [
      'a/tsconfig.json',
      'b/x.json',
      'c/jsconfig.json',
      'd/tsconfig.json',
      'tsconfig.app.json',
    ]);
    assert.deepEqual(found.problems, []);
    assert.ok(
      found.plan.units.every(({ kind, file, id, lane }) => kind === 'project' && file === id && lane === 'heavy'),
    );
    const names = found.plan.configFiles.map((file) => path.basename(file));
    for (const name of ['base.json', 'deeper.json', 'tsconfig.app.json', 'package.json', 'pnpm-lock.yaml']) {
      assert.ok(names.includes(name), name);
    }
  });

  it('a tsconfig that extends itself is reported at its place, and its files are checked', async () => {
    const found = await run(
      await makeWorkspace({
        'tsconfig.json': '{ "extends": "./b.json", "files": ["a.ts"] }',
        'b.json': '{\n  "extends": "./tsconfig.json"\n}',
        'a.ts': 'export const n: number = "x";\n',
      }),
    );
    const places = found.issues.map(({ file, rule, range }) => `${file}:${String(range.start.line)} ${rule}`);
    assert.deepEqual(places, ['a.ts:0 TS2322', 'b.json:1 TS18000']);
    assert.ok(found.issues.every(({ message }) => !message.includes('{0}')));
    assert.deepEqual(found.problems, []);
  });

  it('a tsconfig that others extend answers for what no nearer one includes, as in an editor', async () => {
    const found = await run(
      await makeWorkspace({
        'tsconfig.json':
          '{ "compilerOptions": { "strict": true, "noEmit": true, "lib": ["es2023"], "types": [], "skipLibCheck": true } }',
        'own.ts': 'export const own: number = "x";\n',
        'p/tsconfig.json':
          '{ "extends": "../tsconfig.json", "compilerOptions": { "strict": false }, "include": ["src"] }',
        'p/src/a.ts': 'export const a: string = null;\nexport const b: number = "x";\n',
        'p/other.ts': 'export const other: string = null;\n',
      }),
    );
    const places = found.issues.map(({ file, rule, range }) => `${file}:${String(range.start.line)} ${rule}`);
    assert.deepEqual(places, ['own.ts:0 TS2322', 'p/other.ts:0 TS2322', 'p/src/a.ts:1 TS2322']);
  });

  it('two configurations that include a file are both asked, and what only the farther one finds names it', async () => {
    const options = (strict: boolean): string => JSON.stringify({ compilerOptions: { strict, noEmit: true, types: [] }, include: ['.'] }); // prettier-ignore
    const found = await run(
      await makeWorkspace({
        'tsconfig.json': options(true),
        'p/tsconfig.json': options(false),
        'p/a.ts': 'export const a: string = null;\nexport const b: number = "x";\n',
      }),
    );
    const told = found.issues.map(({ range, related = [] }) => [range.start.line, ...related.map(({ file }) => file)]);
    assert.deepEqual(told.toSorted(), [[0, 'tsconfig.json'], [1], [1, 'tsconfig.json']]);
  });

  it('a value at which TypeScript throws is named at its place', async () => {
    const workspace = await makeWorkspace(
      { 'tsconfig.json': '{\n  "references": [null]\n}', 'a.ts': '' },
      'TypeScript 5.9',
    );
    const { problems } = await run(workspace);
    assert.deepEqual(problems.map(({ file, range }) => [file, range?.start]), [['tsconfig.json', { line: 1, character: 17 }]]); // prettier-ignore
    assert.match(problems[0]?.message ?? '', /could not check tsconfig\.json.*must be an object with a "path"/);
  });

  it('an unreadable folder and an unreadable tsconfig are reported, and the others are checked', async () => {
    if (process.platform === 'win32') return; // Permissions are another matter there; the code is the same.
    const workspace = await makeWorkspace({
      'good/tsconfig.json': '{}',
      'closed/tsconfig.json': '{}',
      'secret/tsconfig.json': '{}',
    });
    await chmod(path.join(workspace.root, 'closed'), 0o000);
    await chmod(path.join(workspace.root, 'secret/tsconfig.json'), 0o000);
    await chmod(path.dirname(workspace.root), 0o755);
    const found = await planAsNobody(workspace.root);
    await chmod(path.join(workspace.root, 'closed'), 0o755);
    assert.deepEqual(
      found.units.map(({ id }) => id),
      ['good/tsconfig.json'],
    );
    assert.deepEqual(
      found.problems.map(({ code, file }) => [code, file]),
      [
        ['UNREADABLE', 'closed'],
        ['UNREADABLE', 'secret/tsconfig.json'],
      ],
    );
    assert.ok(found.problems.every(({ message }) => /EACCES.*Grant read permission/s.test(message)));
  });

  it('references in a circle end', async () => {
    const found = await plan({
      'a/tsconfig.json': '{ "references": [{ "path": "../b" }] }',
      'b/tsconfig.json': '{ "references": [{ "path": "../a" }] }',
    });
    assert.deepEqual(unitsNamed(found), ['a/tsconfig.json', 'b/tsconfig.json']);
  });

  it('typescript.projects restricts, by path, folder and pattern, and says when it matches nothing', async () => {
    const files = {
      'tsconfig.json': '{}',
      'tsconfig.build.json': '{}',
      'a/tsconfig.json': '{}',
      'a/inner/tsconfig.json': '{}',
      'b/tsconfig.json': '{}',
    };
    const only = async (...projects: readonly string[]): Promise<readonly string[]> =>
      unitsNamed(await plan(files, { projects }));
    assert.deepEqual(await only('tsconfig.build.json'), ['tsconfig.build.json']);
    assert.deepEqual(await only('./b/tsconfig.json'), ['b/tsconfig.json']);
    assert.deepEqual(await only('a'), ['a/inner/tsconfig.json', 'a/tsconfig.json']);
    assert.deepEqual(await only('*/tsconfig.json'), ['a/tsconfig.json', 'b/tsconfig.json']);
    const none = await plan(files, { projects: ['c/tsconfig.json'] });
    assert.equal(none.plan.status, 'failed');
    assert.deepEqual(
      none.problems.map(({ code, fatal }) => [code, fatal]),
      [['CONFIG_ERROR', true]],
    );
  });

  it('options of a wrong type are reported and ignored', async () => {
    const found = await plan({ 'tsconfig.json': '{}' }, { engine: 'fast', projects: 'a' });
    assert.deepEqual(unitsNamed(found), ['tsconfig.json']);
    assert.deepEqual(
      found.problems.map(({ message }) => /'typescript\.\w+'/.exec(message)?.[0]),
      ["'typescript.engine'", "'typescript.projects'"],
    );
  });
});

describe('typescript: which TypeScript is used', function () {
  this.timeout(60_000);
  after(cleanUp);

  const wrong = { 'tsconfig.json': config(), 'a.ts': 'export const n: number = "";\n' };

  it('the workspace’s own; the bundled one if there is none or a native one is requested', async () => {
    const own = await makeWorkspace(wrong, 'TypeScript 5.9');
    assert.equal((await run(own)).plan.engine, 'typescript 5.9.3 (workspace)');
    assert.equal((await run(own, { engine: 'native' })).plan.engine, 'typescript 7.0.2 (bundled)');
    const none = await makeWorkspace(wrong);
    const bundled = await run(none);
    assert.equal(bundled.plan.engine, 'typescript 7.0.2 (bundled)');
    assert.equal(bundled.issues.length, 1);
    const native = await makeWorkspace(wrong, 'TypeScript 7.0');
    assert.equal((await run(native, { engine: 'native' })).plan.engine, 'typescript 7.0.2 (bundled)');
  });

  it('executes nothing of the workspace’s TypeScript in a workspace that is not trusted', async () => {
    const hostile = await makeWorkspace({
      ...wrong,
      'node_modules/typescript/package.json': '{ "name": "typescript", "version": "7.9.9", "type": "module" }',
      'node_modules/typescript/lib/getExePath.js': `
        import { writeFileSync } from 'node:fs';
        writeFileSync(new URL('../../../executed', import.meta.url), '');
        export default () => process.execPath;
      `,
    });
    await run(hostile);
    assert.ok(
      existsSync(path.join(hostile.root, 'executed')),
      'a trusted workspace executes it: this package would be noticed',
    );
    await rm(path.join(hostile.root, 'executed'));
    const untrusted = manifest.untrusted;
    assert.equal((await run(hostile, { ...untrusted })).issues.length, 1);
    assert.ok(!existsSync(path.join(hostile.root, 'executed')));
  });

  it('none if only the workspace’s own is allowed and missing: one problem for all projects', async () => {
    const found = await run(await makeWorkspace({ 'tsconfig.json': '{}', 'a/tsconfig.json': '{}' }), {
      engine: 'workspace',
    });
    assert.equal(found.plan.status, 'failed');
    assert.ok(found.problems.every(({ code, message }) => code === 'TOOL_MISSING' && /npm install/.test(message)));
    assert.ok(found.problems.some(({ file }) => file === 'tsconfig.json'));
  });

  it('a project of its own version in a monorepo of another', async () => {
    const workspace = await makeWorkspace(
      { ...wrong, 'old/tsconfig.json': config(), 'old/b.ts': wrong['a.ts'] },
      'TypeScript 7.0',
    );
    const other = await makeWorkspace({}, 'TypeScript 5.9');
    await mkdir(path.join(workspace.root, 'old/node_modules'));
    const link = path.join(other.root, 'node_modules/typescript');
    await symlink(link, path.join(workspace.root, 'old/node_modules/typescript'), 'junction');
    const found = await run(workspace);
    assert.equal(found.plan.engine, 'typescript 5.9.3 (workspace), typescript 7.0.2 (workspace)');
    assert.equal(new Set(found.plan.units.map(({ group }) => group)).size, 2);
    await assertSameAsTsc(workspace, found);
  });

  it('a TypeScript 7 without its program for this platform is reported, with what to do', async () => {
    const found = await run(
      await makeWorkspace({
        ...wrong,
        'node_modules/typescript/package.json': '{ "name": "typescript", "version": "7.0.9" }',
        'node_modules/typescript/lib/getExePath.js':
          'export default () => { throw new Error("Unable to resolve the program"); };\n',
      }),
    );
    assert.equal(found.plan.status, 'failed');
    assert.equal(found.problems[0]?.code, 'TOOL_MISSING');
    assert.match(found.problems[0]?.message ?? '', /Unable to resolve the program.*Reinstall it/s);
  });

  it('a TypeScript 7 without an API we know is run by its command line', async () => {
    const real = path.resolve(import.meta.dirname, '../../../node_modules/typescript7/lib/getExePath.js');
    const workspace = await makeWorkspace({
      ...wrong,
      'b.ts':
        'import "./nowhere";\nexport const o: { a: { b: string } } = { a: { b: 1 } };\nexport const f: () => string = () => Promise.resolve(1);\n',
      'node_modules/typescript/package.json':
        '{ "name": "typescript", "version": "7.9.0", "type": "module", "bin": { "tsc": "x" } }',
      'node_modules/typescript/lib/getExePath.js': `export { default } from ${JSON.stringify(real)};\n`,
    });
    const found = await run(workspace);
    assert.equal(found.plan.engine, 'typescript 7.9.0 (workspace, command line)');
    const { lines } = await assertSameAsTsc(workspace, found);
    assert.equal(lines.length, 4);
  });

  it('Yarn Plug’n’Play is reported as unsupported', async () => {
    const found = await run(await makeWorkspace({ ...wrong, '.pnp.cjs': '' }));
    assert.equal(found.plan.status, 'failed');
    assert.match(found.problems[0]?.message ?? '', /nodeLinker: node-modules/);
  });

  it('a TypeScript that cannot be loaded is a problem of its projects, not an exception', async () => {
    const found = await run(
      await makeWorkspace({
        ...wrong,
        'node_modules/typescript/package.json': '{ "name": "typescript", "version": "5.0.0" }',
        'node_modules/typescript/lib/typescript.js': 'throw new Error("broken install");\n',
      }),
    );
    assert.deepEqual(found.issues, []);
    assert.deepEqual(
      found.problems.map(({ code, file, fatal }) => [code, file, fatal]),
      [['TOOL_ERROR', 'tsconfig.json', true]],
    );
    assert.match(found.problems[0]?.message ?? '', /broken install/);
  });
});

for (const version of ['TypeScript 5.9', 'TypeScript 6.0', 'TypeScript 7.0'] as const) {
  describe(`${version}: configurations that are wrong`, function () {
    this.timeout(60_000);
    after(cleanUp);

    const broken: Readonly<Record<string, { readonly text: string; readonly line: RegExp }>> = {
      'a syntax error': { text: '{ "compilerOptions": { "strict": true }', line: /tsconfig\.json\(1,\d+\).* TS1005/ },
      'an unknown option': {
        text: '{\n  "compilerOptions": {\n    "bogus": 1,\n    "types": []\n  }\n}',
        line: /tsconfig\.json\(3,5\).* TS5023: Unknown compiler option 'bogus'/,
      },
      'an option of a wrong kind': {
        text: '{ "compilerOptions": { "strict": "yes", "types": [] } }',
        line: /tsconfig\.json\(1,34\).* TS5024/,
      },
      'a missing base': { text: '{ "extends": "./nowhere.json" }', line: /tsconfig\.json\(1,\d+\).* TS5083/ },
      'no files': { text: '{ "include": ["nowhere"] }', line: /tsconfig\.json\(1,1\).* TS18003/ },
      'not an object': { text: '[]', line: /tsconfig\.json\(1,1\).* TS\d+/ },
      'a missing reference': {
        text: '{ "files": [], "references": [{ "path": "./nowhere" }] }',
        line: /tsconfig\.json\(1,\d+\).* TS6053/,
      },
    };

    for (const [name, { text, line }] of Object.entries(broken)) {
      it(`${name}: reported on that tsconfig, and the others are checked`, async () => {
        const workspace = await makeWorkspace(
          {
            'bad/tsconfig.json': text,
            'good/tsconfig.json': config(),
            'good/a.ts': 'export const n: number = "";\n',
          },
          version,
        );
        const found = await run(workspace);
        const ours = found.issues.map(
          ({ file, range, rule, message }) =>
            `${file}(${String(range.start.line + 1)},${String(range.start.character + 1)}): ${rule}: ${message}`,
        );
        assert.ok(
          ours.some((one) => line.test(one) && one.startsWith('bad/')),
          ours.join('\n'),
        );
        assert.equal(ours.filter((one) => one.startsWith('good/a.ts(1,14): TS2322: ')).length, 1);
        assert.ok((await tscOf(workspace, 'bad/tsconfig.json')).some((one) => line.test(one)));
        assert.deepEqual(found.problems, []);
      });
    }
  });
}

/** Plans in a process that may not read everything: root may. */
async function planAsNobody(root: string): Promise<PlanResult> {
  const code = `
    const { detector } = await import(process.argv[1]);
    const context = { signal: new AbortController().signal, log() {} };
    const plan = await detector.plan({ detector: 'typescript', root: process.argv[2], options: {} }, context);
    console.log(JSON.stringify(plan));
  `;
  const module = new URL('../../../workers/detectors/typescript/index.ts', import.meta.url).href;
  const nobody = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};
  const args = ['--input-type=module', '-e', code, module, root];
  const { stdout } = await promisify(execFile)(process.execPath, args, { ...nobody, cwd: root });
  return JSON.parse(stdout) as PlanResult;
}
