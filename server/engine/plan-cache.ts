/**
 * Keeps the plan of each detector for later sessions, with the fingerprint of what it was made from: then no worker has to
 * start to make it again. Part of the result cache.
 *
 * Invariant: a plan is stored only if the detector would plan the same for the present files.
 */
import type { DetectorOptions, PlanResult } from '../../workers/protocol/detector-protocol.ts';
import { component } from '../../workers/protocol/file-patterns.ts';
import type { ChangeTriggers } from '../../workers/protocol/manifest.ts';
import type { FileChange, Revision } from '../journal.ts';
import type { JsonValue, Store } from '../store/store.ts';
import { changeTriggersOf, classifyChange } from './change-triggers.ts';
import type { Inputs } from './inputs.ts';
import { isBefore, type Moment } from './moment.ts';
import { planFingerprint } from './result-fingerprints.ts';

/** The plan that a detector follows. */
export interface PresentPlan {
  readonly detector: string;
  readonly options: DetectorOptions;
  readonly plan: PlanResult;
  /** Undefined: it was found in the cache. */
  readonly requestedAt: Moment | undefined;
}

/** What happened since the last comparison with the disk. */
export interface ComparedInputs {
  readonly before: Inputs;
  readonly now: Inputs;
  readonly changes: readonly FileChange[];
  /** When each of the changed files changed. */
  readonly changedAt: ReadonlyMap<string, Moment>;
  /** Of the journal when the comparison began. */
  readonly revision: Revision;
}

interface StoredPlan {
  readonly fingerprint: string;
  readonly plan: PlanResult;
}

export class PlanCache {
  readonly #root: string;
  readonly #store: Pick<Store, 'meta' | 'hashInputs'>;
  /** By detector: what the store has, as far as this session knows. */
  readonly #stored = new Map<string, StoredPlan>();
  /** By detector: a plan that was requested at this revision, or before, was not of the files that are there. */
  readonly #outdated = new Map<string, Revision>();

  constructor(root: string, store: Pick<Store, 'meta' | 'hashInputs'>) {
    this.#root = root;
    this.#store = store;
  }

  /** The plan of the last session, if its inputs are these. */
  async recall(detector: string, options: DetectorOptions, inputs: Inputs): Promise<PlanResult | undefined> {
    const stored = await this.#store.meta.get(keyOf(detector));
    if (!isStored(stored)) return undefined;
    const plan = JSON.parse(stored.plan) as PlanResult;
    if (stored.fingerprint !== (await this.#fingerprint({ detector, options, plan }, inputs))) return undefined;
    this.#stored.set(detector, { fingerprint: stored.fingerprint, plan });
    return plan;
  }

  has({ detector, plan }: PresentPlan): boolean {
    return this.#stored.get(detector)?.plan === plan;
  }

  /** Stores those that are of the present files. */
  async store(plans: readonly PresentPlan[], compared: ComparedInputs): Promise<void> {
    for (const present of plans) {
      const { detector, plan } = present;
      if (!this.#isOfPresentFiles(present, compared)) continue;
      const fingerprint = await this.#fingerprint(present, compared.now);
      if (this.has(present) && this.#stored.get(detector)?.fingerprint === fingerprint) continue;
      this.#stored.set(detector, { fingerprint, plan });
      const stored = { fingerprint, plan: JSON.stringify(plan) } satisfies JsonValue;
      this.#store.meta.put(keyOf(detector), stored);
    }
  }

  #isOfPresentFiles(present: PresentPlan, { before, now, changes, changedAt, revision }: ComparedInputs): boolean {
    const { detector, options, plan, requestedAt } = present;
    const planned = { plan, triggers: changeTriggersOf(detector, options), configFiles: new Set(plan.configFiles) };
    const isLater = ({ file }: FileChange): boolean => {
      const at = changedAt.get(file);
      return !at || !requestedAt || !isBefore(at, requestedAt);
    };
    // The next comparison no longer has these changes.
    if (changes.some((change) => isLater(change) && changesPlan(change, planned)))
      this.#outdated.set(detector, revision);
    const outdated = this.#outdated.get(detector);
    const isPlannedSince = outdated === undefined || (requestedAt !== undefined && requestedAt.revision > outdated);
    return isPlannedSince && before.installed === now.installed;
  }

  #fingerprint(present: Omit<PresentPlan, 'requestedAt'>, inputs: Inputs): Promise<string> {
    return planFingerprint({ root: this.#root, store: this.#store, ...present, inputs });
  }
}

interface Planned {
  readonly plan: PlanResult;
  readonly triggers: ChangeTriggers;
  readonly configFiles: ReadonlySet<string>;
}

function changesPlan(change: FileChange, { plan, triggers, configFiles }: Planned): boolean {
  // Any file may be why there is nothing to do.
  if (plan.status !== 'ready') return true;
  const meaning = classifyChange(triggers, change.file, configFiles);
  if (meaning !== 'content') return meaning !== 'none';
  return (
    listsAnew(change, triggers) || (change.kind === 'deleted' && plan.units.some(({ file }) => file === change.file))
  );
}

/** Whether the change of a source is a reason to plan again. */
export function listsAnew({ file, kind }: FileChange, { invalidates }: ChangeTriggers): boolean {
  // Which tool checks a project may depend on whether it has components.
  return invalidates === 'all' ? kind !== 'changed' && component.test(file) : kind === 'created';
}

function keyOf(detector: string): string {
  return `plan ${detector}`;
}

function isStored(value: unknown): value is { fingerprint: string; plan: string } {
  return (
    typeof value === 'object' &&
    value !== null &&
    'fingerprint' in value &&
    typeof value.fingerprint === 'string' &&
    'plan' in value &&
    typeof value.plan === 'string'
  );
}
