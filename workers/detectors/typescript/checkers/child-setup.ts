/**
 * What runs in the process of another tool before the tool itself: it makes the tool read unsaved texts, and ends it
 * when this process ends, even if its main thread never comes to rest.
 */

/** The argument to Node that puts it there. A `data:` URL, so that no bundler loses a file. */
export function setupArgument(): string {
  return `--import=data:text/javascript,${encodeURIComponent(`(${setup.toString()})()`)}`;
}

/** What its stdin must begin with; the pipe stays open as long as the process may live. */
export function setupInput(unsaved: ReadonlyMap<string, string>): string {
  return `${JSON.stringify([...unsaved])}\n`;
}

/** Sent as source text, so it uses nothing from around it. */
function setup(): void {
  const fs = process.getBuiltinModule('node:fs');
  const path = process.getBuiltinModule('node:path');
  const { isMainThread, Worker } = process.getBuiltinModule('node:worker_threads');
  if (!isMainThread) return;
  // The tool's own processes and threads inherit Node's arguments.
  process.execArgv = process.execArgv.filter((argument) => !argument.startsWith('--import=data:'));

  const chunks: Buffer[] = [];
  for (const chunk = Buffer.alloc(65_536); ;) {
    const size = fs.readSync(0, chunk);
    if (size === 0) process.exit(1);
    chunks.push(Buffer.from(chunk.subarray(0, size)));
    if (chunk[size - 1] === 10) break;
  }
  // eslint-disable-next-line no-restricted-properties -- our own text, in a process without our modules
  const unsaved = new Map(JSON.parse(Buffer.concat(chunks).toString('utf8')) as [string, string][]);

  const { readFileSync } = fs;
  const read = (file: unknown, options?: unknown): string | Buffer => {
    const text = typeof file === 'string' ? unsaved.get(path.resolve(file)) : undefined;
    if (text === undefined) return readFileSync(file as string, options as BufferEncoding);
    return options === undefined || options === null ? Buffer.from(text) : text;
  };
  fs.readFileSync = read as typeof fs.readFileSync;
  process.getBuiltinModule('node:module').syncBuiltinESMExports();

  const guard = `
    const pipe = new (process.getBuiltinModule('node:net').Socket)({ fd: 0, readable: true, writable: false });
    pipe.on('error', () => {}).on('close', () => process.kill(process.pid, 'SIGKILL')).resume();
  `;
  new Worker(guard, { eval: true, execArgv: [], env: {} }).unref();
}
