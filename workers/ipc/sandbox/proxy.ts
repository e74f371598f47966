/**
 * The way out of a sandbox without a network: a proxy of the host, on a Unix socket. It takes `CONNECT` only, so that one
 * kind of request decides where bytes go and what follows is not read; plain HTTP would need a second, stricter parser
 * for what a worker of ill will sends. Lives as long as its worker.
 *
 * Invariant: a connection is made only to an address that was checked, which is looked up once for each request.
 */
import { lookup as systemLookup } from 'node:dns/promises';
import http from 'node:http';
import net from 'node:net';
import type { Duplex } from 'node:stream';
import { DriverError } from '../errors.ts';
import { clearTimeout, setTimeout } from '../timers.ts';
import { allowedHostOf, hostName, isAddress, refusedAddress } from './allow-list.ts';

/** What became of one wish of a sandboxed worker to reach a host. */
export interface NetworkAttempt {
  /** As the worker wrote it, unless that is a name: it may be anything. At most 253 characters. */
  readonly host: string;
  readonly port: number;
  /** `failed`: allowed, but the host could not be reached. */
  readonly outcome: 'allowed' | 'refused' | 'failed';
  /** Why it was refused or failed. */
  readonly reason?: string;
}

/** For tests, which have no names and hosts of their own on the internet. */
export interface ProxyOptions {
  /** All addresses of a name. */
  readonly lookup?: (host: string) => Promise<readonly string[]>;
  /** Why an address may not be reached. */
  readonly refused?: (address: string) => string | undefined;
}

const MOST_CONNECTIONS = 64;
const LONGEST_HEAD = 8 * 1024;
const LONGEST_HOST = 253;
const HEAD_MS = 10_000;
const LOOKUP_MS = 10_000;
const CONNECT_MS = 10_000;
/** Without a byte in either direction. */
const IDLE_MS = 300_000;
/** The same once the other side is gone. */
const LINGER_MS = 10_000;
/** Of one name. */
const MOST_ADDRESSES = 4;

class Refusal extends Error {
  readonly outcome: 'refused' | 'failed';
  constructor(outcome: Refusal['outcome'], message: string) {
    super(message);
    this.outcome = outcome;
  }
}

export class AllowProxy {
  readonly #allowed = new Set<string>();
  readonly #server: http.Server;
  readonly #onAttempt: (attempt: NetworkAttempt) => void;
  readonly #lookup: NonNullable<ProxyOptions['lookup']>;
  readonly #refused: NonNullable<ProxyOptions['refused']>;
  readonly #open = new Set<Duplex>();
  /** One after the other: lookups occupy threads that the host's own work needs. */
  #looking: Promise<unknown> = Promise.resolve();

