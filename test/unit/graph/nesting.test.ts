import assert from 'node:assert/strict';
import { readRecord, commentStarts, parseTree } from '../../../workers/graph/record.ts';
import { isTooDeep } from '../../../workers/graph/nesting.ts';

/** By name: a text with so many levels. */
const DEEP: Readonly<Record<string, (levels: number) => string>> = {
  arrays: (levels) => `x = ${'['.repeat(levels)}${']'.repeat(levels)};`,
  calls: (levels) => `x = ${'f('.repeat(levels)}${')'.repeat(levels)};`,
  objects: (levels) => `x = ${'{a:'.repeat(levels)}1${'}'.repeat(levels)};`,
  functions: (levels) => `${'function f(){'.repeat(levels)}${'}'.repeat(levels)}`,
  templates: (levels) => `x = ${'`${'.repeat(levels)}1${'}`'.repeat(levels)};`,
  elements: (levels) => `x = ${'<a>\n'.repeat(levels)}${'</a>'.repeat(levels)};`,
  'type arguments': (levels) => `type A = ${'B<'.repeat(levels)}C${'>'.repeat(levels)};`,
  conditions: (levels) => `x = ${'a ? 1 :\n'.repeat(levels * 5)}0;`,
  'else if': (levels) => `${'if (a) { b(); } else '.repeat(levels * 5)}{}`,
  'if without braces': (levels) => `${'if(a)'.repeat(levels * 5)};`,
  arrows: (levels) => `x = ${'a => '.repeat(levels * 5)}1;`,
  assignments: (levels) => `${'a = '.repeat(levels * 5)}1;`,
  new: (levels) => `x = ${'new '.repeat(levels * 5)}a;`,
  labels: (levels) => `${Array.from({ length: levels * 5 }, (_, index) => `l${String(index)}:`).join('')};`,
}; // prettier-ignore

const FLAT: Readonly<Record<string, string>> = {
  sums: `x = 1${' + 1'.repeat(50_000)};`,
  'chains of calls': `x${'.a()'.repeat(20_000)};`,
  statements: 'if (a) { b = { c: [d ? 1 : 2] }; } else { e(); }\n'.repeat(20_000),
  'statements without semicolons': 'const a = { b: c => c }\nfunction d() { return a ? b : c }\n'.repeat(20_000),
  strings: `x = ['(((', "[[[", \`{\`, ${"'{',".repeat(20_000)}];`,
  comments: '// (((\n/* [[[ */\n'.repeat(20_000),
  list: `x = [${'{ a: 1, b: [2, 3], c: d ? e : f },\n'.repeat(20_000)}];`,
  elements: `x = <ul>${'<li key="a" title={b}>it\'s {c}</li>\n'.repeat(20_000)}</ul>;`,
  cases: `switch (a) { ${'case 1: b = c; break;\n'.repeat(20_000)} }`,
  comparisons: 'if (a < b && c<d) e<f>(g);\n'.repeat(20_000),
};

describe('nesting of source texts', () => {
  for (const [name, make] of Object.entries(DEEP)) {
    it(`of ${name} is known before the parser ends the process`, () => {
      assert.deepEqual([isTooDeep(make(150)), isTooDeep(make(3_000)), isTooDeep(make(100_000))], [false, true, true]);
    });
  }

  it('is no matter of length', () => {
    assert.deepEqual(
      Object.entries(FLAT).flatMap(([name, text]) => (isTooDeep(text) ? [name] : [])),
      [],
    );
  });

  it('leaves the import statements of a file that is set aside', () => {
    const text = `import { b } from './b.js';\n${DEEP['arrays']?.(20_000) ?? ''}\nexport * from './c.js';\n`;
    const record = readRecord('a.js', text);
    assert.deepEqual(
      record.requests.map(({ specifier }) => specifier),
      ['./b.js', './c.js'],
    );
    assert.deepEqual([record.isTooDeep, record.isBroken, record.hasUnknownExports], [true, true, true]);
    assert.deepEqual([parseTree('a.js', text), commentStarts('a.js', text)], [undefined, undefined]);
  });

  it('that only the tree cannot follow costs what only the tree shows', () => {
    const record = readRecord('a.js', `import './b.js';\nx = 1${' + 1'.repeat(50_000)};\nrequire('./c.js');\n`);
    assert.deepEqual(record.requests.map(({ specifier }) => specifier).slice(0, 1), ['./b.js']);
  });
});
