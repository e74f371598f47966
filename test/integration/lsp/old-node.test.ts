import assert from 'node:assert/strict';
import { pathToFileURL } from 'node:url';
import { startCli } from '../../support/cli.ts';
import { Editor } from '../../support/lsp-client.ts';
import { repository } from '../../support/workspace.ts';

describe('a Node.js that is too old', function () {
  this.timeout(60_000);
  const older = "Object.defineProperty(process.versions,'node',{value:'20.19.1'})";
  const env = { ...process.env, NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(older)}` };
  const needed = 'Node.js 22.13 or newer is needed; this is 20.19.1.';

  it('is told to the editor by the language server', async () => {
    await using editor = new Editor(env);
    const rootUri = pathToFileURL(repository).href;
    await editor.connection.sendRequest('initialize', { processId: null, rootUri, capabilities: {} });
    await editor.connection.sendNotification('initialized', {});
    await editor.until('a message', () => editor.messages.length > 0 && editor.log.length > 0);
    const message = `Bulkhead analyses nothing: ${needed} Start the language server with a newer Node.js.`;
    assert.deepEqual([editor.messages, editor.log], [[message], [message]]);
    assert.equal(await editor.shutdown(), 0);
  });

  it('is told by the command line', async () => {
    const { code, stderr } = await startCli(['check', repository], { env }).result;
    assert.deepEqual([code, stderr], [2, `bulkhead: ${needed}\n`]);
  });
});
