/** Who works next, and who makes room for it. Pure: looks at worker sets and workers, changes nothing. */
import type { WorkerSet } from './worker-groups.ts';
import type { SupervisedWorker } from './supervised-worker.ts';
import type { Job } from './job.ts';

/** A worker group keeps its processes at least this long against groups that have none. */
const TENURE_MS = 5_000;

/** The most urgent; among equals the group with the least at work, then the one served longest ago. */
export function mostUrgent(waiting: ReadonlySet<WorkerSet>, live: readonly SupervisedWorker[]): WorkerSet {
  const atWork = (group: string): number =>
    live.filter(({ partition, busy, starting }) => partition.group === group && (busy || starting)).length;
  const scored = [...waiting].map((set) => {
    const { name, lastServed } = set.group;
    return { set, score: [set.queue.head?.rank ?? 0, atWork(name), lastServed] };
  });
  const [first, ...others] = scored;
  if (first === undefined) throw new Error('nothing is waiting');
  return others.reduce((best, other) => (isBefore(other.score, best.score) ? other : best), first).set;
}

/** An idle worker that gives way: unneeded ones first, then those that have had their time. */
export function dispensable(
  set: WorkerSet,
  job: Job,
  live: readonly SupervisedWorker[],
  setOf: (worker: SupervisedWorker) => WorkerSet,
): SupervisedWorker | undefined {
  const hasNone = !set.workers.some((worker) => worker.live);
  const reluctance = (worker: SupervisedWorker): number => {
    const theirs = setOf(worker);
    const { head } = theirs.queue;
    // Its own set has no use for it as it is: the head must be alone.
    if (theirs === set) return 0;
    if (head === undefined || head.rank > job.rank) return keptWarm(worker) ? 2 : 1;
    const crowded = theirs.workers.filter((other) => other.live).length > 1;
    if (hasNone && (crowded || worker.uptimeMs >= TENURE_MS)) return 3;
    return Number.POSITIVE_INFINITY;
  };
  return live
    .filter(({ free }) => free)
    .map((worker) => ({ worker, rank: reluctance(worker) }))
    .filter(({ rank }) => Number.isFinite(rank))
    .sort((a, b) => a.rank - b.rank || a.worker.idleSince - b.worker.idleSince)[0]?.worker;
}

/** Free workers, the least needed first: those without waiting jobs, those that are not worth keeping warm, the oldest. */
export function freeByNeed(
  workers: readonly SupervisedWorker[],
  setOf: (worker: SupervisedWorker) => WorkerSet,
): readonly SupervisedWorker[] {
  const need = (worker: SupervisedWorker): readonly number[] => [
    setOf(worker).queue.length > 0 ? 1 : 0,
    keptWarm(worker) ? 1 : 0,
    worker.idleSince,
  ];
  return workers.filter(({ free }) => free).toSorted((a, b) => (isBefore(need(a), need(b)) ? -1 : 1));
}

function keptWarm(worker: SupervisedWorker): boolean {
  return !Number.isFinite(worker.partition.limits.idleMs);
}

function isBefore(a: readonly number[], b: readonly number[]): boolean {
  const at = a.findIndex((value, index) => value !== b[index]);
  return at >= 0 && (a[at] ?? 0) < (b[at] ?? 0);
}
