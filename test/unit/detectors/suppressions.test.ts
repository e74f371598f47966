/** The comments that suppress an issue, tried with the tools that read them. */
import assert from 'node:assert/strict';
import { Linter } from 'eslint';
import ts from 'typescript';
import { TextDocument } from 'vscode-languageserver-textdocument';
import {
  suppressionEdits,
  type Suppressed,
  type SuppressionScope,
} from '../../../workers/detectors/suppressions/comments.ts';
import type { Finding } from '../../../workers/protocol/detector-protocol.ts';
import { suppress } from '../../../workers/runtime/suppression.ts';

function suppressed(file: string, text: string, issue: Suppressed, scope: SuppressionScope): string | undefined {
  const edit = suppressionEdits(file, text, issue)[scope];
  return edit && TextDocument.applyEdits(TextDocument.create('', '', 0, text), [edit]);
}

/** The lines of `debugger` that ESLint reports, and unused directives. */
function linted(text: string): readonly string[] {
  const config: Linter.Config = {
    files: ['**/*.jsx'],
    languageOptions: { parserOptions: { ecmaFeatures: { jsx: true } } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: { 'no-debugger': 'error', 'no-undef-init': 'error', 'no-script-url': 'error' },
  };
  return new Linter().verify(text, config, 'a.jsx').map(({ ruleId, message, line }) => `${ruleId ?? message} ${line}`);
}

const lineOf = (text: string, part: string): number => text.slice(0, text.indexOf(part)).split('\n').length - 1;

describe('a comment of ESLint', () => {
  const issue = (text: string, rule = 'no-debugger', part = 'debugger'): Suppressed => {
    return { detector: 'eslint', rule, line: lineOf(text, part) };
  };
  const texts: Readonly<Record<string, string>> = {
    'on the first line': 'debugger;\n',
    'after a hashbang': '#!/usr/bin/env node\ndebugger;\n',
    'in a block': 'if (true) {\n  foo();\n  debugger;\n}\n',
    'with line ends of Windows': 'foo();\r\n\tdebugger;\r\n',
    'below a comment of ESLint': '// eslint-disable-next-line no-undef-init\ndebugger; let a = undefined;\n',
    'below one with a reason': '// eslint-disable-next-line no-undef-init -- why\ndebugger; let a = undefined;\n',
    'below a comment of TypeScript': '// @ts-expect-error\ndebugger;\n',
    'in a function in JSX': 'const a = <p onClick={() => {\n  debugger;\n}} />;\n',
    'in an expression in JSX': 'const a = <p>\n  {(() => {\n    debugger;\n  })()}\n</p>;\n',
    'at the start of a child of JSX': 'const a = (\n  <p>\n    {(() => { debugger; })()}\n  </p>\n);\n',
  };
  for (const [where, text] of Object.entries(texts)) {
    for (const scope of ['line', 'file'] as const) {
      it(`${where}, for the ${scope}`, () => {
        const before = linted(text);
        assert.ok(before.some((found) => found.startsWith('no-debugger')), JSON.stringify(before)); // prettier-ignore
        const after = suppressed('a.jsx', text, issue(text), scope) ?? assert.fail('no edit');
        assert.deepEqual(linted(after), [], after);
      });
    }
  }

  it('has room for a reason', () => {
    const text = 'if (true) {\n  debugger;\n}\n';
    const after = suppressed('a.jsx', text, { ...issue(text), withReason: true }, 'line');
    assert.equal(after, 'if (true) {\n  // eslint-disable-next-line no-debugger -- reason\n  debugger;\n}\n');
  });

  it('does not change what the code means', () => {
    const inTemplate = 'const a = `\n${(() => { debugger; })()}\n`;\n';
    const inText = 'const a = <p>\n  some\n  text {(() => { debugger; })()}\n</p>;\n';
    const inComment = '/*\n debugger\n*/\n';
    for (const text of [inTemplate, inText, inComment, 'a b c\ndebugger']) {
      assert.equal(suppressed('a.jsx', text, issue(text), 'line'), undefined, text);
      assert.ok(suppressed('a.jsx', text, issue(text), 'file'), text);
    }
  });

  it('stands in the script of a component', () => {
    const text = '<template><p/></template>\n<script>\nlet a;\ndebugger;\n</script>\n';
    assert.equal(
      suppressed('a.vue', text, issue(text), 'line'),
      text.replace('debugger', '// eslint-disable-next-line no-debugger\ndebugger'),
    );
    assert.equal(suppressed('a.vue', text, issue(text), 'file'), text.replace('<script>', '<script>\n/* eslint-disable no-debugger */'));
    assert.deepEqual(suppressionEdits('a.vue', text, { detector: 'eslint', rule: 'vue/x', line: 0 }), {});
  }); // prettier-ignore

  it('is in the language of the file', () => {
    const at = (file: string): string | undefined => suppressed(file, 'x\n', { detector: 'eslint', rule: 'r', line: 0 }, 'line');
    assert.equal(at('a.css'), '/* eslint-disable-next-line r */\nx\n');
    assert.equal(at('a.jsonc'), '// eslint-disable-next-line r\nx\n');
    assert.equal(at('a.md'), '<!-- eslint-disable-next-line r -->\nx\n');
    assert.equal(at('a.json'), undefined);
    assert.equal(at('package.json'), undefined);
  }); // prettier-ignore
});

describe('a comment of TypeScript', () => {
  const errorsOf = (text: string): readonly number[] => {
    const host = ts.createCompilerHost({});
    const source = ts.createSourceFile('a.tsx', text, ts.ScriptTarget.Latest, true);
    const program = ts.createProgram(['a.tsx'], { noLib: true, jsx: ts.JsxEmit.Preserve, types: [] }, {
      ...host,
      getSourceFile: (file) => (file === 'a.tsx' ? source : undefined),
      fileExists: (file) => file === 'a.tsx',
    }); // prettier-ignore
    return program.getSemanticDiagnostics(source).map(({ code }) => code);
  };
  for (const text of [
    "const a: number = '';\n",
    "function f() {\n  // eslint-disable-next-line no-x\n  const a: number = '';\n}\n",
    'const a = (\n  1\n) as number;\nconst b: string =\n  a;\n',
  ]) {
    for (const scope of ['line', 'file'] as const) {
      it(`hides the error of ${JSON.stringify(text)}, for the ${scope}`, () => {
        const [code] = errorsOf(text);
        assert.equal(code, 2322);
        const line = lineOf(text, text.includes('a: number') ? 'const a: number' : 'const b');
        const after = suppressed('a.tsx', text, { detector: 'typescript', rule: 'TS2322', line }, scope);
        assert.deepEqual(errorsOf(after ?? ''), [], after);
        if (text.includes('eslint-') && scope === 'line') assert.match(after ?? '', /@ts-expect-error\n.*eslint/);
      });
    }
  }
});

describe('a comment of Bulkhead', () => {
  const finding = (line: number): Finding => ({
    rule: 'import-cycle',
    severity: 'error',
    message: '',
    range: { start: { line, character: 0 }, end: { line, character: 1 } },
  }); // prettier-ignore
  for (const text of [
    "import './b';\n",
    "// eslint-disable-next-line no-x\nimport './b';\n",
    "// @ts-ignore\n// eslint-disable-next-line no-x\nimport './b';\n",
    "// bulkhead-ignore-next-line circular/self-import\nimport './b';\n",
  ]) {
    for (const scope of ['line', 'file'] as const) {
      it(`suppresses the issue of ${JSON.stringify(text)}, for the ${scope}`, () => {
        const issue = { detector: 'circular', rule: 'import-cycle', line: lineOf(text, 'import ') };
        const after = suppressed('a.ts', text, issue, scope) ?? '';
        const { findings } = suppress(after, 'circular', [finding(lineOf(after, 'import '))]);
        assert.deepEqual(findings.filter(({ rule }) => rule === 'import-cycle'), [], after); // prettier-ignore
        // What stood directly above the line for ESLint still does.
        if (text.includes('eslint')) assert.match(after, /no-x\nimport/);
      });
    }
  }
});
