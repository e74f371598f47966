/**
 * What is known of each unit of one detector: one record per unit, and what follows from it. It asks for nothing and
 * holds no issues. Lives as long as its scheduler.
 *
 * Invariant: every record is of a unit that the plan names, or that a failed plan may have lost. A dropped unit leaves
 * nothing behind, so an event about it belongs to no known question.
 * Invariant: a unit is up to date only if nothing changed since the newest question, and that question has its answer.
 */
import type { InterfaceSignature, Unit } from '../../workers/protocol/detector-protocol.ts';
import type { Revision } from '../journal.ts';
import type { UncachedResult } from './result-cache.ts';
import type { RunningBatch } from './running-batch.ts';
import type { DetectorWork } from './status.ts';

interface PresentAnswer {
  /** Of the question that it answers. */
  readonly revision: Revision;
  /** It is about what is on disk, not about unsaved text. */
  readonly ofDisk: boolean;
  /** When its check began, milliseconds since the epoch; undefined: in an earlier session, or with unsaved text. */
  readonly startedAt?: number | undefined;
}

/** Change it through {@link UnitStates.update} only. */
export class UnitRecord {
  unit: Unit;
  /** Position in the plan. */
  order: number;
  /** Of the newest question, in work or answered. */
  asked: Revision | undefined;
  answer: PresentAnswer | undefined;
  /** Of the newest answer that was complete, or that nothing was known against when later answers kept it. */
  verified: Revision | undefined;
  /** When something happened that the newest question does not cover; undefined: nothing did. */
  staleSince: Revision | undefined;
  /** The last question ended without an answer, or the plan lost the unit: its issues are those from before. */
  unanswered = false;
  /** The result cache is to have the present answer, and has not. */
  uncached = false;
  /** The tool whose answers are shown, where it is not the one that the plan names. */
  answeredBy: string | undefined;
  /** Imports between the unit and the nearest change that may concern it; undefined: none may. */
  distance: number | undefined;
  /** What others can see of the unit's file, as last told. */
  signature: InterfaceSignature | undefined;
  /** The signature is of text that only the editor has: what others read from the disk has not changed yet. */
  signatureOfEditor = false;
  /** When the file's content changed, if its signature was not told since. */
  editedAt: Revision | undefined;
  /** The file changed between two sessions: nobody knows what others could see of it before. */
  changedOffline = false;

  constructor(unit: Unit, order: number) {
    this.unit = unit;
    this.order = order;
  }

  get isStale(): boolean {
    return this.staleSince !== undefined;
  }

  get isProvisional(): boolean {
    return this.answer !== undefined && this.answer.revision !== this.verified;
  }

  get isUpToDate(): boolean {
    return !this.isStale && this.answer !== undefined && this.answer.revision === this.asked;
  }

  /** What is shown of the unit is all there is to say, as far as is known. */
  get isCertain(): boolean {
    return !this.isStale && !this.unanswered && this.distance === undefined && !this.isProvisional;
  }
}

/** Units that are looked for by what is known of them. */
const indexed = {
  uncertain: (record: UnitRecord) => !record.isCertain,
  stale: (record: UnitRecord) => record.isStale,
  unanswered: (record: UnitRecord) => record.unanswered,
  suspect: (record: UnitRecord) => record.distance !== undefined,
  provisional: (record: UnitRecord) => record.isProvisional,
  edited: (record: UnitRecord) => record.editedAt !== undefined,
  dependent: (record: UnitRecord) => record.unit.dependsOn !== undefined,
  uncached: (record: UnitRecord) => record.uncached,
  answeredByOther: (record: UnitRecord) => record.answeredBy !== undefined,
};

type Index = keyof typeof indexed;

const indexes = Object.keys(indexed) as readonly Index[];

/** How a batch answered for a unit. */
export interface AnswerKind {
  /** Of the unit's files; absent: all. */
  readonly coverage: 'unchanged' | 'affected' | undefined;
  /** The detector wants to be asked again, whatever it answered for. */
  readonly provisional: boolean;
  /** Another process answered. */
  readonly borrowed: boolean;
}

const noWork = { analysed: 0, recalled: 0, borrowed: 0 };

