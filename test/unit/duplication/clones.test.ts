/** The index of copies: what counts as equal, how copies are grouped, and that edits leave nothing behind. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { CloneIndex, type Source } from '../../../workers/detectors/duplication/clones.ts';
import { tokensOf } from '../../../workers/detectors/duplication/tokens.ts';

function sourceOf(file: string, text: string): Source {
  return {
    file,
    hash: text,
    tokens: () => tokensOf(text),
    lineAt: (offset) => text.slice(0, offset).split('\n').length - 1,
  };
}

function indexOf(files: Readonly<Record<string, string>>, tokens = 40, lines = 4): CloneIndex {
  const index = new CloneIndex(tokens, lines);
  index.update(Object.entries(files).map(([file, text]) => sourceOf(file, text)));
  return index;
}

/** `a.ts:1-5 b.ts:3-7`: a clone with its others. */
function shown(index: CloneIndex, files: Readonly<Record<string, string>>): readonly string[] {
  const place = ({ file, start, end }: { file: string; start: number; end: number }): string => {
    const line = (offset: number): string => String((files[file] ?? '').slice(0, offset).split('\n').length);
    return `${file}:${line(start)}-${line(end)}`;
  };
  return [...index.clones().values()]
    .flat()
    .map((clone) => [clone, ...clone.others].map(place).join(' '))
    .sort();
}

/** Ten lines that no other seed gives. */
function code(seed: string): string {
  return [
    `export function total${seed}(orders, rates) {`,
    `  let sum${seed} = 0;`,
    `  for (const order of orders.filter((one) => one.open${seed})) {`,
    `    const rate = rates.get(order.currency${seed}) ?? fallback(order);`,
    `    if (rate === undefined) throw new Error('No rate ${seed}');`,
    `    while (order.next${seed}() && rate > 0) sum${seed} += order.price * rate;`,
    `    log${seed}(order, \`\${order.id} \${rate}\`);`,
    '  }',
    `  return Math.round(sum${seed} * 100) / 100;`,
    '}',
    '',
  ].join('\n');
}

describe('copies', () => {
  it('are equal apart from layout, comments, strings, semicolons and trailing commas', () => {
    const changed = code('A')
      .replace('let sumA = 0;', '// The sum.\n  let sumA = 0 /* of all */')
      .replace("'No rate A'", '"another text"')
      .replace('(orders, rates)', '(\n  orders,\n  rates,\n)')
      .replaceAll('  ', '\t');
    const files = { 'a.ts': code('A'), 'b.ts': `const before = 1;\n${changed}` };
    assert.deepEqual(shown(indexOf(files), files), ['a.ts:1-10 b.ts:2-15', 'b.ts:2-15 a.ts:1-10']);
  });

  it('differ by names and numbers', () => {
    const files = { 'a.ts': code('A'), 'b.ts': code('B'), 'c.ts': code('A').replaceAll('order', 'row') };
    assert.deepEqual(shown(indexOf(files), files), []);
  });

  it('are as long as they can be, however they begin and end', () => {
    const files = {
      'a.ts': `const a = 1;\n${code('A')}${code('B')}const z = 1;\n`,
      'b.ts': `${code('C')}${code('A')}${code('B')}run();\n`,
    };
    assert.deepEqual(shown(indexOf(files), files), ['a.ts:2-21 b.ts:11-30', 'b.ts:11-30 a.ts:2-21']);
  });

  it('of one file give an issue each, not one for each pair', () => {
    const files = Object.fromEntries(
      Array.from({ length: 100 }, (_, at) => [`f${String(at)}.ts`, code('A') + code('B')]),
    );
    const clones = [...indexOf(files).clones().values()];
    assert.equal(clones.length, 100);
    assert.ok(clones.every((list) => list.length === 1 && list[0]?.others.length === 99));
  });

  it('in a row are told apart', () => {
    const files = { 'a.ts': code('A').repeat(3) };
    assert.deepEqual(shown(indexOf(files), files), [
      'a.ts:1-10 a.ts:11-20 a.ts:21-30',
      'a.ts:11-20 a.ts:1-10 a.ts:21-30',
      'a.ts:21-30 a.ts:1-10 a.ts:11-20',
    ]);
  });

  it('behind a short common part are found', () => {
    const start = code('A').split('\n').slice(0, 4).join('\n');
    const files = { 'a.ts': `${start}\n}}\n`, 'b.ts': code('A'), 'c.ts': `run();\n${code('A')}` };
    assert.deepEqual(shown(indexOf(files, 60), files), ['b.ts:1-10 c.ts:2-11', 'c.ts:2-11 b.ts:1-10']);
  });

  it('of data and of lists of similar statements are none', () => {
    const table = (name: string): string =>
      `export const ${name} = {\n${Array.from({ length: 60 }, (_, at) => `  key${String(at)}: ['a', ${String(at)}, { x: ${String(at)}, y: -1 }],`).join('\n')}\n};\n`;
    const list = (name: string): string =>
      `import x from '${name}';\n${Array.from({ length: 60 }, () => "register('name', load('file'));").join('\n')}\n`;
    const files = { 'a.ts': table('a'), 'b.ts': table('b'), 'c.ts': list('c'), 'd.ts': list('d') };
    assert.deepEqual(shown(indexOf(files, 100), files), []);
  });

  it('are found behind quotes, templates, patterns and elements that nothing closes', () => {
    for (const head of [
      "it's;\n",
      '<p>don`t</p>;`\n',
      '/[\'"`]/.test(x);\n',
      'a / b; `${`${{}}`}`;\n',
      '/* \n*/ x = /[/*]/;\n',
      '</p>\n',
      '"\n',
    ]) {
      const files = { 'a.ts': head + code('A'), 'b.ts': code('A') };
      assert.equal(indexOf(files).clones().size, 2, head);
    }
    assert.ok(tokensOf('`${'.repeat(50_000) + '`}'.repeat(50_000)).values.length > 50_000);
  });

  it('a text in which nothing is closed takes no longer than others', () => {
    for (const part of ['/* ', '\\"', "\\'", '=/[ ', '`${', '(', '"'])
      assert.ok(tokensOf(part.repeat(100_000)).values.length >= 0, part);
  });

  it('after any edits are those of a fresh index', () => {
    const names = ['a.ts', 'b.ts', 'c/d.ts', 'c/e.ts', 'f.ts'];
    const parts = ['A', 'B', 'C', 'D'].map(code);
    const text = fc
      .array(
        fc.oneof(
          fc.constantFrom(...parts),
          fc.constantFrom(...parts).map((one) => one.slice(0, 150)),
          fc.constant('x();\n'),
        ),
        { maxLength: 4 },
      )
      .map((list) => list.join(''));
    const edits = fc.array(fc.tuple(fc.constantFrom(...names), fc.option(text)), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(edits, (list) => {
        const warm = new CloneIndex(40, 4);
        const files: Record<string, string> = {};
        for (const [file, content] of list) {
          if (content === null) delete files[file];
          else files[file] = content;
          warm.update(Object.entries(files).map(([name, own]) => sourceOf(name, own)));
          assert.deepEqual(shown(warm, files), shown(indexOf(files), files));
        }
      }),
      { numRuns: 60 },
    );
  });
});
