/**
 * A day of work with the capabilities of each client: what they end up showing must be the same. Each client opens, types,
 * saves, closes, and another program changes files.
 */
import assert from 'node:assert/strict';
import { readServerReports, serverReportsDir, type ServerReport } from '../../../server/store/server-reports.ts';
import type { WorkspaceDiagnosticReport } from 'vscode-languageserver-protocol/node';
import type { Client } from '../../support/client.ts';
import type { Editor } from '../../support/lsp-client.ts';
import { until } from '../../support/processes.ts';
import { scenario } from '../../support/scenario.ts';
import { makeWorkspace, type TestWorkspace } from '../../support/workspace.ts';

const script = 'let x = 1;\nexport default x;\n';

async function makeDay(): Promise<TestWorkspace> {
  const workspace = await makeWorkspace({
    'package.json': '{ "name": "w", "private": true, "type": "module" }\n',
    'tsconfig.json':
      '{ "compilerOptions": { "strict": true, "module": "nodenext", "noEmit": true, "lib": ["es2023"], "types": [], "skipLibCheck": true }, "include": ["src"] }\n',
    'eslint.config.js':
      "export default [{ files: ['**/*.js'], rules: { 'prefer-const': 'error', 'no-var': 'error' } }];\n",
    'src/a.ts': "export const a: number = 'x';\n",
    'src/b.ts': "import { a } from './a.js';\nexport const b: string = a;\n",
    'src/c.ts': 'export const c: number = "";\n',
    'src/x.js': script,
  });
  await workspace.link({ typescript: 'typescript', eslint: 'eslint' });
  return workspace;
}

describe('every client, in a day of work,', function () {
  this.timeout(180_000);

  scenario(
    'shows unsaved text, new files, changes by other programs, and what it dropped',
    makeDay,
    async (client, { root }) => {
      await client.open([root]);
      const [a, b, c, x] = ['src/a.ts TS2322', 'src/b.ts TS2322', 'src/c.ts TS2322', 'src/x.js prefer-const'] as const;
      await client.shows(a, b, c, x);

      await client.show('src/a.ts', 'export const a: number = 1;\n');
      await client.shows(b, c, x);
      await client.close('src/a.ts');
      await client.shows(a, b, c, x);

      await client.elsewhere({ 'src/c.ts': 'export const c = "";\n' });
      await client.elsewhere({ 'src/other.ts': 'export const other: number = "";\n' });
      await client.elsewhere({ 'src/b.ts': undefined });
      const other = 'src/other.ts TS2322';
      await client.shows(a, other, x);

      await client.show('src/new.js', '');
      await client.type('src/new.js', 'var n = 1;\nexport default n;\n');
      await client.save('src/new.js');
      const all = [a, other, x, 'src/new.js no-var'];
      await client.shows(...all);

      if (client.pulls) await expectPulls(client);
      else {
        client.editor.diagnostics.delete(client.uri('src/x.js'));
        await client.show('src/x.js', script);
        await client.shows(...all);
      }

      const { connection, log, messages } = client.editor;
      for (const settings of [null, {}, { settings: { exclude: ['**'] } }, { typescript: { enable: false } }]) {
        await connection.sendNotification('workspace/didChangeConfiguration', { settings });
      }
      // Without the `data` of the diagnostic, as some clients ask.
      const [{ data: _, ...diagnostic } = assert.fail('no diagnostic')] = client.diagnosticsOf('src/x.js');
      const [action] = await client.actions('src/x.js', [diagnostic]);
      assert.equal(action?.title, 'Fix this prefer-const problem');
      await client.shows(...all);
      const complaints = log.filter((line) => /fail|unhandled|exception|support/i.test(line));
      assert.deepEqual([...complaints, ...messages], [], 'nothing to complain about');
      await expectReport(client.editor, root);
    },
    { afterEnd: async ({ editor }) => assert.deepEqual(await reportsOf(editor), []) },
  );

  const reportsOf = async ({ server }: Editor): Promise<readonly ServerReport[]> =>
    (await readServerReports(serverReportsDir())).filter(({ pid }) => pid === server.pid);

  /** What `bulkhead status` shows; it is written a moment later. */
  async function expectReport(editor: Editor, root: string): Promise<void> {
    let report: ServerReport | undefined;
    await until('a report that all is done', async () => {
      [report] = await reportsOf(editor);
      return report?.status.state === 'idle' && report.status.issues.error === 4;
    });
    assert.deepEqual(report?.roots, [root]);
  }

  async function expectPulls(client: Client): Promise<void> {
    assert.deepEqual(await client.pullWorkspace(), []);
    assert.equal(client.diagnosticsOf('src/a.ts').length, 1);
    assert.equal((await client.pullDocument('src/a.ts')).kind, 'unchanged');
    const parts: unknown[] = [];
    const { connection } = client.editor;
    const listening = connection.onNotification('$/progress', ({ value }: { value: WorkspaceDiagnosticReport }) => {
      parts.push(...value.items);
    });
    const params = { previousResultIds: [], partialResultToken: 'parts' };
    assert.deepEqual(await connection.sendRequest('workspace/diagnostic', params), { items: [] });
    assert.equal(parts.length, 4);
    listening.dispose();
  }
});
