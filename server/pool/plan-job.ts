/** A plan as a job: tried twice, or eight times if its worker is only ever killed by other processes. Lives as long as the job. */
import type { PlanRequest } from '../../workers/protocol/detector-protocol.ts';
import type { Clock } from '../clock.ts';
import type { Death } from './exit-reason.ts';
import type { Dispatcher, Job, JobEnd, Pulse } from './job.ts';
import { DetectorFailure, RequestCancelled, type PlanAnswer, type WorkerLink } from './link.ts';
import type { Partition } from './partitions.ts';
import { PlanFailure } from './plan-failure.ts';
import type { ExitReason } from './types.ts';

const MAX_DEATHS = 2;
/** The weight of a kill by another process, which says little about the plan. */
const EXTERNAL_DEATH = 0.25;

/** Code of the workspace that loads for so long may never end. */
const SLOW_MS = 10_000;

/** Told while a plan is being made that code of the workspace is still loading. */
export interface SlowListener {
  readonly clock: Clock;
  readonly onSlow: (file: string, ms: number) => void;
}

export class PlanJob implements Job {
  readonly detector: string;
  readonly title: string;
  readonly partition: Partition;
  readonly rank = 0;
  readonly activity = 'loading';
  readonly alone = false;
  readonly revision = undefined;
  readonly signal: AbortSignal;
  readonly answer: Promise<PlanAnswer>;
  readonly #request: PlanRequest;
  readonly #dispatcher: Dispatcher;
  readonly #settle: { readonly resolve: (answer: PlanAnswer) => void; readonly reject: (error: Error) => void };
  #deaths = 0;
  #endedExternally = false;
  #input: string | undefined;
  readonly #slow: SlowListener | undefined;

  constructor(
    request: PlanRequest,
    title: string,
    partition: Partition,
    signal: AbortSignal,
    dispatcher: Dispatcher,
    slow?: SlowListener,
  ) {
    this.#slow = slow;
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

  /** It failed, and it was another process that killed its worker last. */
  get endedExternally(): boolean {
    return this.#endedExternally;
  }

  /** The file whose code runs, if the detector announces it. */
  get input(): string | undefined {
    return this.#input;
  }

  async perform(link: WorkerLink, pulse: Pulse): Promise<JobEnd> {
    this.#input = undefined;
    let forgetSlow = (): void => {};
    const onLoading = (file: string): void => {
      pulse.beat();
      this.#input = file;
      forgetSlow();
      forgetSlow = this.#slow?.clock.after(SLOW_MS, () => this.#slow?.onSlow(file, SLOW_MS), true) ?? forgetSlow;
    };
    try {
      this.#finish(await link.plan(this.#request, onLoading, this.signal));
    } catch (error) {
      // The caller got its answer when it cancelled.
      if (error instanceof RequestCancelled) return 'unseen';
      if (!(error instanceof DetectorFailure)) throw error;
      this.#finish(new PlanFailure(error.message, undefined, { cause: error }));
      return 'broken';
    } finally {
      forgetSlow();
    }
    return 'seen';
  }

  died({ reason, external }: Death): void {
    // A restart of our own says nothing about the plan.
    if (reason.kind !== 'cancelled') this.#deaths += external ? EXTERNAL_DEATH : 1;
    if (this.signal.aborted) this.#cancelled();
    else if (this.#deaths < MAX_DEATHS) this.#dispatcher.enqueue(this);
    else {
      this.#endedExternally = external;
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
