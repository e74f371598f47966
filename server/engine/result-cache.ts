/**
 * What an engine keeps for later sessions: plans and units' answers, each with the fingerprint of its inputs.
 * Lives as long as its engine; the store below it does not know what a fingerprint is made of.
 *
 * Invariant: an answer is persisted only if its inputs are provably those it was made from. A file that changed since
 * the inputs were last taken must have been announced, and changed, before the analysis began.
 */
import { lstat } from 'node:fs/promises';
import path from 'node:path';
import type {
  DetectorOptions,
  InterfaceSignature,
  Issue,
  PlanResult,
  Unit,
} from '../../workers/protocol/detector-protocol.ts';
import type { FileChange, Journal, JournalChange, Revision } from '../journal.ts';
import type { JsonValue, Store } from '../store/store.ts';
import type { KnownSignature } from './closures.ts';
import { listInputs, takeInputs, type Inputs, type Listing } from './inputs.ts';
import { changeTriggersOf, classifyChange, isConfiguration, isInput } from './change-triggers.ts';
import { dependsOnOthers, planFingerprint, unitFingerprints, type Fingerprinted } from './result-fingerprints.ts';

/** Clocks of file systems tick in steps of up to 10 ms; a change this near to the start of a check may be after it. */
const clockToleranceMs = 20;

/** When something was asked for, by both clocks that count: the journal's, and that of the file system. */
export interface Moment {
  readonly revision: Revision;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** An answer that the cache has not been given. */
export interface UncachedResult {
  readonly unit: Unit;
  /** When its check began. */
  readonly made: Moment;
  readonly signature?: InterfaceSignature | undefined;
  /** By file that told its signature: when the check of its present answer began. Dependents have been revalidated. */
  readonly signaturesAt?: ReadonlyMap<string, Moment> | undefined;
}

export interface Answer extends UncachedResult {
  readonly detector: string;
  readonly options: DetectorOptions;
  readonly plan: PlanResult;
  readonly files: ReadonlyMap<string, readonly Issue[]>;
}

/** A plan without units: no answer would bring it to the cache. */
export interface EmptyPlan extends Pick<Answer, 'detector' | 'options' | 'plan'> {
  /** When it was asked for. */
  readonly made: Moment;
}

export interface RecalledUnit {
  readonly unit: Unit;
  readonly files: ReadonlyMap<string, readonly Issue[]>;
  readonly signature?: InterfaceSignature | undefined;
}

/** The part of a store that keeps results. */
export type ResultStore = Pick<
  Store,
  'meta' | 'hashInputs' | 'loadUnits' | 'putUnit' | 'loadFacts' | 'putFact' | 'dropFact'
>;

/** Inputs as they were taken at some time. */
interface TakenInputs {
  readonly inputs: Inputs;
  /** Whatever was announced after this revision may not be in them. */
  readonly revision: Revision;
}

export class ResultCache {
  readonly #root: string;
  readonly #store: ResultStore;
  readonly #journal: Journal;
  readonly #first: Promise<TakenInputs>;
  /** The last ones, which everything is compared with. */
  #base: TakenInputs | undefined;
  /** By detector and file. */
  readonly #signatures = new Map<string, Promise<Map<string, KnownSignature>>>();

