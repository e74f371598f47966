/** What a folder shows from its opening to the next, with the capabilities of each client. */
import assert from 'node:assert/strict';
import { access, rm } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { analyzeCommand } from '../../../server/lsp/issue-actions.ts';
import { notifications } from '../../../workers/protocol/editor-protocol.ts';
import { checkJson } from '../../support/cli.ts';
import { clients, utf8Clients } from '../../support/clients.ts';
import { scenario } from '../../support/scenario.ts';
import { brokenIssues, makeBrokenWorkspace } from '../../support/workspace.ts';

const wide = "const s = '😀é漢'; /* 😀 */ var four = s;\nexport default four;\n";

describe('every client', function () {
  this.timeout(180_000);

  /** Which client asks the terminal does not matter: all must show the same. */
  let terminal: readonly string[] | undefined;
  scenario(
    'shows the issues of unopened files, from every detector, the same as the terminal, and its progress if it can',
    makeBrokenWorkspace,
    async (client, { root }) => {
      await client.open([root]);
      await client.shows(...brokenIssues);
      assert.equal((await client.status()).issues.error, 2);
      const shown = (await client.final()).map(({ file, code, message, start, end }) =>
        JSON.stringify([file, code, message, start, end]),
      );
      terminal ??= (await checkJson(root)).report.issues.map(({ file, rule, message, range }) =>
        JSON.stringify([file, rule, message, range.start, range.end]),
      );
      assert.deepEqual(shown.toSorted(), terminal.toSorted());
      const { progress } = client.editor;
      if (client.capabilities.window?.workDoneProgress === true) {
        await client.until('progress ends', () => progress.at(-1)?.value.kind === 'end');
        assert.equal(progress[0]?.value.kind, 'begin');
      } else assert.deepEqual(progress, []);
    },
  );

  scenario('hears of a file no more often than its issues change', makeBrokenWorkspace, async (client, { root }) => {
    await client.open([root]);
    await client.shows(...brokenIssues);
    await client.final();
    const { analyses } = await client.status();
    const before = new Map(client.editor.publications);
    for (const count of before.values()) assert.ok(count <= 3, 'at most once for each detector');
    const { refreshes } = client;
    await client.editor.connection.sendRequest('workspace/executeCommand', { command: analyzeCommand });
    await client.editor.until('the analysis ends', () => (client.editor.statuses.at(-1)?.analyses ?? 0) > analyses);
    await client.final();
    assert.deepEqual(client.editor.publications, before, 'the same analysis again shows nothing new: no flicker');
    if (client.pulls) assert.deepEqual([await client.pullWorkspace(), client.refreshes], [[], refreshes]);
  });

  scenario(
    'runs no code of a workspace that is not trusted, and starts when trust is granted',
    makeBrokenWorkspace,
    async (client, workspace) => {
      const trace = path.join(workspace.root, 'executed');
      await workspace.write({
        'eslint.config.js': `import { writeFileSync } from 'node:fs'; writeFileSync(${JSON.stringify(trace)}, ''); export default [{ files: ['**/*.js'], rules: { eqeqeq: 'error' } }];\n`,
      });
      await client.open([workspace.root], { trusted: false });
      // Cycles need no code of the workspace, and there is a compiler of our own.
      await client.shows('src/b.ts import-cycle', 'src/types.ts TS2322');
      const { detectors } = await client.status();
      assert.equal(detectors.find(({ name }) => name === 'eslint')?.status, 'restricted');
      assert.match(detectors.find(({ name }) => name === 'typescript')?.engine ?? '', /bundled/);
      await assert.rejects(access(trace));
      await client.editor.connection.sendNotification(notifications.trust, { trusted: true });
      await client.shows('src/b.ts import-cycle', 'src/types.ts TS2322', 'src/loose.js eqeqeq');
      await rm(trace);
    },
  );

  scenario(
    'opens several folders and closes one that is removed, if it can',
    () => makeBrokenWorkspace('first'),
    async (client, { root }) => {
      await using second = await makeBrokenWorkspace('second');
      await client.open([root]);
      await client.shows(...brokenIssues);
      if (client.capabilities.workspace?.workspaceFolders !== true) return;
      const folder = { uri: pathToFileURL(second.root).href, name: 'second' };
      const change = (event: object): Promise<void> =>
        client.editor.connection.sendNotification('workspace/didChangeWorkspaceFolders', { event });
      const there = brokenIssues.map((issue) => path.relative(root, path.join(second.root, issue)));
      await change({ added: [folder], removed: [] });
      await client.shows(...brokenIssues, ...there.map((issue) => issue.replaceAll(path.sep, '/')));
      await change({ added: [], removed: [folder] });
      await client.shows(...brokenIssues);
    },
  );

  scenario(
    'applies the fixes of an issue',
    async () => {
      const workspace = await makeBrokenWorkspace();
      // Characters of several units before what is fixed.
      await workspace.write({ 'src/wide.js': wide });
      return workspace;
    },
    async (client, { root }) => {
      await client.open([root]);
      await client.shows(...brokenIssues, 'src/wide.js no-var');
      for (const [file, text, fixed] of [
        ['src/wide.js', wide, wide.replace('var four', 'let four')],
        [
          'src/loose.js',
          'var loose = 1;\nif (loose == 2) loose = 3;\n',
          'let loose = 1;\nif (loose == 2) loose = 3;\n',
        ],
      ] as const) {
        await client.show(file, text);
        await client.until('its issues', () => client.rules(file).includes('no-var'));
        const diagnostics = client.diagnosticsOf(file).filter(({ code }) => code === 'no-var');
        assert.equal(diagnostics.length, 1);
        const [action = assert.fail('no action')] = await client.actions(file, diagnostics);
        assert.equal(action.isPreferred, true);
        await client.apply(file, action);
        assert.equal(client.textOf(file), fixed);
        await client.save(file);
      }
      await client.shows(...brokenIssues.filter((issue) => !issue.endsWith('no-var')));
    },
    { sets: { ...clients, ...utf8Clients } },
  );

  scenario(
    'shows everything again when a folder is reopened, without a worker, and sees what changed meanwhile',
    makeBrokenWorkspace,
    async (client, workspace) => {
      const { root } = workspace;
      const options = { storageDir: path.join(path.dirname(root), 'storage'), trusted: true };
      await client.open([root], options);
      await client.shows(...brokenIssues);
      await client.final();
      // What is shown as up to date is on disk: nothing may need an orderly end.
      client.editor.server.kill('SIGKILL');
      await client.editor.exited;

      await client.open([root], options);
      await client.shows(...brokenIssues);
      await client.final();
      const { workers, detectors } = await client.status();
      assert.deepEqual(workers, []);
      if (!client.pulls) assert.deepEqual(new Set(client.editor.publications.values()), new Set([1]), 'each file once');
      const idle = detectors.filter(({ status }) => status !== 'done').map(({ name, status }) => [name, status]);
      assert.deepEqual(idle, [['knip', 'not-applicable']]);
      await client.end();

      await workspace.write({ 'src/types.ts': 'export const count = 3;\n' });
      await client.open([root], options);
      await client.shows(...brokenIssues.filter((issue) => !issue.startsWith('src/types.ts')));
    },
  );
});
