/**
 * MCP over HTTP (Streamable HTTP, both protocol eras) for programs of this machine: it listens on the loopback interface only.
 * A page in a browser can reach that too, under a name of its own (DNS rebinding), so that the `Host` and `Origin` of each
 * request must be this machine. Lives as long as the server; each request is one exchange, and no session is kept.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { AddressInfo } from 'node:net';
import {
  createMcpHandler,
  hostHeaderValidationResponse,
  localhostAllowedHostnames,
  localhostAllowedOrigins,
  originValidationResponse,
  type McpServer,
} from '@modelcontextprotocol/server';

const ADDRESS = '127.0.0.1';
const PATH = '/mcp';
/** Bytes. Unsaved texts are sent with a question. */
const LONGEST = 8 << 20;

/** Those of the protocol. Others would be no request of the platform's. */
const methods = ['POST', 'GET', 'DELETE'];

/** The server cannot listen; the message says why, and what to do. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
}

export interface HttpEndpoint {
  readonly url: string;
  /** Answers nothing any more. What is being sent is cut off. */
  close(): Promise<void>;
}

/** @param port 0: any that is free @throws ListenError */
export async function listen(
  port: number,
  connected: () => McpServer,
  onError: (error: unknown) => void,
): Promise<HttpEndpoint> {
  // What a client does wrong is answered, and is no error of ours.
  const handler = createMcpHandler(connected, { maxRequestBodySize: LONGEST });
  const server = createServer((request, response) => {
    exchange(request, response, (asked) => handler.fetch(asked)).catch((error: unknown) => {
      // The client has gone.
      if (response.destroyed) return;
      onError(error);
      response.destroy();
    });
  });
  await listening(server, port);
  const { port: actual } = server.address() as AddressInfo;
  return {
    url: `http://${ADDRESS}:${actual}${PATH}`,
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      await handler.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function exchange(
  request: IncomingMessage,
  response: ServerResponse,
  answer: (request: Request) => Promise<Response>,
): Promise<void> {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  const headers = Object.entries(request.headersDistinct).flatMap(([name, values = []]) =>
    values.map((value): [string, string] => [name, value]),
  );
  const url = URL.parse(request.url ?? '/', `http://${ADDRESS}`);
  const asked =
    url && methods.includes(request.method ?? '')
      ? new Request(url, {
          method: request.method ?? '',
          headers,
          signal: gone.signal,
          ...(request.method === 'POST' ? { body: Readable.toWeb(request), duplex: 'half' as const } : {}),
        })
      : undefined;
  const { status, headers: sent, body } = asked ? (refusal(asked) ?? (await answer(asked))) : new Response(null, { status: 400 }); // prettier-ignore
  response.writeHead(status, Object.fromEntries(sent));
  if (body === null) response.end();
  else await pipeline(Readable.fromWeb(body), response);
}

function refusal(request: Request): Response | undefined {
  const foreign =
    hostHeaderValidationResponse(request, localhostAllowedHostnames()) ??
    originValidationResponse(request, localhostAllowedOrigins());
  if (foreign) return foreign;
  const isHere = new URL(request.url).pathname === PATH;
  return isHere ? undefined : new Response(`Not found. The MCP server is at ${PATH}.\n`, { status: 404 });
}

async function listening(server: Server, port: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen({ host: ADDRESS, port, exclusive: true }, resolve);
  try {
    await promise;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    const message = error instanceof Error ? error.message : String(error);
    const why =
      code === 'EADDRINUSE'
        ? `Port ${port} is taken by another program.`
        : code === 'EACCES'
          ? `Port ${port} is reserved by the system.`
          : `Port ${port} cannot be opened: ${message}`;
    throw new ListenError(`${why} Name another with --http PORT, or use --http 0 for any that is free.`, {
      cause: error,
    });
  }
}
