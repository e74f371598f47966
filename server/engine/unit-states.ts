/**
 * The state of each unit of one detector: one record per unit, and sets derived from the records. It starts no checks and
 * holds no issues. Lives as long as its scheduler.
 *
 * Invariant: every record belongs to a unit that the plan names, or that a failed plan may have missed. Events about other
 * units are ignored.
 * Invariant: a unit is up to date only if its newest check is finished and nothing has changed since it was submitted.
 */
import type { InterfaceSignature, Unit } from '../../workers/protocol/detector-protocol.ts';
import type { FileChange, Revision } from '../journal.ts';
import { isScript } from './change-triggers.ts';
import { deletedBy } from './deleted-paths.ts';
import type { UncachedResult } from './result-cache.ts';
import type { RunningBatch } from './running-batch.ts';
import type { DetectorWork } from './status.ts';

interface CurrentResult {
  /** Of the check that produced it. */
  readonly revision: Revision;
  /** False: unsaved text was checked. */
  readonly isOnDisk: boolean;
  /** When its check began, milliseconds since the epoch; undefined: it is from an earlier session or of unsaved text. */
  readonly startedAt?: number | undefined;
}

/** Change it only through {@link UnitStates.update}. */
export class UnitRecord {
  unit: Unit;
  /** Position in the plan. */
  order: number;
  /** Revision of the newest check, running or finished. */
  requested: Revision | undefined;
  result: CurrentResult | undefined;
  /** Revision of the newest result that was complete, or was known to be unaffected by later changes. */
  verified: Revision | undefined;
  /** Revision of the newest change that the newest check does not cover; undefined: there is none. */
  staleSince: Revision | undefined;
  /** The last check ended without a result, or the plan missed the unit: its issues are those of an earlier check. */
  incomplete = false;
  /** The result cache should have the present result, but does not. */
  uncached = false;
  /** Files whose content the present result depends on; undefined: any may matter. */
  reads: readonly string[] | undefined;
  /** The tool that produced the issues, if it is not the one that the plan names. */
  answeredBy: string | undefined;
  /** Number of imports between the unit and the nearest change that may affect it; undefined: it is not suspect. */
  distance: number | undefined;
  /** The latest interface signature of the unit's file. */
  signature: InterfaceSignature | undefined;
  /** The signature describes unsaved text: what others read from the disk has not changed yet. */
  signatureIsUnsaved = false;
  /** Revision of the latest change of the file that its signature does not cover. */
  editedAt: Revision | undefined;
  /** The file changed between two sessions, so its previous signature is unknown. */
  changedOffline = false;

  constructor(unit: Unit, order: number) {
    this.unit = unit;
    this.order = order;
  }

  get isStale(): boolean {
    return this.staleSince !== undefined;
  }

  get isProvisional(): boolean {
    return this.result !== undefined && this.result.revision !== this.verified;
  }

  get isUpToDate(): boolean {
    return !this.isStale && this.result !== undefined && this.result.revision === this.requested;
  }

  /** As far as is known, the unit's issues are complete and up to date. */
  get isCertain(): boolean {
    return !this.isStale && !this.incomplete && this.distance === undefined && !this.isProvisional;
  }
}

/** Conditions by which units are looked up. */
const indexed = {
  uncertain: (record: UnitRecord) => !record.isCertain,
  stale: (record: UnitRecord) => record.isStale,
  incomplete: (record: UnitRecord) => record.incomplete,
  suspect: (record: UnitRecord) => record.distance !== undefined,
  provisional: (record: UnitRecord) => record.isProvisional,
  edited: (record: UnitRecord) => record.editedAt !== undefined,
  dependent: (record: UnitRecord) => record.unit.dependsOn !== undefined,
  uncached: (record: UnitRecord) => record.uncached,
  answeredByOther: (record: UnitRecord) => record.answeredBy !== undefined,
};

type Index = keyof typeof indexed;

