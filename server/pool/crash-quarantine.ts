/**
 * Puts inputs into quarantine that crashed their workers, and takes them back when the detector itself turns out to be
 * broken. Knows what quarantine keys depend on beside the files. Lives as long as the pool.
 */
import type { Unit } from '../../workers/protocol/detector-protocol.ts';
import type { Clock } from '../clock.ts';
import type { Partition } from './partitions.ts';
import type { Quarantine, QuarantineContext, Sifted } from './quarantine.ts';
import type { CheckTask, ExitReason, QuarantinedInput } from './types.ts';

/** What is checked, and what else a key depends on. */
type Checked = Pick<CheckTask, 'request' | 'configFiles'>;

export class CrashQuarantine {
  readonly #clock: Clock;
  readonly #quarantine: Quarantine;
  /** Versions by detector and root. */
  readonly #versions = new Map<string, string>();
  /** By worker group: inputs quarantined since its workers last made progress. */
  readonly #unconfirmed = new Map<string, Set<QuarantinedInput>>();

  constructor(clock: Clock, quarantine: Quarantine) {
    this.#clock = clock;
    this.#quarantine = quarantine;
  }

  /** A plan or a check was answered by a detector of this version. */
  answered(detector: string, root: string, version: string): void {
    this.#versions.set(keyOf(detector, root), version);
  }

  /** Separates the units of a request that are in quarantine from the others. */
  async sift(checked: Checked, partition: Partition): Promise<Sifted> {
    const { request } = checked;
    if (this.#quarantine.isEmpty(request.root)) return { units: request.units, quarantined: [] };
    return this.#quarantine.sift(request, this.#contextOf(checked, partition));
  }

  /** @param file the file in work when the worker crashed on the unit */
  add(checked: Checked, partition: Partition, unit: Unit, file: string, reason: ExitReason): QuarantinedInput {
    const { request } = checked;
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
    this.#quarantine.add(input, request, this.#contextOf(checked, partition));
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

  #contextOf({ request, configFiles = [] }: Checked, partition: Partition): QuarantineContext {
    const version = this.#versions.get(keyOf(request.detector, request.root));
    return { version, limitMb: partition.ownMemoryMb, configFiles };
  }
}

function keyOf(detector: string, root: string): string {
  return `${detector}\n${root}`;
}
