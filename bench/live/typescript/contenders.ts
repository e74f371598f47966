/** What the detector is compared with: watching compilers and language servers, each driven in its own way. */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  createMessageConnection,
  StreamMessageReader,
  StreamMessageWriter,
  type MessageConnection,
} from 'vscode-jsonrpc/node';

/** Milliseconds from an edit. */
export interface Times {
  /** To the answer about the edited file. */
  readonly own?: number;
  /** To the answer about everything. */
  readonly all?: number;
}

export interface Contender {
  readonly name: string;
  /** Milliseconds from nothing to an answer about everything it answers about. */
  start(): Promise<number>;
  /** @param text what the file is from now on; it is on disk already */
  edit(file: string, text: string): Promise<Times>;
  stop(): Promise<void>;
}

/** `tsc --watch`. */
export function watching(name: string, program: string, first: readonly string[], config: string): Contender {
  let child: ChildProcessWithoutNullStreams | undefined;
  let onEnd: (() => void) | undefined;
  const next = (): Promise<void> => new Promise((resolve) => (onEnd = resolve));
  return {
    name,
    start: async () => {
      const started = performance.now();
      const args = [...first, '-p', config, '--noEmit', '--watch', '--preserveWatchOutput', '--pretty', 'false'];
      child = spawn(program, args, { cwd: path.dirname(config) });
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        if (/Found \d+ errors?\. Watching/.test(text)) onEnd?.();
      });
      await next();
      return performance.now() - started;
    },
    edit: async () => {
      const started = performance.now();
      await next();
      return { all: performance.now() - started };
    },
    stop: () => ended(child),
  };
}

interface ServerEvent {
  readonly type: string;
  readonly event?: string;
  readonly body?: { readonly file?: string; readonly request_seq?: number };
}

/** tsserver: `geterr` of the open file, then `geterrForProject`, as an editor that wants everything would ask. */
export function tsserver(name: string, script: string, open: () => { file: string; text: string }): Contender {
  let child: ChildProcessWithoutNullStreams | undefined;
  let sequence = 0;
  let buffer = '';
  let listener: (event: ServerEvent) => void = () => {};
  let opened = '';
  const send = (command: string, args: unknown): number => {
    sequence += 1;
    child?.stdin.write(`${JSON.stringify({ seq: sequence, type: 'request', command, arguments: args })}\n`);
    return sequence;
  };
  const done = (request: number, file?: string): Promise<number | undefined> => {
    const started = performance.now();
    let own: number | undefined;
    return new Promise((resolve) => {
      listener = ({ event, body }) => {
        if (event === 'semanticDiag' && body?.file === file) own ??= performance.now() - started;
        if (event === 'requestCompleted' && body?.request_seq === request) resolve(own);
      };
    });
  };
  const checkAll = async (file: string): Promise<Times> => {
    const started = performance.now();
    const request = send('geterr', { files: [file], delay: 0 });
    const own = await done(request, file);
    const all = send('geterrForProject', { file, delay: 0 });
    await done(all);
    return { ...(own === undefined ? {} : { own }), all: performance.now() - started };
  };
  return {
    name,
    start: async () => {
      const started = performance.now();
      child = spawn(process.execPath, ['--max-old-space-size=6144', script, '--disableAutomaticTypingAcquisition']);
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        buffer += text;
        const lines = buffer.split('\n');
        buffer = lines.pop() ?? '';
        for (const line of lines) if (line.startsWith('{')) listener(JSON.parse(line) as ServerEvent);
      });
      const { file, text } = open();
      opened = text;
      send('open', { file, fileContent: text });
      await checkAll(file);
      return performance.now() - started;
    },
    edit: (file, text) => {
      const lines = opened.split('\n');
      const end = { endLine: lines.length, endOffset: (lines.at(-1)?.length ?? 0) + 1 };
      send('change', { file, line: 1, offset: 1, ...end, insertString: text });
      opened = text;
      return checkAll(file);
    },
    stop: () => ended(child),
  };
}

/** The language server of TypeScript 7: it answers about the open file only. */
export function nativeServer(
  name: string,
  executable: string,
  root: string,
  open: () => { file: string; text: string },
): Contender {
  let child: ChildProcessWithoutNullStreams | undefined;
  let connection: MessageConnection | undefined;
  let version = 1;
  const pull = async (file: string): Promise<number> => {
    const started = performance.now();
    await connection?.sendRequest('textDocument/diagnostic', { textDocument: { uri: pathToFileURL(file).href } });
    return performance.now() - started;
  };
  return {
    name,
    start: async () => {
      const started = performance.now();
      child = spawn(executable, ['--lsp', '--stdio'], { cwd: root });
      connection = createMessageConnection(new StreamMessageReader(child.stdout), new StreamMessageWriter(child.stdin));
      connection.onRequest((method, parameters) => {
        const { items = [] } = parameters as { readonly items?: readonly unknown[] };
        return method === 'workspace/configuration' ? items.map(() => null) : null;
      });
      connection.listen();
      const rootUri = pathToFileURL(root).href;
      const capabilities = { textDocument: { diagnostic: {}, synchronization: {} } };
      await connection.sendRequest('initialize', { processId: process.pid, rootUri, capabilities });
      await connection.sendNotification('initialized', {});
      const { file, text } = open();
      const textDocument = { uri: pathToFileURL(file).href, languageId: 'typescript', version, text };
      await connection.sendNotification('textDocument/didOpen', { textDocument });
      await pull(file);
      return performance.now() - started;
    },
    edit: async (file, text) => {
      version += 1;
      const textDocument = { uri: pathToFileURL(file).href, version };
      const started = performance.now();
      await connection?.sendNotification('textDocument/didChange', { textDocument, contentChanges: [{ text }] });
      await pull(file);
      return { own: performance.now() - started };
    },
    stop: async () => {
      connection?.dispose();
      await ended(child);
    },
  };
}

async function ended(child: ChildProcessWithoutNullStreams | undefined): Promise<void> {
  if (!child || child.exitCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
}
