/**
 * What is known of each unit of one detector: whether it is stale, what it was asked last, and which answer is the
 * present one. It asks for nothing and holds no issues. Lives as long as its runner.
 *
 * Invariant: everything in it is about a unit that the plan names, or that the plan may only have lost. A unit that is
 * dropped leaves nothing behind, so that whatever is still said of it is of no known generation.
 * Invariant: a unit is up to date only if nothing has changed since it was asked last, and that question has its answer.
 */
import type { InterfaceSignature, Unit } from '../../workers/protocol/detector-protocol.ts';
import type { Doubts } from './doubts.ts';
import type { Answer } from './memory.ts';
import type { Run } from './run.ts';
import type { DetectorWork } from './status.ts';

interface PresentAnswer {
  readonly generation: number;
  /** It is about what is on disk, not about unsaved text. */
  readonly ofDisk: boolean;
  /** When its check began; undefined: in an earlier session, or not of the disk. */
  readonly startedAt?: number | undefined;
}

const noWork = { analysed: 0, recalled: 0, borrowed: 0 };

export class UnitLedger {
  readonly #doubts: Doubts;
  /** In the order of the plan. */
  #units = new Map<string, Unit>();
  readonly #stale = new Set<string>();
  /** The newest generation in work or answered. */
  readonly #newest = new Map<string, number>();
  readonly #answers = new Map<string, PresentAnswer>();
  /** Memory has not been given their present answer. */
  readonly #unkept = new Set<string>();
  /** The last question ended without an answer, or the plan has lost them: their issues are those from before. */
  readonly #unanswered = new Set<string>();
  /** The engine whose answers are shown, where it is not the plan's. */
  readonly #speaking = new Map<string, string>();
  #work = noWork;

  /** @param doubts are told which units there are and which are asked for */
  constructor(doubts: Doubts) {
    this.#doubts = doubts;
  }

  get size(): number {
    return this.#units.size;
  }

  get hasStale(): boolean {
    return this.#stale.size > 0;
  }

  get unanswered(): number {
    return this.#unanswered.size;
  }

