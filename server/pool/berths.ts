/**
 * Where compartments live: a berth for each place, a kind for all places that run the same code. Data with the means
 * to find it; lives as long as its fleet.
 */
import { ChangeLog } from './changes.ts';
import type { Random } from './clock.ts';
import { Compartment, type CompartmentOwner } from './compartment.ts';
import type { Place } from './detectors.ts';
import { Backoff, Circuit, Standstill, StartFailures } from './policy.ts';
import type { ExitReason } from './types.ts';
import { WorkQueue } from './work-queue.ts';

/** What compartments of one kind share: they run the same code. */
export interface Kind {
  readonly name: string;
  /** The same for a person. */
  readonly title: string;
  readonly circuit: Circuit;
  readonly starts: StartFailures;
  readonly standstill: Standstill;
  /** Given up until a restart is asked for. */
  disabled: ExitReason | undefined;
  /** Why the circuit opened. */
  degraded: ExitReason | undefined;
  lastServed: number;
}

export interface Berth {
  readonly place: Place;
  readonly kind: Kind;
  readonly queue: WorkQueue;
  readonly compartments: Compartment[];
  readonly changes: ChangeLog;
  readonly backoff: Backoff;
  /** Monotonic milliseconds before which no process is started. */
  retryAt: number;
  /** When a process was lost whose work still waits. */
  lostAt: number | undefined;
}

export class Berths {
  readonly #owner: CompartmentOwner;
  readonly #random: Random;
  readonly #kinds = new Map<string, Kind>();
  readonly #berths = new Map<string, Berth>();

  constructor(owner: CompartmentOwner) {
    this.#owner = owner;
    this.#random = owner.random;
  }

  get all(): readonly Berth[] {
    return [...this.#berths.values()];
  }

  get kinds(): readonly Kind[] {
    return [...this.#kinds.values()];
  }

  get compartments(): readonly Compartment[] {
    return this.all.flatMap((berth) => berth.compartments);
  }

  get live(): readonly Compartment[] {
    return this.compartments.filter((compartment) => compartment.live);
  }

  ofKind(kind: Kind): readonly Berth[] {
    return this.all.filter((berth) => berth.kind === kind);
  }

  /** Made when it is first asked for. */
  of(place: Place): Berth {
    const found = this.#berths.get(place.key);
    if (found !== undefined) return found;
    const berth: Berth = {
      place,
      kind: this.#kindOf(place),
      queue: new WorkQueue(),
      compartments: [],
      changes: new ChangeLog(),
      backoff: new Backoff(this.#random),
      retryAt: 0,
      lostAt: undefined,
    };
    this.#berths.set(place.key, berth);
    return berth;
  }

  /** A slot without a process: one that is there, or a new one with the lowest number that is free. */
  slotIn(berth: Berth): Compartment {
    const resting = berth.compartments.find((compartment) => !compartment.live);
    if (resting !== undefined) return resting;
    const { name } = berth.kind;
    const taken = new Set(
      this.ofKind(berth.kind).flatMap(({ compartments }) => compartments.map((other) => other.name)),
    );
    let number = 1;
    while (taken.has(`${name}#${number}`)) number += 1;
    const compartment = new Compartment(`${name}#${number}`, berth.place, this.#owner);
    berth.compartments.push(compartment);
    return compartment;
  }

  /** Shows all slots of a kind that have no process in this state. */
  rest(kind: Kind, state: 'degraded' | 'disabled' | 'stopped'): void {
    for (const { compartments } of this.ofKind(kind)) for (const compartment of compartments) compartment.rest(state);
  }

  #kindOf({ compartment: name, entry }: Place): Kind {
    const found = this.#kinds.get(name);
    if (found !== undefined) return found;
    const kind: Kind = {
      name,
      title: entry.workerTitle ?? entry.title,
      circuit: new Circuit(),
      starts: new StartFailures(),
      standstill: new Standstill(),
      disabled: undefined,
      degraded: undefined,
      lastServed: 0,
    };
    this.#kinds.set(name, kind);
    return kind;
  }
}
