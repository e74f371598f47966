import assert from 'node:assert/strict';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { mock } from 'node:test';
import { pathToFileURL } from 'node:url';
import {
  createConnection,
  createProtocolConnection,
  StreamMessageReader,
  StreamMessageWriter,
  type ProtocolConnection,
} from 'vscode-languageserver/node';
import { LanguageServer } from '../../../server/lsp/language-server.ts';
import { Workspace } from '../../../server/lsp/workspace.ts';
import { requests } from '../../../workers/protocol/editor-protocol.ts';

describe('language server', () => {
  let server: LanguageServer;
  let client: ProtocolConnection;
  const configure = mock.method(Workspace.prototype, 'configure');
  const analyzeAll = mock.method(Workspace.prototype, 'analyzeAll');
  const setRoots = mock.method(Workspace.prototype, 'setRoots', () => Promise.resolve());
  const watch = mock.method(Workspace.prototype, 'watch', () => Promise.resolve());

  beforeEach(() => {
    for (const method of [configure, analyzeAll, setRoots, watch]) method.mock.resetCalls();
    const [toServer, toClient] = [new PassThrough(), new PassThrough()];
    server = new LanguageServer(createConnection(new StreamMessageReader(toServer), new StreamMessageWriter(toClient)));
    server.listen();
    client = createProtocolConnection(new StreamMessageReader(toClient), new StreamMessageWriter(toServer));
    client.listen();
  });

  afterEach(async () => {
    client.dispose();
    await server.dispose();
  });

  after(() => {
    for (const method of [configure, analyzeAll, setRoots, watch]) method.mock.restore();
  });

  async function initialize(workspace = {}): Promise<void> {
    await client.sendRequest('initialize', { processId: null, rootUri: null, capabilities: { workspace } });
    await client.sendNotification('initialized', {});
  }

  /** Messages are handled in order: when this resolves, all earlier ones have been. */
  const handled = (): Promise<unknown> => client.sendRequest(requests.status);

  async function sendSettings(settings: unknown): Promise<void> {
    await client.sendNotification('workspace/didChangeConfiguration', { settings });
    await handled();
  }

  it('changes nothing when a client sends no settings of Bulkhead', async () => {
    await initialize();
    for (const settings of [null, {}, { bulkhead: null }, { typescript: { enable: false } }, 'nonsense']) {
      await sendSettings(settings);
    }
    assert.equal(configure.mock.callCount(), 0);
    const sent = [{ bulkhead: { run: 'onSave' } }, { 'bulkhead.run': 'onSave', 'editor.tabSize': 2 }, { bulkhead: {} }];
    for (const settings of sent) await sendSettings(settings);
    assert.deepEqual(
      configure.mock.calls.map(({ arguments: [{ settings }] }) => settings.run),
      ['onSave', 'onSave', 'onType'],
    );
  });

  for (const [what, answer] of [
    ['never answers', () => new Promise(() => {})],
    ['refuses', () => Promise.reject(new Error('No.'))],
  ] as const) {
    it(`follows the folders of the workspace even if the client ${what} when it is asked to watch files`, async () => {
      client.onRequest('client/registerCapability', answer);
      await initialize({ workspaceFolders: true, didChangeWatchedFiles: { dynamicRegistration: true } });
      const root = path.resolve('later');
      const added = [{ uri: pathToFileURL(root).href, name: 'later' }];
      await client.sendNotification('workspace/didChangeWorkspaceFolders', { event: { added, removed: [] } });
      await handled();
      assert.deepEqual(setRoots.mock.calls.at(-1)?.arguments, [[root]]);
    });
  }

  it('lets the folders watch their files themselves if the client does not, or refuses', async () => {
    client.onRequest('client/registerCapability', () => Promise.reject(new Error('No.')));
    await initialize({ didChangeWatchedFiles: { dynamicRegistration: true } });
    for (let turn = 0; turn < 100 && watch.mock.callCount() === 0; turn += 1) await handled();
    assert.equal(watch.mock.callCount(), 1);
  });

  for (const [what, workspace, count] of [
    ['cannot', {}, 1],
    ['does', { didChangeWatchedFiles: { dynamicRegistration: true } }, 0],
  ] as const) {
    it(`lets the folders watch their files ${count} times if the client ${what}`, async () => {
      client.onRequest('client/registerCapability', () => null);
      await initialize(workspace);
      for (let turn = 0; turn < 5; turn += 1) await handled();
      assert.equal(watch.mock.callCount(), count);
    });
  }

  it('asks a client for its settings if it sent none, and after a message without any', async () => {
    let section: unknown = { run: 'onSave' };
    client.onRequest('workspace/configuration', () => [section]);
    await initialize({ configuration: true });
    for (let turn = 0; turn < 100 && configure.mock.callCount() === 0; turn += 1) await handled();
    section = null;
    await sendSettings(null);
    section = { 'bulkhead.run': 'onType' };
    await sendSettings({});
    for (let turn = 0; turn < 100 && configure.mock.callCount() === 1; turn += 1) await handled();
    assert.deepEqual(
      configure.mock.calls.map(({ arguments: [{ settings }] }) => settings.run),
      ['onSave', 'onType'],
    );
  });

  it('analyses everything with another Node.js, in this window only', async () => {
    await initialize();
    await sendSettings({ bulkhead: { node: process.execPath } });
    for (let turn = 0; turn < 100 && analyzeAll.mock.callCount() === 0; turn += 1) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    assert.deepEqual(
      analyzeAll.mock.calls.map(({ arguments: args }) => args),
      [[{ tellPeers: false }]],
    );
  });
});
