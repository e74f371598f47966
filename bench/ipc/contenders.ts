/** Everything that is measured, behind one interface. A running contender lives until `stop`. */
import { fork, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { MessageChannel, Worker } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import { Piscina } from 'piscina';
import Tinypool from 'tinypool';
import workerpool from 'workerpool';
import { createWorker } from '../../workers/ipc/index.ts';
import type { BenchMessages } from './workers/ours.ts';

export interface Running {
  echo(value: unknown): Promise<unknown>;
  /** Resolves when this many issues, sent one at a time, have arrived. */
  singles?(count: number): Promise<void>;
  /** The same in batches of 100. */
  batches?(count: number): Promise<void>;
  /** The process to measure for memory; undefined for a thread. */
  readonly pid: number | undefined;
  stop(): Promise<unknown>;
}

export interface Contender {
  readonly name: string;
  /** Resolves when it can take the first message. */
  start(): Promise<Running>;
}

/** `scripts` returns the path of a bundled worker. */
export function contenders(scripts: (name: string) => string): Record<string, Contender> {
  const raw = scripts('raw');
  return {
    port: { name: 'raw MessagePort', start: () => startPort(raw) },
    socket: { name: 'raw socket, lines of JSON', start: () => startSocket(raw) },
    forkJson: { name: 'fork, json', start: () => startFork(raw, 'json') },
    forkAdvanced: { name: 'fork, advanced', start: () => startFork(raw, 'advanced') },
    oursThread: { name: '**worker-threads driver**', start: () => startOurs(scripts('ours'), 'worker-threads') },
    oursProcess: { name: '**child-process driver**', start: () => startOurs(scripts('ours'), 'child-process') },
    oursStdio: { name: '**stdio driver**', start: () => startOurs(scripts('ours'), 'stdio') },
    piscina: { name: 'piscina 5.3.2', start: () => startPiscina(scripts('pool-task')) },
    tinypool: { name: 'tinypool 2.2.0 (threads)', start: () => startTinypool(scripts('pool-task'), 'worker_threads') },
    tinypoolProcess: {
      name: 'tinypool 2.2.0 (child_process)',
      start: () => startTinypool(scripts('pool-task'), 'child_process'),
    },
    workerpool: {
      name: 'workerpool 10.0.3 (thread)',
      start: () => startWorkerpool(scripts('workerpool-task'), 'thread'),
    },
    workerpoolProcess: {
      name: 'workerpool 10.0.3 (process)',
      start: () => startWorkerpool(scripts('workerpool-task'), 'process'),
    },
  };
}

/** The other end of workers/raw.ts. */
function rawClient(
  send: (message: object) => unknown,
  rest: Pick<Running, 'pid' | 'stop'>,
): Running & { receive(message: unknown): void; ready: Promise<void> } {
  const waiting = new Map<number, (value: unknown) => void>();
  const ready = Promise.withResolvers<void>();
  let lastId = 0;
  let streamDone: (() => void) | undefined;
  const stream = (command: object): Promise<void> =>
    new Promise((resolve) => {
      streamDone = resolve;
      send(command);
    });
  return {
    ...rest,
    ready: ready.promise,
    receive(message) {
      const {
        id,
        echo,
        done,
        ready: isReady,
      } = message as { id?: number; echo?: unknown; done?: boolean; ready?: boolean };
      if (id !== undefined) {
        waiting.get(id)?.(echo);
        waiting.delete(id);
      } else if (done === true) {
        streamDone?.();
      } else if (isReady === true) {
        ready.resolve();
      }
    },
    echo: (value) =>
      new Promise((resolve) => {
        lastId += 1;
        waiting.set(lastId, resolve);
        send({ id: lastId, echo: value });
      }),
    singles: (count) => stream({ singles: count }),
    batches: (count) => stream({ batches: count }),
  };
}

async function startPort(script: string): Promise<Running> {
  const { port1, port2 } = new MessageChannel();
  const worker = new Worker(script, { workerData: { port: port2 }, transferList: [port2] });
  const client = rawClient((message) => port1.postMessage(message), { pid: undefined, stop: () => worker.terminate() });
  port1.on('message', client.receive);
  await client.ready;
  return client;
}

async function startFork(script: string, serialization: 'json' | 'advanced'): Promise<Running> {
  const child = fork(script, { serialization });
  const client = rawClient((message) => child.send(message), { pid: child.pid, stop: () => end(child) });
  child.on('message', client.receive);
  await client.ready;
  return client;
}

async function startSocket(script: string): Promise<Running> {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'bench-'));
  const socketPath = path.join(directory, 's');
  const connected = Promise.withResolvers<net.Socket>();
  const server = net.createServer(connected.resolve);
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  const child = spawn(process.execPath, [script, socketPath], { stdio: ['ignore', 'inherit', 'inherit'] });
  const socket = await connected.promise;
  const client = rawClient((message) => socket.write(`${JSON.stringify(message)}\n`), {
    pid: child.pid,
    stop: async () => {
      server.close();
      await end(child);
      rmSync(directory, { recursive: true, force: true });
    },
  });
  socket.on('error', () => undefined);
  let chunks: string[] = [];
  socket.setEncoding('utf8');
  socket.on('data', (text: string) => {
    const lines = text.split('\n');
    const last = lines.pop() ?? '';
    for (const line of lines) {
      if (chunks.length === 0) {
        client.receive(JSON.parse(line));
        continue;
      }
      chunks.push(line);
      client.receive(JSON.parse(chunks.join('')));
      chunks = [];
    }
    if (last !== '') chunks.push(last);
  });
  await client.ready;
  return client;
}

