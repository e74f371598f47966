/** The order of a session: what a client may not send yet, or no more, and with which code the server ends. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { requests } from '../../../workers/protocol/editor-protocol.ts';
import { Editor } from '../../support/lsp-client.ts';
import { makeBrokenWorkspace } from '../../support/workspace.ts';

const notInitialized = { code: -32002, message: 'The first request must be "initialize".' };
const shutDown = { code: -32600, message: 'The server was shut down. Only "exit" may follow.' };

describe('the order of a session', function () {
  this.timeout(120_000);

  it('starts with initialize: what comes before is refused or dropped', async () => {
    await using workspace = await makeBrokenWorkspace();
    const { root } = workspace;
    await using editor = new Editor();
    const uri = pathToFileURL(path.join(root, 'src/types.ts')).href;
    const textDocument = { uri, languageId: 'typescript', version: 1, text: 'export {};\n' };
    await editor.connection.sendNotification('initialized', {});
    await editor.connection.sendNotification('textDocument/didOpen', { textDocument });
    await editor.connection.sendNotification('workspace/didChangeConfiguration', {
      settings: { bulkhead: 'nonsense' },
    });
    for (const [method, params] of [
      ['workspace/diagnostic', { previousResultIds: [] }],
      [requests.status, {}],
      ['no/such/method', undefined],
      ['shutdown', undefined],
    ] as const) {
      await assert.rejects(editor.connection.sendRequest(method, params), notInitialized, method);
    }
    await editor.open([root], { capabilities: { workspace: { workspaceFolders: true } } });
    // The text that was opened too early would hide it.
    await editor.until('the issues', () => editor.rules(root, 'src/types.ts').join() === 'TS2322');
    assert.equal((await editor.atRest()).issues.error, 2);
    assert.equal(await editor.shutdown(), 0);
  });

  it('ends with shutdown: what comes after is refused or dropped, but for exit', async () => {
    await using workspace = await makeBrokenWorkspace();
    await using editor = new Editor();
    await editor.open([workspace.root]);
    await editor.connection.sendRequest('shutdown');
    await editor.connection.sendNotification('workspace/didChangeConfiguration', { settings: { bulkhead: {} } });
    for (const [method, params] of [
      ['initialize', { processId: null, rootUri: null, capabilities: {} }],
      [requests.analyze, {}],
      ['no/such/method', undefined],
      ['shutdown', undefined],
    ] as const) {
      await assert.rejects(editor.connection.sendRequest(method, params), shutDown, method);
    }
    await editor.connection.sendNotification('exit');
    assert.equal(await editor.exited, 0);
  });

  for (const isOpen of [false, true]) {
    it(`is broken by an exit without shutdown (${isOpen ? 'after' : 'before'} initialize): the code is 1`, async () => {
      await using workspace = await makeBrokenWorkspace();
      await using editor = new Editor();
      if (isOpen) await editor.open([workspace.root]);
      else await assert.rejects(editor.connection.sendRequest('shutdown'), notInitialized);
      await editor.connection.sendNotification('exit');
      assert.equal(await editor.exited, 1);
    });
  }
});
