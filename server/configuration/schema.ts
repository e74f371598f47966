/**
 * Every setting and option: its type, default and description. The settings in package.json, the schema of
 * `bulkhead.config.json` for editors, and the validation of both are generated from it.
 */
import { toolSchema } from '../../workers/protocol/declared-tools.ts';
import { presets } from '../../workers/protocol/tool-presets.ts';
import { manifests } from '../../workers/detectors/manifests.ts';
import type { OptionSchema, ValueSchema } from '../../workers/protocol/manifest.ts';

export interface SettingSchema extends OptionSchema {
  /**
   * `resource`: each folder of a workspace may have its own value. `machine-overridable`: it decides what is executed, so only a trusted
   * workspace may set it. `machine`: no workspace may.
   */
  readonly scope: 'window' | 'resource' | 'machine-overridable' | 'machine';
}

/** Settings that belong to no detector, in the order in which editors show them. */
export const generalSettings = {
  run: {
    type: 'string',
    enum: ['onType', 'onSave'],
    markdownEnumDescriptions: [
      'While you type, after a short pause. Unsaved text counts.',
      'When you save a file. Unsaved text does not count.',
    ],
    default: 'onType',
    scope: 'window',
    description: 'When files are analysed again.',
  },
  maxWorkers: {
    type: 'integer',
    default: 0,
    minimum: 0,
    maximum: 64,
    scope: 'window',
    description: 'Maximum number of worker processes at a time. `0`: depends on the cores and memory of the machine.',
  },
  memoryLimit: {
    type: 'integer',
    default: 0,
    minimum: 0,
    scope: 'window',
    description:
      'Memory in megabytes that one worker may use. A worker that uses more is replaced, and its input is tried once more on its own. `0`: the default of each detector.',
  },
  exclude: {
    type: 'array',
    items: { type: 'string', minLength: 1 },
    default: [],
    scope: 'resource',
    description:
      'Globs of files that are never analysed, relative to the workspace folder. Files that Git ignores and those in `files.exclude` are never analysed either.',
  },
  openFiles: {
    type: 'string',
    enum: ['defer', 'own'],
    markdownEnumDescriptions: [
      'Leave the problems that another extension shows there to it: the built-in TypeScript features, ESLint, Oxc, Biome.',
      'Show all of them, also those that another extension shows too.',
    ],
    default: 'defer',
    scope: 'resource',
    description: 'Which problems are shown in files that are open in the editor.',
  },
  diagnosticSource: {
    type: 'string',
    enum: ['bulkhead', 'tool'],
    markdownEnumDescriptions: [
      '`bulkhead(eslint)` and `TS2322`: it is visible who found the problem.',
      '`eslint` and `ts`, with the codes of the extensions of these tools, so that filters and quick fixes that look for them apply.',
    ],
    default: 'bulkhead',
    scope: 'window',
    description: 'The source and the code that problems of ESLint and TypeScript have in the editor.',
  },
  baseline: {
    type: 'string',
    enum: ['hide', 'show'],
    markdownEnumDescriptions: ['Show only new issues, as the terminal does.', 'Show all issues.'],
    default: 'hide',
    scope: 'resource',
    description: 'Whether the issues that `bulkhead baseline` recorded in `bulkhead-baseline.json` are shown.',
  },
  showConsequences: {
    type: 'boolean',
    default: false,
    scope: 'resource',
    description:
      'Show every issue that follows from one cause, such as packages that are not installed. By default they are folded under one issue at the cause, which lists some and counts all.',
  },
  codeLens: {
    type: 'boolean',
    default: false,
    scope: 'resource',
    description: 'Show the cyclomatic and the cognitive complexity above each function with a name, as code lenses.',
  },
  shareAnalysis: {
    type: 'boolean',
    default: true,
    scope: 'window',
    description:
      'Share one analysis between all windows and terminals that have the same folder open. Each window analyses its own unsaved text.',
  },
  healthInterval: {
    type: 'integer',
    default: 5,
    minimum: 1,
    maximum: 3600,
    scope: 'window',
    description:
      'Seconds between two measurements of the memory and CPU use of workers. Idle workers are not measured.',
  },
  node: {
    type: 'string',
    default: '',
    scope: 'machine-overridable',
    description: 'Path of the Node.js (22.13 or later) that runs the workers. Empty: the Node.js that runs the server.',
  },
  sandbox: {
    type: 'string',
    enum: ['auto', 'require', 'off'],
    markdownEnumDescriptions: [
      'Workers run in a sandbox where the system has one. Otherwise they run without, and one message says why.',
      'No worker runs outside of a sandbox that keeps everything. Where there is none, nothing is analysed, and the error says how to repair it.',
      'Workers may do whatever you may.',
    ],
    default: 'off',
    scope: 'machine',
    description:
      'Whether workers, and with them the code of a workspace that they run (ESLint plugins, declared tools, build scripts), are kept from the network, from your home folder and from writing. On Linux this takes bubblewrap. For macOS it is made of Seatbelt and has never run.',
  },
  sandboxExcept: {
    type: 'array',
    items: { type: 'string', minLength: 1 },
    default: [],
    scope: 'machine',
    description:
      'Detectors and declared tools that run outside of the sandbox, for instance a tool that needs the network. Detectors that share a worker leave it together.',
  },
  sandboxRead: {
    type: 'array',
    items: { type: 'string', minLength: 1 },
    default: [],
    scope: 'machine',
    description:
      'Absolute paths of files and folders outside of the workspace that workers in a sandbox may read too; `~/` is the home folder.',
  },
  sandboxNetwork: {
    type: 'object',
    additionalProperties: { type: 'array', items: { type: 'string', minLength: 1 } },
    default: {},
    scope: 'machine',
    description:
      'Hosts that workers in a sandbox may reach, by the name of the detector or declared tool: `{"audit": ["api.example.org:443"]}`. Everything else stays closed, addresses and names of your own network too.',
  },
  sandboxUntrusted: {
    type: 'boolean',
    default: false,
    scope: 'machine',
    description:
      'In Restricted Mode, let detectors run the code of the workspace (ESLint plugins, declared tools) in the sandbox. This applies only while `bulkhead.sandbox` is `require`, and not to detectors that `bulkhead.sandboxExcept` or `bulkhead.sandboxNetwork` names, or that write to the workspace.',
  },
} as const satisfies Readonly<Record<string, SettingSchema>>;

