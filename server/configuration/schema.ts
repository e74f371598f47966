/**
 * Every setting and option: its type, default and description. From here come the settings in package.json, the schema
 * of `bulkhead.config.json` for editors, and the validation of both.
 */
import { manifests } from '../../workers/detectors/manifests.ts';
import type { OptionSchema, ValueSchema } from '../../workers/protocol/manifest.ts';

export interface SettingSchema extends OptionSchema {
  /** `machine-overridable`: it says what is executed, so a workspace may choose it only when it is trusted. */
  readonly scope: 'window' | 'machine-overridable';
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
    description: 'When files are analyzed again.',
  },
  maxWorkers: {
    type: 'integer',
    default: 0,
    minimum: 0,
    maximum: 64,
    scope: 'window',
    description: 'Number of worker processes that may run at the same time. `0`: as many as the machine can carry.',
  },
  memoryLimit: {
    type: 'integer',
    default: 0,
    minimum: 0,
    scope: 'window',
    description:
      'Memory in megabytes that one worker may use. A worker that uses more is replaced, and its input is tried once more alone. `0`: the default of each detector.',
  },
  exclude: {
    type: 'array',
    items: { type: 'string', minLength: 1 },
    default: [],
    scope: 'window',
    description:
      'Globs of files that are never analyzed, relative to the workspace folder. Files that Git ignores are always left out.',
  },
  baseline: {
    type: 'string',
    enum: ['hide', 'show'],
    markdownEnumDescriptions: ['Show only new issues, as the terminal does.', 'Show all issues.'],
    default: 'hide',
    scope: 'window',
    description: 'Whether the issues that `bulkhead baseline` recorded in `bulkhead-baseline.json` are shown.',
  },
  shareAnalysis: {
    type: 'boolean',
    default: true,
    scope: 'window',
    description:
      'Share one analysis between all windows and terminals that have the same folder open. Each window analyzes its unsaved text by itself.',
  },
  healthInterval: {
    type: 'integer',
    default: 5,
    minimum: 1,
    maximum: 3600,
    scope: 'window',
    description: 'Seconds between two measurements of the memory and CPU of workers. Idle workers are not measured.',
  },
  node: {
    type: 'string',
    default: '',
    scope: 'machine-overridable',
    description: 'Path of the Node.js (22.13 or later) that runs the workers. Empty: the one that runs the server.',
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
          : unknown;

/** The settings of one detector, by their name behind `bulkhead.<detector>.`. */
export function detectorSettings(detector: string): Readonly<Record<string, SettingSchema>> {
  const manifest = manifests.find(({ name }) => name === detector);
  if (manifest === undefined) return {};
  const enable: OptionSchema = { type: 'boolean', default: true, description: `Report ${manifest.reports}.` };
  return Object.fromEntries(
    Object.entries({ enable, ...manifest.options }).map(([name, schema]) => [name, { ...schema, scope: 'window' }]),
  );
}

/** Of an object whose keys are the full names of settings, as in settings.json. */
const settingsSchema: ValueSchema = {
  type: 'object',
  additionalProperties: false,
  properties: Object.fromEntries<ValueSchema>([
    ...Object.entries(generalSettings).map(([name, schema]) => [`bulkhead.${name}`, schema] as const),
    ...manifests.flatMap(({ name }) =>
      Object.entries(detectorSettings(name)).map(([option, schema]) => [`bulkhead.${name}.${option}`, schema] as const),
    ),
    // Not ours: the language client reads it.
    ['bulkhead.trace.server', {}] as const,
  ]),
};

/** Of `bulkhead.config.json`. */
const configurationSchema: ValueSchema = {
  type: 'object',
  additionalProperties: false,
  properties: {
    $schema: { type: 'string' },
    exclude: {
      type: 'array',
      items: { type: 'string' },
      description: 'Patterns of files that are never analyzed, in the syntax of .gitignore.',
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
  },
};

export const schemas = { configuration: configurationSchema, settings: settingsSchema };