  /** @param listing of the root, begun before; whatever changed since must be in the journal */
  constructor(root: string, store: ResultStore, journal: Journal, listing: Promise<Listing> = listInputs(root)) {
    this.#root = root;
    this.#store = store;
    this.#journal = journal;
    this.#first = listing
      .then((listed) => takeInputs(root, store, listed))
      .then((inputs) => (this.#base = { inputs, revision: 0 }));
    // Whoever asks hears of a failure; nobody has to ask.
    this.#first.catch(() => {});
  }

  /** The plan of the last session, if nothing that it depends on has changed. */
  async plan(detector: string, options: DetectorOptions): Promise<PlanResult | undefined> {
    const inputs = await this.#inputs();
    const stored = await this.#store.meta.get(planKey(detector));
    if (!isStoredPlan(stored)) return undefined;
    const plan = JSON.parse(stored.plan) as PlanResult;
    const fingerprint = await planFingerprint(this.#madeFrom({ detector, options, plan }, inputs));
    return stored.fingerprint === fingerprint ? plan : undefined;
  }

  /** Answers of the last session to units of this plan whose inputs are the same now. */
  async *units(detector: string, options: DetectorOptions, plan: PlanResult): AsyncGenerator<RecalledUnit, void, void> {
    const inputs = await this.#inputs();
    const units = new Map(plan.units.map((unit) => [unit.id, unit]));
    const stored = this.#store.loadUnits({ detector });
    // Read while the fingerprints are made.
    const first = stored.next();
    first.catch(() => {});
    const signatures = await this.#signaturesOf(detector);
    const made = this.#madeFrom({ detector, options, plan }, inputs);
    const fingerprints = await unitFingerprints(made, plan.units, signatures);
    for (let next = await first; next.done !== true; next = await stored.next()) {
      const { value: result } = next;
      const unit = units.get(result.unit);
      if (!unit || fingerprints.get(unit.id) !== result.fingerprint) continue;
      yield { unit, files: result.files, signature: signatures.get(unit.file)?.signature };
    }
  }

  /** Files whose signature is known from the last session, and whose content is another now. */
  async changedOffline(detector: string): Promise<readonly string[]> {
    const { files } = await this.#inputs();
    const signatures = await this.#signaturesOf(detector);
    return [...signatures].filter(([file, { hash }]) => files.get(file) !== hash).map(([file]) => file);
  }

  /**
   * Stores those of these answers and plans that are provably true of the inputs as they are now.
   * @returns what changed although nobody announced it: to be analysed again
   */
  async persist(answers: readonly Answer[], emptyPlans: readonly EmptyPlan[] = []): Promise<readonly FileChange[]> {
    const base = await this.#first.then(() => this.#base);
    if (!base) return [];
    const { revision } = this.#journal;
    const [before, now] = [base.inputs, await takeInputs(this.#root, this.#store)];
    const announced = this.#journal.since(base.revision) ?? new Map<string, JournalChange>();
    const changes = differences(before, now);
    const missed = await this.#missed(changes, announced, before, now);
    const changedAt = await this.#changeTimes(changes, announced);
    for (const [file, moment] of await this.#untrackedTimes(answers)) changedAt.set(file, moment);
    for (const [detector, own] of Map.groupBy(answers, (answer) => answer.detector)) {
      const sound = own.filter((answer) => isSound(answer, changedAt, before, now));
      await this.#storeAnswers(detector, sound, now);
    }
    const isPlanSound = ({ made }: EmptyPlan): boolean =>
      before.installed === now.installed && [...changedAt.values()].every((change) => isBefore(change, made));
    // Which files there are may have decided.
    for (const plan of emptyPlans.filter(isPlanSound)) await this.#storePlan(plan, now);
    this.#base = { inputs: now, revision };
    return missed;
  }

  async #storeAnswers(detector: string, answers: readonly Answer[], inputs: Inputs): Promise<void> {
    await this.#storeSignatures(detector, answers, inputs);
    const [sample] = answers;
    if (!sample) return;
    const units = answers.map(({ unit }) => unit);
    const made = this.#madeFrom(sample, inputs);
    const fingerprints = await unitFingerprints(made, units, await this.#signaturesOf(detector));
    for (const { unit, files, plan } of answers) {
      const fingerprint = fingerprints.get(unit.id);
      if (fingerprint === undefined) continue;
      this.#store.putUnit({ detector, unit: unit.id, fingerprint, engine: plan.engine ?? '', files });
    }
    await this.#storePlan(sample, inputs);
  }

  async #storePlan(made: Pick<Answer, 'detector' | 'options' | 'plan'>, inputs: Inputs): Promise<void> {
    const fingerprint = await planFingerprint(this.#madeFrom(made, inputs));
    const stored = { fingerprint, plan: JSON.stringify(made.plan) } satisfies JsonValue;
    this.#store.meta.put(planKey(made.detector), stored);
  }

  /** As they are now: a detector that is turned on later must not be answered with what was true at the start. */
  async #inputs(): Promise<Inputs> {
    const first = await this.#first;
    const isAsAtStart = this.#base === first && this.#journal.lastChange <= first.revision;
    return isAsAtStart ? first.inputs : takeInputs(this.#root, this.#store);
  }

  #madeFrom({ detector, options, plan }: Pick<Answer, 'detector' | 'options' | 'plan'>, inputs: Inputs): Fingerprinted {
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

  async #storeSignatures(detector: string, answers: readonly Answer[], { files }: Inputs): Promise<void> {
    const signatures = await this.#signaturesOf(detector);
    for (const { unit, signature } of answers) {
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

  /** What is not as it was when it was announced, or was not announced at all. */
  async #missed(
    changes: readonly FileChange[],
    announced: ReadonlyMap<string, JournalChange>,
    before: Inputs,
    now: Inputs,
  ): Promise<readonly FileChange[]> {
    const times = await Promise.all(changes.map(({ file }) => this.#changedOnDisk(file)));
    const missed = changes.filter(({ file, kind }, index) => {
      const announcement = announced.get(file);
      if (announcement === undefined) return true;
      if (kind === 'deleted') return announcement.kind !== 'deleted';
      return (times[index] ?? 0) > announcement.at + clockToleranceMs;
    });
    const isExplained = [...announced.keys(), ...missed.map(({ file }) => file)].some(isConfiguration);
    if (before.installed === now.installed || isExplained || !now.files.has('package.json')) return missed;
    // Packages were installed without a word in the lock file: as if the manifest had changed.
    return [...missed, { file: 'package.json', kind: 'changed' }];
  }

  /** When each file had changed at the latest: as announced, and as the file system says. Never announced: never. */
  async #changeTimes(
    changes: readonly FileChange[],
    announced: ReadonlyMap<string, JournalChange>,
  ): Promise<Map<string, Moment>> {
    const times = await Promise.all(
      changes.map(async ({ file }): Promise<[string, Moment]> => {
        const revision = announced.get(file)?.revision ?? Number.POSITIVE_INFINITY;
        return [file, { revision, at: (await this.#changedOnDisk(file)) + clockToleranceMs }];
      }),
    );
    return new Map(times);
  }

  /** Of analysed files whose content is not among the inputs (a Markdown file that ESLint lints), only the disk knows. */
  async #untrackedTimes(answers: readonly Answer[]): Promise<readonly (readonly [string, Moment])[]> {
    const files = new Set(answers.map(({ unit }) => unit.file).filter((file) => !isInput(file)));
    return Promise.all(
      [...files].map(async (file) => {
        return [file, { revision: 0, at: (await this.#changedOnDisk(file)) + clockToleranceMs }] as const;
      }),
    );
  }

  async #changedOnDisk(file: string): Promise<number> {
    const status = await lstat(path.join(this.#root, file)).catch(() => undefined);
    return Math.max(status?.ctimeMs ?? 0, status?.mtimeMs ?? 0);
  }
}

/** @param changedAt by file that differs from `before` */
function isSound(answer: Answer, changedAt: ReadonlyMap<string, Moment>, before: Inputs, now: Inputs): boolean {
  const { detector, plan, unit, made, signaturesAt } = answer;
  const triggers = changeTriggersOf(detector);
  const wide = dependsOnOthers(detector, unit);
  if (before.installed !== now.installed || (wide && now.nested)) return false;
  const configFiles = new Set(plan.configFiles);
  for (const [file, change] of changedAt) {
    const meaning = classifyChange(triggers, file, configFiles);
    const matters = wide || file === unit.file || meaning === 'configuration' || meaning === 'environment';
    const checked = (file === unit.file ? undefined : signaturesAt?.get(file)) ?? made;
    if (matters && !isBefore(change, checked)) return false;
  }
  return true;
}

function isBefore(change: Moment, made: Moment): boolean {
  return change.revision <= made.revision && change.at <= made.at;
}

function differences(before: Inputs, now: Inputs): readonly FileChange[] {
  const changed = [...now.files].flatMap(([file, hash]): FileChange[] => {
    const known = before.files.get(file);
    if (known === hash) return [];
    return [{ file, kind: known === undefined ? 'created' : 'changed' }];
  });
  const gone = [...before.files.keys()].filter((file) => !now.files.has(file));
  return [...changed, ...gone.map((file): FileChange => ({ file, kind: 'deleted' }))];
}

function signatureKind(detector: string): string {
  return `signature ${detector}`;
}

function planKey(detector: string): string {
  return `plan ${detector}`;
}

function isStoredPlan(value: unknown): value is { fingerprint: string; plan: string } {
  return (
    typeof value === 'object' &&
    value !== null &&
    'fingerprint' in value &&
    typeof value.fingerprint === 'string' &&
    'plan' in value &&
    typeof value.plan === 'string'
  );
}
