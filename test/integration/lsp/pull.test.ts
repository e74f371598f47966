/** Clients that ask for diagnostics: what they are told, when they are told to ask again, and what a waiting request answers. */
import assert from 'node:assert/strict';
import { Client } from '../../support/client.ts';
import { clients } from '../../support/clients.ts';
import { until } from '../../support/processes.ts';
import { makeBrokenWorkspace } from '../../support/workspace.ts';

describe('diagnostics on request', function () {
  this.timeout(180_000);

  it('are asked for again when something changed, and only what changed is sent', async () => {
    await using workspace = await makeBrokenWorkspace();
    const { root } = workspace;
    await using client = new Client(clients['pull-only'] ?? assert.fail());
    await client.open([root]);
    // Held until the first analysis has ended.
    assert.deepEqual((await client.pullWorkspace()).toSorted(), ['src/b.ts', 'src/loose.js', 'src/types.ts']);
    assert.deepEqual(client.rules('src/types.ts'), ['TS2322']);
    await client.editor.atRest();
    assert.deepEqual(await client.pullWorkspace(), []);
    assert.equal((await client.pullDocument('src/types.ts')).kind, 'unchanged');

    const before = client.refreshes;
    await client.elsewhere({ 'src/types.ts': 'export const count = missing;\n' });
    await until('it is told to ask', () => client.refreshes > before);
    assert.equal((await client.pullDocument('src/loose.js')).kind, 'unchanged');
    assert.equal((await client.pullDocument('src/types.ts')).kind, 'full');
    assert.deepEqual(client.rules('src/types.ts'), ['TS2304']);

    const later = client.refreshes;
    await client.elsewhere({ 'src/types.ts': undefined });
    await until('it is told to ask', () => client.refreshes > later);
    assert.deepEqual(await client.pullWorkspace(), ['src/types.ts']);
    assert.deepEqual(client.rules('src/types.ts'), []);
    assert.deepEqual(await client.pullWorkspace(), []);
    await client.end();
  });

  it('answer for what was typed just before, from a client that is not told to ask again', async () => {
    await using workspace = await makeBrokenWorkspace();
    const { diagnostics: _, ...rest } = clients['pull-only']?.workspace ?? {};
    await using client = new Client({ ...clients['pull-only'], workspace: rest });
    await client.open([workspace.root]);
    await client.pullWorkspace();
    await client.show('src/loose.js', 'export const loose = 1;\n');
    assert.deepEqual(await client.pullWorkspace(), ['src/loose.js'], 'the text that it was opened with');
    assert.deepEqual(client.rules('src/loose.js'), []);
    for (const [text, rules] of [
      ['var loose = 1;\n', ['no-var']],
      ['var loose = 1 == 2;\n', ['eqeqeq', 'no-var']],
      ['export const loose = 1;\n', []],
    ] as const) {
      await client.type('src/loose.js', text);
      if (rules.length === 2) assert.equal((await client.pullDocument('src/loose.js')).kind, 'full');
      else assert.deepEqual(await client.pullWorkspace(), ['src/loose.js']);
      assert.deepEqual(client.rules('src/loose.js'), rules);
    }
    assert.equal(client.refreshes, 0, 'nothing that it cannot do');
  });
});
