/** A warm detector: overlays, changes, cancelling, order, fixes and timings. */
import assert from 'node:assert/strict';
import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { TextDocument } from 'vscode-languageserver-textdocument';
import type { CheckContext } from '../../../workers/protocol/detector.ts';
import { detector } from '../../../workers/detectors/eslint/index.ts';
import type { CheckRequest, Finding, Unit } from '../../../workers/protocol/detector-protocol.ts';
import { runDetector } from '../../support/run-detector.ts';
import { runEslint } from './oracle.ts';
import { makeWorkspace, removeWorkspaces, write } from './workspaces.ts';

const CONFIG = 'module.exports = [{ rules: { eqeqeq: 2 } }];\n';

/** Checks with the detector as it is, warm or not. */
async function check(
  root: string,
  units: readonly Unit[],
  extra: Partial<CheckRequest> = {},
  context: Partial<CheckContext> = {},
): Promise<ReadonlyMap<string, readonly string[]>> {
  const found = new Map<string, string[]>();
  await detector.check(
    { detector: 'eslint', root, options: {}, revision: 1, units, overlays: [], first: [], ...extra },
    {
      signal: new AbortController().signal,
      log: () => {},
      begin: (_unit, file) => found.set(file, []),
      report: (_unit, file, findings: readonly Finding[]) => {
        found.get(file)?.push(...findings.map((finding) => finding.rule));
      },
      done: () => Promise.resolve(),
      progress: () => {},
      problem: (problem) => assert.fail(problem.message),
      ...context,
    },
  );
  return found;
}

async function planOf(root: string): Promise<readonly Unit[]> {
  const context = { signal: new AbortController().signal, log: () => {} };
  return (await detector.plan({ detector: 'eslint', root, options: {} }, context)).units;
}

