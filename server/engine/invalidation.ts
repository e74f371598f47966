/**
 * Marks units as suspect whose results a change of another file may have made stale. The results of a file include its
 * interface signature, so an edit that other files cannot see affects none of them. Lives as long as its scheduler.
 *
 * Invariant: a result is not suspect only if it was requested after the change, or if every changed file that it may
 * depend on has the same signature as when the result was made.
 */
import type { DependencyKind, InterfaceSignature, Unit } from '../../workers/protocol/detector-protocol.ts';
import type { FileChange, Revision } from '../journal.ts';
import { isInput, isScript } from './change-triggers.ts';
import type { UnitRecord, UnitStates } from './unit-states.ts';

/** Distance of a unit that may import anything: it comes after units with a known path to the change. */
const far = 1_000_000;

const everyDependency: readonly DependencyKind[] = ['types', 'modules', 'workspace'];

/** Which units a change affects besides importers: none, those that depend on types (a global type), or all. */
type Others = 'none' | 'types' | 'all';

/** Changed files that affect others in the same way. */
interface Source {
  readonly files: Set<string>;
  readonly through: readonly DependencyKind[];
  readonly others: Others;
}

const unknownSignature = {
  signature: undefined,
  signatureIsUnsaved: false,
  editedAt: undefined,
  changedOffline: false,
} satisfies Partial<UnitRecord>;

export class Invalidation {
  readonly #states: UnitStates;
  /** Changes whose dependents are not marked yet: one walk for all of them costs as much as a walk for one. */
  readonly #sources = new Map<string, Source>();
  /** Among the units to be marked, those that read files themselves need a new process. */
  #modulesChanged = false;
  #importers: ReadonlyMap<string, readonly string[]> | undefined;
  #needsFresh = false;

  constructor(states: UnitStates) {
    this.#states = states;
  }

  /** Whether some result is suspect, may become suspect, or is provisional. */
  get pending(): boolean {
    this.walk();
    const states = this.#states;
    const isPossible = states.count('edited') > 0 && states.count('dependent') > 0;
    return isPossible || states.count('suspect') > 0 || states.count('provisional') > 0;
  }

  /**
   * Whether units must be checked in new processes: imports or exports of a module changed, or modules were created or
   * deleted. Rules that follow imports cache what they read, and nothing outside can clear that cache.
   */
  get needsFresh(): boolean {
    this.walk();
    return this.#needsFresh;
  }

  /** Whether the unit's issues may change without a change of its own file. */
  isUncertain(record: UnitRecord): boolean {
    this.walk();
    if (record.distance !== undefined || record.isProvisional) return true;
    return this.#states.count('edited') > 0 && record.unit.dependsOn !== undefined;
  }

  /** Units were added or removed. */
  unitsChanged(): void {
    this.#importers = undefined;
  }

