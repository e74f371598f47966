import assert from 'node:assert/strict';
import { lineTableOf, rangeAt } from '../../../workers/graph/lines.ts';
import { readRecord, specifierRange } from '../../../workers/graph/record.ts';

function requests(file: string, text: string): readonly string[] {
  return readRecord(file, text).requests.map(
    ({ kind, specifier, typeOnly, deferred }) =>
      `${kind} ${specifier}${typeOnly ? ' type' : ''}${deferred ? ' deferred' : ''}`,
  );
}

describe('the module record', () => {
  it('has every form of request', () => {
    assert.deepEqual(
      requests(
        'a.ts',
        `import a, { type B } from './a'; import type { C } from './c'; import { type D } from './d'; import './e';
export * from './f'; export type { G } from './g'; import h = require('./h'); import type i = require('./i');
const j = () => import('./j'); const k = () => require('./k'); const l = require('./l'); (() => require('./m'))();
type N = import('./n').N; require.resolve('./o'); new URL('./p', import.meta.url); import(\`./q\`); import(x);`,
      ),
      ['import ./a', 'import ./c type', 'import ./d type', 'import ./e', 'export ./f', 'export ./g type', 'require ./h', 'require ./i type', 'dynamic ./j deferred', 'require ./k deferred', 'require ./l', 'require ./m', 'type ./n type', 'resolve ./o', 'reference ./p', 'dynamic ./q deferred'], // prettier-ignore
    );
  });

  it('does not see requests in comments and strings, or a require that is a parameter', () => {
    const text = `// import './a'\n/* require('./b') */ const s = "require('./c')"; const t = \`import './d'\`;\n(function (require) { require('./e'); })();`;
    assert.deepEqual(requests('a.js', text), []);
  });

  it('distinguishes a require of this file from one created for another file', () => {
    const made = (place: string): readonly string[] =>
      requests('a.ts', `import { createRequire } from 'm';\nconst require = createRequire(${place});\nrequire('./b');`);
    const own = ['import m', 'require ./b'];
    assert.deepEqual(made('import.meta.url'), own);
    assert.deepEqual(made('__filename'), own);
    assert.deepEqual(made("path.join(folder, 'any.js')"), ['import m']);
    assert.deepEqual(
      requests('a.js', `function f() { const require = module.createRequire(x); require('./b'); }\nrequire('./c');`),
      ['require ./c'],
    );
  });

  it('looks for calls in sources, not in bundles', () => {
    const text = (length: number): string => `import './a';\nrequire('./b');\n//${'x'.repeat(length)}`;
    assert.deepEqual(requests('a.js', text(900_000)), ['import ./a', 'require ./b']);
    assert.deepEqual(requests('a.js', text(1_000_000)), ['import ./a']);
  });

  it('counts UTF-16 code units and any kind of line end', () => {
    const text = `/* 😀é */ import '😀';\r\nimport './b';\rimport './c';\n`;
    const record = readRecord('a.ts', text);
    assert.deepEqual(
      record.requests.map((request) => specifierRange(record, request)),
      [
        { start: { line: 0, character: 17 }, end: { line: 0, character: 21 } },
        { start: { line: 1, character: 7 }, end: { line: 1, character: 12 } },
        { start: { line: 2, character: 7 }, end: { line: 2, character: 12 } },
      ],
    );
    assert.deepEqual(rangeAt(lineTableOf(''), 0, 0).start, { line: 0, character: 0 });
  });

  it('reads imports of a text that does not parse', () => {
    const record = readRecord(
      'a.ts',
      `import { a } from './a';\nconst x = ;\nimport {\n  b,\n} from './b';\nexport { c } from './c'`,
    );
    assert.deepEqual(
      record.requests.map(({ specifier }) => specifier),
      ['./a', './b', './c'],
    );
    assert.ok(record.isBroken && record.hasUnknownExports);
  });

  it('reads the scripts of components', () => {
    const vue = `<template><a href="x"/></template>\n<script setup lang="ts">\nimport { a } from './a';\n</script>\n<script>import './b'</script>`;
    const record = readRecord('a.vue', vue);
    assert.deepEqual(
      record.requests.map(({ specifier }) => specifier),
      ['./a', './b'],
    );
    assert.equal(specifierRange(record, record.requests[0] ?? assert.fail()).start.line, 2);
    assert.deepEqual(requests('a.astro', `---\nimport L from './l.astro';\n---\n<L/>`), ['import ./l.astro']);
  });

  it('reads Flow, scripts and JSX in JavaScript', () => {
    assert.deepEqual(requests('a.js', `import type { T } from './t';\nimport b from './b';\nexport const f = (x: T) => <b/>;`), ['import ./t type', 'import ./b']); // prettier-ignore
    assert.deepEqual(requests('a.js', `with (x) {}\nvar y = require('./y');\nreturn;`), ['require ./y']);
  });

  it('lists exports', () => {
    const { exports } = readRecord('a.ts', `export let a = 1, b = 2; export type C = 1; export { d as e } from './d'; export * from './f'; export * as g from './g'; export default class {}`); // prettier-ignore
    assert.deepEqual(
      exports.map(({ name, typeOnly, isMutable, imported }) => [name, typeOnly, isMutable ?? false, imported]),
      [['a', false, true, undefined], ['b', false, true, undefined], ['C', true, false, undefined], ['e', false, false, 'd'], ['*', false, false, '*'], ['g', false, false, '*'], ['default', false, false, undefined]], // prettier-ignore
    );
  });
});
