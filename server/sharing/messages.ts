/** The messages between processes that share one analysis: types and method names. All data is plain JSON. */
import { NotificationType, RequestType, RequestType0 } from 'vscode-jsonrpc/node';
import type {
  CheckEvent,
  DetectorOptions,
  DetectorProblem,
  Issue,
  PlanResult,
  Unit,
} from '../../workers/protocol/detector-protocol.ts';
import type { QuarantinedInput } from '../pool/types.ts';
import { version } from '../version.ts';
import type { ToldChange } from './seen-changes.ts';

/** Processes whose greetings differ may have different results, or no common protocol, and share nothing. */
export interface Greeting {
  readonly protocol: number;
  readonly bulkhead: string;
  /** Major version of Node.js. That of an editor and a terminal rarely agree in more. */
  readonly node: string;
  /** ESLINT_USE_FLAT_CONFIG: which kind of configuration ESLint reads. */
  readonly flatConfig: string;
  /** The setting `bulkhead.node`. */
  readonly program: string;
  /** No worker runs outside of a sandbox but those of the detectors that are named here; absent: that is not required. */
  readonly sandboxExcept?: readonly string[] | undefined;
}

/** Whether a leader's answers are those of the other process, from workers that are held as that one requires. */
export function mayAnswer(leader: Greeting, other: Greeting): boolean {
  const isHeld = other.sandboxExcept === undefined || String(other.sandboxExcept) === String(leader.sandboxExcept);
  const rest = (greeting: Greeting): string => JSON.stringify({ ...greeting, sandboxExcept: undefined });
  return isHeld && rest(leader) === rest(other);
}

/** Whether both speak the same protocol. */
export function understands(leader: Greeting, other: Greeting): boolean {
  return leader.protocol === other.protocol && leader.bulkhead === other.bulkhead;
}

export function greetingOf(program = '', sandboxExcept?: readonly string[]): Greeting {
  return {
    protocol: 2,
    bulkhead: version,
    node: process.versions.node.split('.')[0] ?? '',
    flatConfig: process.env['ESLINT_USE_FLAT_CONFIG'] ?? '',
    program,
    sandboxExcept,
  };
}

export interface PlanParams {
  readonly detector: string;
  readonly options: DetectorOptions;
}

export interface CheckParams extends PlanParams {
  /** Chosen by the follower; repeated in {@link AnswerParams}. */
  readonly id: number;
  readonly units: readonly Unit[];
}

export interface CheckReply {
  /** Ids of units that the follower has to check itself. */
  readonly refused: readonly string[];
  readonly quarantined: readonly QuarantinedInput[];
  readonly problems: readonly DetectorProblem[];
}

export interface ChangesParams {
  readonly changes: readonly ToldChange[];
  /** A comparison with the disk found them: they count even if they were reported before. */
  readonly isFound: boolean;
}

/** Part of the answer to a check. */
export interface AnswerParams {
  readonly id: number;
  readonly unit: string;
  readonly events: readonly CheckEvent[];
  /** The unit's answer is complete. */
  readonly last: boolean;
}

export interface EditedParams {
  /** Relative to the folder; empty: it is not known which. */
  readonly files: readonly string[];
  /** Whoever edits: what it was told before is not repeated. */
  readonly session: string;
  /** When the question was asked, milliseconds since the epoch. */
  readonly askedAt: number;
  readonly waitMs: number;
}

export interface EditedReply {
  /** `running`: what is known so far. `confirming`, `incomplete`: as in the answers to agents. */
  readonly state: 'complete' | 'incomplete' | 'confirming' | 'running';
  /** False: it is not known what was before the edit. Then `appeared` has all issues of the files. */
  readonly isDifference: boolean;
  /** The worst; `appearedCount` counts all. */
  readonly appeared: readonly Issue[];
  readonly appearedCount: number;
  readonly fixed: readonly Issue[];
  readonly fixedCount: number;
  /** Detectors that have not finished. */
  readonly running: readonly string[];
  /** Detectors whose answers are missing; each is named to a session once. */
  readonly gaps: readonly string[];
  /** Files that no detector looks at; each is named to a session once. */
  readonly unchecked: readonly string[];
}

/** Follower to leader. */
export const greet = new RequestType<Greeting, { readonly accepted: boolean; readonly understood?: boolean }, void>(
  'greet',
);
export const plan = new RequestType<PlanParams, { readonly plan?: PlanResult }, void>('plan');
export const check = new RequestType<CheckParams, CheckReply, void>('check');
/** The leader compares with the disk. Result: whether its results are valid for it; false: files kept changing. */
export const confirm = new RequestType0<boolean, void>('confirm');
/** What an edit made new or fixed. The answer is for a person or an agent, so settings may differ. */
export const edited = new RequestType<EditedParams, EditedReply, void>('edited');
/** Fails only if the leader hangs. */
export const ping = new RequestType0<null, void>('ping');
/** Releases a file from quarantine. */
export const release = new NotificationType<{ readonly file: string }>('release');

/** Leader to follower. */
export const answer = new NotificationType<AnswerParams>('answer');

/** Both ways: files that changed on disk. */
export const changes = new NotificationType<ChangesParams>('changes');
/** Both ways: the user requested a new analysis of everything. */
export const analyze = new NotificationType<object>('analyze');

/** Options as normalized text: in a fixed order and without defaults, so that it is equal for equivalent options. */
export function normalized(options: DetectorOptions): string {
  return JSON.stringify(options, (key, value: unknown) => {
    if (key === 'engine' && value === 'auto') return undefined;
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
    const entries = Object.entries(value).filter(([, inner]) => !isEmpty(inner));
    return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
  });
}

function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length === 0;
}