export class UnitStates {
  readonly #records = new Map<string, UnitRecord>();
  /** Follows from the records; {@link update} keeps it so. */
  readonly #index: Readonly<Record<Index, Set<UnitRecord>>> = {
    uncertain: new Set(),
    stale: new Set(),
    unanswered: new Set(),
    suspect: new Set(),
    provisional: new Set(),
    edited: new Set(),
    dependent: new Set(),
    uncached: new Set(),
    answeredByOther: new Set(),
  };
  #work = noWork;

  get size(): number {
    return this.#records.size;
  }

  get all(): Iterable<UnitRecord> {
    return this.#records.values();
  }

  /** Tools whose answers are shown although the plan names another. */
  get otherTools(): readonly string[] {
    return [...new Set([...this.#index.answeredByOther].flatMap(({ answeredBy }) => answeredBy ?? []))].sort();
  }

  get(id: string): UnitRecord | undefined {
    return this.#records.get(id);
  }

  count(index: Index): number {
    return this.#index[index].size;
  }

  /** A view that changes with the records. */
  of(index: Index): ReadonlySet<UnitRecord> {
    return this.#index[index];
  }

  /** The newest question about the unit has this revision: what an older one says of it no longer counts. */
  isNewest(id: string, revision: Revision): boolean {
    return this.#records.get(id)?.asked === revision;
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
   * There is a plan. What is new, grouped otherwise or unanswered becomes stale.
   * @param isGone of a unit that the plan does not name: otherwise it is only lost, and keeps its issues
   * @returns the ids of units that are no more
   */
  planned(units: readonly Unit[], isGone: (unit: Unit) => boolean, revision: Revision): readonly string[] {
    const named = new Set(units.map(({ id }) => id));
    const missing = [...this.#records.values()].filter(({ unit }) => !named.has(unit.id));
    const gone = missing.filter(({ unit }) => isGone(unit));
    for (const { unit } of gone) this.#drop(unit.id);
    for (const [order, unit] of units.entries()) {
      const known = this.#records.get(unit.id);
      const isNew = known?.asked === undefined || known.unit.group !== unit.group || known.unanswered;
      const record = known ?? new UnitRecord(unit, order);
      this.#records.set(unit.id, record);
      this.update(record, { unit, order, ...(isNew ? { staleSince: revision } : {}) });
    }
    const lost = missing.filter(({ unit }) => this.#records.has(unit.id));
    for (const record of lost) this.update(record, { staleSince: undefined, unanswered: true });
    return gone.map(({ unit }) => unit.id);
  }

  /** Files are gone. @returns the ids of the units that went with them */
  deleted(isGone: (file: string) => boolean): readonly string[] {
    const gone = [...this.#records.keys()].filter(isGone);
    for (const id of gone) this.#drop(id);
    return gone;
  }

  /** Something happened that the newest question does not cover. Does nothing where the id is no unit's. */
  invalidate(id: string, revision: Revision): void {
    const record = this.#records.get(id);
    if (record) this.update(record, { staleSince: revision });
  }

  invalidateAll(revision: Revision): void {
    for (const record of this.#records.values()) this.update(record, { staleSince: revision });
  }

  /** What has no answer may get one now. */
  invalidateUnanswered(revision: Revision): void {
    for (const record of this.#index.unanswered) this.update(record, { staleSince: revision });
  }

  /** To be asked for, in the order of the plan. */
  get stale(): readonly Unit[] {
    return [...this.#index.stale].sort((one, other) => one.order - other.order).map(({ unit }) => unit);
  }

  /** They are in work, and not stale any more. */
  asked(units: readonly Unit[], revision: Revision): void {
    for (const { id } of units) {
      const record = this.#records.get(id);
      if (record) this.update(record, { asked: revision, staleSince: undefined, uncached: false });
    }
  }

  /**
   * The result cache has the answer.
   * @param revision when it was asked
   * @returns false: the unit is left out, was asked for in the meantime, or changed
   */
  recalled(id: string, revision: Revision, signature: InterfaceSignature | undefined): boolean {
    const record = this.#records.get(id);
    if (record?.staleSince === undefined || record.staleSince > revision) return false;
    const answer = { revision, ofDisk: true };
    this.update(record, { asked: revision, answer, verified: revision, staleSince: undefined });
    if (signature) this.update(record, { signature });
    this.#count('recalled');
    return true;
  }

  answered(id: string, batch: Pick<RunningBatch, 'revision' | 'startedAt' | 'answeredBy'>, kind: AnswerKind): void {
    const record = this.#records.get(id);
    if (!record) return;
    const { revision, startedAt, answeredBy } = batch;
    const { coverage, provisional, borrowed } = kind;
    const isVerified = !provisional && (coverage === undefined || (coverage === 'unchanged' && !record.isProvisional));
    this.update(record, {
      unanswered: false,
      answer: { revision, ofDisk: startedAt !== undefined, startedAt },
      ...(isVerified ? { verified: revision } : {}),
      // Only the process that made an answer knows what it was made from, and caches it.
      ...(startedAt !== undefined && !borrowed ? { uncached: true } : {}),
      ...(answeredBy.has(id) ? {} : { answeredBy: undefined }),
    });
    this.#count(borrowed ? 'borrowed' : 'analysed');
  }

  /** It was asked for in full while idle. Whatever came of it, it is not asked for again. */
  revalidated(id: string): void {
    const record = this.#records.get(id);
    if (record) this.update(record, { verified: record.answer?.revision });
  }

  /** The question ended without an answer. */
  failed(id: string): void {
    const record = this.#records.get(id);
    if (record) this.update(record, { unanswered: true });
  }

  /** The question ended in good order, but a problem of the detector kept it from an answer. */
  excused(id: string): void {
    const record = this.#records.get(id);
    if (record) this.update(record, { unanswered: false });
  }

  /** Answers that the result cache is to have; each is handed out once. */
  takeUncached(): readonly UncachedResult[] {
    const uncached = [...this.#index.uncached];
    const signaturesAt = uncached.length === 0 ? new Map<string, never>() : this.#signaturesAt();
    return uncached.flatMap((record) => {
      this.update(record, { uncached: false });
      const { unit, answer } = record;
      if (answer?.startedAt === undefined) return [];
      const made = { revision: answer.revision, at: answer.startedAt };
      return [{ unit, made, signature: savedSignature(record), signaturesAt }];
    });
  }

  /** Where answers came from since this was asked last. */
  takeWork(): Omit<DetectorWork, 'detector'> {
    const work = this.#work;
    this.#work = noWork;
    return { units: this.#records.size, ...work };
  }

  #signaturesAt(): UncachedResult['signaturesAt'] {
    const moments = new Map<string, UncachedResult['made']>();
    for (const record of this.#records.values()) {
      const { unit, answer } = record;
      if (answer?.startedAt === undefined || !savedSignature(record)) continue;
      moments.set(unit.file, { revision: answer.revision, at: answer.startedAt });
    }
    return moments;
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

/** What only the editor has is not for the next session. */
function savedSignature({ signature, signatureOfEditor }: UnitRecord): InterfaceSignature | undefined {
  return signatureOfEditor ? undefined : signature;
}
