/**
 * Keeps plans and results of units for later sessions, each with the fingerprint of its inputs. Lives as long as its
 * engine; the store does not know what a fingerprint consists of.
 *
 * Invariant: a result is persisted only if it was provably made from the present inputs. A file that changed since the
 * last snapshot must have changed, and been reported, before the check began.
 */
import type {
  DetectorOptions,
  InterfaceSignature,
  Issue,
  PlanResult,
  Unit,
} from '../../workers/protocol/detector-protocol.ts';
import type { FileChange, Journal, JournalChange, Revision } from '../journal.ts';
import type { Store } from '../store/store.ts';
import type { KnownSignature } from './closures.ts';
import { hashLines, listInputs, takeInputs, type Inputs, type Listing } from './inputs.ts';
import { changeTriggersOf, classifyChange, isInput } from './change-triggers.ts';
import { DiskComparison, type OtherFiles, type Snapshot } from './disk-comparison.ts';
import { isBefore, type Moment } from './moment.ts';
import { PlanCache, type PresentPlan } from './plan-cache.ts';
import { ReadFiles, type StoredReads } from './reads.ts';
import { dependsOnOthers, unitFingerprints, type FingerprintInput } from './result-fingerprints.ts';

/** A result of a unit that the cache does not have. */
export interface UncachedResult {
  readonly unit: Unit;
  /** When its check began. */
  readonly startedAt: Moment;
  readonly signature?: InterfaceSignature | undefined;
  /** When the check of each file's present signature began. Its dependents have been revalidated. */
  readonly signaturesAt?: ReadonlyMap<string, Moment> | undefined;
  /** Files whose content it depends on; absent: any may matter. */
  readonly reads?: readonly string[] | undefined;
}

export interface CacheableResult extends UncachedResult {
  readonly detector: string;
  readonly options: DetectorOptions;
  readonly plan: PlanResult;
  readonly files: ReadonlyMap<string, readonly Issue[]>;
}

export interface RecalledUnit {
  readonly unit: Unit;
  readonly files: ReadonlyMap<string, readonly Issue[]>;
  readonly signature?: InterfaceSignature | undefined;
  readonly reads?: readonly string[] | undefined;
  /** All files of the root, by which the result is valid. */
  readonly filesOfRoot: ReadonlyMap<string, string>;
}

/** The part of a store that holds results. */
export type ResultStore = Pick<
  Store,
  'meta' | 'hashInputs' | 'loadUnits' | 'putUnit' | 'loadFacts' | 'putFact' | 'dropFact'
>;

const noOthers: OtherFiles = { concerns: () => false, outside: new Set() };

export class ResultCache {
  readonly #root: string;
  readonly #store: ResultStore;
  readonly #journal: Journal;
  readonly #plans: PlanCache;
  readonly #first: Promise<Snapshot>;
  /** The latest snapshot, the base of comparison. */
  #base: Snapshot | undefined;
  /** By file: changes that a comparison found and nobody has reported since. The next comparison no longer sees them. */
  readonly #owed = new Map<string, Pick<JournalChange, 'kind' | 'revision'>>();
  /** By detector, then by file. */
  readonly #signatures = new Map<string, Promise<Map<string, KnownSignature>>>();

