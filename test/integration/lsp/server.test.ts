/** What does not depend on the client: processes, limits, requests of the extension, invalid messages. */
import assert from 'node:assert/strict';
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { HealthParams } from '../../../workers/protocol/health.ts';
import type { WorkerHealth } from '../../../server/pool/types.ts';
import { requests, type StatusParams } from '../../../workers/protocol/editor-protocol.ts';
import { issueRequests, type ExportedIssues, type ExportResult } from '../../../workers/protocol/issue-requests.ts';
import { Editor } from '../../support/lsp-client.ts';
import { alive, descendantsOf, until } from '../../support/processes.ts';
import { makeBrokenWorkspace } from '../../support/workspace.ts';

describe('language server over stdio', function () {
  this.timeout(120_000);

  it('changes the limits of its workers without ending them, and analyses nothing again', async () => {
    await using workspace = await makeBrokenWorkspace();
    await using editor = new Editor();
    await editor.open([workspace.root], { initializationOptions: { settings: { maxWorkers: 8 }, trusted: true } });
    await editor.settled();
    const analysesNow = async (): Promise<number> =>
      (await editor.connection.sendRequest<StatusParams>(requests.status, {})).analyses;
    const workers = async (): Promise<readonly WorkerHealth[]> => {
      const health = await editor.connection.sendRequest<HealthParams>('bulkhead/health', {});
      return health.workers.filter(({ pid }) => pid !== undefined);
    };
    const limitOf = (all: readonly WorkerHealth[], name: string): number =>
      Math.round((all.find(({ detector }) => detector === name)?.limitBytes ?? 0) / 1024 / 1024);
    const before = await workers();
    const publications = [...editor.publications];
    const analyses = await analysesNow();
    await editor.connection.sendNotification('workspace/didChangeConfiguration', {
      settings: { bulkhead: { memoryLimit: 400, maxWorkers: 7, healthInterval: 2 } },
    });
    const after = await workers();
    const processes = (all: readonly WorkerHealth[]): readonly string[] =>
      all.map(({ name, pid }) => `${name} ${pid}`).toSorted();
    assert.deepEqual(processes(after), processes(before));
    assert.equal(limitOf(after, 'eslint'), 400);
    await editor.connection.sendNotification('workspace/didChangeConfiguration', {
      settings: { bulkhead: { maxWorkers: 8 } },
    });
    assert.equal(limitOf(await workers(), 'eslint'), limitOf(before, 'eslint'), 'the default applies again');
    assert.deepEqual([...editor.publications], publications);
    assert.equal(await analysesNow(), analyses);
  });

  it('replaces its workers and analyses everything again with another Node.js; what is unchanged is not published again', async () => {
    await using workspace = await makeBrokenWorkspace();
    await using editor = new Editor();
    await editor.open([workspace.root], { initializationOptions: { settings: {}, trusted: true } });
    await editor.settled();
    assert.deepEqual(editor.rules(workspace.root, 'src/types.ts'), ['TS2322']);
    assert.equal(editor.rules(workspace.root, 'src/loose.js').length, 2);
    const pids = (): readonly (number | undefined)[] => editor.statuses.at(-1)?.workers.map(({ pid }) => pid) ?? [];
    const before = new Set(pids());
    const types = pathToFileURL(path.join(workspace.root, 'src/types.ts')).href;
    const publications = editor.publications.get(types);
    // Nobody reports this: only an analysis of everything can find it.
    await workspace.write({ 'src/loose.js': 'export {};\n' });
    await editor.connection.sendNotification('workspace/didChangeConfiguration', {
      settings: { bulkhead: { node: process.execPath } },
    });
    await editor.until('the fixed issue is gone', () => editor.rules(workspace.root, 'src/loose.js').length === 0);
    assert.equal(editor.publications.get(types), publications);
    await editor.settled();
    assert.ok(pids().every((pid) => pid === undefined || !before.has(pid)));
  });

  it('leaves no process behind: shutdown, end of the stream, kill -9', async () => {
    await using workspace = await makeBrokenWorkspace();
    const ends: readonly [string, (editor: Editor) => Promise<unknown>][] = [
      ['shutdown', (editor) => editor.shutdown()],
      ['end of the stream', (editor) => Promise.resolve(editor.server.stdin.end())],
      ['kill -9', (editor) => Promise.resolve(editor.server.kill('SIGKILL'))],
    ];
    for (const [name, end] of ends) {
      await using editor = new Editor();
      await editor.open([workspace.root]);
      const server = editor.server.pid ?? 0;
      await until('workers run', () => descendantsOf(server).length > 0);
      const workers = descendantsOf(server);
      await end(editor);
      await until(`${name}: all are gone`, () => !alive(server) && workers.every(({ pid }) => !alive(pid)), 5_000);
    }
  });

  it('answers requests about its workers', async () => {
    await using workspace = await makeBrokenWorkspace();
    await using editor = new Editor();
    const storageDir = path.join(path.dirname(workspace.root), 'storage');
    await editor.open([workspace.root], { initializationOptions: { storageDir, trusted: true } });
    await editor.settled();
    const readHealth = (): Promise<HealthParams> => editor.connection.sendRequest<HealthParams>('bulkhead/health', {});
    const graphIn = ({ workers }: HealthParams): HealthParams['workers'][number] | undefined =>
      workers.find(({ detector }) => detector === 'graph');
    // It may have ended for lack of work.
    await editor.connection.sendRequest(requests.analyze, {});
    await until('the graph has a process', async () => (graphIn(await readHealth())?.memoryBytes ?? 0) > 0);
    const health = await readHealth();
    const graph = graphIn(health);
    assert.ok(graph, JSON.stringify(health.workers));
    assert.ok(health.machine.totalBytes > 0);
    const { file } = await editor.connection.sendRequest<{ file: string }>('bulkhead/captureHeapSnapshot', {
      worker: graph.name,
    });
    assert.ok(file.startsWith(storageDir));
    assert.ok((await stat(file)).size > 1_000_000);
    const { errors } = await editor.connection.sendRequest<{ errors: unknown[] }>('bulkhead/errors', {});
    assert.deepEqual(errors, []);
    const exported = path.join(storageDir, 'issues.json');
    const { issues } = await editor.connection.sendRequest<ExportResult>(issueRequests.exportIssues, {
      file: exported,
    });
    const { folders } = JSON.parse(await readFile(exported, 'utf8')) as ExportedIssues;
    assert.deepEqual([folders.length, folders[0]?.issues.length], [1, issues]);
    assert.deepEqual(
      [...new Set(folders[0]?.issues.map((issue) => issue.file))].toSorted(),
      ['src/a.ts', 'src/b.ts', 'src/loose.js', 'src/types.ts'].filter(
        (name) => editor.rules(workspace.root, name).length > 0,
      ),
    );
    const unwritable = { file: path.join(exported, 'below-a-file.json') };
    await assert.rejects(editor.connection.sendRequest(issueRequests.exportIssues, unwritable), /below-a-file\.json/);
    await editor.connection.sendRequest('bulkhead/restartWorker', { detector: 'circular' });
    await editor.until('the graph has another process', () =>
      editor.statuses.some(({ workers }) => workers.some(({ name, pid }) => name === graph.name && pid !== graph.pid)),
    );
  });

  it('survives invalid messages of an editor', async () => {
    await using workspace = await makeBrokenWorkspace();
    await using editor = new Editor();
    await editor.open([workspace.root], { initializationOptions: 'nonsense' });
    await editor.connection.sendNotification('workspace/didChangeConfiguration', { settings: null });
    await editor.connection.sendNotification('workspace/didChangeWatchedFiles', {
      changes: [
        { uri: 'untitled:1', type: 2 },
        { uri: 'http://[', type: 9 },
      ],
    });
    await editor.connection.sendNotification('textDocument/didSave', {
      textDocument: { uri: 'file:///never/opened.ts' },
    });
    await assert.rejects(editor.connection.sendRequest('no/such/method'));
    await editor.settled();
    assert.deepEqual(editor.rules(workspace.root, 'src/types.ts'), ['TS2322']);
  });
});
