/**
 * What a detector declares about itself, as data: everything that the server, the settings and the documents need to
 * know of it without loading its code. Its manifest is the one place for each of these facts.
 */
import type { DetectorOptions, Severity } from './detector-protocol.ts';

/** `external`: another tool's process answers for the whole folder at once. */
export type DetectorKind = 'project' | 'file' | 'graph' | 'external';

export interface DetectorManifest {
  /** The name of its folder; how settings, the command line and issues call it. */
  readonly name: string;
  /** The name that people read. */
  readonly title: string;
  readonly kind: DetectorKind;
  /** Completes "Report …" as one Markdown sentence, without the full stop. */
  readonly reports: string;
  /** Where its results come from, as a Markdown phrase. */
  readonly source: string;
  /** Path of its page, relative to the repository. */
  readonly documentation: string;
  readonly changes: ChangeTriggers;
  /** Options under which it executes no code of the workspace, or that there are none. */
  readonly untrusted: DetectorOptions | 'does not run';
  /** By another detector: options while that one is off, for what it otherwise leaves to it. */
  readonly without: Readonly<Record<string, DetectorOptions>>;
  readonly sandbox: SandboxNeeds;
  readonly worker: WorkerNeeds;
  /** False: it reads files whose content the result cache does not compare, so its results are not kept. */
  readonly cached: boolean;
  /** By name: the schema of each option, with its default. */
  readonly options: Readonly<Record<string, OptionSchema>>;
}

/** Answers questions of the server in a detector's worker. It reports nothing and has no settings. */
export interface QueryManifest {
  readonly name: string;
  readonly title: string;
  readonly kind: 'query';
  readonly worker: WorkerNeeds;
}

/** Which file changes concern a detector. All but `sources` and `configuration` of the root are matched by file name. */
export interface ChangeTriggers {
  /** Files whose content the results depend on. */
  readonly sources: RegExp;
  /** Files that decide what is analysed and how: a change invalidates everything. */
  readonly configuration: RegExp;
  /** Files whose change means that code already loaded in a worker is out of date. */
  readonly environment: RegExp;
  /** What a change of a file that the plan named as configuration means. */
  readonly planFiles: 'configuration' | 'environment';
  /** What a change of a source invalidates: the unit of that file only, or every unit. */
  readonly invalidates: 'unit' | 'all';
}

/**
 * What a sandbox must allow beyond reading the workspace, the folders above it and Bulkhead's own installation, and
 * writing to a private temporary folder.
 */
export interface SandboxNeeds {
  readonly network: boolean;
  /** Folders that it writes to, relative to the workspace. */
  readonly write: readonly string[];
  /** Folders outside of the workspace that it reads, `~` for the home folder: caches that hold installed packages. */
  readonly homeCaches: readonly string[];
  /** Whether it starts processes of its own. */
  readonly processes: boolean;
}

/** `heavy`: units that hold much memory, such as files that are linted with type information. */
export type Lane = 'light' | 'heavy';

export interface WorkerNeeds {
  /** Detectors of one group share worker processes. */
  readonly group: string;
  /** What a person reads where a worker that several detectors share is meant; absent: the title. */
  readonly title?: string;
  /** `one` for each folder, whatever the lane, or as many as there are cores for background work. */
  readonly count: 'one' | 'cores';
  readonly lanes: { readonly light: LaneNeeds; readonly heavy?: LaneNeeds };
  /** Arguments for the Node.js that runs it. */
  readonly execArgv?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export interface LaneNeeds {
  /** The memory limit of the settings means an ordinary worker; this one gets as many times of it. */
  readonly memoryFactor: number;
  /** What differs from the defaults of the pool. In the heavy lane, on top of the light lane's. */
  readonly limits: Partial<Limits>;
}

export interface Limits {
  /** Hard limit of the resident memory of a worker's process tree, megabytes. */
  readonly memoryMb: number;
  /** Share of `memoryMb` over which an idle worker is replaced. */
  readonly softMemoryRatio: number;
  /** From launch to ready. */
  readonly startMs: number;
  /** For a plan. */
  readonly planMs: number;
  /** Without any event while a check runs. */
  readonly progressMs: number;
  /** Without a heartbeat while work is in hand: the process is stopped or starved. */
  readonly heartbeatMs: number;
  /** From a cancel until the worker is ended by force. */
  readonly cancelMs: number;
  /** An unused worker is ended after this time. */
  readonly idleMs: number;
}

export type RuleSeverity = Severity | 'off';

export const ruleSeverities = ['error', 'warning', 'info', 'hint', 'off'] as const satisfies readonly RuleSeverity[];

/** The part of JSON Schema (draft 7) that options are described in. Text is Markdown. */
export interface ValueSchema {
  readonly type?: JsonType | readonly JsonType[];
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly string[];
  readonly markdownEnumDescriptions?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly items?: ValueSchema;
  readonly properties?: Readonly<Record<string, ValueSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | ValueSchema;
}

export type JsonType = 'string' | 'number' | 'integer' | 'boolean' | 'array' | 'object';

export interface OptionSchema extends ValueSchema {
  readonly description: string;
  readonly default: unknown;
}

export interface RuleDefault {
  readonly default: RuleSeverity;
  readonly description: string;
}

/** The option `rules`: a severity for each rule. */
export function rulesOption<const Rules extends Readonly<Record<string, RuleDefault>>>(rules: Rules) {
  const properties = Object.fromEntries(
    Object.entries(rules).map(([rule, about]) => [rule, { enum: ruleSeverities, ...about }]),
  ) as { readonly [Rule in keyof Rules]: Rules[Rule] & { readonly enum: typeof ruleSeverities } };
  return {
    type: 'object',
    description: 'Severity of each rule.',
    default: {},
    additionalProperties: false,
    properties,
  } as const;
}

/** A manifest whose option `rules` was made by {@link rulesOption}. */
export interface ManifestWithRules<Rule extends string> {
  readonly options: {
    readonly rules: { readonly properties: Readonly<Record<Rule, { readonly default: RuleSeverity }>> };
  };
}

/** The names of a manifest's rules. */
export type RuleOf<Manifest extends ManifestWithRules<string>> = keyof Manifest['options']['rules']['properties'];

/** The severity of each rule where nobody chose another. */
export function defaultSeverities<Rule extends string>({
  options,
}: ManifestWithRules<Rule>): Readonly<Record<Rule, RuleSeverity>> {
  const rules = Object.entries<{ readonly default: RuleSeverity }>(options.rules.properties);
  return Object.fromEntries(rules.map(([rule, schema]) => [rule, schema.default])) as Record<Rule, RuleSeverity>;
}