  /** @param listing of the root, started earlier; every later change must be in the journal */
  constructor(root: string, store: ResultStore, journal: Journal, listing: Promise<Listing> = listInputs(root)) {
    this.#root = root;
    this.#store = store;
    this.#journal = journal;
    this.#plans = new PlanCache(root, store);
    const at = journal.now;
    this.#first = listing
      .then((listed) => takeInputs(root, store, listed))
      .then((inputs) => (this.#base = { inputs, revision: 0, at }));
    // A failure reaches those who await it; it must not be unhandled if nobody does.
    this.#first.catch(() => {});
  }

  /** Hash of everything that was on disk at the last comparison; undefined: there was none. */
  get content(): string | undefined {
    const { inputs } = this.#base ?? {};
    return inputs && hashLines([inputs.tree(), inputs.installed]);
  }

  /** Whether the file was there at the last comparison. */
  had(file: string): boolean {
    return this.#base?.inputs.files.has(file) === true;
  }

  /** The plan of the last session, if its inputs have not changed. */
  async plan(detector: string, options: DetectorOptions): Promise<PlanResult | undefined> {
    return this.#plans.recall(detector, options, await this.#inputs());
  }

  /** Whether the store has this plan. */
  hasPlan(plan: PresentPlan): boolean {
    return this.#plans.has(plan);
  }

  /** Results of the last session for units of this plan whose inputs have not changed. */
  async *units(detector: string, options: DetectorOptions, plan: PlanResult): AsyncGenerator<RecalledUnit, void, void> {
    const inputs = await this.#inputs();
    const units = new Map(plan.units.map((unit) => [unit.id, unit]));
    const stored = this.#store.loadUnits({ detector });
    // The store reads while the fingerprints are computed.
    const first = stored.next();
    first.catch(() => {});
    const signatures = await this.#signaturesOf(detector);
    const reads = await this.#loadReads(detector, inputs);
    const readFiles = new ReadFiles(inputs);
    const source = this.#fingerprintInput({ detector, options, plan }, inputs);
    const fingerprints = await unitFingerprints(source, plan.units, { signatures, reads });
    for (let next = await first; next.done !== true; next = await stored.next()) {
      const { value: result } = next;
      const unit = units.get(result.unit);
      if (!unit || fingerprints.get(unit.id) !== result.fingerprint) continue;
      const read = reads.get(unit.id);
      yield {
        unit,
        files: result.files,
        signature: signatures.get(unit.file)?.signature,
        reads: read && readFiles.decode(read),
        filesOfRoot: inputs.files,
      };
    }
  }

  /** Files with a signature from the last session whose content has changed since. */
  async changedOffline(detector: string): Promise<readonly string[]> {
    const { files } = await this.#inputs();
    const signatures = await this.#signaturesOf(detector);
    return [...signatures].filter(([file, { hash }]) => files.get(file) !== hash).map(([file]) => file);
  }

  /**
   * Stores the results and plans that are provably valid for the present inputs.
   * @returns changes that were not reported, or whose report may be older than they are: they still have to be analysed.
   *   They are returned again until they are reported
   */
  async persist(
    results: readonly CacheableResult[],
    plans: readonly PresentPlan[] = [],
    others: OtherFiles = noOthers,
  ): Promise<readonly FileChange[]> {
    const base = await this.#first.then(() => this.#base);
    if (!base) return [];
    const { revision, now: at } = this.#journal;
    const now = await takeInputs(this.#root, this.#store);
    const reported = this.#journal.since(base.revision) ?? new Map<string, JournalChange>();
    const reportedAt = this.#journal.revision;
    const comparison = new DiskComparison(this.#root, base, now, reported);
    const { changes } = comparison;
    const missed = await comparison.missed(results, others);
    const changedAt = await comparison.changeTimes(results);
    for (const [detector, own] of Map.groupBy(results, (result) => result.detector)) {
      const valid = own.filter((result) => isStillValid(result, changedAt, base.inputs, now));
      await this.#storeResults(detector, valid, now);
    }
    await this.#plans.store(plans, { before: base.inputs, now, changes, changedAt, revision });
    this.#base = { inputs: now, revision, at };
    return this.#withOwed(missed, reported, reportedAt, now);
  }

  /** Two comparisons may overlap, and whoever got the changes of one may not have passed them on yet. */
  #withOwed(
    missed: readonly FileChange[],
    reported: ReadonlyMap<string, JournalChange>,
    revision: Revision,
    now: Inputs,
  ): readonly FileChange[] {
    for (const [file, since] of this.#owed)
      if ((reported.get(file)?.revision ?? 0) > since.revision) this.#owed.delete(file);
    for (const { file, kind } of missed) this.#owed.set(file, { kind, revision });
    const found = new Set(missed.map(({ file }) => file));
    const owed = [...this.#owed].flatMap(([file, { kind }]): FileChange[] => {
      if (found.has(file)) return [];
      const isBack = kind === 'deleted' && now.files.has(file);
      return [{ file, kind: isBack ? 'created' : kind }];
    });
    return [...missed, ...owed];
  }

  async #storeResults(detector: string, results: readonly CacheableResult[], inputs: Inputs): Promise<void> {
    await this.#storeSignatures(detector, results, inputs);
    const [sample] = results;
    if (!sample) return;
    const units = results.map(({ unit }) => unit);
    const source = this.#fingerprintInput(sample, inputs);
    const reads = this.#storeReads(detector, results, inputs);
    const fingerprints = await unitFingerprints(source, units, {
      signatures: await this.#signaturesOf(detector),
      reads,
    });
    for (const { unit, files, plan } of results) {
      const fingerprint = fingerprints.get(unit.id);
      if (fingerprint === undefined) continue;
      this.#store.putUnit({ detector, unit: unit.id, fingerprint, engine: plan.engine ?? '', files });
    }
  }

  /** The present inputs: a detector that is enabled later must not get results for those at the start. */
  async #inputs(): Promise<Inputs> {
    const first = await this.#first;
    const isAsAtStart = this.#base === first && this.#journal.lastChange <= first.revision;
    return isAsAtStart ? first.inputs : takeInputs(this.#root, this.#store);
  }

  #fingerprintInput(
    { detector, options, plan }: Pick<CacheableResult, 'detector' | 'options' | 'plan'>,
    inputs: Inputs,
  ): FingerprintInput {
    return { root: this.#root, store: this.#store, detector, options, plan, inputs };
  }

  async #signaturesOf(detector: string): Promise<Map<string, KnownSignature>> {
    const known = this.#signatures.get(detector) ?? this.#loadSignatures(detector);
    this.#signatures.set(detector, known);
    return known;
  }

  async #loadSignatures(detector: string): Promise<Map<string, KnownSignature>> {
    const signatures = new Map<string, KnownSignature>();
    for await (const { file, hash, body } of this.#store.loadFacts(signatureKind(detector))) {
      if (typeof body === 'string') signatures.set(file, { hash, signature: JSON.parse(body) as InterfaceSignature });
    }
    return signatures;
  }

