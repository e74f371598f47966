/** The built MCP server as a process, and the official client, which may send anything. */
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { Client, type JSONRPCMessage, type Transport } from '@modelcontextprotocol/client';
import { ensureFreshBuild } from '../../../scripts/fresh-build.mjs';
import { repository } from '../../support/workspace.ts';

/** A server over HTTP, until it is disposed of. */
export interface McpOverHttp extends AsyncDisposable {
  readonly child: ChildProcessByStdio<null, Readable, Readable>;
  readonly url: URL;
  readonly stderr: () => string;
  exit(): Promise<number | null>;
}

export interface McpAnswer {
  readonly text: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly isError: boolean;
}

export interface RunningMcp extends AsyncDisposable {
  readonly child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly client: Client;
  readonly stderr: () => string;
  ask(tool: string, question?: Readonly<Record<string, unknown>>): Promise<McpAnswer>;
  exit(): Promise<number | null>;
}

class ChildTransport implements Transport {
  onclose?: () => void;
  onerror?: (error: Error) => void;
  onmessage?: (message: JSONRPCMessage) => void;
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;

  constructor(child: ChildProcessByStdio<Writable, Readable, Readable>) {
    this.#child = child;
  }

  start(): Promise<void> {
    this.#child.stdin.on('error', () => {});
    createInterface(this.#child.stdout).on('line', (line) => this.onmessage?.(JSON.parse(line) as JSONRPCMessage));
    this.#child.once('exit', () => this.onclose?.());
    return Promise.resolve();
  }

  send(message: JSONRPCMessage): Promise<void> {
    this.#child.stdin.write(`${JSON.stringify(message)}\n`);
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.#child.stdin.end();
    return Promise.resolve();
  }
}

/** @param cache folder for stored results */
export function mcpCommand(root: string, cache: string, ...argv: readonly string[]) {
  ensureFreshBuild();
  const env = { ...process.env, XDG_CACHE_HOME: cache, LOCALAPPDATA: cache, HOME: cache };
  return { command: process.execPath, args: [path.join(repository, 'dist', 'cli.mjs'), 'mcp', root, ...argv], env };
}

export async function startMcpOverHttp(root: string, cache: string, ...argv: readonly string[]): Promise<McpOverHttp> {
  const { command, args, env } = mcpCommand(root, cache, '--http', '0', ...argv);
  const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const exited = once(child, 'exit') as Promise<[number | null]>;
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  const exit = async (): Promise<number | null> => (await exited)[0];
  return {
    child,
    url: new URL(line),
    stderr: () => stderr,
    exit,
    [Symbol.asyncDispose]: async () => {
      child.kill();
      await exit();
    },
  };
}

/** @param cache folder for stored results */
export async function startMcp(root: string, cache: string, ...argv: readonly string[]): Promise<RunningMcp> {
  const { command, args, env } = mcpCommand(root, cache, ...argv);
  const child = spawn(command, args, { env, stdio: ['pipe', 'pipe', 'pipe'] });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const exited = once(child, 'exit') as Promise<[number | null]>;
  const client = new Client({ name: 'test', version: '1' });
  await client.connect(new ChildTransport(child));
  const exit = async (): Promise<number | null> => (await exited)[0];
  return {
    child,
    client,
    stderr: () => stderr,
    ask: async (name, question = {}) => {
      const { content, structuredContent, isError } = await client.callTool({ name, arguments: { ...question } });
      const [first] = content;
      const data = (structuredContent ?? {}) as McpAnswer['data'];
      return { text: first?.type === 'text' ? first.text : '', data, isError: isError === true };
    },
    exit,
    [Symbol.asyncDispose]: async () => {
      child.stdin.end();
      await exit();
    },
  };
}
