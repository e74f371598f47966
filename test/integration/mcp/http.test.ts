/** The MCP server over HTTP, and over both transports with the official clients of both lines. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { request, type IncomingMessage } from 'node:http';
import { createServer, type AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { Client as FirstClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport as FirstStdio } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport as FirstHttp } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { startCli } from '../../support/cli.ts';
import { makeWorkspace, type TestWorkspace } from '../../support/workspace.ts';
import { mcpCommand, startMcpOverHttp, type McpOverHttp } from './client.ts';

/** What the clients of both lines have in common. */
interface AnyClient {
  listTools(): Promise<{ readonly tools: readonly { readonly name: string }[] }>;
  callTool(question: { name: string; arguments: Record<string, unknown> }): Promise<{ readonly [name: string]: unknown }>;
  close(): Promise<void>;
} // prettier-ignore

const who = { name: 'test', version: '1' };
const call = { jsonrpc: '2.0', id: 1, method: 'tools/call' };

describe('MCP server over HTTP', () => {
  let workspace: TestWorkspace;
  let cache: string;
  let server: McpOverHttp;
  const disposables = new AsyncDisposableStack();

  before(async () => {
    cache = await realpath(await mkdtemp(path.join(os.tmpdir(), 'bulkhead-mcp-')));
    disposables.defer(() => rm(cache, { recursive: true, force: true, maxRetries: 5 }));
    workspace = disposables.use(
      await makeWorkspace({
        'package.json': '{ "name": "w", "private": true, "type": "module" }\n',
        'a.js': "import './b.js';\n",
        'b.js': "import './a.js';\n",
      }),
    );
    server = disposables.use(await startMcpOverHttp(workspace.root, cache, '--detectors', 'circular'));
  });

  after(() => disposables.disposeAsync());

  async function send(
    message: unknown,
    headers: Readonly<Record<string, string>> = {},
    at = server.url,
    method = 'POST',
  ): Promise<{ status: number | undefined; body: string }> {
    const sent = request(at, { method, headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...headers } }); // prettier-ignore
    sent.end(method === 'POST' ? JSON.stringify(message) : undefined);
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    return { status: response.statusCode, body: await text(response) };
  }

  it('answers this machine only: neither other names nor pages of other sites', async () => {
    const list = { jsonrpc: '2.0', id: 1, method: 'tools/list' };
    for (const [headers, status] of [
      [{}, 200],
      [{ host: `localhost:${server.url.port}`, origin: 'http://localhost:3000' }, 200],
      [{ host: 'evil.example' }, 403],
      [{ host: `127.0.0.1.evil.example:${server.url.port}` }, 403],
      [{ origin: 'https://evil.example' }, 403],
      [{ origin: 'null' }, 403],
    ] as const) {
      const answer = await send(list, headers);
      assert.equal(answer.status, status, `${JSON.stringify(headers)} ${answer.body}`);
      assert.equal(answer.body.includes('problems'), status === 200);
    }
    assert.equal((await send(list, {}, new URL('/other', server.url))).status, 404);
    // Bound to the loopback interface: no other address of this machine has it.
    const others = Object.values(os.networkInterfaces()).flatMap((all = []) => all.filter(({ internal, family }) => !internal && family === 'IPv4')); // prettier-ignore
    for (const { address } of others)
      await assert.rejects(send(list, {}, new URL(`http://${address}:${server.url.port}/mcp`)), /ECONNREFUSED/);
  });

  it('goes on after messages that are none', async () => {
    for (const body of [null, 1, [], {}, { jsonrpc: '2.0', id: {} }, { ...call, params: { name: 'problems', arguments: 1 } }])
      assert.notEqual((await send(body)).status, undefined);
    for (const method of ['TRACE', 'PUT', 'GET', 'DELETE'])
      assert.match(String((await send(null, {}, server.url, method)).status), /^4/);
    assert.equal((await send({ ...call, params: { name: 'status', arguments: {} } })).status, 200);
    assert.equal(server.stderr(), '');
  }); // prettier-ignore

  it('says that a port is taken, or is none', async () => {
    const blocker = createServer().listen(0, '127.0.0.1');
    await once(blocker, 'listening');
    const { port } = blocker.address() as AddressInfo;
    const { command: _, args } = mcpCommand(workspace.root, cache, '--http', String(port));
    const taken = await startCli(args.slice(1), { cache: true }).result;
    assert.deepEqual([taken.code, taken.stdout], [2, '']);
    assert.match(taken.stderr, new RegExp(`^bulkhead: Port ${port} is taken by another program\\. .*--http 0`));
    blocker.close();
    const wrong = await startCli(['mcp', workspace.root, '--http', 'x'], { cache: true }).result;
    assert.deepEqual([wrong.code, wrong.stderr], [2, 'bulkhead: --http needs a port from 0 (any that is free) to 65535, not "x".\n']); // prettier-ignore
  });

  async function talks(client: AnyClient): Promise<void> {
    const { tools } = await client.listTools();
    assert.deepEqual(tools.map(({ name }) => name), ['problems', 'check', 'explain', 'fix', 'status']); // prettier-ignore
    const ask = async (name: string, question: Record<string, unknown>): Promise<Record<string, unknown>> => {
      const { content, structuredContent, isError = false } = await client.callTool({ name, arguments: question });
      assert.equal(isError, false, JSON.stringify(content));
      assert.ok(Array.isArray(content) && content.length === 1);
      return structuredContent as Record<string, unknown>;
    };
    for (;;) {
      const { state, untrusted } = await ask('problems', { wait: 20, by: 'issue' });
      if (state === 'running' || state === 'confirming') continue;
      assert.equal(state, 'complete');
      const { issues } = untrusted as { issues: readonly { id: string; rule: string }[] };
      assert.deepEqual(issues.map(({ rule }) => rule), ['circular/import-cycle']); // prettier-ignore
      const explained = await ask('explain', { issue: issues[0]?.id, wait: 20 });
      assert.match(JSON.stringify(explained), /circular/);
      break;
    }
    assert.equal((await ask('check', { files: ['a.js'], wait: 20 }))['state'], 'complete');
    assert.equal((await ask('fix', { files: ['a.js'], wait: 20 }))['applied'], false);
    assert.equal(typeof (await ask('status', {}))['bulkhead'], 'string');
    await client.close();
  }

  for (const [mode, era] of [
    ['legacy', 'legacy'],
    [{ pin: '2026-07-28' }, 'modern'],
  ] as const) {
    it(`talks to the client of the second line, ${era} era`, async () => {
      for (const transport of [
        new StreamableHTTPClientTransport(server.url),
        new StdioClientTransport(mcpCommand(workspace.root, cache, '--detectors', 'circular')),
      ]) {
        const client = new Client(who, { versionNegotiation: { mode } });
        await client.connect(transport);
        assert.equal(client.getProtocolEra(), era);
        await talks(client);
      }
    });
  }

  it('talks to the client of the first line', async () => {
    for (const transport of [
      new FirstHttp(server.url),
      new FirstStdio(mcpCommand(workspace.root, cache, '--detectors', 'circular')),
    ]) {
      const client = new FirstClient(who);
      await client.connect(transport);
      await talks(client);
    }
  });

  it('answers what is open when it stops', async () => {
    if (process.platform === 'win32') return;
    const own = await startMcpOverHttp(workspace.root, cache, '--detectors', 'circular');
    const client = new Client(who);
    await client.connect(new StreamableHTTPClientTransport(own.url));
    own.child.kill('SIGTERM');
    assert.equal(await own.exit(), 143);
    await assert.rejects(client.listTools());
    assert.equal(own.stderr(), '');
  });
});