  /**
   * @param allow as `host:port`
   * @throws DriverError for an entry that is none
   */
  constructor(allow: readonly string[], onAttempt: (attempt: NetworkAttempt) => void, options: ProxyOptions = {}) {
    for (const text of allow) {
      const entry = allowedHostOf(text);
      if (typeof entry === 'string') throw new DriverError(entry);
      this.#allowed.add(`${entry.host}:${entry.port}`);
    }
    this.#onAttempt = onAttempt;
    this.#lookup = options.lookup ?? lookupAll;
    this.#refused = options.refused ?? refusedAddress;
    this.#server = http.createServer({
      maxHeaderSize: LONGEST_HEAD,
      headersTimeout: HEAD_MS,
      requestTimeout: HEAD_MS,
      connectionsCheckingInterval: 1_000,
      keepAlive: false,
    });
    this.#server.maxConnections = MOST_CONNECTIONS;
    this.#server.on('connection', (socket: net.Socket) => this.#hold(socket));
    this.#server.on('clientError', (_error, socket) => socket.destroy());
    this.#server.on('request', (request, response) => {
      const { host, port } = targetOf(URL.parse(request.url ?? '')?.host ?? request.headers.host ?? '');
      const reason = 'only CONNECT is taken, which programs use for https';
      this.#tell({ host, port, outcome: 'refused', reason });
      response.writeHead(405, { Connection: 'close' }).end(`${reason}\n`);
    });
    this.#server.on('connect', (request, socket, head) => void this.#connect(request.url ?? '', socket, head));
  }

  /** Listens there until {@link close}. Does not keep the process alive. */
  listen(socketPath: string, onError: (error: Error) => void): void {
    this.#server.on('error', onError);
    this.#server.listen(socketPath);
    this.#server.unref();
  }

  /** Ends all connections. */
  close(): void {
    this.#server.close();
    for (const socket of this.#open) socket.destroy();
  }

  async #connect(target: string, client: Duplex, head: Buffer): Promise<void> {
    const { host, port } = targetOf(target);
    try {
      const upstream = await this.#reach(host, port, client);
      this.#tell({ host, port, outcome: 'allowed' });
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      if (head.length > 0) upstream.write(head);
      join(client, upstream);
    } catch (error) {
      const { outcome, message } = error instanceof Refusal ? error : new Refusal('failed', String(error));
      this.#tell({ host, port, outcome, reason: message });
      const status = outcome === 'refused' ? '403 Forbidden' : '502 Bad Gateway';
      const text = `${message}\n`;
      const fields = `Content-Type: text/plain; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(text)}\r\nConnection: close`;
      client.end(`HTTP/1.1 ${status}\r\n${fields}\r\n\r\n${text}`, () => client.destroy());
    }
  }

  /** @throws Refusal */
  async #reach(host: string, port: number, client: Duplex): Promise<net.Socket> {
    if (isAddress(host)) throw new Refusal('refused', 'addresses are never reached; name the host');
    if (!this.#allowed.has(`${host}:${port}`)) throw new Refusal('refused', 'it is not on the allow-list');
    const addresses = await this.#resolve(host);
    const refusals = new Set<string>();
    const good = addresses.filter((address) => {
      const refusal = this.#refused(address);
      if (refusal !== undefined) refusals.add(refusal);
      return refusal === undefined;
    });
    if (good.length === 0) throw new Refusal('refused', `its name leads to ${[...refusals].join(' and ')}`);
    let problem = 'no address answered';
    for (const address of good.slice(0, MOST_ADDRESSES)) {
      if (client.destroyed) throw new Refusal('failed', 'whoever asked for it is gone');
      try {
        return await this.#dial(address, port);
      } catch (error) {
        problem = error instanceof Error ? error.message : String(error);
      }
    }
    throw new Refusal('failed', problem);
  }

  async #resolve(host: string): Promise<readonly string[]> {
    const looking = this.#looking.then(() => inTime(this.#lookup(host), LOOKUP_MS));
    this.#looking = looking.catch(() => undefined);
    try {
      const addresses = await looking;
      if (addresses.length > 0) return addresses;
    } catch (error) {
      const code = error instanceof Error ? ((error as NodeJS.ErrnoException).code ?? error.message) : String(error);
      throw new Refusal('failed', `its name was not resolved (${code})`);
    }
    throw new Refusal('failed', 'its name has no address');
  }

  async #dial(address: string, port: number): Promise<net.Socket> {
    const socket = net.connect({ host: address, port });
    this.#hold(socket);
    socket.unref();
    const connected = Promise.withResolvers<void>();
    socket.once('connect', connected.resolve).once('error', connected.reject);
    try {
      await inTime(connected.promise, CONNECT_MS);
      return socket;
    } catch (error) {
      socket.destroy();
      throw error;
    }
  }

  #hold(socket: net.Socket): void {
    this.#open.add(socket);
    socket.unref();
    // Whatever happens to a connection is no fault of the host.
    socket.on('error', () => socket.destroy());
    socket.once('close', () => this.#open.delete(socket));
    socket.setTimeout(IDLE_MS, () => socket.destroy());
  }

  #tell(attempt: NetworkAttempt): void {
    try {
      this.#onAttempt(attempt);
    } catch {
      // A listener of the caller's.
    }
  }
}

/** What it cannot read has no port. */
function targetOf(text: string): { readonly host: string; readonly port: number } {
  const [, name = text, digits = '0'] = /^(.*):(\d{1,5})$/s.exec(text) ?? [];
  return { host: hostName(name) ?? name.slice(0, LONGEST_HOST), port: Number(digits) };
}

function join(one: Duplex, other: Duplex): void {
  for (const [from, to] of [
    [one, other],
    [other, one],
  ] as const) {
    from.pipe(to);
    from.once('close', () => {
      // One that came to its end has left bytes that the other has yet to take.
      if (!from.readableEnded) to.destroy();
      else if (to instanceof net.Socket) to.setTimeout(LINGER_MS).resume();
    });
  }
}

async function lookupAll(host: string): Promise<readonly string[]> {
  return (await systemLookup(host, { all: true })).map(({ address }) => address);
}

async function inTime<Result>(promise: Promise<Result>, ms: number): Promise<Result> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`no answer within ${ms / 1000} s`)), ms);
  timer.unref();
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
