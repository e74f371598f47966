/**
 * What an engine remembers between sessions: plans and units' answers, each with the fingerprint of its inputs.
 * Lives as long as its engine; the store below it does not know what a fingerprint is made of.
 *
 * Invariant: an answer is kept only if its inputs are provably those it was made from. A file that changed since the
 * inputs were last taken must have been announced, and changed, before the analysis began.
 */
import { lstat } from 'node:fs/promises';
import path from 'node:path';
import type {
  DetectorOptions,
  Issue,
  InterfaceSignature,
  PlanResult,
  Unit,
} from '../../workers/protocol/detector-protocol.ts';
import type { JsonValue, Store } from '../store/store.ts';
import { version } from '../version.ts';
import { Closures, type KnownOutline } from './closures.ts';
import { hashLines, listInputs, takeInputs, type Inputs, type Listing } from './inputs.ts';
import {
  changeTriggersOf,
  classifyChange,
  isConfiguration,
  isInput,
  type ChangeKind,
  type FileChange,
} from './change-triggers.ts';

/** Clocks of file systems tick in steps of up to 10 ms; a change this near to the start of a run may be after it. */
const clockToleranceMs = 20;

export interface Answer {
  readonly detector: string;
  readonly options: DetectorOptions;
  readonly plan: PlanResult;
  readonly unit: Unit;
  readonly files: ReadonlyMap<string, readonly Issue[]>;
  /** Milliseconds since the epoch: when the check that gave it began. */
  readonly startedAt: number;
  /** What others can see of the unit's file. */
  readonly outline?: InterfaceSignature | undefined;
  /** The same time for the present answers of other files that told their outline: what was in doubt is settled. */
  readonly toldAt?: ReadonlyMap<string, number>;
}

/** A plan without units: no answer would bring it to memory. */
export interface EmptyPlan extends Pick<Answer, 'detector' | 'options' | 'plan'> {
  /** Milliseconds since the epoch: when it was asked for. */
  readonly startedAt: number;
}

export interface RecalledUnit {
  readonly unit: Unit;
  readonly files: ReadonlyMap<string, readonly Issue[]>;
  readonly outline?: InterfaceSignature | undefined;
}

export class Memory {
  readonly #root: string;
  readonly #store: Store;
  readonly #first: Promise<Inputs>;
  /** Inputs as they were taken last, and what was announced since, with the time of the announcement. */
  #base: Inputs | undefined;
  readonly #announced = new Map<string, { readonly at: number; readonly kind: ChangeKind }>();
  /** By detector and file. */
  readonly #outlines = new Map<string, Promise<Map<string, KnownOutline>>>();

  /** @param listing of the root, begun before; whatever changed since must be announced */
  constructor(root: string, store: Store, listing: Promise<Listing> = listInputs(root)) {
    this.#root = root;
    this.#store = store;
    this.#first = listing.then((listed) => takeInputs(root, store, listed)).then((inputs) => (this.#base = inputs));
    // Whoever asks hears of a failure; nobody has to ask.
    this.#first.catch(() => {});
  }

  announce(changes: Iterable<FileChange>): void {
    const now = Date.now();
    for (const { file, kind } of changes) this.#announced.set(file, { at: now, kind });
  }

