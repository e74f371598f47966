/**
 * Looks every 30 s at the server's own process: whether its loop stood still, how much memory it has, and whether a request has
 * outlived its limit. The tool `status` tells the last result. Lives as long as the server.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { systemClock, type Clock } from '../clock.ts';
import { REQUEST_TIMEOUT_MS, type Requests } from './requests.ts';

export const CHECK_MS = 30_000;
/** A loop that stands still longer is told. */
const LONGEST_STALL_MS = 2_000;
/** Of this process alone, without its workers. */
const MOST_BYTES = 1.5 * 2 ** 30;

/** The process, as the last look found it. */
export interface ProcessHealth {
  readonly uptimeS: number;
  readonly memoryMb: number;
  /** The longest that the loop stood still since the look before. */
  readonly stallMs: number;
  readonly answered: number;
  readonly timedOut: number;
  /** Of this server. */
  readonly crashes: number;
}

export interface ProcessSources {
  readonly requests: Pick<Requests, 'active' | 'counts'>;
  readonly crashes: () => number;
  /** Resident memory. */
  readonly bytes: () => number;
  /** The longest stall since the last call, milliseconds. */
  readonly stall: () => number;
}

export class HealthChecks {
  readonly #sources: ProcessSources;
  readonly #onTrouble: (message: string) => void;
  readonly #clock: Clock;
  readonly #started: number;
  #last: ProcessHealth;
  #cancel: () => void;

  constructor(sources: ProcessSources, onTrouble: (message: string) => void, clock = systemClock) {
    this.#sources = sources;
    this.#onTrouble = onTrouble;
    this.#clock = clock;
    this.#started = clock.now();
    this.#last = this.#look();
    this.#cancel = this.#schedule();
  }

  /** Counts are as of now. */
  get current(): ProcessHealth {
    return { ...this.#last, ...this.#counts() };
  }

  dispose(): void {
    this.#cancel();
  }

  #schedule(): () => void {
    return this.#clock.after(CHECK_MS, () => this.#check(), true);
  }

  #check(): void {
    this.#last = this.#look();
    const { stallMs, memoryMb } = this.#last;
    // Plain figures would make each message a new one.
    if (stallMs > LONGEST_STALL_MS) this.#onTrouble('The MCP server stood still for more than 2 s: the machine may be overloaded.'); // prettier-ignore
    if (memoryMb > MOST_BYTES / 2 ** 20) this.#onTrouble('The MCP server itself uses more than 1.5 GB of memory.');
    const overdue = this.#sources.requests.active.find(
      ({ since }) => this.#clock.now() - since > 2 * REQUEST_TIMEOUT_MS,
    );
    if (overdue) this.#onTrouble(`A request of ${overdue.tool} has outlived its limit.`);
    this.#cancel = this.#schedule();
  }

  #look(): ProcessHealth {
    const { bytes, stall } = this.#sources;
    return { memoryMb: Math.round(bytes() / 2 ** 20), stallMs: Math.round(stall()), ...this.#counts() };
  }

  #counts(): Pick<ProcessHealth, 'uptimeS' | 'answered' | 'timedOut' | 'crashes'> {
    const { requests, crashes } = this.#sources;
    return { uptimeS: Math.round((this.#clock.now() - this.#started) / 1000), ...requests.counts, crashes: crashes() };
  }
}

/** Of this process. */
export function loopStall(): () => number {
  const delay = monitorEventLoopDelay({ resolution: 20 });
  delay.enable();
  return () => {
    const longest = delay.max / 1e6;
    delay.reset();
    return longest;
  };
}
