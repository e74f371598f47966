import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { baselineName } from '../../../server/store/baseline.ts';
import { defaultSettings } from '../../../server/configuration/settings.ts';
import { cli } from '../../support/cli.ts';
import { Editor } from '../../support/lsp-client.ts';
import { makeBrokenWorkspace } from '../../support/workspace.ts';

describe('the baseline in the language server', function () {
  this.timeout(120_000);

  it('hides known issues, shows them on request, and follows changes of the file', async () => {
    await using workspace = await makeBrokenWorkspace();
    const { root } = workspace;
    assert.equal((await cli('baseline', root)).code, 0);
    await using editor = new Editor();
    await editor.open([root]);
    const status = await editor.settled();
    const shown = (): number => [...editor.diagnostics.values()].flat().length;
    assert.equal(shown(), 0, 'nothing flickers up');
    assert.deepEqual(status.issues, { error: 0, warning: 0, info: 0, hint: 0 });

    const configure = (baseline: 'show' | 'hide') =>
      editor.connection.sendNotification('workspace/didChangeConfiguration', {
        settings: { bulkhead: { ...defaultSettings, baseline } },
      });
    await configure('show');
    await editor.until('all issues', () => editor.rules(root, 'src/loose.js').length === 2);
    await editor.until('the status counts them', () => editor.statuses.at(-1)?.issues.error === 2);
    await configure('hide');
    await editor.until('only new ones', () => shown() === 0);

    const text = 'var loose = 1;\nif (loose == 2) loose = 3;\nif (loose == 4) loose = 5;\n';
    await writeFile(path.join(root, 'src/loose.js'), text);
    await editor.watched(root, { 'src/loose.js': 2 });
    await editor.until('the new issue', () => editor.rules(root, 'src/loose.js').join() === 'eqeqeq');

    await writeFile(path.join(root, baselineName), '{"format": 1, "issues": [}');
    await editor.watched(root, { [baselineName]: 2 });
    await editor.until('the message', () => editor.messages.some((message) => message.includes(`${baselineName}:1:`)));
    await editor.until('a broken baseline hides nothing', () => editor.rules(root, 'src/loose.js').length === 3);
    await editor.until('the issue', () => editor.rules(root, baselineName).includes('invalid-baseline'));
    const { state, problems } = await editor.atRest();
    assert.equal(state, 'problem');
    assert.match(problems[0]?.message ?? '', /^The baseline hides nothing: /);
  });
});
