/**
 * From outside, a signal that code in a worker sends to its own process looks like one from another process. So the worker
 * announces it on stderr first: without that mark, another process sent the signal, and the input is not to blame.
 */
import { writeSync } from 'node:fs';

/** Beginning of the line on stderr that announces such a signal. */
export const selfSignalMark = 'bulkhead: signal to this own process';

/** From now on `process.kill` announces what it sends to this process or its group. */
export function markSelfSignals(target: Pick<NodeJS.Process, 'kill' | 'pid'> = process): void {
  const kill = target.kill.bind(target);
  target.kill = (pid, signal) => {
    if ((pid === target.pid || pid === 0 || pid === -target.pid) && signal !== 0) {
      // Written synchronously: a stream could lose the line when the process ends.
      writeSync(2, `${selfSignalMark}: ${signal ?? 'SIGTERM'}\n`);
    }
    return kill(pid, signal);
  };
}
