/**
 * Which answers the change of another file may make stale. Files tell with their answers what others can see of them
 * (interface signatures), so that an edit that nobody can see concerns nobody. Marks the records of units; lives as
 * long as their scheduler.
 *
 * Invariant: an answer is not suspect only if it was asked for after the change, or if the signature of every changed
 * file that it may depend on is what it was when the answer was given.
 */
import type { DependencyKind, InterfaceSignature, Unit } from '../../workers/protocol/detector-protocol.ts';
import type { FileChange, Revision } from '../journal.ts';
import { isInput, isScript } from './change-triggers.ts';
import type { UnitRecord, UnitStates } from './unit-states.ts';

/** Distance of a unit that may import anything: it comes after all whose way to the change is known. */
const far = 1_000_000;

const everyDependency: readonly DependencyKind[] = ['types', 'modules', 'workspace'];

/** Whom a change concerns beside importers: nobody, whatever depends on types that are everywhere, or everything. */
type Others = 'none' | 'types' | 'all';

/** Changed files that concern others in the same way. */
interface Source {
  readonly files: Set<string>;
  readonly through: readonly DependencyKind[];
  readonly others: Others;
}

const unknownSignature = {
  signature: undefined,
  signatureOfEditor: false,
  editedAt: undefined,
  changedOffline: false,
} satisfies Partial<UnitRecord>;

export class Invalidation {
  readonly #states: UnitStates;
  /** Changes whose dependents are not marked yet: one walk for all of them costs what a walk for one does. */
  readonly #sources = new Map<string, Source>();
  /** Among what is about to be marked, whatever reads files itself needs a new process. */
  #modulesChanged = false;
  #importers: ReadonlyMap<string, readonly string[]> | undefined;
  #needsFresh = false;

  constructor(states: UnitStates) {
    this.#states = states;
  }

  /** Some answer is suspect, may become so, or is to be revalidated. */
  get pending(): boolean {
    this.walk();
    const states = this.#states;
    const isAwaited = states.count('edited') > 0 && states.count('dependent') > 0;
    return isAwaited || states.count('suspect') > 0 || states.count('provisional') > 0;
  }

  /**
   * Modules import or export something else than before, came or went. Rules that follow imports remember what they
   * read, and nobody can undo that from outside: they need a new process.
   */
  get needsFresh(): boolean {
    this.walk();
    return this.#needsFresh;
  }

  /** What is shown of the unit may change although it was not asked for again. */
  isUncertain(record: UnitRecord): boolean {
    this.walk();
    if (record.distance !== undefined || record.isProvisional) return true;
    return this.#states.count('edited') > 0 && record.unit.dependsOn !== undefined;
  }

  /** Which units there are has changed. */
  unitsChanged(): void {
    this.#importers = undefined;
  }

  /** Everything is asked for again. What is provisional may still have to be revalidated after that. */
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
      else if (kind === 'changed' ? isScript(file) : isInput(file)) this.#concerns(file, everyDependency, 'all');
      else this.#concerns(file, everyDependency);
    }
    // By the imports that there were before: those of what changed are about to be told anew.
    this.walk();
    if (changes.some(({ kind }) => kind !== 'changed')) {
      this.#needsFresh ||= [...dependents].some(({ unit }) => readsFiles(unit));
    }
  }

  /**
   * A unit's file was answered for.
   * @param asked revision of the question
   * @param ofDisk the answer is about the file as it is saved
   */
  learned(record: UnitRecord, signature: InterfaceSignature | undefined, asked: Revision, ofDisk: boolean): void {
    const before = record.signature;
    const { file } = record.unit;
    const changed = record.editedAt !== undefined || (ofDisk && record.signatureOfEditor);
    // An older question may have been answered from the text before the edit: then the next answer tells more.
    const isEdit = record.editedAt !== undefined && record.editedAt <= asked;
    // Whatever imports it was asked for with it.
    const reachesOthers = record.changedOffline && signature?.global !== undefined;
    this.#states.update(record, { changedOffline: false, ...(isEdit ? { editedAt: undefined } : {}) });
    if (reachesOthers || (signature === undefined && changed)) this.#concerns(file, everyDependency, 'all');
    if (signature === undefined) {
      if (before) this.#importers = undefined;
      this.#states.update(record, { signature: undefined });
      return;
    }
    // Until it is saved, rules that read files themselves see the old one.
    const modules = ofDisk ? signature.modules : (before?.modules ?? '');
    const sameImports = JSON.stringify(before?.imports) === JSON.stringify(signature.imports);
    if (before === undefined || !sameImports) this.#importers = undefined;
    this.#states.update(record, { signature: { ...signature, modules }, signatureOfEditor: !ofDisk });
    if (!changed) return;
    const through: DependencyKind[] = ofDisk ? ['workspace'] : [];
    if (before?.types !== signature.types || before.global !== signature.global) through.push('types');
    if (before?.modules !== modules) through.push('modules');
    this.#concerns(file, through, before?.global === true || signature.global === true ? 'types' : 'none');
    if (!through.includes('modules')) return;
    if (readsFiles(record.unit)) this.#suspect(record, 0);
    this.#modulesChanged = true;
  }

  /** Its content is not that of the last session, from which answers of others were recalled. */
  changedOffline(file: string): void {
    const record = this.#states.get(file);
    if (record?.unit.needsSignature === true) this.#states.update(record, { changedOffline: true });
  }

  /** Nothing more is in work: files that told no signature may have changed in any way. */
  settle(): void {
    for (const record of [...this.#states.of('edited')]) {
      this.#concerns(record.unit.file, everyDependency, 'all');
      this.#states.update(record, { editedAt: undefined });
    }
  }

  /** Units to ask for again because they are suspect, the nearest first. @param isNear only these, by distance */
  suspects(isNear: (unit: Unit, distance: number) => boolean = () => true): readonly Unit[] {
    this.walk();
    return [...this.#states.of('suspect')]
      .map(({ unit, distance = far }) => ({ unit, distance }))
      .sort((one, other) => one.distance - other.distance)
      .flatMap(({ unit, distance }) => (isNear(unit, distance) ? [unit] : []));
  }

  /** They are asked for because they are suspect: now they are not. */
  clear(units: readonly Unit[]): void {
    for (const { id } of units) {
      const record = this.#states.get(id);
      if (record) this.#states.update(record, { distance: undefined });
    }
  }

  /** They are asked for, for whatever reason. */
  asked(units: readonly Unit[]): void {
    this.walk();
    // Until its process is new, that may remember what is no longer so.
    if (!this.#needsFresh) this.clear(units);
  }

  /** All processes are new. */
  refreshed(): void {
    this.#needsFresh = false;
  }

  /** It was asked for, and has no answer. */
  askAgain(unit: Unit): void {
    const record = this.#states.get(unit.id);
    if (record) this.#suspect(record, far);
  }

  /** Marks the dependents of what changed since this was done last. */
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
        // Nothing is suspect on account of itself.
        const isOther = files.size > 1 || !files.has(file);
        if (isOther && (others === 'all' || byWorkspace || byTypes)) this.#suspect(record, far);
      }
    }
    if (this.#modulesChanged) this.#needsFresh ||= [...this.#states.of('suspect')].some(({ unit }) => readsFiles(unit));
    this.#modulesChanged = false;
  }

  #concerns(file: string, through: readonly DependencyKind[], others: Others = 'none'): void {
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
   * The files that import one of these, directly or not, and those of which nobody knows what they import. One of these
   * is among them if it imports another; a single one is not, whatever circle it is in.
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

  /** By file; under the empty name those that may import anything. */
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