  /** The plan of the last session, if nothing that it depends on has changed. */
  async plan(detector: string, options: DetectorOptions): Promise<PlanResult | undefined> {
    const inputs = await this.#inputs();
    const kept = await this.#store.meta.get(planKey(detector));
    if (!isKeptPlan(kept)) return undefined;
    const plan = JSON.parse(kept.plan) as PlanResult;
    return kept.fingerprint === (await this.#planFingerprint(detector, options, plan, inputs)) ? plan : undefined;
  }

  /** Answers of the last session to units of this plan whose inputs are the same now. */
  async *units(detector: string, options: DetectorOptions, plan: PlanResult): AsyncGenerator<RecalledUnit, void, void> {
    const inputs = await this.#inputs();
    const units = new Map(plan.units.map((unit) => [unit.id, unit]));
    const stored = this.#store.loadUnits({ detector });
    // Read while the fingerprints are made.
    const first = stored.next();
    first.catch(() => {});
    const fingerprints = await this.#fingerprints(detector, options, plan, plan.units, inputs);
    const outlines = await this.#outlinesOf(detector);
    for (let next = await first; next.done !== true; next = await stored.next()) {
      const { value: kept } = next;
      const unit = units.get(kept.unit);
      if (!unit || fingerprints.get(unit.id) !== kept.fingerprint) continue;
      yield { unit, files: kept.files, outline: outlines.get(unit.file)?.outline };
    }
  }

  /** Files of which it is known what others could see of them in the last session, and that are not as they were. */
  async changedSince(detector: string): Promise<readonly string[]> {
    const { files } = await this.#inputs();
    const outlines = await this.#outlinesOf(detector);
    return [...outlines].filter(([file, { hash }]) => files.get(file) !== hash).map(([file]) => file);
  }

  /**
   * Keeps what can be kept of these answers and plans.
   * @returns what changed although nobody announced it: to be analysed again
   */
  async keep(answers: readonly Answer[], emptyPlans: readonly EmptyPlan[] = []): Promise<readonly FileChange[]> {
    const before = await this.#first.then(() => this.#base);
    if (!before) return [];
    const now = await takeInputs(this.#root, this.#store);
    const changes = differences(before, now);
    const missed = await this.#missed(changes, before, now);
    const changedAt = await this.#changeTimes(changes.map(({ file }) => file));
    for (const [file, at] of await this.#untrackedTimes(answers)) changedAt.set(file, at);
    const groups = Map.groupBy(answers, ({ detector }) => detector);
    for (const [detector, own] of groups) {
      const [sample] = own;
      if (!sample) continue;
      const kept = own.filter((answer) => this.#isSound(answer, changedAt, before, now));
      const { options, plan } = sample;
      const units = kept.map(({ unit }) => unit);
      await this.#keepOutlines(detector, kept, now);
      const fingerprints = await this.#fingerprints(detector, options, plan, units, now);
      for (const { unit, files } of kept) {
        const fingerprint = fingerprints.get(unit.id);
        if (fingerprint === undefined) continue;
        this.#store.putUnit({ detector, unit: unit.id, fingerprint, engine: plan.engine ?? '', files });
      }
      if (kept.length > 0) await this.#keepPlan(sample, now);
    }
    // Which files there are may have decided.
    const lastChange = [...changedAt.values()].reduce((latest, at) => Math.max(latest, at), 0);
    if (before.installed === now.installed)
      for (const empty of emptyPlans) if (lastChange <= empty.startedAt) await this.#keepPlan(empty, now);
    this.#base = now;
    for (const [file, { at }] of this.#announced) if (at < now.takenAt) this.#announced.delete(file);
    return missed;
  }

  async #keepPlan({ detector, options, plan }: Omit<EmptyPlan, 'startedAt'>, inputs: Inputs): Promise<void> {
    const fingerprint = await this.#planFingerprint(detector, options, plan, inputs);
    this.#store.meta.put(planKey(detector), { fingerprint, plan: JSON.stringify(plan) } satisfies JsonValue);
  }

  /** As they are now: a detector that is turned on later must not be answered with what was true at the start. */
  async #inputs(): Promise<Inputs> {
    const first = await this.#first;
    const asAtStart = this.#base === first && this.#announced.size === 0;
    return asAtStart ? first : takeInputs(this.#root, this.#store);
  }

  #isSound(answer: Answer, changedAt: ReadonlyMap<string, number>, before: Inputs, now: Inputs): boolean {
    const triggers = changeTriggersOf(answer.detector);
    const wide = reachesWide(answer.detector, answer.unit);
    if (before.installed !== now.installed || (wide && now.nested)) return false;
    for (const [file, at] of changedAt) {
      const concern = classifyChange(triggers, file, new Set(answer.plan.configFiles));
      const matters = wide || file === answer.unit.file || concern === 'configuration' || concern === 'environment';
      const told = file === answer.unit.file ? undefined : answer.toldAt?.get(file);
      if (matters && at > (told ?? answer.startedAt)) return false;
    }
    return true;
  }

  async #outlinesOf(detector: string): Promise<Map<string, KnownOutline>> {
    const known = this.#outlines.get(detector) ?? this.#loadOutlines(detector);
    this.#outlines.set(detector, known);
    return known;
  }

  async #loadOutlines(detector: string): Promise<Map<string, KnownOutline>> {
    const outlines = new Map<string, KnownOutline>();
    for await (const { file, hash, body } of this.#store.loadFacts(outlineKind(detector))) {
      if (typeof body === 'string') outlines.set(file, { hash, outline: JSON.parse(body) as InterfaceSignature });
    }
    return outlines;
  }

  async #keepOutlines(detector: string, answers: readonly Answer[], { files }: Inputs): Promise<void> {
    const outlines = await this.#outlinesOf(detector);
    for (const { unit, outline } of answers) {
      if (unit.needsSignature !== true) continue;
      const { file } = unit;
      const hash = files.get(file);
      if (outline === undefined || hash === undefined || hash === '') {
        if (outlines.delete(file)) this.#store.dropFact(outlineKind(detector), file);
      } else {
        outlines.set(file, { hash, outline });
        this.#store.putFact(outlineKind(detector), { file, hash, body: JSON.stringify(outline) });
      }
    }
    for (const file of outlines.keys()) {
      if (files.has(file)) continue;
      outlines.delete(file);
      this.#store.dropFact(outlineKind(detector), file);
    }
  }

