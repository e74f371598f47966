/**
 * The bare channels: what you would write by hand with a MessagePort, `fork` or a Unix socket with lines of JSON. The command
 * `{ id, echo }` is answered with itself. `{ singles }` and `{ batches }` are answered with that many issues and `{ done }`.
 */
import net from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import { BATCH, sampleIssue } from '../issue.ts';

export interface RawCommand {
  readonly id?: number;
  readonly echo?: unknown;
  readonly singles?: number;
  readonly batches?: number;
}

function answer(command: RawCommand, send: (message: unknown) => unknown): void {
  const { singles = 0, batches = 0 } = command;
  if (command.id !== undefined) send(command);
  for (let n = 0; n < singles; n += 1) send(sampleIssue(n));
  for (let n = 0; n < batches; n += BATCH) send(Array.from({ length: BATCH }, (_, index) => sampleIssue(n + index)));
  if (singles + batches > 0) send({ done: true });
}

if (parentPort !== null) {
  const { port } = workerData as { port?: MessagePort };
  const line = port ?? parentPort;
  line.on('message', (command: RawCommand) => answer(command, (message) => line.postMessage(message)));
  line.postMessage({ ready: true });
} else if (process.send !== undefined) {
  process.on('message', (command: RawCommand) => answer(command, (message) => process.send?.(message)));
  process.send({ ready: true });
} else {
  const socket = net.connect(process.argv[2] ?? '');
  let chunks: string[] = [];
  socket.setEncoding('utf8');
  socket.on('data', (text: string) => {
    const lines = text.split('\n');
    while (lines.length > 1) {
      chunks.push(lines.shift() ?? '');
      const command = JSON.parse(chunks.join('')) as RawCommand;
      chunks = [];
      answer(command, (message) => socket.write(`${JSON.stringify(message)}\n`));
    }
    if (lines[0] !== '') chunks.push(lines[0] ?? '');
  });
  socket.write('{"ready":true}\n');
}
