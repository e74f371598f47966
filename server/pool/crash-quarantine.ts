/**
 * Puts inputs into quarantine that crashed their workers, and takes them back when the detector itself turns out to be
 * broken. Knows what quarantine keys depend on beside the files. Lives as long as the pool.
 */
import type { CheckRequest, Unit } from '../../workers/protocol/detector-protocol.ts';
import type { Clock } from '../clock.ts';
import type { Partition } from './partitions.ts';
import type { Quarantine, QuarantineContext, Sifted } from './quarantine.ts';
import type { ExitReason, QuarantinedInput } from './types.ts';

/** What the last plan of a detector said that quarantine keys depend on. */
interface Planned {
  readonly version: string;
  readonly configFiles: readonly string[];
}

export class CrashQuarantine {
  readonly #clock: Clock;
  readonly #quarantine: Quarantine;
  /** By detector and root. */
  readonly #planned = new Map<string, Planned>();
  /** By worker group: inputs quarantined since its workers last made progress. */
  readonly #unconfirmed = new Map<string, Set<QuarantinedInput>>();

  constructor(clock: Clock, quarantine: Quarantine) {
    this.#clock = clock;
    this.#quarantine = quarantine;
  }

  planned(detector: string, root: string, planned: Planned): void {
    this.#planned.set(plannedKey(detector, root), planned);
  }

  /** A check was answered by a detector of this version. */
  answered(detector: string, root: string, version: string): void {
    const key = plannedKey(detector, root);
    const planned = this.#planned.get(key);
    if (planned?.version !== version) this.#planned.set(key, { version, configFiles: planned?.configFiles ?? [] });
  }

  /** Separates the units of a request that are in quarantine from the others. */
  async sift(request: CheckRequest, partition: Partition): Promise<Sifted> {
    if (this.#quarantine.isEmpty(request.root)) return { units: request.units, quarantined: [] };
    return this.#quarantine.sift(request, this.#contextOf(request, partition));
  }

  /** @param file the file in work when the worker crashed on the unit */
  add(request: CheckRequest, partition: Partition, unit: Unit, file: string, reason: ExitReason): QuarantinedInput {
    const { detector, root } = request;
    const input: QuarantinedInput = {
      detector,
      root,
      unit,
      file,
      reason: { ...reason, message: `${reason.message} Other files are not affected.` },
      limitMb: partition.ownMemoryMb,
      since: this.#clock.date(),
    };
    this.#quarantine.add(input, request, this.#contextOf(request, partition));
    const unconfirmed = this.#unconfirmed.get(partition.group) ?? new Set();
    this.#unconfirmed.set(partition.group, unconfirmed.add(input));
    return input;
  }

  /** Workers of the group made progress: it was the inputs that crashed them. */
  confirm(group: string): void {
    this.#unconfirmed.delete(group);
  }

  /** The detector itself is broken: inputs that it crashed on since it last made progress are not to blame. */
  revoke(group: string): void {
    const unconfirmed = this.#unconfirmed.get(group);
    if (unconfirmed !== undefined) this.#quarantine.release((input) => unconfirmed.has(input));
    this.#unconfirmed.delete(group);
  }

  #contextOf({ detector, root }: CheckRequest, partition: Partition): QuarantineContext {
    const planned = this.#planned.get(plannedKey(detector, root));
    return {
      version: planned?.version,
      limitMb: partition.ownMemoryMb,
      configFiles: planned?.configFiles ?? [],
    };
  }
}

function plannedKey(detector: string, root: string): string {
  return `${detector}\n${root}`;
}
