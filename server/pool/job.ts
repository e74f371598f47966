/** What a worker is given to do. A job lives from being queued until it is answered, dropped or dies. */
import type { Partition } from './partitions.ts';
import type { Death } from './exit-reason.ts';
import type { WorkerLink, PlanAnswer } from './link.ts';
import { DetectorFailure, RequestCancelled } from './link.ts';
import { PlanFailure } from './plan-failure.ts';
import type { PlanRequest } from '../../workers/protocol/detector-protocol.ts';
import type { ExitReason } from './types.ts';

/** How a running work shows that it lives. */
export interface Pulse {
  beat(): void;
  /** Until the returned function is called the worker waits for us, not we for it. */
  hold(): () => void;
}

/**
 * How a job ended whose worker lives. `seen`: the detector knows of the changes; `unseen`: it may not, so they
 * are to be told again; `broken`: it threw, and nobody knows in what state that left the process.
 */
export type JobEnd = 'seen' | 'unseen' | 'broken';

export interface Job {
  readonly detector: string;
  /** The detector's name for a person. */
  readonly title: string;
  readonly partition: Partition;
  /** Lower runs first: 0 for plans, then open, recent and background. */
  readonly rank: number;
  /** Must run in a process that has done nothing yet. */
  readonly alone: boolean;
  /** Milliseconds without a sign of life that end the worker. */
  readonly timeoutMs: number;
  /** Aborted when nobody wants the answer any more. */
  readonly signal: AbortSignal;
  /** What is in work now, relative to the root. */
  readonly input: string | undefined;
  /** What happens with the input, for messages. */
  readonly activity: 'checking' | 'loading';
  /**
   * Runs on a link and settles its task with the answer.
   * @param told files changed since this worker last looked; undefined: anything may have
   * @throws LinkLost when the worker died; `died` follows
   */
  perform(link: WorkerLink, pulse: Pulse, told: readonly string[] | undefined): Promise<JobEnd>;
  /** The worker died under it: queue again what is left, or give up. */
  died(death: Death): void;
  /** It will not run: settle with this reason. */
  refuse(message: string, reason: ExitReason | undefined): void;
}

/** The pool's side towards a job. */
export interface Dispatcher {
  enqueue(job: Job): void;
  /** Takes a queued work back; nothing happens to a running one. */
  withdraw(job: Job): void;
}

const PLAN_DEATHS = 2;
/** Somebody else's kill says little about the plan. */
const EXTERNAL_DEATH = 0.25;

/** A plan: tried twice, or eight times where only others end its worker. */
export class PlanJob implements Job {
  readonly detector: string;
  readonly title: string;
  readonly partition: Partition;
  readonly rank = 0;
  readonly activity = 'loading';
  readonly alone = false;
  readonly signal: AbortSignal;
  readonly answer: Promise<PlanAnswer>;
  readonly #request: PlanRequest;
  readonly #dispatcher: Dispatcher;
  readonly #settle: { readonly resolve: (answer: PlanAnswer) => void; readonly reject: (error: Error) => void };
  #deaths = 0;
  #endedFromOutside = false;
  #input: string | undefined;

  constructor(request: PlanRequest, title: string, partition: Partition, signal: AbortSignal, dispatcher: Dispatcher) {
    this.detector = request.detector;
    this.title = title;
    this.partition = partition;
    this.signal = signal;
    this.#request = request;
    this.#dispatcher = dispatcher;
    const { promise, resolve, reject } = Promise.withResolvers<PlanAnswer>();
    this.answer = promise;
    this.#settle = { resolve, reject };
    if (signal.aborted) this.#cancelled();
    else signal.addEventListener('abort', this.#cancelled, { once: true });
  }

  get timeoutMs(): number {
    return this.partition.limits.planMs;
  }

  /** It failed, and the last that happened to its worker was somebody else's doing. */
  get endedFromOutside(): boolean {
    return this.#endedFromOutside;
  }

  /** The file whose code runs, if the detector tells. */
  get input(): string | undefined {
    return this.#input;
  }

  async perform(link: WorkerLink, pulse: Pulse): Promise<JobEnd> {
    this.#input = undefined;
    const onLoading = (file: string): void => {
      pulse.beat();
      this.#input = file;
    };
    try {
      this.#finish(await link.plan(this.#request, onLoading, this.signal));
    } catch (error) {
      // The caller was told when it cancelled.
      if (error instanceof RequestCancelled) return 'unseen';
      if (!(error instanceof DetectorFailure)) throw error;
      this.#finish(new PlanFailure(error.message, undefined, { cause: error }));
      return 'broken';
    }
    return 'seen';
  }

  died({ reason, external }: Death): void {
    // Our own restart says nothing at all.
    if (reason.kind !== 'cancelled') this.#deaths += external ? EXTERNAL_DEATH : 1;
    if (this.signal.aborted) this.#cancelled();
    else if (this.#deaths < PLAN_DEATHS) this.#dispatcher.enqueue(this);
    else {
      this.#endedFromOutside = external;
      this.#finish(
        new PlanFailure(external ? `${reason.message} Bulkhead tries again later.` : reason.message, reason),
      );
    }
  }

  refuse(message: string, reason: ExitReason | undefined): void {
    this.#finish(new PlanFailure(message, reason));
  }

  readonly #cancelled = (): void => {
    this.#dispatcher.withdraw(this);
    const reason: ExitReason = { kind: 'cancelled', message: 'The plan was cancelled.', stderr: [] };
    this.#finish(new PlanFailure(reason.message, reason));
  };

  #finish(answer: PlanAnswer | PlanFailure): void {
    this.signal.removeEventListener('abort', this.#cancelled);
    if (answer instanceof PlanFailure) this.#settle.reject(answer);
    else this.#settle.resolve(answer);
  }
}