describe('eslint: live', function () {
  this.timeout(60_000);
  afterEach(() => detector.dispose?.());
  after(removeWorkspaces);

  it('an overlay wins over the disk', async () => {
    for (const alias of ['eslint8', 'eslint9', 'eslint'] as const) {
      const root = makeWorkspace({ 'eslint.config.js': CONFIG, 'a.js': 'a == 1;\n', 'b.js': 'b;\n' }, alias);
      const overlays = [
        { file: 'a.js', text: 'a;\n', version: 2 },
        { file: 'b.js', text: '\n b == 1 == c;\n', version: 7 },
      ];
      const { issues } = await runDetector(detector, root, {}, { overlays });
      assert.deepEqual(
        issues.map((issue) => [issue.file, issue.range.start]),
        [
          ['b.js', { line: 1, character: 3 }],
          ['b.js', { line: 1, character: 8 }],
        ],
      );
    }
  });

  it('the most important files come first, and each is begun before it is reported and done', async () => {
    const root = makeWorkspace(
      { 'eslint.config.js': CONFIG, 'a.js': 'a == 1;', 'b.js': '', 'c.js': 'c == 1;' },
      'eslint',
    );
    const { events } = await runDetector(detector, root, {}, { first: ['c.js', 'b.js'] });
    const order = events.flatMap((event) => ('file' in event ? [`${event.kind} ${event.file}`] : []));
    assert.deepEqual(order.slice(0, 5), ['begin c.js', 'issues c.js', 'done c.js', 'begin b.js', 'done b.js']);
  });

  it('cancelled between two files: no other file is begun, and the check is cancelled', async () => {
    const files = Object.fromEntries(Array.from({ length: 10 }, (_, index) => [`f${index}.js`, 'a == 1;\n']));
    const root = makeWorkspace({ 'eslint.config.js': CONFIG, ...files }, 'eslint');
    const units = await planOf(root);
    const controller = new AbortController();
    const begun: string[] = [];
    const cancelled = check(
      root,
      units,
      {},
      {
        signal: controller.signal,
        begin: (_unit, file) => {
          begun.push(file);
          if (begun.length === 3) controller.abort();
        },
      },
    );
    await assert.rejects(cancelled, { name: 'AbortError' });
    assert.equal(begun.length, 3);
    assert.equal((await check(root, units)).size, 11, 'and the detector goes on to work');
  });

  it('a plan runs no rule', async () => {
    for (const alias of ['eslint8', 'eslint9', 'eslint'] as const) {
      const plugin =
        '{ rules: { count: { create() { globalThis.rulesRun = (globalThis.rulesRun ?? 0) + 1; return {}; } } } }';
      const config = `export default [{ plugins: { x: ${plugin} }, rules: { 'x/count': 2 } }];\n`;
      const root = makeWorkspace({ 'eslint.config.mjs': config, 'a.js': 'a;\n' }, alias);
      Reflect.set(globalThis, 'rulesRun', 0);
      const units = await planOf(root);
      assert.equal(Reflect.get(globalThis, 'rulesRun'), 0);
      await check(root, units);
      assert.equal(Reflect.get(globalThis, 'rulesRun'), 2);
    }
  });

  it('a cancelled plan does not go on to lint', async () => {
    const root = makeWorkspace({ 'eslint.config.js': CONFIG, 'a.js': 'a == 1;\n' }, 'eslint8');
    const signal = AbortSignal.abort();
    const plan = detector.plan({ detector: 'eslint', root, options: {} }, { signal, log: () => {} });
    await assert.rejects(plan, { name: 'AbortError' });
  });

  it('reads an edited configuration again', async () => {
    for (const [alias, name] of [
      ['eslint8', '.eslintrc.json'],
      ['eslint9', 'eslint.config.mjs'],
      ['eslint', 'eslint.config.mjs'],
    ] as const) {
      const config = (rule: string): string =>
        name.endsWith('.json')
          ? `{ "root": true, "rules": { "${rule}": 2 } }`
          : `export default [{ rules: { ${rule}: 2 } }];`;
      const root = makeWorkspace({ [name]: config('eqeqeq'), 'a.js': 'a == 1\n' }, alias);
      const units = (await planOf(root)).filter((unit) => unit.id === 'a.js');
      assert.deepEqual((await check(root, units)).get('a.js'), ['eqeqeq']);
      write(root, { [name]: config('semi') });
      assert.deepEqual((await check(root, units, { changed: ['a.js'] })).get('a.js'), ['eqeqeq'], 'not told, not read');
      assert.deepEqual((await check(root, units, { changed: [name] })).get('a.js'), ['semi']);
    }
  });

  it('applies suppressions to an overlay, and reads them again when they change', async () => {
    const suppressions = (count: number): string => JSON.stringify({ 'a.js': { eqeqeq: { count } } });
    const files = { 'eslint.config.js': CONFIG, 'a.js': 'a == 1;\n', 'eslint-suppressions.json': suppressions(1) };
    const root = makeWorkspace(files, 'eslint');
    const units = (await planOf(root)).filter((unit) => unit.id === 'a.js');
    assert.deepEqual((await check(root, units)).get('a.js'), []);
    const overlays = [{ file: 'a.js', text: 'a == 1;\nb == 1;\n', version: 1 }];
    assert.deepEqual((await check(root, units, { overlays, changed: ['a.js'] })).get('a.js'), ['eqeqeq', 'eqeqeq']);
    write(root, { 'eslint-suppressions.json': suppressions(2) });
    assert.deepEqual((await check(root, units, { overlays, changed: ['eslint-suppressions.json'] })).get('a.js'), []);
  });

  describe('type information follows changes of other files', () => {
    const packages = ['typescript-eslint', 'typescript'];
    for (const options of ['projectService: true', "project: './tsconfig.json'"]) {
      it(options, async () => {
        const root = makeWorkspace(
          {
            'eslint.config.mjs': `
              import ts from 'typescript-eslint';
              export default [{ ignores: ['**/*.d.ts'] }, { files: ['**/*.ts'], plugins: { ts: ts.plugin },
                languageOptions: { parser: ts.parser, parserOptions: { ${options}, tsconfigRootDir: import.meta.dirname } },
                rules: { 'ts/no-floating-promises': 'error' } }];`,
            'tsconfig.json': '{ "compilerOptions": { "module": "nodenext" }, "include": ["*.ts"] }',
            'lib.ts': 'export async function f() {}\n',
            'other.ts': 'export {};\n',
            'ambient.d.ts': 'declare function h(): Promise<void>;\n',
            'use.ts': "import { f } from './lib.js';\nimport { g } from './later.js';\nf();\ng();\nh();\n",
          },
          'eslint',
          packages,
        );
        const units = (await planOf(root)).filter((unit) => unit.lane === 'heavy');
        const use = units.filter((unit) => unit.id === 'use.ts');
        const floating = 'ts/no-floating-promises';
        assert.deepEqual((await check(root, units)).get('use.ts'), [floating, floating]);
        write(root, { 'ambient.d.ts': 'declare function h(): void;\n' });
        const ambient = await check(root, use, { changed: ['ambient.d.ts'] });
        assert.deepEqual(ambient.get('use.ts'), [floating], 'a file that ESLint ignores');

        const sync = 'export function f() {}\n';
        const overlays = [{ file: 'lib.ts', text: sync, version: 1 }];
        assert.deepEqual((await check(root, use, { overlays, changed: ['lib.ts'] })).get('use.ts'), [], 'a buffer');
        assert.deepEqual(
          (await check(root, use, { changed: ['lib.ts'] })).get('use.ts'),
          [floating],
          'the buffer closed',
        );
        write(root, { 'lib.ts': sync });
        assert.deepEqual((await check(root, use, { changed: ['lib.ts', 'other.ts'] })).get('use.ts'), [], 'a save');
        write(root, { 'later.ts': 'export async function g() {}\n' });
        assert.deepEqual((await check(root, use, { changed: ['later.ts'] })).get('use.ts'), [floating], 'a new file');
        const both = [...overlays, { file: 'other.ts', text: 'export {};\n', version: 1 }];
        write(root, { 'lib.ts': 'export async function f() {}\n' });
        rmSync(path.join(root, 'later.ts'));
        const gone = { overlays: both, changed: ['later.ts', 'lib.ts'] };
        assert.deepEqual((await check(root, use, gone)).get('use.ts'), [], 'new programs see open buffers');
        assert.deepEqual(
          (await check(root, use, { overlays: both })).get('use.ts'),
          [],
          'so do those of a new session',
        );
        write(root, { 'lib.ts': sync });
        assert.deepEqual(
          (await check(root, use, { changed: ['lib.ts'] })).get('use.ts'),
          [],
          'the buffer closed again',
        );
        write(root, { 'lib.ts': 'export async function f() {}\n' });
        assert.deepEqual((await check(root, use)).get('use.ts'), [floating], 'anything may have changed');
      });
    }
  });

  it('fixes have the same effect as eslint --fix-dry-run', async () => {
    const rules = {
      semi: 2,
      'prefer-const': 2,
      'no-extra-boolean-cast': 2,
      'linebreak-style': 2,
      'eol-last': 2,
      'unicode-bom': 2,
    };
    for (const alias of ['eslint8', 'eslint9', 'eslint'] as const) {
      const root = makeWorkspace(
        {
          'eslint.config.mjs': `export default [{ linterOptions: { reportUnusedDisableDirectives: 'error' }, rules: ${JSON.stringify(rules)} }];\n`,
          'a.js': "let ä = '😀';  if (!!ä) { use(ä) }\nuse(1);",
          'crlf.js': "let ä = '😀';\r\nif (!!ä) {\r\n  use(ä)\r\n}\r\n",
          'mixed.js': 'use(1)\r\n// eslint-disable-next-line eqeqeq\r\nuse(2)\n',
          'bom.js': '\uFEFFuse(1)\nuse(2)\n',
        },
        alias,
      );
      const { issues } = await runDetector(detector, root);
      const oracle = await runEslint(root, '.', ['--fix-dry-run']);
      const fixed = oracle.results.filter((result) => result.output !== undefined);
      assert.equal(fixed.length, 4);
      for (const { file, output } of fixed) {
        const document = TextDocument.create(
          '',
          '',
          0,
          readFileSync(path.join(root, file), 'utf8').replace('\uFEFF', ''),
        );
        const edits = issues
          .filter((issue) => issue.file === file && issue.fixable)
          .flatMap((issue) => issue.fixes?.filter((fix) => fix.kind === 'fix').flatMap((fix) => fix.edits) ?? [])
          .map((edit) => ({ edit, end: document.offsetAt(edit.range.end) }))
          .sort((a, b) => a.end - b.end)
          .map(({ edit: { range, newText } }) => ({ range, newText }));
        assert.equal(TextDocument.applyEdits(document, edits), output, `${alias} ${file}`);
      }
    }
  });

  it('a byte order mark can be reported, but not removed by an edit', async () => {
    const root = makeWorkspace(
      { 'eslint.config.mjs': "export default [{ rules: { 'unicode-bom': 2 } }];\n", 'a.js': '\uFEFFx;\n' },
      'eslint',
    );
    const { issues } = await runDetector(detector, root);
    assert.deepEqual(
      issues.map(({ rule, fixable }) => [rule, fixable]),
      [['unicode-bom', false]],
    );
  });

  it('reports the time of each rule from ESLint 9 on, unless disabled', async () => {
    for (const [alias, expected] of [
      ['eslint', ['eqeqeq', 'parse']],
      ['eslint9', ['eqeqeq', 'parse']],
      ['eslint8', []],
    ] as const) {
      const root = makeWorkspace({ 'eslint.config.js': CONFIG, 'a.js': 'a == 1;\n' }, alias);
      const { result } = await runDetector(detector, root);
      assert.deepEqual(Object.keys(result?.timings ?? {}).sort(), expected);
      assert.equal((await runDetector(detector, root, { timings: false })).result?.timings, undefined);
    }
  });

  it('a change that is reported while another root is checked is not forgotten', async () => {
    const root = makeWorkspace(
      {
        'one/eslint.config.js': CONFIG,
        'one/a.js': 'a == 1;\n',
        'two/eslint.config.mjs': `
          import ts from 'typescript-eslint';
          export default [{ files: ['**/*.ts'], plugins: { ts: ts.plugin },
            languageOptions: { parser: ts.parser, parserOptions: { projectService: true } },
            rules: { 'ts/no-floating-promises': 'error' } }];`,
        'two/tsconfig.json': '{ "compilerOptions": { "module": "nodenext" } }',
        'two/lib.ts': 'export async function f() {}\n',
        'two/use.ts': "import { f } from './lib.js';\nf();\n",
      },
      'eslint',
      ['typescript-eslint', 'typescript'],
    );
    const units = await planOf(root);
    const use = units.filter((unit) => unit.id === 'two/use.ts');
    assert.deepEqual((await check(root, units)).get('two/use.ts'), ['ts/no-floating-promises']);
    write(root, { 'two/lib.ts': 'export function f() {}\n' });
    await check(
      root,
      units.filter((unit) => unit.id === 'one/a.js'),
      { changed: ['two/lib.ts'] },
    );
    assert.deepEqual((await check(root, use, { changed: [] })).get('two/use.ts'), []);
  });

  it('a file that is ignored by now has no findings', async () => {
    for (const alias of ['eslint8', 'eslint9', 'eslint'] as const) {
      const root = makeWorkspace({ 'eslint.config.js': CONFIG, 'a.js': 'a == 1;\n' }, alias);
      const units = await planOf(root);
      write(root, { 'eslint.config.js': "module.exports = [{ ignores: ['a.js'] }];\n" });
      assert.deepEqual((await check(root, units)).get('a.js'), []);
    }
  });

  it('a file that is gone has no findings, and no problem', async () => {
    const root = makeWorkspace({ 'eslint.config.js': CONFIG, 'a.js': 'a == 1;\n' }, 'eslint');
    const units = await planOf(root);
    rmSync(path.join(root, 'a.js'));
    assert.deepEqual((await check(root, units)).get('a.js'), []);
  });
});
