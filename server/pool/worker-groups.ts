/**
 * The workers of a pool: a set for each partition, a group for all partitions that run the same code. Data with the means
 * to find it; lives as long as its fleet.
 */
import type { Random } from '../clock.ts';
import { SupervisedWorker, type WorkerOwner } from './supervised-worker.ts';
import type { Partition } from './partitions.ts';
import { RestartBackoff, CircuitBreaker, Standstill, StartFailures } from './policy.ts';
import type { ExitReason } from './types.ts';
import { JobQueue } from './job-queue.ts';

/** What workers of one group share: they run the same code. */
export interface WorkerGroup {
  readonly name: string;
  /** The same for a person. */
  readonly title: string;
  readonly circuit: CircuitBreaker;
  readonly starts: StartFailures;
  readonly standstill: Standstill;
  /** Given up until a restart is asked for. */
  disabled: ExitReason | undefined;
  /** Why the circuit opened. */
  degraded: ExitReason | undefined;
  lastServed: number;
}

export interface WorkerSet {
  readonly partition: Partition;
  readonly group: WorkerGroup;
  readonly queue: JobQueue;
  readonly workers: SupervisedWorker[];
  readonly backoff: RestartBackoff;
  /** Monotonic milliseconds before which no process is started. */
  retryAt: number;
  /** When a process was lost whose work still waits. */
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

  /** Made when it is first asked for. */
  of(partition: Partition): WorkerSet {
    const found = this.#sets.get(partition.key);
    if (found !== undefined) return found;
    const set: WorkerSet = {
      partition,
      group: this.#groupOf(partition),
      queue: new JobQueue(),
      workers: [],
      backoff: new RestartBackoff(this.#random),
      retryAt: 0,
      lostAt: undefined,
    };
    this.#sets.set(partition.key, set);
    return set;
  }

  /** A slot without a process: one that is there, or a new one with the lowest number that is free. */
  slotIn(set: WorkerSet): SupervisedWorker {
    const resting = set.workers.find((worker) => !worker.live);
    if (resting !== undefined) return resting;
    const { name } = set.group;
    const taken = new Set(this.ofGroup(set.group).flatMap(({ workers }) => workers.map((other) => other.name)));
    let number = 1;
    while (taken.has(`${name}#${number}`)) number += 1;
    const worker = new SupervisedWorker(`${name}#${number}`, set.partition, this.#owner);
    set.workers.push(worker);
    return worker;
  }

  /** Shows all slots of a group that have no process in this state. */
  rest(group: WorkerGroup, state: 'degraded' | 'disabled' | 'stopped'): void {
    for (const { workers } of this.ofGroup(group)) for (const worker of workers) worker.rest(state);
  }

  #groupOf({ group: name, entry }: Partition): WorkerGroup {
    const found = this.#groups.get(name);
    if (found !== undefined) return found;
    const group: WorkerGroup = {
      name,
      title: entry.workerTitle ?? entry.title,
      circuit: new CircuitBreaker(),
      starts: new StartFailures(),
      standstill: new Standstill(),
      disabled: undefined,
      degraded: undefined,
      lastServed: 0,
    };
    this.#groups.set(name, group);
    return group;
  }
}
