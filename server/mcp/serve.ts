/**
 * The process of the MCP server, for one client on standard input and output, or for several over HTTP. Errors do not end it;
 * a signal does, and so does the end of the one client's input or process. What is being answered then has a moment to end, and
 * else gets an error that says so.
 */
import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import type { McpServer } from '@modelcontextprotocol/server';
import { serveStdio, StdioServerTransport } from '@modelcontextprotocol/server/stdio';
import { systemClock } from '../clock.ts';
import { Folder } from '../folder/folder.ts';
import type { FolderOptions } from '../folder/options.ts';
import { WatchError } from '../folder/watcher.ts';
import { forgetEditor } from '../environment.ts';
import { isAlive } from '../processes.ts';
import { crashReportsDir } from '../store/location.ts';
import { printable } from '../printable.ts';
import { CrashReports } from './crash-reports.ts';
import { listen } from './http.ts';
import { Lines } from './lines.ts';
import { HealthChecks, loopStall } from './health.ts';
import { REQUEST_TIMEOUT_MS, Requests } from './requests.ts';
import { mcpServer } from './server.ts';
import { Session } from './session.ts';

/** Between two looks whether the client's process is still there: it may leave the input open to others. */
const PARENT_MS = 2_000;
/** For answers that are near. The official client kills a server 2 s after it closed its input. */
const GRACE_MS = 1_200;
/** For the last answers, and for the end of all child processes. */
const FLUSH_MS = 50;
const END_MS = 5_000;
const signals = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

/** Why it ends. */
interface End {
  readonly code: number;
  /** Nobody reads the answers any more. */
  readonly isUnheard?: boolean;
}

/** How clients are connected. */
interface Connection {
  /** Resolves when what was sent before is being answered. */
  taken?(): Promise<void>;
  close(): Promise<void>;
}

/**
 * @param root absolute path, without symbolic links
 * @param httpPort absent: standard input and output
 * @returns the exit code, when the client has gone
 * @throws ListenError
 */
export async function serve(
  root: string,
  options: Pick<FolderOptions, 'settings' | 'poolSettings'>,
  httpPort?: number,
): Promise<number> {
  forgetEditor();
  const ended = Promise.withResolvers<End>();
  const crashes = new CrashReports(crashReportsDir(), { isAlive });
  watchSignals(ended.resolve, crashes);
  const requests = new Requests(REQUEST_TIMEOUT_MS, systemClock, () => {
    const now = systemClock.now();
    crashes.answering(requests.active.map(({ tool, since }) => ({ tool, ms: now - since })));
  });
  const opened = Promise.withResolvers<Folder>();
  const opening = opened.promise;
  const session = new Session(root, opening);
  const health = new HealthChecks(
    { requests, crashes: () => crashes.count, bytes: () => process.memoryUsage.rss(), stall: loopStall() },
    (message) => session.noteTrouble(message),
  );
  session.process = () => health.current;
  const connected = (): McpServer => mcpServer(session, requests, log);
  const connection =
    httpPort === undefined ? overStandardStreams(connected, ended.resolve) : await overHttp(httpPort, connected);
  for (const file of crashes.begin()) session.noteTrouble(`A server ended without notice earlier: ${file}`);
  opened.resolve(open(root, options, (message) => session.noteTrouble(message)));
  opening.catch((error: unknown) => {
    log(error);
    session.noteTrouble(`The folder cannot be opened: ${error instanceof Error ? error.message : String(error)}`);
  });
  const { code, isUnheard = false } = await ended.promise;
  setTimeout(() => process.exit(code), END_MS).unref();
  health.dispose();
  await connection.taken?.();
  await requests.finish(isUnheard ? 0 : GRACE_MS);
  await sleep(FLUSH_MS);
  await connection.close();
  const folder = await opening.catch(() => undefined);
  await folder?.dispose();
  // Nothing else is to be done, whoever holds the input.
  process.exit(code);
}

function overStandardStreams(connected: () => McpServer, end: (why: End) => void): Connection {
  const input = new Lines(() => log('A message was too long, and was dropped.'));
  // The transport would end with its input, and answer nothing any more.
  process.stdin.pipe(input, { end: false });
  for (const event of ['end', 'close', 'error']) process.stdin.once(event, () => end({ code: 0 }));
  process.stdout.on('error', () => end({ code: 0, isUnheard: true }));
  watchParent(end);
  const transport = new StdioServerTransport(input, process.stdout);
  const handle = serveStdio(connected, { transport, onerror: () => {} });
  return {
    taken: async () => {
      do await setImmediate();
      while (input.readableLength + input.writableLength > 0);
    },
    close: () => handle.close(),
  };
}

async function overHttp(port: number, connected: () => McpServer): Promise<Connection> {
  const endpoint = await listen(port, connected, log);
  process.stdout.on('error', () => {});
  process.stdout.write(`${endpoint.url}\n`);
  return endpoint;
}

async function open(
  root: string,
  options: Pick<FolderOptions, 'settings' | 'poolSettings'>,
  onTrouble: (message: string) => void,
): Promise<Folder> {
  const listen = (opened: Folder): void => {
    opened.on('trouble', onTrouble);
    opened.on('log', (level, message) => {
      if (level === 'warn') onTrouble(message);
    });
  };
  const always = { ...options, live: true, storage: 'user-cache', frontEnd: 'terminal' } as const;
  const folder = await Folder.open(root, { ...always, watch: true }, listen).catch((error: unknown) => {
    if (!(error instanceof WatchError)) throw error;
    // Each answer looks at the disk itself.
    onTrouble(error.message);
    return Folder.open(root, always, listen);
  });
  await folder.analyze();
  return folder;
}

function watchSignals(end: (why: End) => void, crashes: CrashReports): void {
  for (const [signal, code] of Object.entries(signals)) {
    let isEnding = false;
    process.on(signal, () => {
      if (isEnding) process.exit(code);
      isEnding = true;
      end({ code });
    });
  }
  for (const [event, kind] of [['uncaughtException', 'uncaught exception'], ['unhandledRejection', 'unhandled rejection']] as const) {
    process.on(event, (error: unknown) => {
      log(error);
      const file = crashes.fault(kind, error);
      if (file !== undefined) log(`Report: ${file}`);
    });
  } // prettier-ignore
  process.on('exit', () => crashes.end());
}

function watchParent(end: (why: End) => void): void {
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent || !isAlive(parent)) end({ code: 0, isUnheard: true });
  }, PARENT_MS).unref();
}

function log(error: unknown): void {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`bulkhead mcp: ${printable(text)}\n`);
}
