/** Units that depend on each other's files, and what is known of them, without an engine around. */
import { Invalidation } from '../../../server/engine/invalidation.ts';
import { UnitStates } from '../../../server/engine/unit-states.ts';
import type { FileChange } from '../../../server/journal.ts';
import type { DependencyKind, InterfaceSignature, Unit } from '../../../workers/protocol/detector-protocol.ts';
import { fileUnit } from './support.ts';

export function dependent(file: string, ...dependsOn: readonly DependencyKind[]): Unit {
  return { ...fileUnit(file), needsSignature: true, ...(dependsOn.length > 0 ? { dependsOn } : {}) };
}

export function signatureOf(
  imports: readonly string[],
  version = 1,
  more: Partial<InterfaceSignature> = {},
): InterfaceSignature {
  return { types: `types ${version}`, modules: `modules ${version}`, imports, ...more };
}

export class Dependents {
  readonly states = new UnitStates();
  readonly invalidation = new Invalidation(this.states);
  #revision = 0;

  constructor(units: readonly Unit[]) {
    this.states.planned(units, () => true, this.#revision);
  }

  get revision(): number {
    return this.#revision;
  }

  change(...changes: readonly FileChange[]): void {
    this.#revision += 1;
    this.invalidation.changed(changes, this.#revision);
  }

  /** @param asked revision of the question; absent: the newest */
  answer(file: string, signature: InterfaceSignature | undefined, isOnDisk = true, asked = this.#revision): void {
    const record = this.states.get(file);
    if (!record) throw new Error(`${file} is no unit.`);
    this.invalidation.signatureReceived(record, signature, asked, isOnDisk);
  }

  /** Suspects by the number of imports between them and the nearest change, the nearest first; none is left. */
  take(): ReadonlyMap<string, number> {
    const found = new Map<string, number>();
    const units = this.invalidation.suspects((unit, distance) => {
      found.set(unit.file, distance);
      return true;
    });
    this.invalidation.clear(units);
    return found;
  }

  /** An edit and its answer. @returns the suspects, the nearest first */
  edit(file: string, signature: InterfaceSignature | undefined, isOnDisk = true): readonly string[] {
    this.change({ file, kind: 'changed' });
    this.answer(file, signature, isOnDisk);
    return [...this.take().keys()];
  }
}
