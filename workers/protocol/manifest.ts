/**
 * The manifest of a detector: everything that the server, the settings and the documentation need to know of it without
 * loading its code. These facts are defined nowhere else.
 */
import type { DetectorOptions, Severity } from './detector-protocol.ts';

/** `external`: the process of another tool checks the whole folder at once. */
export type DetectorKind = 'project' | 'file' | 'graph' | 'external';

export interface DetectorManifest {
  /** The name of its folder, which settings, the command line and issues use. */
  readonly name: string;
  /** The name that users see. */
  readonly title: string;
  readonly kind: DetectorKind;
  /** Completes "Report …" as one Markdown sentence, without the full stop. */
  readonly reports: string;
  /** Where its results come from, as a Markdown phrase. */
  readonly source: string;
  /** Path of its page, relative to the repository. */
  readonly documentation: string;
  readonly changes: ChangeTriggers;
  /** Options with which it executes no code of the workspace, if there are any. */
  readonly untrusted: DetectorOptions | 'does not run';
  /** Extra options, by name of another detector, for when that one is disabled or fails and cannot do its part. */
  readonly without: Readonly<Record<string, DetectorOptions>>;
  /** Options of other detectors that it heeds too, by the name of the detector, whether or not that one is enabled. */
  readonly heeds?: Readonly<Record<string, readonly string[]>>;
  readonly sandbox: SandboxNeeds;
  readonly worker: WorkerNeeds;
  /**
   * False: its results are not cached, because it reads files whose content the result cache does not compare. With
   * `unless`, that is so only where the option of this name is true.
   */
  readonly cached: boolean | { readonly unless: string };
  /** By name: the schema of each option, with its default. */
  readonly options: Readonly<Record<string, OptionSchema>>;
}

/** A detector without issues and settings, which answers requests of the server in another detector's worker. */
export interface QueryManifest {
  readonly name: string;
  readonly title: string;
  readonly kind: 'query';
  /** That of the detectors whose worker it shares. */
  readonly sandbox: SandboxNeeds;
  readonly worker: WorkerNeeds;
}

/** Which changes of files affect a detector. Patterns match the file name. */
export interface ChangeTriggers {
  /** Files whose content affects the results. */
  readonly sources: RegExp;
  /** Files that decide what is checked and how: a change invalidates everything. */
  readonly configuration: RegExp;
  /** Files whose change makes code that a worker has loaded out of date, so workers are restarted. */
  readonly environment: RegExp;
  /** What a change of a file that the plan named as configuration means. */
  readonly planFiles: 'configuration' | 'environment';
  /** What a change of a source invalidates: only the unit of that file, or every unit. */
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

/** `heavy`: units that need much memory, such as files that are linted with type information. */
export type Lane = 'light' | 'heavy';

export interface WorkerNeeds {
  /** Detectors of one group share worker processes. */
  readonly group: string;
  /** The name that users see for a worker that several detectors share; absent: the detector's title. */
  readonly title?: string;
  /**
   * Another detector, in whose worker it plans, because many workspaces have nothing for it: its own worker starts when there
   * is something to check. Its plan must run no code of the workspace, and need no more of a sandbox than the other one.
   */
  readonly plansWith?: string;
  /** `one` for each folder and all lanes, or as many as there are cores for background work. */
  readonly count: 'one' | 'cores';
  readonly lanes: { readonly light: LaneNeeds; readonly heavy?: LaneNeeds };
  /** Arguments of the Node.js that runs it. */
  readonly execArgv?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export interface LaneNeeds {
  /** Factor for the memory limit in the settings, which is meant for an ordinary worker. */
  readonly memoryFactor: number;
  /**
   * The same while the machine has memory to spare, for work whose size is that of the project and no fault; absent: no
   * more than that. It does not apply to a limit that the user has set.
   */
  readonly memoryFactorIfFree?: number;
  /** Limits that differ from the pool's defaults. Those of the heavy lane also inherit from the light lane. */
  readonly limits: Partial<Limits>;
}

export interface Limits {
  /** Hard limit of the resident memory of a worker's process tree, megabytes. */
  readonly memoryMb: number;
  /** Share of `memoryMb` over which an idle worker is replaced. */
  readonly softMemoryRatio: number;
  /** Time from launch until it is ready. */
  readonly startMs: number;
  /** Time for a plan. */
  readonly planMs: number;
  /** Time without an event while a check runs. */
  readonly progressMs: number;
  /** Time without a heartbeat while it works: the process is stopped or gets no CPU. */
  readonly heartbeatMs: number;
  /** Time from a cancel until the worker is killed. */
  readonly cancelMs: number;
  /** Time after which an unused worker is ended. */
  readonly idleMs: number;
}

export type RuleSeverity = Severity | 'off';

export const ruleSeverities = ['error', 'warning', 'info', 'hint', 'off'] as const satisfies readonly RuleSeverity[];

/** The part of JSON Schema (draft 7) that describes options. Texts are Markdown. */
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

export type JsonType = 'string' | 'number' | 'integer' | 'boolean' | 'array' | 'object' | 'null';

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

/** The default severity of each rule. */
export function defaultSeverities<Rule extends string>({
  options,
}: ManifestWithRules<Rule>): Readonly<Record<Rule, RuleSeverity>> {
  const rules = Object.entries<{ readonly default: RuleSeverity }>(options.rules.properties);
  return Object.fromEntries(rules.map(([rule, schema]) => [rule, schema.default])) as Record<Rule, RuleSeverity>;
}
