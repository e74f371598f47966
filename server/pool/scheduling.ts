/** Which worker set is served next, and which worker makes room for it. Pure. */
import type { WorkerSet } from './worker-groups.ts';
import type { SupervisedWorker } from './supervised-worker.ts';
import type { Job } from './job.ts';

/** A busy worker set keeps its processes at least this long when another set has none. */
const MIN_UPTIME_MS = 5_000;

/** The set with the most urgent job; of equals, the one whose group has the fewest busy workers, then the one served longest ago. */
export function mostUrgent(waiting: ReadonlySet<WorkerSet>, live: readonly SupervisedWorker[]): WorkerSet {
  const busyWorkers = (group: string): number =>
    live.filter(({ partition, busy, starting }) => partition.group === group && (busy || starting)).length;
  const scored = [...waiting].map((set) => {
    const { name, lastServed } = set.group;
    return { set, score: [set.queue.head?.rank ?? 0, busyWorkers(name), lastServed] };
  });
  const [first, ...others] = scored;
  if (first === undefined) throw new Error('nothing is waiting');
  return others.reduce((best, other) => (isBefore(other.score, best.score) ? other : best), first).set;
}

/** An idle worker to end for a job: first one that nobody needs, then one that ran long enough. */
export function workerToEvict(
  set: WorkerSet,
  job: Job,
  live: readonly SupervisedWorker[],
  setOf: (worker: SupervisedWorker) => WorkerSet,
): SupervisedWorker | undefined {
  const hasNone = !set.workers.some((worker) => worker.live);
  const cost = (worker: SupervisedWorker): number => {
    const own = setOf(worker);
    const { head } = own.queue;
    // The job must run alone, so its own set cannot use the worker.
    if (own === set) return 0;
    if (head === undefined || head.rank > job.rank) return keptWarm(worker) ? 2 : 1;
    // It would build its programs anew when its turn comes.
    if (worker.partition.lane === 'heavy') return Number.POSITIVE_INFINITY;
    const hasOthers = own.workers.filter((other) => other.live).length > 1;
    if (hasNone && (hasOthers || worker.uptimeMs >= MIN_UPTIME_MS)) return 3;
    return Number.POSITIVE_INFINITY;
  };
  return live
    .filter(({ free }) => free)
    .map((worker) => ({ worker, cost: cost(worker) }))
    .filter((candidate) => Number.isFinite(candidate.cost))
    .sort((a, b) => a.cost - b.cost || a.worker.idleSince - b.worker.idleSince)[0]?.worker;
}

/** Free workers, the least needed first: without queued jobs, not worth keeping warm, idle the longest. */
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