  /** What is not as it was when it was announced, or was not announced at all. */
  async #missed(changes: readonly FileChange[], before: Inputs, now: Inputs): Promise<readonly FileChange[]> {
    const times = await Promise.all(changes.map(({ file }) => this.#changedOnDisk(file)));
    const missed = changes.filter(({ file, kind }, index) => {
      const announcement = this.#announced.get(file);
      if (announcement === undefined) return true;
      if (kind === 'deleted') return announcement.kind !== 'deleted';
      return (times[index] ?? 0) > announcement.at + clockToleranceMs;
    });
    const explained = [...this.#announced.keys(), ...missed.map(({ file }) => file)].some(isConfiguration);
    if (before.installed === now.installed || explained || !now.files.has('package.json')) return missed;
    // Packages were installed without a word in the lock file: as if the manifest had changed.
    return [...missed, { file: 'package.json', kind: 'changed' }];
  }

  /** When each file had changed at the latest: as announced, and as the file system says. Never announced: never. */
  async #changeTimes(files: readonly string[]): Promise<Map<string, number>> {
    const times = await Promise.all(
      files.map(async (file): Promise<[string, number]> => {
        const announcedAt = this.#announced.get(file)?.at ?? Number.POSITIVE_INFINITY;
        // The announcement has our own clock.
        return [file, Math.max(announcedAt, (await this.#changedOnDisk(file)) + clockToleranceMs)];
      }),
    );
    return new Map(times);
  }

  /** Of analysed files whose content is not among the inputs (a Markdown file that ESLint lints), only the disk knows. */
  async #untrackedTimes(answers: readonly Answer[]): Promise<readonly (readonly [string, number])[]> {
    const files = new Set(answers.map(({ unit }) => unit.file).filter((file) => !isInput(file)));
    return Promise.all(
      [...files].map(async (file) => [file, (await this.#changedOnDisk(file)) + clockToleranceMs] as const),
    );
  }

  async #changedOnDisk(file: string): Promise<number> {
    const status = await lstat(path.join(this.#root, file)).catch(() => undefined);
    return Math.max(status?.ctimeMs ?? 0, status?.mtimeMs ?? 0);
  }

  async #fingerprints(
    detector: string,
    options: DetectorOptions,
    plan: PlanResult,
    units: readonly Unit[],
    inputs: Inputs,
  ): Promise<ReadonlyMap<string, string>> {
    const base = await this.#environment(detector, options, plan, inputs);
    const closures = new Closures(inputs, await this.#outlinesOf(detector));
    const unknown = units.flatMap(({ file }) => (inputs.files.get(file) ? [] : [file]));
    const more = await this.#store.hashInputs(this.#root, unknown);
    return new Map(
      units.map((unit) => {
        const own = inputs.files.get(unit.file) || more.get(unit.file) || '';
        const lines = [base, `unit ${unit.id} ${unit.group} ${own}`];
        if (reachesWide(detector, unit))
          lines.push((isBounded(unit) ? closures.hashOf(unit.file) : undefined) ?? inputs.tree());
        return [unit.id, hashLines(lines)];
      }),
    );
  }

  async #planFingerprint(
    detector: string,
    options: DetectorOptions,
    plan: PlanResult,
    inputs: Inputs,
  ): Promise<string> {
    return hashLines([await this.#environment(detector, options, plan, inputs), inputs.names()]);
  }

  /** All but the sources: who asks, which version of what, under which configuration. */
  async #environment(detector: string, options: DetectorOptions, plan: PlanResult, inputs: Inputs): Promise<string> {
    const unknown = [...new Set(plan.configFiles)].filter((file) => !inputs.files.get(file));
    const more = await this.#store.hashInputs(this.#root, unknown);
    const named = [...new Set(plan.configFiles)].flatMap((file) => {
      const hash = inputs.files.get(file) || more.get(file);
      return hash ? [`named ${file} ${hash}`] : [];
    });
    return hashLines([
      `bulkhead ${version} ${process.platform} ${process.arch} node ${process.version}`,
      `detector ${detector} ${plan.engine ?? ''}`,
      `options ${JSON.stringify(options)}`,
      `flat ${process.env['ESLINT_USE_FLAT_CONFIG'] ?? ''}`,
      `installed ${inputs.installed}`,
      ...inputs.configurations.map(([file, hash]) => `config ${file} ${hash}`),
      ...named,
    ]);
  }
}

/** Its answer depends on other files only through its imports, and on types that are everywhere. */
function isBounded({ kind, dependsOn: reach }: Unit): boolean {
  return kind === 'file' && reach !== undefined && !reach.includes('workspace');
}

/** Its answer may depend on any file: projects, graphs, and files that are checked with type information. */
function reachesWide(detector: string, unit: Unit): boolean {
  return (
    changeTriggersOf(detector).invalidates === 'all' ||
    unit.kind !== 'file' ||
    unit.lane === 'heavy' ||
    unit.dependsOn !== undefined
  );
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

function outlineKind(detector: string): string {
  return `outline ${detector}`;
}

function planKey(detector: string): string {
  return `plan ${detector}`;
}

function isKeptPlan(value: unknown): value is { fingerprint: string; plan: string } {
  return (
    typeof value === 'object' &&
    value !== null &&
    'fingerprint' in value &&
    typeof value.fingerprint === 'string' &&
    'plan' in value &&
    typeof value.plan === 'string'
  );
}