async function startOurs(script: string, driver: 'child-process' | 'stdio' | 'worker-threads'): Promise<Running> {
  const client = await createWorker<BenchMessages>({ script, driver });
  return {
    pid: client.pid,
    echo: (value) => client.send('echo', value),
    singles: async (count) => {
      let seen = 0;
      await client.send('issues', count, { onEvent: () => void (seen += 1) });
      if (seen !== count) throw new Error(`${seen} of ${count} issues came.`);
    },
    stop: () => client.close(),
  };
}

interface TaskPool {
  run(task: object, options?: { transferList: MessagePort[] }): Promise<unknown>;
  destroy(): Promise<unknown>;
}

/** These pools have no streaming, so a port is passed with the task, as their manuals advise. */
function poolStream(pool: TaskPool): (count: number) => Promise<void> {
  return async (count) => {
    const { port1, port2 } = new MessageChannel();
    const all = new Promise<void>((resolve) => {
      port1.on('message', (message: { done?: boolean }) => {
        if (message.done === true) resolve();
      });
    });
    await Promise.all([all, pool.run({ singles: count, port: port2 }, { transferList: [port2] })]);
    port1.close();
  };
}

async function startPiscina(filename: string): Promise<Running> {
  const pool = new Piscina({ filename, minThreads: 1, maxThreads: 1 });
  const face = pool as unknown as TaskPool;
  await face.run({ echo: 0 });
  return { pid: undefined, echo: (echo) => face.run({ echo }), singles: poolStream(face), stop: () => pool.destroy() };
}

async function startTinypool(filename: string, runtime: 'worker_threads' | 'child_process'): Promise<Running> {
  const pool = new Tinypool({ filename, runtime, minThreads: 1, maxThreads: 1 });
  const face = pool as unknown as TaskPool;
  await face.run({ echo: 0 });
  return {
    pid: undefined,
    echo: (echo) => face.run({ echo }),
    ...(runtime === 'worker_threads' ? { singles: poolStream(face) } : {}),
    stop: () => pool.destroy(),
  };
}

async function startWorkerpool(script: string, workerType: 'thread' | 'process'): Promise<Running> {
  const pool = workerpool.pool(script, { workerType, minWorkers: 1, maxWorkers: 1 });
  await pool.exec('echo', [0]);
  return {
    pid: undefined,
    echo: async (value): Promise<unknown> => (await pool.exec('echo', [value])) as unknown,
    singles: async (count) => {
      await pool.exec('singles', [count], { on: () => undefined });
    },
    stop: async () => pool.terminate(),
  };
}

function end(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.kill('SIGKILL');
  });
}
