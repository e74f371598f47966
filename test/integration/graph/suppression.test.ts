import assert from 'node:assert/strict';
import { detector } from '../../../workers/detectors/circular/index.ts';
import { runDetector } from '../../support/run-detector.ts';
import { makeWorkspace } from '../../support/workspace.ts';

describe('comments that suppress findings of the graph', () => {
  it('remove a finding, and are reported if they suppress nothing', async () => {
    const self = "import './a.js';\n";
    await using workspace = await makeWorkspace({
      'package.json': '{ "type": "module" }',
      'a.js': `// bulkhead-ignore-next-line self-import -- on purpose\n${self}`,
      'b.js': '// bulkhead-ignore-next-line self-import\nexport const b = 1;\n',
      'c.js': '// bulkhead-ignore-file duplicate-import, circular/import-cycle\nexport const c = 1;\n',
    });
    const suppressed = await runDetector(detector, workspace.root);
    assert.deepEqual(
      suppressed.issues.map(({ file, rule, range }) => [file, rule, range.start.line]),
      [
        ['b.js', 'unused-suppression', 0],
        ['c.js', 'unused-suppression', 0],
      ],
    );
    assert.match(suppressed.issues[1]?.message ?? '', /circular\/import-cycle/);
    assert.doesNotMatch(suppressed.issues[1]?.message ?? '', /duplicate-import/, 'the rule of another detector');
    await workspace.write({ 'a.js': self });
    const standing = await runDetector(detector, workspace.root, {}, { changed: ['a.js'] });
    assert.deepEqual(
      standing.issues.filter(({ file }) => file === 'a.js').map(({ rule }) => rule),
      ['self-import'],
    );
  });
});
