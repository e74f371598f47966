/**
 * The relay: the first program of ours in a container. It starts the worker beside it and carries everything between the
 * host and the worker's pipes over the two that an engine has, stdin and stdout. It is the guard of the container as well:
 * when its stdin ends, because the host has ended in whatever way, it ends, and the container with it, even if the worker
 * loops forever or is stopped.
 *
 * It is sent to the container as source text, so it uses nothing from around it, and its functions are methods, because
 * bundlers that keep names would wrap others in a helper that is not there.
 *
 * A frame is its kind (a character), the length of its bytes (four bytes, big-endian) and these.
 */

import type { Socket } from 'node:net';

/** Host to relay. */
export const START = 'S';
/** For the worker's line. */
export const TO_LINE = 'I';
export const LINE_END = 'E';
export const LIFELINE = 'L';
export const TERMINATE = 'T';
export const KILL = 'K';
export const DATA = 'D';
export const DATA_END = 'd';

/** Relay to host. */
export const HELLO = 'H';
export const STARTED = 'P';
/** Of the worker's line. */
export const LINE = 'O';
/** What the worker prints on stdout. */
export const PRINTED = 'W';
export const REPORT = 'R';
export const MEMORY = 'M';
export const TAKEN = 'A';
export const ENDED = 'X';

/** What {@link START} carries, as JSON. */
export interface RelayStart {
  /** For the Node that runs the relay. */
  readonly args: readonly string[];
  /** Added to the environment of the image; null removes. */
  readonly env: Readonly<Record<string, string | null>>;
  /** Data follows for a pipe of the worker's. */
  readonly hasData: boolean;
  /** The limit that the container was given, in bytes: by it the relay knows that the control group is the container's. */
  readonly memory: number;
}

/** What {@link ENDED} carries, as JSON. */
export interface RelayEnd {
  readonly code: number | null;
  readonly signal: string | null;
  /** The kernel ended something here because memory ran out. */
  readonly memoryRanOut: boolean;
}

/** What {@link STARTED} carries, as JSON. */
export interface RelayStarted {
  readonly pid?: number | undefined;
  /** The worker could not be started. */
  readonly failed?: string | undefined;
}

/** For Node's option `-e`. */
export function relaySource(): string {
  return `(${relay.toString()})()`;
}

