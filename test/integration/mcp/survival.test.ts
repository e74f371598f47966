/** The MCP server amid cancelled requests, kills and stops. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, realpath, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import type { CrashReport } from '../../../server/mcp/crash-reports.ts';
import { makeWorkspace, type TestWorkspace } from '../../support/workspace.ts';
import { mcpCommand, startMcp, type McpAnswer, type RunningMcp } from './client.ts';

describe('MCP server that is stopped', () => {
  let workspace: TestWorkspace;
  let cache: string;
  const disposables = new AsyncDisposableStack();

  before(async () => {
    cache = await realpath(await mkdtemp(path.join(os.tmpdir(), 'bulkhead-mcp-')));
    disposables.defer(() => rm(cache, { recursive: true, force: true, maxRetries: 5 }));
    const files = Array.from({ length: 30 }, (_, index): [string, string] => [
      `src/${index}.js`,
      `import './${(index + 1) % 30}.js';\n`,
    ]);
    workspace = disposables.use(
      await makeWorkspace({ 'package.json': '{ "type": "module" }\n', ...Object.fromEntries(files) }),
    );
  });

  after(() => disposables.disposeAsync());

  const start = (): Promise<RunningMcp> => startMcp(workspace.root, cache, '--detectors', 'circular');

  async function settled(server: RunningMcp): Promise<McpAnswer> {
    for (;;) {
      const answer = await server.ask('problems', { wait: 20, by: 'issue' });
      if (answer.data['state'] === 'complete') return answer;
    }
  }

  const checking = { texts: [{ file: 'src/0.js', text: 'let a;\n' }], wait: 25 };

  async function reports(): Promise<readonly CrashReport[]> {
    const dir = path.join(cache, process.platform === 'darwin' ? 'Library/Caches/bulkhead' : process.platform === 'win32' ? 'bulkhead/Cache' : 'bulkhead', 'crashes'); // prettier-ignore
    const names = await readdir(dir);
    return Promise.all(names.filter((name) => name.startsWith('crash-')).map(async (name) => JSON.parse(await readFile(path.join(dir, name), 'utf8')) as CrashReport)); // prettier-ignore
  }

  it('loses nothing when it is killed amid requests, and the next one reports that', async () => {
    let server = await start();
    const { data } = await settled(server);
    const { issues } = data['untrusted'] as { readonly issues: readonly unknown[] };
    assert.equal(issues.length, 1);
    for (let round = 0; round < 3; round += 1) {
      for (let index = 0; index < 5; index += 1) server.client.callTool({ name: 'check', arguments: checking }).catch(() => {}); // prettier-ignore
      // The server has them: it answers in order.
      await server.ask('status');
      server.child.kill('SIGKILL');
      await server.exit();
      server = await start();
      const after = await settled(server);
      assert.deepEqual((after.data['untrusted'] as { readonly issues: readonly unknown[] }).issues, issues);
      assert.equal(after.data['content'], data['content']);
    }
    const { text: health } = await server.ask('status', { maxTokens: 2000 });
    assert.match(health, /A server ended without notice earlier: \S+crash-/);
    const found = await reports();
    assert.equal(found.length, 3);
    for (const { cause, active, versions } of found) {
      assert.equal(cause.kind, 'ended without notice');
      assert.ok(versions.node === process.version && active.every(({ tool }) => tool === 'check' || tool === 'status'));
    }
    assert.ok(found.some(({ active }) => active.length > 0));
    assert.doesNotMatch(JSON.stringify(found), /let a/);
    await server[Symbol.asyncDispose]();
  });

  it('does not count a clean stop as a crash', async () => {
    const before = (await reports()).length;
    const signals = process.platform === 'win32' ? [] : (['SIGTERM', 'SIGINT', 'SIGHUP'] as const);
    for (const signal of [undefined, ...signals]) {
      const server = await start();
      await server.ask('status');
      if (signal === undefined) server.child.stdin.end();
      else server.child.kill(signal);
      await server.exit();
    }
    const last = await start();
    assert.doesNotMatch((await server(last)).text, /without notice/);
    await last[Symbol.asyncDispose]();
    assert.equal((await reports()).length, before);
  });

  const server = (running: RunningMcp): Promise<McpAnswer> => running.ask('status', { maxTokens: 2000 });

  it('answers what was sent before its input ended', async () => {
    const { command, args, env } = mcpCommand(workspace.root, cache, '--detectors', 'circular');
    const child = spawn(command, args, { env, stdio: ['pipe', 'pipe', 'inherit'] });
    const message = (id: number, method: string, params: object): string => `${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`; // prettier-ignore
    const who = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 't', version: '1' } };
    const ids = [2, 3, 4, 5, 6];
    child.stdin.end(message(1, 'initialize', who) + ids.map((id) => message(id, 'tools/call', { name: 'status', arguments: {} })).join('')); // prettier-ignore
    const [output] = await Promise.all([text(child.stdout), once(child, 'exit')]);
    const answers = output.trim().split('\n').map((line) => JSON.parse(line) as { readonly id: number; readonly result: { readonly isError?: boolean } }); // prettier-ignore
    assert.deepEqual(answers.map(({ id }) => id).sort(), [1, ...ids]); // prettier-ignore
  });

  it('forgets a request that its client cancels', async () => {
    const running = await start();
    await workspace.write({ 'src/0.js': "import './1.js';\n// changed\n" });
    const cancel = new AbortController();
    const asked = running.client.callTool({ name: 'check', arguments: checking }, { signal: cancel.signal });
    await running.ask('status');
    cancel.abort();
    await assert.rejects(asked);
    const health = await server(running);
    assert.equal(health.data['requests'], 1);
    const { uptimeS, memoryMb, crashes } = health.data['process'] as Readonly<Record<string, number>>;
    assert.ok(uptimeS !== undefined && memoryMb !== undefined && memoryMb > 20);
    assert.equal(crashes, 0);
    await running[Symbol.asyncDispose]();
  });
});