/** The values of {@link generalSettings}. */
export type GeneralSettings = {
  readonly [Name in keyof typeof generalSettings]: ValueOf<(typeof generalSettings)[Name]>;
};

/** What a schema allows. */
type ValueOf<Schema extends ValueSchema> = Schema extends { readonly enum: readonly (infer Choice)[] }
  ? Choice
  : Schema extends { readonly type: 'string' }
    ? string
    : Schema extends { readonly type: 'boolean' }
      ? boolean
      : Schema extends { readonly type: 'integer' }
        ? number
        : Schema extends { readonly type: 'array'; readonly items: infer Item extends ValueSchema }
          ? readonly ValueOf<Item>[]
          : Schema extends { readonly type: 'object'; readonly additionalProperties: infer Value extends ValueSchema }
            ? Readonly<Record<string, ValueOf<Value>>>
            : unknown;

/** The settings of one detector, by their name after `bulkhead.<detector>.`. */
export function detectorSettings(detector: string): Readonly<Record<string, SettingSchema>> {
  const manifest = manifests.find(({ name }) => name === detector);
  if (manifest === undefined) return {};
  const enable: OptionSchema = { type: 'boolean', default: true, description: `Report ${manifest.reports}.` };
  return Object.fromEntries(
    Object.entries({ enable, ...manifest.options }).map(([name, schema]) => [name, { ...schema, scope: 'resource' }]),
  );
}

/** For an object whose keys are the full names of settings, as in settings.json. */
const settingsSchema: ValueSchema = {
  type: 'object',
  additionalProperties: false,
  properties: Object.fromEntries<ValueSchema>([
    ...Object.entries(generalSettings).map(([name, schema]) => [`bulkhead.${name}`, schema] as const),
    ...manifests.flatMap(({ name }) =>
      Object.entries(detectorSettings(name)).map(([option, schema]) => [`bulkhead.${name}.${option}`, schema] as const),
    ),
    // The language client reads this one.
    ['bulkhead.trace.server', {}] as const,
  ]),
};

/** For `bulkhead.config.json`. */
const configurationSchema: ValueSchema = {
  type: 'object',
  additionalProperties: false,
  properties: {
    $schema: { type: 'string' },
    exclude: {
      type: 'array',
      items: { type: 'string' },
      description: 'Patterns of files that are never analysed, in the syntax of .gitignore.',
    },
    detectors: {
      type: 'object',
      additionalProperties: false,
      description: '`false` turns a detector off; an object sets its options.',
      properties: Object.fromEntries(
        manifests.map(({ name, reports, options }) => [
          name,
          {
            type: ['boolean', 'object'],
            description: `Report ${reports}.`,
            additionalProperties: false,
            properties: options,
          },
        ]),
      ),
    },
    external: {
      type: 'object',
      description:
        'Other tools that run as detectors, by name. `true`: a tool that Bulkhead knows, as the project has it installed. An object declares any tool. `false`: it is not offered.',
      properties: Object.fromEntries(
        Object.keys(presets).map((name) => [name, { ...toolSchema, description: `Report what ${name} finds.` }]),
      ),
      additionalProperties: toolSchema,
    },
  },
};

export const schemas = { configuration: configurationSchema, settings: settingsSchema };
