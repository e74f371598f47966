/** Complexity: cyclomatic equals ESLint's rule, function by function; cognitive equals what the paper says. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Linter } from 'eslint';
import { parser } from 'typescript-eslint';
import { cognitiveOf } from '../../../workers/rules/cognitive.ts';
import { nameOf } from '../../../workers/rules/functions.ts';
import { linesOfCode, onlyCode } from '../../../workers/detectors/complexity/lines.ts';
import { cyclomaticOf } from '../../../workers/rules/cyclomatic.ts';
import { SourceFile } from '../../../workers/rules/source-file.ts';
import { repository } from '../../support/workspace.ts';

function parsed(file: string, text: string): SourceFile {
  const source = SourceFile.parse(file, text, Infinity);
  assert.ok(source, `${file} does not parse`);
  return source;
}

describe('cyclomatic complexity', () => {
  const linter = new Linter();

  function scoresOfEslint(file: string, text: string): readonly number[] {
    const isTypeScript = file.endsWith('.ts');
    const messages = linter.verify(
      text,
      [
        {
          files: ['**/*.{js,ts}'],
          languageOptions: { sourceType: isTypeScript ? 'module' : 'commonjs', ...(isTypeScript ? { parser } : {}) },
          linterOptions: { noInlineConfig: true },
          rules: { complexity: ['error', 1] },
        },
      ],
      { filename: file },
    );
    assert.deepEqual(
      messages.filter(({ fatal }) => fatal === true),
      [],
    );
    return messages
      .filter(({ ruleId }) => ruleId === 'complexity')
      .map(({ message }) => Number(/complexity of (\d+)/.exec(message)?.[1]))
      .sort((a, b) => a - b);
  }

  function scores(file: string, text: string): readonly number[] {
    const all = parsed(file, text).scripts.flatMap(({ tree }) => [...cyclomaticOf(tree).values()]);
    return all
      .map((branches) => branches.length + 1)
      .filter((score) => score > 1)
      .sort((a, b) => a - b);
  }

  it("equals that of ESLint's rule in real files", () => {
    const folders = ['node_modules/eslint/lib/linter', 'workers/graph', 'workers/runtime'];
    let functions = 0;
    for (const folder of folders) {
      for (const name of readdirSync(path.join(repository, folder))) {
        // A file of each kind is enough here; thousands were compared when the rule was written.
        if (!/^[a-f].*\.[jt]s$/.test(name)) continue;
        const text = readFileSync(path.join(repository, folder, name), 'utf8');
        const expected = scoresOfEslint(`a${path.extname(name)}`, text);
        assert.deepEqual(scores(`a${path.extname(name)}`, text), expected, `${folder}/${name}`);
        functions += expected.length;
      }
    }
    assert.ok(functions > 30, String(functions));
  });

  it('equals it for every construct that counts, and those that do not', () => {
    const text = `
      function a(x = 1, { y = 2 } = {}) { if (x) for (;;) while (y) do { x ||= y ?? 1; } while (x); }
      class B { field = c ? 1 : d; static { if (e) f(); } accessor g = h && i; get j() { return this?.k?.(); } #l = () => m || n; }
      const o = (p) => { switch (p) { case 1: case 2: return; default: } try { q(); } catch {} for (const r in s); for (const t of u); };
      const v = function () { return w &&= x, y ??= z; };
      enum Flag { A = 1 << 0 }
      type T = string extends number ? 1 : 2;
    `;
    assert.deepEqual(scores('a.ts', text), scoresOfEslint('a.ts', text));
  });
});

describe('cognitive complexity', () => {
  function scoreOf(text: string, name: string): number {
    const source = parsed('a.ts', text);
    for (const { tree } of source.scripts) {
      for (const [node, increments] of cognitiveOf(tree, text)) {
        if (nameOf(tree, node) === name) return increments.reduce((sum, { by }) => sum + by, 0);
      }
    }
    assert.fail(`no function ${name}`);
  }

  // The examples are written for this test; the scores follow from the rules of the paper.
  const cases: readonly (readonly [string, number])[] = [
    ['function f(a) { return a; }', 0],
    ['function f(a) { if (a) return 1; }', 1],
    ['function f(a) { if (a) return 1; else return 2; }', 2],
    ['function f(a, b) { if (a) return 1; else if (b) return 2; else return 3; }', 3],
    ['function f(a) { for (const b of a) if (b) return b; }', 3],
    ['function f(a) { for (const b of a) { while (b) { if (c) d(); } } }', 6],
    ['function f(a) { switch (a) { case 1: return 1; case 2: return 2; default: return 3; } }', 1],
    ['function f(a) { try { b(); } catch { c(); } finally { d(); } }', 1],
    ['function f(a) { try { b(); } catch { if (a) c(); } }', 3],
    ['function f(a) { return a ? 1 : 2; }', 1],
    ['function f(a, b) { return a ? (b ? 1 : 2) : 3; }', 3],
    ['function f(a, b, c) { return a && b && c; }', 1],
    ['function f(a, b, c) { return a && b || c; }', 2],
    ['function f(a, b, c, d) { return a && b || c && d; }', 3],
    ['function f(a, b, c) { if (a && !(b && c)) return 1; }', 3],
    ['function f(a) { outer: for (const b of a) for (const c of b) if (c) continue outer; }', 7],
    ['function f(a) { a.forEach((b) => { if (b) c(); }); if (a) d(); }', 3],
    ['function f(n) { return n < 2 ? 1 : n * f(n - 1); }', 2],
    ['function f(a) { do { a(); } while (a); }', 1],
    ['function f(a) { return a?.b ?? 1; }', 1],
  ];
  for (const [text, score] of cases) {
    it(`${String(score)}: ${text}`, () => {
      assert.equal(scoreOf(text, 'f'), score);
    });
  }

  it('counts the functions of a wrapper each on its own', () => {
    const text = 'function outer() { function inner(a) { if (a) return 1; } return inner; }';
    assert.equal(scoreOf(text, 'outer'), 0);
    assert.equal(scoreOf(text, 'inner'), 1);
  });
});

describe('lines of code', () => {
  const linesOf = (text: string): number => linesOfCode(onlyCode(parsed('a.tsx', text)));

  it('are lines with code, not with text in a template or in JSX, or in a long table', () => {
    assert.equal(linesOf('const a = css`\n  a {\n    /* b */\n  }\n`;\n'), 2);
    assert.equal(linesOf('const a = `\n  // no comment\n  ${b}\n  /* none\n`;\nc();\n'), 4);
    assert.equal(linesOf('const a = (\n  <p>\n    some\n    text\n    {b}\n  </p>\n);\n'), 5);
    const rows = (row: string): string => `\n${row},`.repeat(20);
    assert.equal(linesOf(`const a = [${rows("'b'")}\n];`), 2);
    assert.equal(linesOf(`const a = new Set([\n  ...b,${rows('[-1, { c: true }]')}\n  d,\n]);`), 4);
    assert.equal(linesOf(`export default {\n  a: {${rows('b: 1')}\n },\n};`), 2);
    assert.equal(linesOf(`const a = [${rows('b')}\n];`), 22);
    assert.equal(linesOf('a({\n  b: 1,\n  c: 2,\n});'), 4);
    assert.equal(linesOf('// a\n\nconst a = `b`;\r\n/* c\n d */\n'), 1);
  });
});