  async #storeSignatures(detector: string, results: readonly CacheableResult[], { files }: Inputs): Promise<void> {
    const signatures = await this.#signaturesOf(detector);
    for (const { unit, signature } of results) {
      if (unit.needsSignature !== true) continue;
      const { file } = unit;
      const hash = files.get(file);
      if (signature === undefined || hash === undefined || hash === '') {
        if (signatures.delete(file)) this.#store.dropFact(signatureKind(detector), file);
      } else {
        signatures.set(file, { hash, signature });
        this.#store.putFact(signatureKind(detector), { file, hash, body: JSON.stringify(signature) });
      }
    }
    for (const file of signatures.keys()) {
      if (files.has(file)) continue;
      signatures.delete(file);
      this.#store.dropFact(signatureKind(detector), file);
    }
  }

  /** What the units of the last sessions were made from, as far as the same files exist. */
  async #loadReads(detector: string, inputs: Inputs): Promise<ReadonlyMap<string, StoredReads>> {
    const reads = new Map<string, StoredReads>();
    for await (const { file: unit, hash, body } of this.#store.loadFacts(readsKind(detector))) {
      if (typeof body === 'string' && hash === inputs.inputNames()) reads.set(unit, JSON.parse(body) as StoredReads);
    }
    return reads;
  }

  #storeReads(detector: string, results: readonly CacheableResult[], inputs: Inputs): ReadonlyMap<string, StoredReads> {
    const stored = new Map<string, StoredReads>();
    const readFiles = new ReadFiles(inputs);
    for (const { unit, reads } of results) {
      if (!reads) {
        if (unit.kind === 'project') this.#store.dropFact(readsKind(detector), unit.id);
        continue;
      }
      const encoded = readFiles.encode(reads);
      stored.set(unit.id, encoded);
      const fact = { file: unit.id, hash: inputs.inputNames(), body: JSON.stringify(encoded) };
      this.#store.putFact(readsKind(detector), fact);
    }
    return stored;
  }
}

/** @param changedAt by file that differs from `before` */
function isStillValid(
  result: CacheableResult,
  changedAt: ReadonlyMap<string, Moment>,
  before: Inputs,
  now: Inputs,
): boolean {
  const { detector, options, plan, unit, startedAt, signaturesAt } = result;
  const reads = result.reads && new Set(result.reads);
  const isRead = (file: string): boolean =>
    reads?.has(file) !== false || (isInput(file) && before.files.has(file) !== now.files.has(file));
  const triggers = changeTriggersOf(detector, options);
  const dependsOnAll = dependsOnOthers(detector, options, unit);
  if (before.installed !== now.installed || (dependsOnAll && now.nested)) return false;
  const configFiles = new Set(plan.configFiles);
  for (const [file, change] of changedAt) {
    const meaning = classifyChange(triggers, file, configFiles);
    const matters =
      (dependsOnAll && isRead(file)) || file === unit.file || meaning === 'configuration' || meaning === 'environment';
    const checkedAt = (file === unit.file ? undefined : signaturesAt?.get(file)) ?? startedAt;
    if (matters && !isBefore(change, checkedAt)) return false;
  }
  return true;
}

function signatureKind(detector: string): string {
  return `signature ${detector}`;
}

function readsKind(detector: string): string {
  return `reads ${detector}`;
}
