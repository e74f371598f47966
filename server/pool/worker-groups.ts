/**
 * The workers of a pool: a set for each partition, a group for all partitions that run the same code. Holds data only. Lives
 * as long as its fleet.
 */
import type { Random } from '../clock.ts';
import { SupervisedWorker, type WorkerOwner } from './supervised-worker.ts';
import type { Partition } from './partitions.ts';
import { CircuitBreaker, RestartBackoff, StallCounter, StartFailures } from './policy.ts';
import type { ExitReason } from './types.ts';
import { Pace } from './pace.ts';
import { JobQueue } from './job-queue.ts';

/** What workers that run the same code have in common. */
export interface WorkerGroup {
  readonly name: string;
  /** The name a person reads. */
  readonly title: string;
  readonly circuit: CircuitBreaker;
  readonly starts: StartFailures;
  readonly stall: StallCounter;
  /** Why it is off until the user restarts it. */
  disabled: ExitReason | undefined;
  /** Why its circuit breaker opened. */
  degraded: ExitReason | undefined;
  lastServed: number;
}

export interface WorkerSet {
  readonly partition: Partition;
  readonly group: WorkerGroup;
  readonly queue: JobQueue;
  readonly workers: SupervisedWorker[];
  readonly backoff: RestartBackoff;
  readonly pace: Pace;
  /** No process starts before this time, monotonic milliseconds. */
  retryAt: number;
  /** When the process was lost whose work still waits. */
  lostAt: number | undefined;
}

export class WorkerGroups {
  readonly #owner: WorkerOwner;
  readonly #random: Random;
  readonly #groups = new Map<string, WorkerGroup>();
  readonly #sets = new Map<string, WorkerSet>();

  constructor(owner: WorkerOwner) {
    this.#owner = owner;
    this.#random = owner.random;
  }

  get sets(): readonly WorkerSet[] {
    return [...this.#sets.values()];
  }

  get groups(): readonly WorkerGroup[] {
    return [...this.#groups.values()];
  }

  get workers(): readonly SupervisedWorker[] {
    return this.sets.flatMap((set) => set.workers);
  }

  get live(): readonly SupervisedWorker[] {
    return this.workers.filter((worker) => worker.live);
  }

  ofGroup(group: WorkerGroup): readonly WorkerSet[] {
    return this.sets.filter((set) => set.group === group);
  }

  /** Created on first use. */
  of(partition: Partition): WorkerSet {
    const found = this.#sets.get(partition.key);
    if (found !== undefined) return found;
    const set: WorkerSet = {
      partition,
      group: this.#groupOf(partition),
      queue: new JobQueue(),
      workers: [],
      backoff: new RestartBackoff(this.#random),
      pace: new Pace(),
      retryAt: 0,
      lostAt: undefined,
    };
    this.#sets.set(partition.key, set);
    return set;
  }

  /** A worker without a process: an existing one, or a new one with the lowest free number. */
  idleWorkerOf(set: WorkerSet): SupervisedWorker {
    const existing = set.workers.find((worker) => !worker.live);
    if (existing !== undefined) return existing;
    const { name } = set.group;
    const taken = new Set(this.ofGroup(set.group).flatMap(({ workers }) => workers.map((other) => other.name)));
    let number = 1;
    while (taken.has(`${name}#${number}`)) number += 1;
    const worker = new SupervisedWorker(`${name}#${number}`, set.partition, this.#owner);
    set.workers.push(worker);
    return worker;
  }

  /** Sets the state that the group's workers without a process show. */
  showState(group: WorkerGroup, state: 'degraded' | 'disabled' | 'stopped'): void {
    for (const { workers } of this.ofGroup(group)) for (const worker of workers) worker.showState(state);
  }

  #groupOf({ group: name, entry }: Partition): WorkerGroup {
    const found = this.#groups.get(name);
    if (found !== undefined) return found;
    const group: WorkerGroup = {
      name,
      title: entry.workerTitle ?? entry.title,
      circuit: new CircuitBreaker(),
      starts: new StartFailures(),
      stall: new StallCounter(),
      disabled: undefined,
      degraded: undefined,
      lastServed: 0,
    };
    this.#groups.set(name, group);
    return group;
  }
}