  /** Everything is checked again. Provisional results still have to be revalidated. */
  reset(): void {
    for (const record of this.#states.all) this.#states.update(record, { ...unknownSignature, distance: undefined });
    this.#sources.clear();
    this.#modulesChanged = false;
    this.#importers = undefined;
    this.#needsFresh = false;
  }

  /** @param revision of the changes */
  changed(changes: readonly FileChange[], revision: Revision): void {
    const dependents = this.#states.of('dependent');
    if (dependents.size === 0) return;
    for (const { file, kind } of changes) {
      const own = this.#states.get(file);
      if (kind === 'changed' && own?.unit.needsSignature === true) this.#states.update(own, { editedAt: revision });
      else if (kind === 'changed' ? isScript(file) : isInput(file)) this.#affect(file, everyDependency, 'all');
      else this.#affect(file, everyDependency);
    }
    // Follows the imports from before the change: those of the changed files are about to be replaced.
    this.walk();
    if (changes.some(({ kind }) => kind !== 'changed')) {
      this.#needsFresh ||= [...dependents].some(({ unit }) => readsFiles(unit));
    }
  }

  /**
   * A unit's own file was checked.
   * @param requested revision of the check
   * @param isOnDisk false: unsaved text was checked
   */
  signatureReceived(
    record: UnitRecord,
    signature: InterfaceSignature | undefined,
    requested: Revision,
    isOnDisk: boolean,
  ): void {
    const before = record.signature;
    const { file } = record.unit;
    const changed = record.editedAt !== undefined || (isOnDisk && record.signatureIsUnsaved);
    // A check that was submitted before the edit may have read the old text. The next one decides.
    const isEdit = record.editedAt !== undefined && record.editedAt <= requested;
    // Its importers were submitted with it.
    const isGlobal = record.changedOffline && signature?.global !== undefined;
    this.#states.update(record, { changedOffline: false, ...(isEdit ? { editedAt: undefined } : {}) });
    if (isGlobal || (signature === undefined && changed)) this.#affect(file, everyDependency, 'all');
    if (signature === undefined) {
      if (before) this.#importers = undefined;
      this.#states.update(record, { signature: undefined });
      return;
    }
    // Until the file is saved, rules that read files themselves see the old text.
    const modules = isOnDisk ? signature.modules : (before?.modules ?? '');
    const sameImports = JSON.stringify(before?.imports) === JSON.stringify(signature.imports);
    if (before === undefined || !sameImports) this.#importers = undefined;
    this.#states.update(record, { signature: { ...signature, modules }, signatureIsUnsaved: !isOnDisk });
    if (!changed) return;
    const through: DependencyKind[] = isOnDisk ? ['workspace'] : [];
    if (before?.types !== signature.types || before.global !== signature.global) through.push('types');
    if (before?.modules !== modules) through.push('modules');
    this.#affect(file, through, before?.global === true || signature.global === true ? 'types' : 'none');
    if (!through.includes('modules')) return;
    if (readsFiles(record.unit)) this.#suspect(record, 0);
    this.#modulesChanged = true;
  }

  /** The file changed since the last session, from which results of other files were recalled. */
  changedOffline(file: string): void {
    const record = this.#states.get(file);
    if (record?.unit.needsSignature === true) this.#states.update(record, { changedOffline: true });
  }

  /** Nothing is running any more: an edited file without a new signature may have changed in any way. */
  settle(): void {
    for (const record of [...this.#states.of('edited')]) {
      this.#affect(record.unit.file, everyDependency, 'all');
      this.#states.update(record, { editedAt: undefined });
    }
  }

  /** Suspect units, the nearest to a change first. @param isNear which of them, by distance */
  suspects(isNear: (unit: Unit, distance: number) => boolean = () => true): readonly Unit[] {
    this.walk();
    return [...this.#states.of('suspect')]
      .map(({ unit, distance = far }) => ({ unit, distance }))
      .sort((one, other) => one.distance - other.distance)
      .flatMap(({ unit, distance }) => (isNear(unit, distance) ? [unit] : []));
  }

  /** These units are no longer suspect. */
  clear(units: readonly Unit[]): void {
    for (const { id } of units) {
      const record = this.#states.get(id);
      if (record) this.#states.update(record, { distance: undefined });
    }
  }

  /** These units are being checked, for whatever reason. */
  submitted(units: readonly Unit[]): void {
    this.walk();
    // Old processes may have cached outdated files, so their results stay suspect.
    if (!this.#needsFresh) this.clear(units);
  }

  /** All processes have been replaced. */
  refreshed(): void {
    this.#needsFresh = false;
  }

  /** The unit was submitted, but has no result. */
  markSuspect(unit: Unit): void {
    const record = this.#states.get(unit.id);
    if (record) this.#suspect(record, far);
  }

  /** Marks the dependents of everything that changed since the last walk. */
  walk(): void {
    const sources = [...this.#sources.values()];
    this.#sources.clear();
    for (const { files, through, others } of sources) {
      if (through.includes('types') || through.includes('modules')) {
        for (const [importer, distance] of this.#distances(files)) {
          const record = this.#states.get(importer);
          if (record?.unit.dependsOn?.some((one) => through.includes(one)) === true) this.#suspect(record, distance);
        }
      }
      for (const record of this.#states.of('dependent')) {
        const { file, dependsOn = [] } = record.unit;
        const byWorkspace = through.includes('workspace') && dependsOn.includes('workspace');
        const byTypes = others === 'types' && through.includes('types') && dependsOn.includes('types');
        // A file's own change does not make it suspect.
        const isOther = files.size > 1 || !files.has(file);
        if (isOther && (others === 'all' || byWorkspace || byTypes)) this.#suspect(record, far);
      }
    }
    if (this.#modulesChanged) this.#needsFresh ||= [...this.#states.of('suspect')].some(({ unit }) => readsFiles(unit));
    this.#modulesChanged = false;
  }

  #affect(file: string, through: readonly DependencyKind[], others: Others = 'none'): void {
    if (through.length === 0) return;
    const key = `${others} ${through.join(' ')}`;
    const source = this.#sources.get(key) ?? { files: new Set(), through, others };
    this.#sources.set(key, source);
    source.files.add(file);
  }

  #suspect(record: UnitRecord, distance: number): void {
    this.#states.update(record, { distance: Math.min(distance, record.distance ?? distance) });
  }

  /**
   * Distances of the files that import one of these, directly or not, and of files whose imports are unknown. One of
   * several given files is included if it imports another; a single file is not, even if it is in an import cycle.
   */
  #distances(files: ReadonlySet<string>): ReadonlyMap<string, number> {
    const importers = (this.#importers ??= this.#importersOf());
    const distances = new Map<string, number>();
    const walked = new Set(files);
    const visit = (level: readonly string[], distance: number): void => {
      for (let next = level; next.length > 0; distance += 1) {
        const above: string[] = [];
        for (const importer of next.flatMap((file) => importers.get(file) ?? [])) {
          if (!distances.has(importer)) distances.set(importer, distance);
          if (walked.has(importer)) continue;
          walked.add(importer);
          above.push(importer);
        }
        next = above;
      }
    };
    visit([...files], 1);
    const opaque = importers.get('') ?? [];
    for (const file of opaque) if (!distances.has(file)) distances.set(file, far);
    const rest = opaque.filter((file) => !walked.has(file));
    for (const file of rest) walked.add(file);
    visit(rest, far + 1);
    if (files.size === 1) for (const file of files) distances.delete(file);
    return distances;
  }

  /** Importers of each file; under the empty name, files that may import anything. */
  #importersOf(): ReadonlyMap<string, readonly string[]> {
    const importers = new Map<string, string[]>();
    const add = (file: string, importer: string): void => {
      const known = importers.get(file);
      if (known) known.push(importer);
      else importers.set(file, [importer]);
    };
    const opaque = new Set<string>();
    for (const { unit, signature } of this.#states.all) {
      if (signature === undefined) {
        if (unit.dependsOn !== undefined) opaque.add(unit.file);
        continue;
      }
      if (signature.imports === undefined) opaque.add(unit.file);
      for (const target of signature.imports ?? []) {
        add(target, unit.file);
        if (isScript(target) && this.#states.get(target)?.signature === undefined) opaque.add(target);
      }
    }
    importers.set('', [...opaque]);
    return importers;
  }
}

function readsFiles({ dependsOn }: Unit): boolean {
  return dependsOn?.some((one) => one !== 'types') === true;
}