  /** Engines whose answers are shown although they are not the plan's. */
  get speakers(): readonly string[] {
    return [...new Set(this.#speaking.values())].sort();
  }

  /** How many units have issues that are not known to be true of what is there now. */
  get earlier(): number {
    return new Set([...this.#stale, ...this.#unanswered, ...this.#doubts.doubtful]).size;
  }

  unitOf(id: string): Unit | undefined {
    return this.#units.get(id);
  }

  /** It was asked last in this generation: what an older one says of it no longer counts. */
  isNewest(id: string, generation: number): boolean {
    return this.#newest.get(id) === generation;
  }

  isUpToDate(id: string): boolean {
    return !this.#stale.has(id) && this.#answers.get(id)?.generation === this.#newest.get(id);
  }

  isUnanswered(id: string): boolean {
    return this.#unanswered.has(id);
  }

  isSpokenFor(id: string): boolean {
    return this.#speaking.has(id);
  }

  /** Its present answer, if it has one, is about what is on disk. */
  isOfDisk(id: string): boolean {
    return this.#answers.get(id)?.ofDisk !== false;
  }

  /** The generation of its present answer. */
  answeredIn(id: string): number | undefined {
    return this.#answers.get(id)?.generation;
  }

  /**
   * There is a plan.
   * @param isGone of a unit that the plan does not name: otherwise it is only lost, and keeps what it said
   * @returns the units that are no more
   */
  planned(units: readonly Unit[], isGone: (unit: Unit) => boolean): readonly string[] {
    const next = new Map(units.map((unit) => [unit.id, unit]));
    const missing = [...this.#units.values()].filter(({ id }) => !next.has(id));
    const gone = missing.filter(isGone).map(({ id }) => id);
    for (const [id, { group }] of next) {
      if (this.#units.get(id)?.group !== group || !this.#newest.has(id) || this.#unanswered.has(id))
        this.#stale.add(id);
    }
    for (const id of gone) this.#drop(id);
    for (const lost of missing) {
      if (!this.#units.has(lost.id)) continue;
      next.set(lost.id, lost);
      this.#stale.delete(lost.id);
      this.#unanswered.add(lost.id);
    }
    this.#units = next;
    this.#doubts.planned(next);
    return gone;
  }

  /** Files are gone. @returns the units that went with them */
  deleted(isGone: (file: string) => boolean): readonly string[] {
    const gone = [...this.#units.keys()].filter(isGone);
    for (const id of gone) this.#drop(id);
    return gone;
  }

  /** What it was asked about is no longer so; without meaning where it is no unit. */
  markStale(id: string): void {
    if (this.#units.has(id)) this.#stale.add(id);
  }

  markAllStale(): void {
    for (const id of this.#units.keys()) this.#stale.add(id);
  }

  /** What has no answer may get one now. */
  markUnansweredStale(): void {
    for (const id of this.#unanswered) this.#stale.add(id);
  }

  /** To be asked for now: they are not stale any more. */
  takeStale(): readonly Unit[] {
    const units = [...this.#units.values()].filter(({ id }) => this.#stale.has(id));
    this.#stale.clear();
    return units;
  }

  asked(units: readonly Unit[], generation: number): void {
    for (const { id } of units) {
      this.#newest.set(id, generation);
      this.#unkept.delete(id);
      this.#doubts.asked(id);
    }
  }

  /** Memory has the answer. @returns false: it was asked for in the meantime, or is left out */
  recalled({ id, file }: Unit, generation: number, outline: InterfaceSignature | undefined): boolean {
    if (!this.#stale.delete(id)) return false;
    this.#newest.set(id, generation);
    this.#answers.set(id, { generation, ofDisk: true });
    this.#count('recalled');
    if (outline) this.#doubts.recalled(file, outline);
    return true;
  }

  /** Another engine than the plan's answers for it. */
  speaks(id: string, engine: string): void {
    this.#speaking.set(id, engine);
  }

  /** @param borrowed another process answered for us */
  answered(id: string, run: Pick<Run, 'generation' | 'startedAt' | 'spokenFor'>, borrowed: boolean): void {
    const { generation, startedAt, spokenFor } = run;
    this.#count(borrowed ? 'borrowed' : 'analysed');
    this.#unanswered.delete(id);
    this.#answers.set(id, { generation, ofDisk: startedAt !== undefined, startedAt });
    // Who answered for us keeps it: only they know what it was made from.
    if (startedAt !== undefined && !borrowed) this.#unkept.add(id);
    if (!spokenFor.has(id)) this.#speaking.delete(id);
  }

  /** The question ended without an answer. */
  failed(id: string): void {
    this.#unanswered.add(id);
  }

  /** The question ended in good order, but a problem of the detector kept it from an answer. */
  excused(id: string): void {
    this.#unanswered.delete(id);
  }

  /** Answers that memory has not been given yet; each is handed out once. */
  takeUnkept(): readonly Pick<Answer, 'unit' | 'startedAt' | 'outline' | 'toldAt'>[] {
    const toldAt = this.#toldAt();
    const answers = [...this.#unkept].flatMap((id) => {
      const unit = this.#units.get(id);
      const startedAt = this.#answers.get(id)?.startedAt;
      if (!unit || startedAt === undefined) return [];
      return [{ unit, startedAt, outline: this.#doubts.outlineOf(unit.file), toldAt }];
    });
    this.#unkept.clear();
    return answers;
  }

  /** Where the answers came from since this was asked last. */
  takeWork(): Omit<DetectorWork, 'detector'> {
    const work = this.#work;
    this.#work = noWork;
    return { units: this.#units.size, ...work };
  }

  #toldAt(): ReadonlyMap<string, number> {
    const times = new Map<string, number>();
    for (const [id, { startedAt }] of this.#answers) {
      if (startedAt !== undefined && this.#doubts.outlineOf(id)) times.set(id, startedAt);
    }
    return times;
  }

  #drop(id: string): void {
    this.#units.delete(id);
    this.#stale.delete(id);
    this.#newest.delete(id);
    this.#answers.delete(id);
    this.#unkept.delete(id);
    this.#unanswered.delete(id);
    this.#speaking.delete(id);
    this.#doubts.dropped(id);
  }

  #count(kind: keyof typeof noWork): void {
    this.#work = { ...this.#work, [kind]: this.#work[kind] + 1 };
  }
}
