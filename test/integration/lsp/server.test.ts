import assert from 'node:assert/strict';
import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { HealthParams } from '../../../workers/protocol/health.ts';
import type { CodeAction, Diagnostic } from 'vscode-languageserver-protocol/node';
import type { WorkerHealth } from '../../../server/pool/types.ts';
import { requests, type StatusParams } from '../../../workers/protocol/editor-protocol.ts';
import { issueRequests, type ExportedIssues, type ExportResult } from '../../../workers/protocol/issue-requests.ts';
import { checkJson } from '../../support/cli.ts';
import { Editor } from '../../support/lsp-client.ts';
import { alive, descendantsOf, until } from '../../support/processes.ts';
import { makeBrokenWorkspace, makeWorkspace } from '../../support/workspace.ts';

function textOf({ message }: Diagnostic): string {
  return typeof message === 'string' ? message : message.value;
}

const cycleFile = /src\/[ab]\.ts$/;

describe('language server over stdio', function () {
  this.timeout(120_000);

  it('publishes the issues of unopened files, from every detector, the same as the terminal', async () => {
    await using workspace = await makeBrokenWorkspace();
    await using editor = new Editor();
    await editor.open([workspace.root]);
    const status = await editor.settled();
    assert.deepEqual(editor.rules(workspace.root, 'src/types.ts'), ['TS2322']);
    assert.deepEqual(editor.rules(workspace.root, 'src/loose.js'), ['eqeqeq', 'no-var']);
    assert.ok(
      [...editor.diagnostics].some(
        ([uri, list]) => cycleFile.test(uri) && list.some(({ code }) => code === 'import-cycle'),
      ),
    );
    const { report } = await checkJson(workspace.root);
    const published = [...editor.diagnostics].flatMap(([uri, list]) =>
      list.map((item) => `${uri} ${String(item.code)} ${textOf(item)}`),
    );
    const reported = report.issues.map(
      (issue) => `${pathToFileURL(path.join(workspace.root, issue.file)).href} ${issue.rule} ${issue.message}`,
    );
    assert.deepEqual(published.sort(), reported.sort());
    assert.equal((await editor.atRest()).state, 'idle');
    assert.equal(status.issues.error, 2);
    assert.equal(await editor.shutdown(), 0);
  });

  it('shows progress with an end', async () => {
    await using workspace = await makeBrokenWorkspace();
    await using editor = new Editor();
    await editor.open([workspace.root], { workDoneProgress: true });
    await editor.settled();
    await editor.until('progress ends', () => editor.progress.at(-1)?.value.kind === 'end');
    assert.equal(editor.progress[0]?.value.kind, 'begin');
  });

  it('clears an issue only when its file is fixed and saved', async () => {
    await using workspace = await makeBrokenWorkspace();
    await using editor = new Editor();
    await editor.open([workspace.root]);
    await editor.settled();
    const mended = 'export const count: number = 3;\n';
    await writeFile(path.join(workspace.root, 'src/types.ts'), mended);
    await editor.save(workspace.root, 'src/types.ts', mended);
    await editor.until('the issue is gone', () => editor.rules(workspace.root, 'src/types.ts').length === 0);
    assert.deepEqual(editor.rules(workspace.root, 'src/loose.js'), ['eqeqeq', 'no-var']);
  });

  it('analyses unsaved text, and forgets it when the file is closed', async () => {
    await using workspace = await makeBrokenWorkspace();
    await using editor = new Editor();
    await editor.open([workspace.root]);
    await editor.settled();
    const uri = pathToFileURL(path.join(workspace.root, 'src/clean.ts')).href;
    const script = pathToFileURL(path.join(workspace.root, 'src/loose.js')).href;
    const open = (at: string, languageId: string, text: string) =>
      editor.connection.sendNotification('textDocument/didOpen', {
        textDocument: { uri: at, languageId, version: 1, text },
      });
    const type = (at: string, text: string) =>
      editor.connection.sendNotification('textDocument/didChange', {
        textDocument: { uri: at, version: 2 },
        contentChanges: [{ text }],
      });
    await open(uri, 'typescript', 'export const clean = true;\n');
    await type(uri, "import { a } from './a.js';\nexport const clean: string = a();\n");
    await editor.until('the type error', () => editor.rules(workspace.root, 'src/clean.ts').includes('TS2322'));
    await open(script, 'javascript', 'var loose = 1;\nif (loose == 2) loose = 3;\n');
    await type(script, 'const loose = 1;\n');
    await editor.until('lint is gone', () => editor.rules(workspace.root, 'src/loose.js').length === 0);
    for (const closed of [uri, script]) {
      await editor.connection.sendNotification('textDocument/didClose', { textDocument: { uri: closed } });
    }
    await editor.until(
      'the disk counts again',
      () =>
        editor.rules(workspace.root, 'src/clean.ts').length === 0 &&
        editor.rules(workspace.root, 'src/loose.js').length === 2,
    );
  });

  it('forgets unsaved text when it is undone in the open file', async () => {
    await using workspace = await makeBrokenWorkspace();
    await using editor = new Editor();
    await editor.open([workspace.root]);
    await editor.settled();
    const uri = pathToFileURL(path.join(workspace.root, 'src/loose.js')).href;
    const original = 'var loose = 1;\nif (loose == 2) loose = 3;\n';
    const textDocument = { uri, languageId: 'javascript', version: 1, text: original };
    await editor.connection.sendNotification('textDocument/didOpen', { textDocument });
    for (const [version, text, rules] of [
      [2, 'const loose = 1;\n', 0],
      [3, original, 2],
      [4, `${original}if (loose == 4) loose = 5;\n`, 3],
      [5, original, 2],
    ] as const) {
      const contentChanges = [{ text }];
      await editor.connection.sendNotification('textDocument/didChange', {
        textDocument: { uri, version },
        contentChanges,
      });
      await editor.until(`version ${version}`, () => editor.rules(workspace.root, 'src/loose.js').length === rules);
    }
  });

  it('follows files that are created, changed and deleted outside of the editor', async () => {
    await using workspace = await makeBrokenWorkspace();
    await using editor = new Editor();
    await editor.open([workspace.root]);
    await editor.settled();
    assert.ok(editor.registrations.some((registration) => registration.method === 'workspace/didChangeWatchedFiles'));
    await workspace.write({ 'src/new.js': 'var fresh = 1;\n', 'src/types.ts': 'export const count = missing;\n' });
    await rm(path.join(workspace.root, 'src/loose.js'));
    await editor.watched(workspace.root, { 'src/new.js': 1, 'src/types.ts': 2, 'src/loose.js': 3 });
    await editor.settled();
    assert.deepEqual(editor.rules(workspace.root, 'src/loose.js'), []);
    assert.deepEqual(editor.rules(workspace.root, 'src/new.js'), ['no-var']);
    assert.deepEqual(editor.rules(workspace.root, 'src/types.ts'), ['TS2304']);
  });

  it('publishes a file no more often than its issues change', async () => {
    await using workspace = await makeBrokenWorkspace();
    await using editor = new Editor();
    await editor.open([workspace.root]);
    await editor.settled();
    const before = new Map(editor.publications);
    for (const count of before.values()) assert.ok(count <= 3, 'at most once for each detector');
    await editor.connection.sendRequest(requests.analyze, {});
    await editor.settled();
    assert.deepEqual(editor.publications, before, 'the same analysis again shows nothing new: no flicker');
  });

  it('applies settings at once', async () => {
    await using workspace = await makeBrokenWorkspace();
    await using editor = new Editor();
    const settings = (eslint: boolean) => ({
      typescript: { enable: true, engine: 'auto' },
      eslint: { enable: eslint },
      circular: { enable: true },
      maxWorkers: 0,
      memoryLimit: 0,
      exclude: [],
      node: '',
    });
    await editor.open([workspace.root], { initializationOptions: { settings: settings(true), trusted: true } });
    await editor.settled();
    await editor.connection.sendNotification('workspace/didChangeConfiguration', {
      settings: { bulkhead: settings(false) },
    });
    await editor.until('issues go', () => editor.rules(workspace.root, 'src/loose.js').length === 0);
    await editor.connection.sendNotification('workspace/didChangeConfiguration', {
      settings: { bulkhead: settings(true) },
    });
    await editor.until('issues come', () => editor.rules(workspace.root, 'src/loose.js').length === 2);
    assert.deepEqual(editor.rules(workspace.root, 'src/types.ts'), ['TS2322']);
  });

  it('changes the limits of its workers without ending them, and analyses nothing again', async () => {
    await using workspace = await makeBrokenWorkspace();
    await using editor = new Editor();
    await editor.open([workspace.root], { initializationOptions: { settings: { maxWorkers: 8 }, trusted: true } });
    await editor.settled();
    const workers = async (): Promise<readonly WorkerHealth[]> => {
      const health = await editor.connection.sendRequest<HealthParams>('bulkhead/health', {});
      return health.workers.filter(({ pid }) => pid !== undefined);
    };
    const limitOf = (all: readonly WorkerHealth[], name: string): number =>
      Math.round((all.find(({ detector }) => detector === name)?.limitBytes ?? 0) / 1024 / 1024);
    const before = await workers();
    const publications = [...editor.publications];
    const analyses = editor.statuses.at(-1)?.analyses;
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
    assert.equal(editor.statuses.at(-1)?.analyses, analyses);
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

  it('runs no code of a workspace that is not trusted, and starts when trust is granted', async () => {
    await using workspace = await makeBrokenWorkspace();
    const trace = path.join(workspace.root, 'executed');
    await workspace.write({
      'eslint.config.js': `import { writeFileSync } from 'node:fs'; writeFileSync(${JSON.stringify(trace)}, ''); export default [{ files: ['**/*.js'], rules: { eqeqeq: 'error' } }];\n`,
    });
    await using editor = new Editor();
    await editor.open([workspace.root], { initializationOptions: { trusted: false } });
    await editor.until('cycles, which need no code of the workspace', () =>
      [...editor.diagnostics].some(
        ([uri, list]) => cycleFile.test(uri) && list.some(({ code }) => code === 'import-cycle'),
      ),
    );
    await editor.until('types, from the bundled compiler', () =>
      editor.rules(workspace.root, 'src/types.ts').includes('TS2322'),
    );
    const status = editor.statuses.at(-1);
    assert.equal(status?.detectors.find((detector) => detector.name === 'eslint')?.status, 'restricted');
    assert.match(status.detectors.find((detector) => detector.name === 'typescript')?.engine ?? '', /bundled/);
    await assert.rejects(import('node:fs/promises').then(({ access }) => access(trace)));
    await editor.connection.sendNotification('bulkhead/trust', { trusted: true });
    await editor.until('ESLint speaks', () => editor.rules(workspace.root, 'src/loose.js').includes('eqeqeq'));
  });

  it('serves several folders, and closes one that is removed', async () => {
    await using first = await makeBrokenWorkspace('first');
    await using second = await makeBrokenWorkspace('second');
    await using editor = new Editor();
    await editor.open([first.root]);
    await editor.settled();
    const folder = { uri: pathToFileURL(second.root).href, name: 'second' };
    await editor.connection.sendNotification('workspace/didChangeWorkspaceFolders', {
      event: { added: [folder], removed: [] },
    });
    await editor.until('second folder', () => editor.rules(second.root, 'src/types.ts').length === 1);
    await editor.settled();
    await editor.connection.sendNotification('workspace/didChangeWorkspaceFolders', {
      event: { added: [], removed: [folder] },
    });
    await editor.until('second folder is gone', () => editor.rules(second.root, 'src/types.ts').length === 0);
    assert.deepEqual(editor.rules(first.root, 'src/types.ts'), ['TS2322']);
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

  it('offers the fixes of an issue', async () => {
    await using workspace = await makeBrokenWorkspace();
    await using editor = new Editor();
    await editor.open([workspace.root]);
    await editor.settled();
    const uri = pathToFileURL(path.join(workspace.root, 'src/loose.js')).href;
    const diagnostics = [...(editor.diagnostics.get(uri) ?? [])].filter(({ code }) => code === 'no-var');
    assert.equal(diagnostics.length, 1);
    const actions = await editor.connection.sendRequest<CodeAction[]>('textDocument/codeAction', {
      textDocument: { uri },
      range: diagnostics[0]?.range,
      context: { diagnostics },
    });
    assert.equal(actions[0]?.isPreferred, true);
    const edits = actions[0].edit?.changes?.[uri] ?? [];
    assert.deepEqual(
      edits.map(({ newText }) => newText),
      ['let loose = 1;'],
    );
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

  it('shows everything again when a folder is reopened, without a worker, and sees what changed meanwhile', async () => {
    await using workspace = await makeBrokenWorkspace();
    const storageDir = path.join(path.dirname(workspace.root), 'storage');
    const session = async (use: (editor: Editor) => Promise<void>): Promise<void> => {
      await using editor = new Editor();
      await editor.open([workspace.root], { initializationOptions: { storageDir, trusted: true } });
      await use(editor);
      if (!editor.server.killed) await editor.shutdown();
    };
    const sortedDiagnostics = (editor: Editor) =>
      JSON.stringify([...editor.diagnostics].filter(([, list]) => list.length > 0).sort());
    const countOf = (editor: Editor): number => [...editor.diagnostics.values()].flat().length;
    let first = '';
    let count = 0;
    await session(async (editor) => {
      await editor.settled();
      first = sortedDiagnostics(editor);
      count = countOf(editor);
      assert.notEqual((await editor.atRest()).state, 'analysing');
      // What is shown as up to date is on disk: nothing may need an orderly end.
      editor.server.kill('SIGKILL');
    });
    await session(async (editor) => {
      await editor.until('all diagnostics', () => sortedDiagnostics(editor) === first);
      await editor.settled();
      const status = await editor.connection.sendRequest<StatusParams>(requests.status, {});
      assert.deepEqual(status.workers, []);
      assert.deepEqual(new Set(editor.publications.values()), new Set([1]), 'each file once');
      const idle = status.detectors.filter((detector) => detector.status !== 'done');
      assert.deepEqual(
        idle.map(({ name, status: state }) => [name, state]),
        [['knip', 'not-applicable']],
      );
    });
    await workspace.write({ 'src/types.ts': 'export const count = 3;\n' });
    await session(async (editor) => {
      await editor.until('what did not change', () => editor.rules(workspace.root, 'src/loose.js').length === 2);
      await editor.until('what changed', () => countOf(editor) === count - 1);
      assert.deepEqual(editor.rules(workspace.root, 'src/types.ts'), []);
    });
  });

  it('reports a broken bulkhead.config.json and a detector that fails, once, and continues without them', async () => {
    await using workspace = await makeWorkspace({
      'bulkhead.config.json': '{ "exclude": ',
      'eslint.config.js': "throw new Error('broken on purpose');\n",
      'package.json': '{ "type": "module" }',
      'x.js': 'let x = 1;\n',
    });
    await workspace.link({ eslint: 'eslint' });
    await using editor = new Editor();
    await editor.open([workspace.root]);
    const config = 'bulkhead.config.json';
    const about = (what: string): number => editor.messages.filter((message) => message.includes(what)).length;
    await editor.until('the messages', () => about(config) > 0 && about('ESLint could not finish. broken on') > 0);
    await editor.until('the issue', () => editor.rules(workspace.root, config).includes('invalid-json'));
    const { state, problems } = await editor.atRest();
    assert.equal(state, 'problem');
    assert.ok(problems.some(({ uri = '', detector }) => uri.endsWith(config) && detector === undefined));
    for (const text of ['{ "exclude": ', '{}']) {
      await workspace.write({ [config]: text });
      await editor.watched(workspace.root, { [config]: 2 });
      await editor.until('it is read', () => editor.rules(workspace.root, config).length === (text === '{}' ? 0 : 1));
    }
    assert.deepEqual([about(config), about('ESLint could not finish')], [1, 1]);
    assert.equal(editor.log.filter((line) => line.includes('broken on purpose')).length, 1);
  });

  it('reports mistakes in the configuration at their place, until they are corrected', async () => {
    const config = (severity: string): string =>
      JSON.stringify({ detectors: { circular: { rules: { 'import-cycle': severity, 'self-import': 'off' } } } });
    await using workspace = await makeWorkspace({
      'bulkhead.config.json': config('warn'),
      '.vscode/settings.json': '{ "bulkhead.knip.enabled": false }\n',
      'package.json': '{ "type": "module" }',
      'a.js': "import './b.js';\nimport './a.js';\n",
      'b.js': "import './a.js';\n",
    });
    await using editor = new Editor();
    const settings = { circular: { rules: { 'import-cycles': 'off' } }, memoryLimit: 'much' };
    await editor.open([workspace.root], { initializationOptions: { settings } });
    await editor.until('issues', () => editor.rules(workspace.root, 'bulkhead.config.json').includes('invalid-value'));
    await editor.until('issues', () =>
      editor.rules(workspace.root, '.vscode/settings.json').includes('unknown-option'),
    );
    // The valid part of the file is in force.
    await editor.until('the cycle', () => editor.rules(workspace.root, 'b.js').includes('import-cycle'));
    assert.deepEqual(editor.rules(workspace.root, 'a.js'), []);
    const log = editor.log.join('\n');
    assert.match(log, /bulkhead\.circular\.rules: Unknown rule: "import-cycles"\. Did you mean "import-cycle"\?/);
    assert.match(log, /bulkhead\.memoryLimit: Expected a whole number, found "much"\./);

    await workspace.write({ 'bulkhead.config.json': config('off') });
    await editor.watched(workspace.root, { 'bulkhead.config.json': 2 });
    await editor.until('no issue', () => editor.rules(workspace.root, 'bulkhead.config.json').length === 0);
    await editor.until('no cycle', () => editor.rules(workspace.root, 'b.js').length === 0);

    await workspace.write({ '.vscode/settings.json': '{ "bulkhead.knip.enable": false }\n' });
    await editor.watched(workspace.root, { '.vscode/settings.json': 2 });
    await editor.until('no issue', () => editor.rules(workspace.root, '.vscode/settings.json').length === 0);
  });
});
