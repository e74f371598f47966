/**
 * The MCP server while an editor has the same folder open, types, saves and closes, and shares its analysis: `bulkhead mcp` tells
 * what is on disk, and the editor's own tools what the editor has.
 */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { agentRequests, type ToolAnswer } from '../../../workers/protocol/agent-requests.ts';
import { Editor } from '../../support/lsp-client.ts';
import { makeWorkspace, type TestWorkspace } from '../../support/workspace.ts';
import { startMcp, type RunningMcp } from './client.ts';
import { changesOf, commitAll, issuesIn, randomFrom, randomText, scriptFiles, scripts } from './random-changes.ts';

const seed = Number(process.env['BULKHEAD_MCP_SEED'] ?? 20_261_130);
/** What goes wrong rarely takes hundreds, and a busy machine. */
const sequences = Number(process.env['BULKHEAD_MCP_EDITOR_SEQUENCES'] ?? 10);

type Data = Readonly<Record<string, unknown>>;

describe('MCP server beside an editor', function () {
  this.timeout(sequences * 60_000);
  let workspace: TestWorkspace;
  let cache: string;
  let server: RunningMcp;
  let editor: Editor;
  const disposables = new AsyncDisposableStack();
  /** What the editor has open, and what is not saved of that. */
  const open = new Set<string>();
  const texts = new Map<string, string>();
  let version = 0;

  before(async () => {
    cache = await realpath(await mkdtemp(path.join(os.tmpdir(), 'bulkhead-mcp-')));
    disposables.defer(() => rm(cache, { recursive: true, force: true, maxRetries: 5 }));
    workspace = disposables.use(await makeWorkspace(scriptFiles));
    await workspace.link({ eslint: 'eslint' });
    commitAll(workspace.root);
  });

  after(() => disposables.disposeAsync());

  async function openEditor(): Promise<Editor> {
    const opened = disposables.use(new Editor({ ...process.env, XDG_CACHE_HOME: cache, LOCALAPPDATA: cache, HOME: cache }));
    const options = { storageDir: path.join(cache, 'editor'), trusted: true };
    await opened.open([workspace.root], { initializationOptions: options });
    return opened;
  } // prettier-ignore

  const at = (file: string): string => path.join(workspace.root, file);
  const uriOf = (file: string): string => pathToFileURL(at(file)).href;

  async function edit(random: (below: number) => number): Promise<void> {
    const file = scripts[random(scripts.length)] ?? '';
    const text = randomText(random);
    const send = (method: string, params: object): Promise<void> => editor.connection.sendNotification(`textDocument/${method}`, params); // prettier-ignore
    const document = { uri: uriOf(file), version: (version += 1) };
    if (!open.has(file)) {
      const onDisk = await readFile(at(file), 'utf8').catch(() => undefined);
      if (onDisk === undefined) return;
      open.add(file);
      return send('didOpen', { textDocument: { ...document, languageId: 'javascript', text: onDisk } });
    }
    switch (random(4)) {
      // Types.
      case 0:
      case 1:
        texts.set(file, text);
        return send('didChange', { textDocument: document, contentChanges: [{ text }] });
      // Saves. What is saved is as on disk, also when that changes: editors load it again.
      case 2:
        if (!texts.has(file)) return;
        await mkdir(path.dirname(at(file)), { recursive: true });
        await writeFile(at(file), texts.get(file) ?? '');
        texts.delete(file);
        return send('didSave', { textDocument: { uri: uriOf(file) } });
      // Closes, without saving.
      default:
        texts.delete(file);
        open.delete(file);
        return send('didClose', { textDocument: { uri: uriOf(file) } });
    }
  }

  /** Editors load what another program wrote, unless somebody has typed. This one closes what is gone. */
  async function reload(): Promise<void> {
    for (const file of open) {
      const text = await readFile(at(file), 'utf8').catch(() => undefined);
      if (text === undefined) {
        open.delete(file);
        texts.delete(file);
        await editor.connection.sendNotification('textDocument/didClose', { textDocument: { uri: uriOf(file) } });
        continue;
      }
      if (texts.has(file)) continue;
      const textDocument = { uri: uriOf(file), version: (version += 1) };
      await editor.connection.sendNotification('textDocument/didChange', { textDocument, contentChanges: [{ text }] });
    }
  }

  const question = { by: 'issue', maxTokens: 10_000, rules: ['no-var'] };

  function placesIn(data: Data): { state: unknown; found: readonly string[] } {
    const { issues = [] } = (data['untrusted'] ?? {}) as { readonly issues?: readonly { readonly at: string }[] };
    return { state: data['state'], found: issues.map((issue) => issue.at).sort() };
  }

  const fromServer = async (wait: number): Promise<Data> => (await server.ask('problems', { ...question, wait })).data;
  const fromEditor = async (wait: number): Promise<Data> => {
    const params = { name: 'problems', input: { ...question, wait } };
    const { isError, text, structured } = await editor.connection.sendRequest<ToolAnswer>(agentRequests.tool, params);
    assert.equal(isError, false, text);
    return structured;
  };

  /** Only a complete answer says that this is all. */
  const isFinal = (state: unknown): boolean => state === 'complete' || state === 'incomplete';

  async function settled(ask: (wait: number) => Promise<Data>): Promise<readonly string[]> {
    for (;;) {
      const { state, found } = placesIn(await ask(20));
      if (isFinal(state)) return found;
    }
  }

  for (const first of ['the editor', 'the server'] as const) {
    it(`is never older than the disk, ${first} leading (${sequences} sequences, seed ${seed})`, async () => {
      texts.clear();
      open.clear();
      const random = randomFrom(seed + (first === 'the server' ? 1 : 0));
      const change = changesOf(workspace.root, random);
      if (first === 'the editor') editor = await openEditor();
      server = await startMcp(workspace.root, cache, '--detectors', 'eslint');
      await settled(fromServer);
      if (first === 'the server') editor = await openEditor();
      for (let index = 0; index < sequences; index += 1) {
        for (let left = 1 + random(4); left > 0; left -= 1) {
          if (random(2) === 0) await edit(random);
          else await change().then(reload);
          if (random(3) > 0) continue;
          const { state, found } = placesIn(await fromServer(0.05));
          if (isFinal(state)) assert.deepEqual(found, await issuesIn(workspace.root), `within sequence ${index}`);
        }
        const which = `sequence ${index}`;
        assert.deepEqual(await settled(fromServer), await issuesIn(workspace.root), `the server, ${which}`);
        assert.deepEqual(await settled(fromEditor), await issuesIn(workspace.root, texts), `the editor, ${which}`);
      }
      await editor[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    });
  }
});
