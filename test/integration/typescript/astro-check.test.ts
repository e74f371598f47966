import assert from 'node:assert/strict';
import { detector } from '../../../workers/detectors/typescript/index.ts';
import { runDetector } from '../../support/run-detector.ts';
import { astroCheck, makeProject, options, type Files } from './checkers-support.ts';
import { Asker, cleanUp, linesByUnit } from './support.ts';

const packages = { '@astrojs/check': '@astrojs/check', typescript: 'typescript' };

const files: Files = {
  'tsconfig.json': JSON.stringify({ compilerOptions: options, exclude: ['dist'] }),
  'src/pages/index.astro': `---
import Card from '../components/Card.astro';
import { unused, count } from '../data';
const total: string = count;
---
<Card title={1} />
<p>{total.nope} 😀 {count.nope}</p>
<script>
  const client: number = 'no';
</script>
`,
  'src/components/Card.astro': `---
interface Props { title: string }
const { title } = Astro.props;
---
<h2>{title}</h2>
`,
  'src/data.ts': 'export const count = 1;\nexport const unused = true;\nexport const bad: number = "x";\n',
};

/** The command prints hints as warnings. */
function asPrinted(lines: readonly string[] | undefined): readonly string[] {
  return (lines ?? []).map((line) => line.replace(/: hint /, ': warning ').split('\n', 1)[0] ?? '').sort();
}

describe('astro check in place of tsc', function () {
  this.timeout(120_000);
  after(cleanUp);

  it('finds what astro check prints', async () => {
    await using workspace = await makeProject(files, packages);
    const found = await runDetector(detector, workspace.root);
    assert.deepEqual(found.problems, []);
    assert.equal(found.plan.note, undefined);
    assert.match(String(found.plan.engine), /^astro check 0\.9\S+ \(typescript 6\S+\)$/);
    const expected = await astroCheck(workspace.root);
    assert.deepEqual(asPrinted(linesByUnit(found).get('tsconfig.json')), expected);
    for (const place of [
      'src/pages/index.astro(4,7): error TS2322',
      'src/pages/index.astro(6',
      'src/pages/index.astro(9',
      'src/data.ts(3',
    ])
      assert.ok(
        expected.some((line) => line.startsWith(place)),
        place,
      );
  });

  it('follows edits, unsaved ones too, and files that come and go', async () => {
    await using workspace = await makeProject(files, packages);
    const { root, write } = workspace;
    const asker = new Asker({ root, write, remove: () => Promise.resolve() });
    await asker.ask();
    const edits: Files = {
      'src/components/Card.astro': String(files['src/components/Card.astro']).replace('string', 'number'),
      'src/data.ts': 'export const count = "1";\nexport const unused = true;\n',
    };
    const overlays = Object.entries(edits).map(([file, text]) => ({ file, text, version: 1 }));
    await asker.ask({ overlays, changed: Object.keys(edits) });
    const unsaved = asPrinted(asker.linesOf('tsconfig.json'));
    await asker.ask({ overlays: [], changed: [] });
    const discarded = asPrinted(asker.linesOf('tsconfig.json'));
    assert.deepEqual(discarded, await astroCheck(root));
    await write(edits);
    await asker.ask({ changed: Object.keys(edits) });
    const saved = await astroCheck(root);
    assert.deepEqual(asPrinted(asker.linesOf('tsconfig.json')), saved);
    assert.deepEqual(unsaved, saved);
    assert.notDeepEqual(unsaved, discarded);
    await write({ 'src/pages/new.astro': "---\nimport { nothing } from '../later';\nnothing.a;\n---\n" });
    await asker.ask({ changed: ['src/pages/new.astro'] });
    assert.deepEqual(asPrinted(asker.linesOf('tsconfig.json')), await astroCheck(root));
    await write({ 'src/later.ts': 'export const nothing = 1;\n' });
    await asker.ask({ changed: ['src/later.ts'] });
    assert.deepEqual(asPrinted(asker.linesOf('tsconfig.json')), await astroCheck(root));
    assert.deepEqual((await asker.ask({ changed: [] })).kept, { 'tsconfig.json': 'unchanged' });
  });
});
