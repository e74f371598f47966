/** What a worker is given to do. A job lives from being queued until it is answered, withdrawn, refused, or its worker dies. */
import type { Revision } from '../journal.ts';
import type { Death } from './exit-reason.ts';
import type { WorkerLink } from './link.ts';
import type { Partition } from './partitions.ts';
import type { ExitReason } from './types.ts';

/** How a running job reports progress to its worker's watchdog. */
export interface Pulse {
  /** There was progress. */
  beat(): void;
  /** Until the returned function is called the worker waits for us, not we for it. */
  hold(): () => void;
}

/**
 * How a job ended whose worker is alive. `seen`: the detector knows what changed; `unseen`: it may not, so it is told
 * again; `broken`: it threw, and nobody knows in what state that left the process.
 */
export type JobEnd = 'seen' | 'unseen' | 'broken';

export interface Job {
  readonly detector: string;
  /** The detector's name for a person. */
  readonly title: string;
  readonly partition: Partition;
  /** Lower runs first: 0 for plans, then open, recent and background. */
  readonly rank: number;
  /** Must run in a process that has not done anything yet. */
  readonly alone: boolean;
  /** Milliseconds without progress after which the worker is ended. */
  readonly timeoutMs: number;
  /** Aborted when nobody wants the answer any more. */
  readonly signal: AbortSignal;
  /** The input in work now, relative to the root. */
  readonly input: string | undefined;
  /** What happens with the input, for messages. */
  readonly activity: 'checking' | 'loading';
  /** A worker that has done the job knows all changes up to this revision; undefined: the job tells it of none. */
  readonly revision: Revision | undefined;
  /**
   * Runs on a link and settles its task with the answer.
   * @param known the worker knows all changes up to this revision; undefined: it knows of none
   * @throws LinkLost when the worker died; `died` follows
   */
  perform(link: WorkerLink, pulse: Pulse, known: Revision | undefined): Promise<JobEnd>;
  /** Its worker died: the job queues again what is left, or gives up. */
  died(death: Death): void;
  /** It will not run: the job settles with this reason. */
  refuse(message: string, reason: ExitReason | undefined): void;
}

/** What jobs need of the pool. */
export interface Dispatcher {
  enqueue(job: Job): void;
  /** Takes back a job that is queued. A running one is not affected. */
  withdraw(job: Job): void;
}