const indexes = Object.keys(indexed) as readonly Index[];

/** How a batch produced the result of a unit. */
export interface ResultKind {
  /** Which of the unit's files were checked; undefined: all. */
  readonly coverage: 'unchanged' | 'affected' | undefined;
  /** The detector wants the unit to be revalidated, whatever the coverage. */
  readonly provisional: boolean;
  /** The result comes from another process. */
  readonly borrowed: boolean;
  /** Files whose content it depends on; absent: any may matter. */
  readonly reads?: readonly string[] | undefined;
}

/** The file was deleted: it is new when it changes again. */
const gone = Number.POSITIVE_INFINITY;

const noWork = { analysed: 0, recalled: 0, borrowed: 0 };

export class UnitStates {
  readonly #records = new Map<string, UnitRecord>();
  /** Derived from the records by {@link update}. */
  readonly #index: Readonly<Record<Index, Set<UnitRecord>>> = {
    uncertain: new Set(),
    stale: new Set(),
    incomplete: new Set(),
    suspect: new Set(),
    provisional: new Set(),
    edited: new Set(),
    dependent: new Set(),
    uncached: new Set(),
    answeredByOther: new Set(),
  };
  readonly #names = new Map<string, string>();
  /** Files that nobody read when they changed: results since this revision know that they are there. */
  readonly #unreadSince = new Map<string, Revision>();
  /** All files at the revision at which results were recalled, by which those are valid. */
  #recalledWith: { readonly files: ReadonlyMap<string, unknown>; readonly revision: Revision } | undefined;
  #work = noWork;

  get size(): number {
    return this.#records.size;
  }

  get all(): Iterable<UnitRecord> {
    return this.#records.values();
  }

  /** Tools that produced issues although the plan names another. */
  get otherTools(): readonly string[] {
    return [...new Set([...this.#index.answeredByOther].flatMap(({ answeredBy }) => answeredBy ?? []))].sort();
  }

  get(id: string): UnitRecord | undefined {
    return this.#records.get(id);
  }

  count(index: Index): number {
    return this.#index[index].size;
  }

  /** A live view. */
  of(index: Index): ReadonlySet<UnitRecord> {
    return this.#index[index];
  }

  /** Whether this is the revision of the unit's newest check. Results of older checks are ignored. */
  isNewest(id: string, revision: Revision): boolean {
    return this.#records.get(id)?.requested === revision;
  }

  /** The only way to change a record. */
  update(record: UnitRecord, change: Partial<UnitRecord>): void {
    Object.assign(record, change);
    for (const index of indexes) {
      if (indexed[index](record)) this.#index[index].add(record);
      else this.#index[index].delete(record);
    }
  }

  /**
   * Takes over the units of a plan. New, regrouped and incomplete units become stale.
   * @param isGone whether a unit that the plan does not name no longer exists; otherwise the plan missed it
   * @returns the ids of the units that no longer exist
   */
  planned(units: readonly Unit[], isGone: (unit: Unit) => boolean, revision: Revision): readonly string[] {
    const named = new Set(units.map(({ id }) => id));
    const missing = [...this.#records.values()].filter(({ unit }) => !named.has(unit.id));
    const gone = missing.filter(({ unit }) => isGone(unit));
    for (const { unit } of gone) this.#drop(unit.id);
    for (const [order, unit] of units.entries()) {
      const known = this.#records.get(unit.id);
      const isNew = known?.requested === undefined || known.unit.group !== unit.group || known.incomplete;
      const record = known ?? new UnitRecord(unit, order);
      this.#records.set(unit.id, record);
      this.update(record, { unit, order, ...(isNew ? { staleSince: revision } : {}) });
    }
    const lost = missing.filter(({ unit }) => this.#records.has(unit.id));
    for (const record of lost) this.update(record, { staleSince: undefined, incomplete: true });
    return gone.map(({ unit }) => unit.id);
  }

  /** Removes the units of deleted files. @returns their ids */
  deleted(isGone: (file: string) => boolean): readonly string[] {
    const gone = [...this.#records.keys()].filter(isGone);
    for (const id of gone) this.#drop(id);
    return gone;
  }

  /** Marks a unit as stale because of a change at this revision. Does nothing if there is no such unit. */
  invalidate(id: string, revision: Revision): void {
    const record = this.#records.get(id);
    if (record) this.update(record, { staleSince: revision });
  }

  /**
   * Marks units as stale that changes of these files may concern. To a unit that told which files its present result was
   * made from, a change of any other matters only if that may have just been made: imports may mean it now.
   */
  invalidateReaders(changes: readonly FileChange[], revision: Revision): void {
    const isGone = deletedBy(changes);
    const changed = new Set(changes.flatMap(({ file, kind }) => (kind === 'changed' ? [file] : [])));
    const concerns = (file: string): boolean => changed.has(file) || isGone?.(file) === true;
    const isSteady = ({ isUpToDate, isProvisional, incomplete }: UnitRecord): boolean =>
      isUpToDate && !isProvisional && !incomplete;
    const records = [...this.#records.values()];
    const read = new Map(records.map((record) => [record, record.reads?.filter(concerns)]));
    const readByAny = new Set([...read.values()].flatMap((files) => files ?? []));
    const unread = [...changed].filter((file) => !readByAny.has(file));
    // A folder may have held anything, also what an import would have found first.
    const isOpen = changes.some(({ file, kind }) => kind === 'created' || (kind === 'deleted' && !isScript(file)));
    for (const record of records) {
      const known = record.result?.revision ?? 0;
      const isNew = unread.some((file) => this.#thereSince(file, revision) > known);
      if (isOpen || isNew || !isSteady(record) || read.get(record)?.length !== 0)
        this.update(record, { staleSince: revision });
    }
    for (const file of unread) this.#unreadSince.set(file, this.#thereSince(file, revision));
    for (const { file, kind } of changes) {
      if (kind === 'created') this.#unreadSince.set(file, revision);
      else if (kind === 'deleted') this.#unreadSince.set(file, gone);
    }
  }

  /** Results of earlier sessions are valid for these files. @param revision at which they were recalled */
  existed(files: ReadonlyMap<string, unknown>, revision: Revision): void {
    this.#recalledWith = { files, revision };
  }

  /** Since when results know that a file is there. @param now if they do not */
  #thereSince(file: string, now: Revision): Revision {
    const since = this.#unreadSince.get(file);
    if (since !== undefined) return since === gone ? now : since;
    return this.#recalledWith?.files.has(file) === true ? this.#recalledWith.revision : now;
  }

  invalidateAll(revision: Revision): void {
    for (const record of this.#records.values()) this.update(record, { staleSince: revision });
  }

  /** Marks units without a result as stale, because they may get one now. */
  invalidateIncomplete(revision: Revision): void {
    for (const record of this.#index.incomplete) this.update(record, { staleSince: revision });
  }

  /** Units to check, in the order of the plan. */
  get stale(): readonly Unit[] {
    return [...this.#index.stale].sort((one, other) => one.order - other.order).map(({ unit }) => unit);
  }

  /** The units are being checked, and no longer stale. */
  submitted(units: readonly Unit[], revision: Revision): void {
    for (const { id } of units) {
      const record = this.#records.get(id);
      if (record) this.update(record, { requested: revision, staleSince: undefined, uncached: false });
    }
  }

  /**
   * The result cache has a result.
   * @param revision when the cache was asked
   * @returns false: the result is not used, because the unit is gone, was submitted meanwhile, or changed
   */
  recalled(
    id: string,
    revision: Revision,
    signature: InterfaceSignature | undefined,
    reads?: readonly string[],
  ): boolean {
    const record = this.#records.get(id);
    if (record?.staleSince === undefined || record.staleSince > revision) return false;
    const result = { revision, isOnDisk: true };
    this.update(record, {
      ...{ requested: revision, result, verified: revision, staleSince: undefined },
      reads: reads?.map((file) => this.#nameOf(file)),
      ...(signature ? { signature } : {}),
    });
    this.#count('recalled');
    return true;
  }

  completed(id: string, batch: Pick<RunningBatch, 'revision' | 'startedAt' | 'answeredBy'>, kind: ResultKind): void {
    const record = this.#records.get(id);
    if (!record) return;
    const { revision, startedAt, answeredBy } = batch;
    const { coverage, provisional, borrowed, reads } = kind;
    const isVerified = !provisional && (coverage === undefined || (coverage === 'unchanged' && !record.isProvisional));
    this.update(record, {
      incomplete: false,
      result: { revision, isOnDisk: startedAt !== undefined, startedAt },
      // What was checked in part may have other imports now.
      ...(coverage === 'unchanged' ? {} : { reads: reads?.map((file) => this.#nameOf(file)) }),
      ...(isVerified ? { verified: revision } : {}),
      // Only the process that made a result knows what it was made from, and caches it.
      ...(startedAt !== undefined && !borrowed ? { uncached: true } : {}),
      ...(answeredBy.has(id) ? {} : { answeredBy: undefined }),
    });
    this.#count(borrowed ? 'borrowed' : 'analysed');
  }

  /** The unit was revalidated. Whatever the outcome, it is not revalidated again. */
  revalidated(id: string): void {
    const record = this.#records.get(id);
    if (record) this.update(record, { verified: record.result?.revision });
  }

  /** The check ended without a result. */
  failed(id: string): void {
    const record = this.#records.get(id);
    if (record) this.update(record, { incomplete: true });
  }

  /** The check ended normally, but a problem of the detector prevented a result. */
  blocked(id: string): void {
    const record = this.#records.get(id);
    if (record) this.update(record, { incomplete: false });
  }

  /** Certain results that the cache should get. Each is returned only once. */
  takeUncached(): readonly UncachedResult[] {
    const uncached = [...this.#index.uncached].filter((record) => record.isCertain && record.isUpToDate);
    const signaturesAt = uncached.length === 0 ? new Map<string, never>() : this.#signaturesAt();
    return uncached.flatMap((record) => {
      this.update(record, { uncached: false });
      const { unit, result } = record;
      if (result?.startedAt === undefined) return [];
      const startedAt = { revision: result.revision, at: result.startedAt };
      const { reads } = record;
      return [{ unit, startedAt, signature: signatureOnDisk(record), signaturesAt, reads }];
    });
  }

  /** Where results came from since the last call. */
  takeWork(): Omit<DetectorWork, 'detector'> {
    const work = this.#work;
    this.#work = noWork;
    return { units: this.#records.size, ...work };
  }

  #signaturesAt(): UncachedResult['signaturesAt'] {
    const moments = new Map<string, UncachedResult['startedAt']>();
    for (const record of this.#records.values()) {
      const { unit, result } = record;
      if (result?.startedAt === undefined || !signatureOnDisk(record)) continue;
      moments.set(unit.file, { revision: result.revision, at: result.startedAt });
    }
    return moments;
  }

  /** Many projects read the same files: one text for each name. */
  #nameOf(file: string): string {
    const known = this.#names.get(file);
    if (known === undefined) this.#names.set(file, file);
    return known ?? file;
  }

  #drop(id: string): void {
    const record = this.#records.get(id);
    if (!record) return;
    this.#records.delete(id);
    for (const index of indexes) this.#index[index].delete(record);
  }

  #count(kind: keyof typeof noWork): void {
    this.#work = { ...this.#work, [kind]: this.#work[kind] + 1 };
  }
}

/** A signature of unsaved text is useless in the next session. */
function signatureOnDisk({ signature, signatureIsUnsaved }: UnitRecord): InterfaceSignature | undefined {
  return signatureIsUnsaved ? undefined : signature;
}
