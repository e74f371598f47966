/** Who works next, and who makes room for it. Pure: looks at berths and compartments, changes nothing. */
import type { Berth } from './berths.ts';
import type { Compartment } from './compartment.ts';
import type { Work } from './work.ts';

/** A kind of compartment keeps its processes at least this long against kinds that have none. */
const TENURE_MS = 5_000;

/** The most urgent; among equals the kind with the least at work, then the one served longest ago. */
export function mostUrgent(waiting: ReadonlySet<Berth>, live: readonly Compartment[]): Berth {
  const atWork = (kind: string): number =>
    live.filter(({ place, busy, starting }) => place.compartment === kind && (busy || starting)).length;
  const scored = [...waiting].map((berth) => {
    const { name, lastServed } = berth.kind;
    return { berth, score: [berth.queue.head?.rank ?? 0, atWork(name), lastServed] };
  });
  const [first, ...others] = scored;
  if (first === undefined) throw new Error('nothing is waiting');
  return others.reduce((best, other) => (isBefore(other.score, best.score) ? other : best), first).berth;
}

/** An idle compartment that gives way: unneeded ones first, then those that have had their time. */
export function dispensable(
  berth: Berth,
  work: Work,
  live: readonly Compartment[],
  berthOf: (compartment: Compartment) => Berth,
): Compartment | undefined {
  const hasNone = !berth.compartments.some((compartment) => compartment.live);
  const reluctance = (compartment: Compartment): number => {
    const theirs = berthOf(compartment);
    const { head } = theirs.queue;
    // Its own berth has no use for it as it is: the head must be alone.
    if (theirs === berth) return 0;
    const warm = !Number.isFinite(compartment.place.limits.idleMs);
    if (head === undefined || head.rank > work.rank) return warm ? 2 : 1;
    const crowded = theirs.compartments.filter((other) => other.live).length > 1;
    if (hasNone && (crowded || compartment.uptimeMs >= TENURE_MS)) return 3;
    return Number.POSITIVE_INFINITY;
  };
  return live
    .filter(({ free }) => free)
    .map((compartment) => ({ compartment, rank: reluctance(compartment) }))
    .filter(({ rank }) => Number.isFinite(rank))
    .sort((a, b) => a.rank - b.rank || a.compartment.idleSince - b.compartment.idleSince)[0]?.compartment;
}

function isBefore(a: readonly number[], b: readonly number[]): boolean {
  const at = a.findIndex((value, index) => value !== b[index]);
  return at >= 0 && (a[at] ?? 0) < (b[at] ?? 0);
}
