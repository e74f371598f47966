/** What the open documents say about their files. */
import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { createConnection, createProtocolConnection, StreamMessageReader, StreamMessageWriter } from 'vscode-languageserver/node'; // prettier-ignore
import { Documents } from '../../../server/lsp/documents.ts';
import { FileNames } from '../../../server/lsp/file-names.ts';
import { makeWorkspace } from '../../support/workspace.ts';

describe('documents', () => {
  it('say at the save that a file is new, also one that appeared as its document was opened', async () => {
    await using workspace = await makeWorkspace({ 'old.js': '' });
    // Files of the last 20 ms may be younger than their document.
    await sleep(50);
    const changes: string[] = [];
    const heard = new EventEmitter();
    const documents = new Documents(
      {
        namesChanged: ([uri = '']) => {
          if (uri.endsWith('/appears.js')) writeFileSync(path.join(workspace.root, 'appears.js'), '');
        },
        textChanged: () => {},
        openFilesChanged: () => {},
        compared: () => {},
        changed: (file, kind, source) => {
          changes.push(`${path.basename(file)} ${kind} ${source}`);
          heard.emit('changed');
        },
      },
      new FileNames(),
    );
    const [toServer, toClient] = [new PassThrough(), new PassThrough()];
    const server = createConnection(new StreamMessageReader(toServer), new StreamMessageWriter(toClient));
    documents.listen(server);
    server.listen();
    const client = createProtocolConnection(new StreamMessageReader(toClient), new StreamMessageWriter(toServer));
    for (const name of ['old.js', 'appears.js', 'later.js']) {
      const uri = pathToFileURL(path.join(workspace.root, name)).href;
      await client.sendNotification('textDocument/didOpen', {
        textDocument: { uri, languageId: 'javascript', version: 1, text: '' },
      });
      while (documents.versionOf(uri) === undefined) await sleep(1);
      await documents.compared();
      const told = new Promise((resolve) => heard.once('changed', resolve));
      await client.sendNotification('textDocument/didSave', { textDocument: { uri } });
      await told;
    }
    assert.deepEqual(changes, ['old.js changed save', 'appears.js created save', 'later.js created save']);
    client.dispose();
    server.dispose();
  });
});
