/**
 * The process of the MCP server, for one client on standard input and output. Errors do not end it; the end of the input, of
 * the client's process, or a signal does. What is being answered then gets an error that says so.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { serveStdio, StdioServerTransport } from '@modelcontextprotocol/server/stdio';
import { Folder } from '../folder/folder.ts';
import type { FolderOptions } from '../folder/options.ts';
import { WatchError } from '../folder/watcher.ts';
import { forgetEditor } from '../environment.ts';
import { isAlive } from '../processes.ts';
import { printable } from '../printable.ts';
import { Lines } from './lines.ts';
import { Requests } from './requests.ts';
import { mcpServer } from './server.ts';
import { Session } from './session.ts';

/** Between two looks whether the client's process is still there: it may leave the input open to others. */
const PARENT_MS = 2_000;
/** For the last answers, and for the end of all child processes. */
const FLUSH_MS = 50;
const END_MS = 5_000;
const signals = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

/** @param root absolute path, without symbolic links @returns the exit code, when the client has gone */
export async function serve(root: string, options: Pick<FolderOptions, 'settings' | 'poolSettings'>): Promise<number> {
  forgetEditor();
  const ended = Promise.withResolvers<number>();
  watchProcess(ended.resolve);
  const requests = new Requests();
  const opening = open(root, options, (message) => session.noteTrouble(message));
  const session: Session = new Session(root, opening);
  const input = new Lines(() => log('A message was too long, and was dropped.'));
  // The transport would end with its input, and answer nothing any more.
  process.stdin.pipe(input, { end: false });
  for (const event of ['end', 'close', 'error']) process.stdin.once(event, () => ended.resolve(0));
  process.stdout.on('error', () => ended.resolve(0));
  const transport = new StdioServerTransport(input, process.stdout);
  const handle = serveStdio(() => mcpServer(session, requests, log), { transport, onerror: () => {} });
  opening.catch((error: unknown) => {
    log(error);
    session.noteTrouble(`The folder cannot be opened: ${error instanceof Error ? error.message : String(error)}`);
  });
  const code = await ended.promise;
  setTimeout(() => process.exit(code), END_MS).unref();
  requests.stop();
  await sleep(FLUSH_MS);
  await handle.close();
  const folder = await opening.catch(() => undefined);
  await folder?.dispose();
  // Nothing else is to be done, whoever holds the input.
  process.exit(code);
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

function watchProcess(end: (code: number) => void): void {
  for (const [signal, code] of Object.entries(signals)) {
    let isEnding = false;
    process.on(signal, () => {
      if (isEnding) process.exit(code);
      isEnding = true;
      end(code);
    });
  }
  process.on('uncaughtException', log);
  process.on('unhandledRejection', log);
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent || !isAlive(parent)) end(0);
  }, PARENT_MS).unref();
}

function log(error: unknown): void {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`bulkhead mcp: ${printable(text)}\n`);
}
