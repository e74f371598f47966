/** A task for piscina and tinypool: echo, or a stream over a port that comes with the task. */
import type { MessagePort } from 'node:worker_threads';
import { sampleIssue } from '../issue.ts';

export default function task(command: { echo?: unknown; singles?: number; port?: MessagePort }): unknown {
  const { echo, singles = 0, port } = command;
  for (let n = 0; n < singles; n += 1) port?.postMessage(sampleIssue(n));
  if (singles > 0) port?.postMessage({ done: true });
  return echo;
}
