import assert from 'node:assert/strict';
import { exportTargets, importTargets, type Asking } from '../../../workers/graph/conditions.ts';

const node: Asking = { asker: 'import', isBundled: false, custom: [], seesTypes: false };
const bundled: Asking = { ...node, isBundled: true };

/** A list of conditions, each with a file of its name, the rest of the map, and what is expected. */
function own(conditions: readonly string[], asking: Asking): readonly string[] {
  return exportTargets(Object.fromEntries(conditions.map((name) => [name, `./${name}.js`])), '', asking).own;
}

describe('the conditions of an exports map', () => {
  it('are those of who asks', () => {
    const map = ['types', 'require', 'import', 'default'];
    assert.deepEqual(own(map, node), ['./import.js']);
    assert.deepEqual(own(map, { ...node, asker: 'require' }), ['./require.js']);
    assert.deepEqual(own(map, { ...node, seesTypes: true }), ['./import.js', './types.js']);
    assert.deepEqual(own(['other', ...map], { ...node, custom: ['other'] }), ['./other.js']);
  });

  it('do not include those of a setting that nobody asked for', () => {
    const map = ['production', 'development', 'react-server', 'browser', 'default'];
    assert.deepEqual(own(map, node), ['./default.js']);
    assert.deepEqual(own(map, bundled), ['./browser.js', './default.js']);
    const { other } = exportTargets({ production: './p.js', default: './d.js' }, '', node);
    assert.deepEqual(other(), ['./p.js']);
  });

  it('lets `require` have ECMAScript modules where the package says so', () => {
    const asking: Asking = { ...node, asker: 'require' };
    for (const condition of ['require', 'module-sync', 'node', 'default']) {
      assert.deepEqual(own([condition, 'import'], asking), [`./${condition}.js`]);
    }
    const { own: none, onlyFor } = exportTargets({ types: './a.d.ts', import: './a.js' }, '', asking);
    assert.deepEqual([none, onlyFor], [[], 'import']);
    assert.equal(exportTargets({ require: './a.cjs' }, '', node).onlyFor, 'require');
    assert.equal(exportTargets({ browser: './a.js' }, '', node).onlyFor, undefined);
  });

  it('goes on after a nested map that gives nothing, as Node.js does', () => {
    const map = { node: { require: './a.cjs' }, default: './b.js' };
    assert.deepEqual(exportTargets(map, '', node).own, ['./b.js']);
    assert.deepEqual(exportTargets({ './x': { node: { require: './a.cjs' } }, './*': './b/*.js' }, 'y', node).own, [
      './b/y.js',
    ]);
  });

  it('takes the first target of a list, except for those who try them all', () => {
    const imports = { '#a/*': ['./one/*.js', './two/*.js'], '#b': null };
    assert.deepEqual(importTargets(imports, '#a/x', node).own, ['./one/x.js']);
    assert.deepEqual(importTargets(imports, '#a/x', bundled).own, ['./one/x.js', './two/x.js']);
    assert.deepEqual(importTargets(imports, '#a/x', { ...node, seesTypes: true }).own, ['./one/x.js', './two/x.js']);
    assert.deepEqual(importTargets(imports, '#b', node).own, []);
  });

  it('closes what is null', () => {
    const { own: none, other } = exportTargets({ './*': './src/*.js', './internal/*': null }, 'internal/x', node);
    assert.deepEqual([none, other()], [[], []]);
  });
});
