/** Two editors and a terminal on one folder: one analysis, the same issues in all, and no gap when the leader dies. */
import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { CheckReport } from '../../../server/cli/result.ts';
import { requests, type StatusParams } from '../../../workers/protocol/editor-protocol.ts';
import { startCli } from '../../support/cli.ts';
import { Editor } from '../../support/lsp-client.ts';
import { until } from '../../support/processes.ts';
import { makeBrokenWorkspace, type TestWorkspace } from '../../support/workspace.ts';

describe('one folder in several processes', function () {
  this.timeout(300_000);
  let workspace: TestWorkspace;
  let env: NodeJS.ProcessEnv;

  beforeEach(async () => {
    workspace = await makeBrokenWorkspace();
    const home = path.join(path.dirname(workspace.root), 'home');
    // Where the processes of one user meet, on each platform.
    env = { ...process.env, XDG_CACHE_HOME: home, HOME: home, LOCALAPPDATA: home };
  });

  afterEach(() => workspace[Symbol.asyncDispose]());

  /** Each has a storage folder of its own, as different editors have. */
  async function opened(name: string, settings: object = {}, ready?: (editor: Editor) => Promise<void>) {
    await using unlessReady = new AsyncDisposableStack();
    const editor = unlessReady.use(new Editor(env));
    const storageDir = path.join(path.dirname(workspace.root), `storage-${name}`);
    await editor.open([workspace.root], { initializationOptions: { storageDir, trusted: true, settings } });
    await ready?.(editor);
    unlessReady.move();
    return editor;
  }

  const leading = (name = 'first'): Promise<Editor> =>
    opened(name, {}, async (editor) => {
      await editor.until('it leads', () => editor.log.some((line) => line.includes('This process leads the analysis')));
      await idle(editor);
    });

  const following = (name = 'second', settings: object = {}): Promise<Editor> =>
    opened(name, settings, async (editor) => {
      await editor.until('it follows', () =>
        editor.log.some((line) => line.includes('Another process leads the analysis')),
      );
      await idle(editor);
    });

  /** What follows is often done before a status of its work is sent. */
  const idle = (editor: Editor): Promise<void> =>
    until('the end of the analysis', async () => (await status(editor)).state !== 'analysing');
  const shown = (editor: Editor): string => {
    const all = [...editor.diagnostics].filter(([, list]) => list.length > 0);
    return JSON.stringify(all.sort(([a], [b]) => (a < b ? -1 : 1)));
  };
  const status = (editor: Editor): Promise<StatusParams> =>
    editor.connection.sendRequest<StatusParams>(requests.status, {});
  const change = (file: string, text: string) => writeFile(path.join(workspace.root, file), text);

  async function check(...more: readonly string[]): Promise<CheckReport> {
    const { stdout, stderr } = await startCli(['check', workspace.root, '--format', 'json', ...more], {
      cache: true,
      env,
    }).result;
    assert.notEqual(stdout, '', stderr);
    return JSON.parse(stdout) as CheckReport;
  }

  it('shows the same in all processes and analyses once, whichever process sees a change', async () => {
    await using first = await leading();
    await using second = await following();
    assert.equal(shown(second), shown(first));
    assert.notEqual(shown(first), '[]');
    assert.deepEqual((await status(second)).workers, []);
    const report = await check();
    assert.deepEqual(report.health, [], 'the terminal started workers');
    const { stdout } = await startCli(['cache', 'info', workspace.root], { cache: true, env }).result;
    assert.match(stdout, /terminal: .*eslint 0 of 2 units \(2 from another process\)/);
    assert.equal(report.issues.length, [...first.diagnostics.values()].flat().length);

    // Each round another of the two sees the change; it was on disk for a while, as it is when watchers report.
    for (const [seenBy, text, rules] of [
      [first, 'export const count = missing;\n', ['TS2304']],
      [second, "export const count: boolean = 'three';\n", ['TS2322']],
      [second, 'export const count = 3;\n', []],
    ] as const) {
      await change('src/types.ts', text);
      await seenBy.watched(workspace.root, { 'src/types.ts': 2 });
      for (const editor of [first, second]) {
        await editor.until(
          `the issues of ${text}`,
          () => JSON.stringify(editor.rules(workspace.root, 'src/types.ts')) === JSON.stringify(rules),
        );
      }
    }
    await change('src/new.js', 'var fresh = 1;\n');
    await rm(path.join(workspace.root, 'src/loose.js'));
    await second.watched(workspace.root, { 'src/new.js': 1, 'src/loose.js': 3 });
    for (const editor of [first, second]) {
      await editor.until(
        'the new file and the end of the old one',
        () =>
          editor.rules(workspace.root, 'src/new.js').length === 1 &&
          editor.rules(workspace.root, 'src/loose.js').length === 0,
      );
    }
    // The terminal trusts nobody's watchers: nobody has told of this change.
    await change('src/types.ts', 'export const count = unheard;\n');
    const later = await check();
    assert.deepEqual(later.health, []);
    assert.ok(later.issues.some(({ message }) => message.includes('unheard')));
    for (const editor of [first, second]) {
      await editor.until('what the terminal made known', () =>
        editor.rules(workspace.root, 'src/types.ts').includes('TS2304'),
      );
    }
    assert.deepEqual((await status(second)).workers, [], 'the second window started workers');
    assert.equal(shown(second), shown(first));
  });

  it('keeps unsaved text to its own window', async () => {
    await using first = await leading();
    await using second = await following();
    const type = async (editor: Editor, file: string, texts: readonly string[]): Promise<void> => {
      const uri = pathToFileURL(path.join(workspace.root, file)).href;
      for (const [index, text] of texts.entries()) {
        const version = index + 1;
        if (index === 0) {
          const textDocument = { uri, languageId: 'javascript', version, text };
          await editor.connection.sendNotification('textDocument/didOpen', { textDocument });
        } else {
          await editor.connection.sendNotification('textDocument/didChange', {
            textDocument: { uri, version },
            contentChanges: [{ text }],
          });
        }
      }
    };
    const original = 'var loose = 1;\nif (loose == 2) loose = 3;\n';
    await type(second, 'src/loose.js', [original, 'const mine = 1;\n']);
    await second.until('its own text', () => second.rules(workspace.root, 'src/loose.js').length === 0);
    await type(first, 'src/loose.js', [original, `${original}if (loose == 4) loose = 5;\n`]);
    await first.until('its own text', () => first.rules(workspace.root, 'src/loose.js').length === 3);
    assert.deepEqual(second.rules(workspace.root, 'src/loose.js'), []);
    const { issues } = await check('--detectors', 'eslint');
    assert.deepEqual(issues.map(({ rule }) => rule).sort(), ['eqeqeq', 'no-var'], 'the terminal checks what is saved');
    await second.connection.sendNotification('textDocument/didClose', {
      textDocument: { uri: pathToFileURL(path.join(workspace.root, 'src/loose.js')).href },
    });
    await second.until('the disk again', () => second.rules(workspace.root, 'src/loose.js').length === 2);
  });

  it('continues with the second when the first is killed', async () => {
    await using first = await leading();
    await using second = await following();
    await using third = await following('third');
    const before = shown(first);
    second.log.length = 0;
    third.log.length = 0;
    first.server.kill('SIGKILL');
    const killedAt = performance.now();
    const leads = (editor: Editor): boolean =>
      editor.log.some((line) => line.includes('This process leads the analysis'));
    const follows = (editor: Editor): boolean =>
      editor.log.some((line) => line.includes('Another process leads the analysis'));
    await Promise.race([second.until('it leads', () => leads(second)), third.until('it leads', () => leads(third))]);
    const seconds = (performance.now() - killedAt) / 1000;
    const [next, last] = leads(second) ? [second, third] : [third, second];
    await last.until('it follows', () => follows(last));
    assert.equal(shown(second), before);
    await change('src/types.ts', 'export const count = missing;\n');
    await last.watched(workspace.root, { 'src/types.ts': 2 });
    for (const editor of [next, last]) {
      await editor.until('the change', () => editor.rules(workspace.root, 'src/types.ts').includes('TS2304'));
    }
    assert.notDeepEqual((await status(next)).workers, []);
    assert.deepEqual((await status(last)).workers, []);
    console.log(`      takeover after ${seconds.toFixed(2)} s`);
    assert.ok(seconds < 30, `it took ${seconds} s`);
  });

  it('finishes an analysis that the first had begun', async () => {
    await using first = await opened('first');
    await first.until('it leads', () => first.log.some((line) => line.includes('This process leads the analysis')));
    await using second = await opened('second');
    await second.until('it follows', () =>
      second.log.some((line) => line.includes('Another process leads the analysis')),
    );
    first.server.kill('SIGKILL');
    await idle(second);
    assert.deepEqual(second.rules(workspace.root, 'src/types.ts'), ['TS2322']);
    assert.deepEqual(second.rules(workspace.root, 'src/loose.js'), ['eqeqeq', 'no-var']);
  });

  it('shares nothing with a window that has other options', async () => {
    await using first = await leading();
    await using second = await following('second', { circular: { enable: true, rules: { 'import-cycle': 'off' } } });
    const detectors = new Set((await status(second)).workers.map(({ detector }) => detector));
    assert.deepEqual([...detectors], ['graph'], 'only what differs is analysed anew');
    const cycles = (editor: Editor) =>
      [...editor.diagnostics.values()].flat().filter(({ code }) => code === 'import-cycle').length;
    assert.ok(cycles(first) > 0);
    assert.equal(cycles(second), 0);
    assert.deepEqual(second.rules(workspace.root, 'src/types.ts'), ['TS2322']);
    await using third = await opened('third', { shareAnalysis: false });
    await idle(third);
    assert.equal(shown(third), shown(first));
    assert.ok(!third.log.some((line) => /leads the analysis/.test(line)));
    assert.ok((await status(third)).workers.length > 1);
  });

  it('leaves no socket behind', async () => {
    await using first = await leading();
    await first.shutdown();
    const { readdir } = await import('node:fs/promises');
    const left = (await readdir(os.tmpdir())).filter((name) => name.startsWith(`iw-${first.server.pid}-`));
    assert.deepEqual(left, []);
  });
});
