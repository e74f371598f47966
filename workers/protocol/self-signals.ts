/**
 * A signal that code in a worker sends to its own process looks, from outside, like one that somebody else sent.
 * So it is said on stderr before it is sent: only deaths without that mark are nobody's fault. Lives with the process.
 */
import { writeSync } from 'node:fs';

/** How a line of stderr begins that announces such a signal. */
export const selfSignalMark = 'bulkhead: signal to this own process';

/** From now on `process.kill` announces what it sends to this process or its group. */
export function markSelfSignals(target: Pick<NodeJS.Process, 'kill' | 'pid'> = process): void {
  const kill = target.kill.bind(target);
  target.kill = (pid, signal) => {
    if ((pid === target.pid || pid === 0 || pid === -target.pid) && signal !== 0) {
      // At once, to the descriptor: a stream's write would not leave a process that is gone.
      writeSync(2, `${selfSignalMark}: ${signal ?? 'SIGTERM'}\n`);
    }
    return kill(pid, signal);
  };
}
