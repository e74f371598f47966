/**
 * Random changes on disk, of which each window's watcher sees what it happens to see, unsaved text, windows that come
 * and servers that are killed: whenever all is quiet, every window shows exactly what is true.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { requests, type StatusParams } from '../../../workers/protocol/editor-protocol.ts';
import { Editor } from '../../support/lsp-client.ts';
import { until } from '../../support/processes.ts';
import { KnownFiles, randomBy } from '../store/known-files.ts';

const STEPS = Number(process.env['BULKHEAD_SHARING_STEPS'] ?? 12);
const SEED = Number(process.env['BULKHEAD_SHARING_SEED'] ?? 5);
const PATIENCE_MS = 120_000;

describe('windows that share an analysis', function () {
  this.timeout(STEPS * 60_000);

  it(`show the right issues after ${STEPS} random steps of seed ${SEED}`, async () => {
    const random = randomBy(SEED);
    const pick = (below: number): number => Math.floor(random() * below);
    await using files = await KnownFiles.make(pick);
    const base = path.dirname(files.root);
    const env = { ...process.env, XDG_CACHE_HOME: base, HOME: base, LOCALAPPDATA: base };
    await using stack = new AsyncDisposableStack();
    const windows: Editor[] = [];
    let opened = 0;
    const open = async (): Promise<void> => {
      const editor = stack.use(new Editor(env));
      opened += 1;
      const storageDir = path.join(base, `storage-${opened}`);
      await editor.open([files.root], { initializationOptions: { storageDir, trusted: true } });
      windows.push(editor);
    };
    const quiet = async (editor: Editor): Promise<void> =>
      until(
        'all issues, and nothing else',
        async () => {
          const { state } = await editor.connection.sendRequest<StatusParams>(requests.status, {});
          return state !== 'analysing' && files.areShown(editor.diagnostics);
        },
        PATIENCE_MS,
      );
    await Promise.all([open(), open()]);
    for (let step = 0; step < STEPS; step += 1) {
      const [action, window] = [pick(8), pick(windows.length)];
      const editor = windows[window];
      assert.ok(editor);
      if (action === 0 && windows.length > 1) {
        windows.splice(window, 1);
        editor.server.kill('SIGKILL');
        await once(editor.server, 'exit');
      } else if (action <= 1 && windows.length < 3) {
        await open();
      } else if (action === 2) {
        const uri = pathToFileURL(path.join(files.root, `src/script-${pick(8)}.js`)).href;
        const send = (method: string, params: object) => editor.connection.sendNotification(method, params);
        const textDocument = { uri, languageId: 'javascript', version: 1, text: 'as on disk' };
        await send('textDocument/didOpen', { textDocument });
        const contentChanges = [{ text: 'var typed = 1;\ndebugger;\nvar more = typed;\n' }];
        await send('textDocument/didChange', { textDocument: { uri, version: 2 }, contentChanges });
        await editor.until('what is typed', () => editor.diagnostics.get(uri)?.length === 3, PATIENCE_MS);
        await send('textDocument/didClose', { textDocument: { uri } });
      } else {
        const changed = await files.change();
        // Somebody sees it; some see only a part, the rest hear of it.
        const seen = Object.fromEntries(changed.map((file) => [file, 2 as const]));
        await editor.watched(files.root, seen);
        for (const other of windows) if (other !== editor && pick(2) === 0) await other.watched(files.root, seen);
      }
      // Not always: the next step comes in the middle of the work of this one.
      if (pick(3) > 0) await Promise.all(windows.map(quiet));
    }
    await Promise.all(windows.map(quiet));
  });
});
