/** Which hosts sandboxed workers reached or wished to reach, for people. Lives as long as its pool. */
import type { NetworkAttempt } from '../../workers/ipc/index.ts';
import type { NetworkAccess, NetworkHealth } from '../../workers/protocol/health.ts';
import { printableLine } from '../printable.ts';

/** Code inside may think up any number of hosts. */
const MOST = 50;

export class NetworkLog {
  readonly #entries = new Map<string, NetworkAccess>();
  readonly #log: (level: 'info' | 'warn', message: string) => void;
  readonly #now: () => number;
  #unlisted = 0;

  /** @param log gets one line for each host and outcome of a worker, not for each time */
  constructor(log: (level: 'info' | 'warn', message: string) => void, now: () => number) {
    this.#log = log;
    this.#now = now;
  }

  add(worker: string, { host, port, outcome, reason }: NetworkAttempt): void {
    const key = JSON.stringify([worker, host, port, outcome]);
    const known = this.#entries.get(key);
    if (known === undefined && this.#count(outcome) >= MOST) {
      this.#unlisted += 1;
      if (this.#unlisted === 1) this.#log('warn', 'Further hosts that workers wish to reach are counted, not listed.');
      return;
    }
    const entry: NetworkAccess = {
      worker,
      // It may be anything that code inside wrote.
      host: printableLine(host),
      port,
      outcome,
      ...(reason === undefined ? {} : { reason }),
      count: (known?.count ?? 0) + 1,
      last: this.#now(),
    };
    this.#entries.set(key, entry);
    if (known === undefined) this.#log(outcome === 'allowed' ? 'info' : 'warn', textOf(entry));
  }

  /** Undefined: nobody wished to reach anything. */
  health(): NetworkHealth | undefined {
    if (this.#entries.size === 0) return undefined;
    return { hosts: [...this.#entries.values()], unlisted: this.#unlisted };
  }

  /** What is allowed is never crowded out by what is refused. */
  #count(outcome: NetworkAccess['outcome']): number {
    return [...this.#entries.values()].filter((entry) => (entry.outcome === 'refused') === (outcome === 'refused'))
      .length;
  }
}

/** One line for a person. */
function textOf({ worker, host, port, outcome, reason }: NetworkAccess): string {
  const what = { allowed: 'reached', refused: 'was refused', failed: 'could not reach' }[outcome];
  return `${worker} ${what} ${host}:${port}${reason === undefined ? '' : `: ${reason}`}`;
}
