/**
 * How ESLint is run in a folder: the arguments, variables and options that decide what a file's issues are. Plain data, so
 * that it can be part of the group of a unit, from which a check makes the same ESLint as the plan did.
 */

import { jsonOf } from '../../reading/config-file.ts';

export type Severity = 'off' | 'warn' | 'error';

export interface LintSettings {
  /** The working directory, relative to the workspace, with forward slashes. */
  readonly folder: string;
  /** Variables that the project sets for this run. */
  readonly env?: Readonly<Record<string, string>>;
  /** Absent: ESLint decides. */
  readonly useFlatConfig?: boolean;
  /** The one configuration to use, relative to the folder. */
  readonly config?: string;
  /** Whether ESLint looks for configurations itself. Absent: as usual. */
  readonly lookup?: false;
  readonly ext?: readonly string[];
  readonly flags?: readonly string[];
  readonly ignore?: false;
  /** eslintrc only. */
  readonly ignorePath?: string;
  readonly ignorePatterns?: readonly string[];
  readonly inlineConfig?: false;
  /** Warnings are left out. */
  readonly quiet?: true;
  readonly unusedDirectives?: Severity;
  readonly unusedInlineConfigs?: Severity;
  readonly rules?: Readonly<Record<string, unknown>>;
  readonly globals?: Readonly<Record<string, 'readonly' | 'writable'>>;
  readonly parser?: string;
  readonly parserOptions?: Readonly<Record<string, unknown>>;
  readonly plugins?: readonly string[];
  /** eslintrc only: names such as `browser`. */
  readonly environments?: readonly string[];
  /** eslintrc only. */
  readonly rulePaths?: readonly string[];
  /** eslintrc only. */
  readonly resolvePluginsRelativeTo?: string;
  /** The file of bulk suppressions, relative to the folder, if it is not in its usual place. */
  readonly suppressions?: string;
}

/** The group of a root's units. It names the version, as results depend on it, and all that a check needs. */
export function groupOf(version: string, settings: LintSettings): string {
  return `eslint@${version} ${JSON.stringify(settings)}`;
}

/** The settings that {@link groupOf} was given. */
export function settingsOf(group: string): LintSettings {
  return jsonOf(group.slice(group.indexOf(' ') + 1)) as LintSettings;
}