function relay(): void {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major < 22 || (major === 22 && minor < 13)) {
    process.stderr.write(`Node ${process.versions.node} of the image is too old for a worker.\n`);
    process.exitCode = 1;
    return;
  }
  const fs = process.getBuiltinModule('node:fs');
  const net = process.getBuiltinModule('node:net');
  const { spawn } = process.getBuiltinModule('node:child_process');
  const input = new net.Socket({ fd: 0, readable: true, writable: false });
  const output = new net.Socket({ fd: 1, readable: false, writable: true });
  const own = {
    rest: Buffer.alloc(0) as Buffer,
    child: undefined as ReturnType<typeof spawn> | undefined,
    limit: 0,
    killsBefore: 0,

    send(kind: string, bytes: Buffer | string): boolean {
      const body = typeof bytes === 'string' ? Buffer.from(bytes) : bytes;
      const head = Buffer.alloc(5);
      head.write(kind, 0, 'latin1');
      head.writeUInt32BE(body.length, 1);
      output.write(head);
      return output.write(body);
    },

    receive(chunk: Buffer): void {
      own.rest = own.rest.length === 0 ? chunk : Buffer.concat([own.rest, chunk]);
      let at = 0;
      while (own.rest.length - at >= 5) {
        const end = at + 5 + own.rest.readUInt32BE(at + 1);
        if (own.rest.length < end) break;
        own.obey(own.rest.toString('latin1', at, at + 1), own.rest.subarray(at + 5, end));
        at = end;
      }
      own.rest = own.rest.subarray(at);
    },

    obey(kind: string, bytes: Buffer): void {
      const pipes = (own.child?.stdio ?? []) as readonly (NodeJS.WritableStream | null | undefined)[];
      if (kind === 'S') own.start(JSON.parse(bytes.toString()) as RelayStart);
      if (kind === 'I') {
        const { length } = bytes;
        const took = (): void => {
          const count = Buffer.alloc(4);
          count.writeUInt32BE(length, 0);
          own.send('A', count);
        };
        // A worker that is gone reads no more.
        const line = own.line();
        if (line?.writable === true) line.write(bytes, took);
        else took();
      }
      if (kind === 'E') own.line()?.end();
      if (kind === 'L') pipes[3]?.write(bytes);
      if (kind === 'D') pipes[5]?.write(bytes);
      if (kind === 'd') pipes[5]?.end();
      if (kind === 'T') own.child?.kill('SIGTERM');
      // With this one the first process of the container ends, and with that the container.
      if (kind === 'K') process.exit(137);
    },

    line(): Socket | undefined {
      return (own.child?.stdio as readonly unknown[] | undefined)?.[6] as Socket | undefined;
    },

    start(start: RelayStart): void {
      const env: NodeJS.ProcessEnv = {};
      // An engine may add its user's proxies, with passwords.
      for (const [name, value] of Object.entries(process.env)) if (!/_proxy$/i.test(name)) env[name] = value;
      for (const [name, value] of Object.entries(start.env)) {
        if (value === null) delete env[name];
        else env[name] = value;
      }
      own.limit = start.memory;
      own.killsBefore = own.kills();
      const child = spawn(process.execPath, [...start.args], {
        env,
        stdio: ['ignore', 'pipe', 'inherit', 'pipe', 'pipe', start.hasData ? 'pipe' : 'ignore', 'pipe'],
      });
      own.child = child;
      child.once('error', (error) => {
        if (child.pid !== undefined) return;
        own.send('P', JSON.stringify({ failed: error.message }));
        own.end(1);
      });
      if (child.pid === undefined) return;
      own.send('P', JSON.stringify({ pid: child.pid }));
      for (const stream of child.stdio) stream?.on('error', () => undefined);
      const { stdout } = child;
      const line = own.line();
      line?.on('data', (chunk: Buffer) => {
        if (!own.send('O', chunk)) line.pause();
      });
      stdout?.on('data', (chunk: Buffer) => {
        if (!own.send('W', chunk)) stdout.pause();
      });
      output.on('drain', () => {
        line?.resume();
        stdout?.resume();
      });
      (child.stdio[4] as NodeJS.ReadableStream).on('data', (chunk: Buffer) => {
        const used = own.used();
        if (used !== undefined) own.send('M', String(used));
        own.send('R', chunk);
      });
      const closed = new Promise<void>((resolve) => void child.once('close', () => resolve()));
      child.once('exit', (code, signal) => {
        // What it started may hold its pipes.
        const late = new Promise<void>((resolve) => void setTimeout(resolve, 500));
        void Promise.race([closed, late]).then(() => {
          own.send('X', JSON.stringify({ code, signal, memoryRanOut: own.kills() > own.killsBefore }));
          own.end(0);
        });
      });
    },

    end(code: number): void {
      output.end(() => process.exit(code));
    },

    read(file: string): string {
      try {
        return fs.readFileSync(`/sys/fs/cgroup/${file}`, 'utf8');
      } catch {
        return '';
      }
    },

    /** How often the kernel ended something in this control group. */
    kills(): number {
      const text = own.read('memory.events') || own.read('memory/memory.oom_control');
      return Number(/^oom_kill (\d+)$/m.exec(text)?.[1] ?? 0);
    },

    /** Bytes that the container uses, files on a disk aside. */
    used(): number | undefined {
      const limit = Number(
        own.read('memory.max').trim() || own.read('memory/memory.limit_in_bytes').trim() || Number.NaN,
      );
      // Rounded to pages. Another limit is that of a group that is not this container's.
      if (!(Math.abs(limit - own.limit) < 1 << 16)) return undefined;
      const text = own.read('memory.stat') || own.read('memory/memory.stat');
      const found = (name: string): number => Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1] ?? 0);
      return found('anon') + found('rss') + found('shmem');
    },
  };

  input.on('data', own.receive);
  for (const event of ['end', 'close', 'error']) input.on(event, () => process.exit(0));
  output.on('error', () => process.exit(0));
  process.on('SIGTERM', () => {
    if (own.child === undefined) process.exit(143);
    own.child.kill('SIGTERM');
  });
  own.send('H', process.versions.node);
}
