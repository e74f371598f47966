/** Which configuration ESLint uses for a file. Looks at the disk; keeps nothing. */
import path from 'node:path';
import semver from 'semver';
import type { EslintInstallation } from './installation.ts';
import type { LintSettings } from './lint-settings.ts';
import { configsFor } from './roots.ts';

/** Since this version, a file uses its nearest flat configuration; before, that of the working directory. */
const NEAREST_SINCE = '10.0.0';
const NEAREST_FLAGS = ['v10_config_lookup_from_file', 'unstable_config_lookup_from_file'];

type Engine = Pick<EslintInstallation, 'configType' | 'version'>;

/** Whether each file uses the configuration nearest to it, and not that of the working directory. */
export function looksUpFromFile({ configType, version }: Engine, settings: LintSettings): boolean {
  if (settings.lookup === false || (settings.config !== undefined && configType === 'flat')) return false;
  if (configType === 'eslintrc' || semver.gte(version, NEAREST_SINCE)) return true;
  const variable = settings.env?.['ESLINT_FLAGS'] ?? process.env['ESLINT_FLAGS'] ?? '';
  const flags = [...(settings.flags ?? []), ...variable.trim().split(/\s*,\s*/)];
  return NEAREST_FLAGS.some((name) => flags.includes(name));
}

/**
 * Absolute path of the configuration that applies to a file; undefined: none.
 * @param directory absolute, the working directory
 */
export function configurationOf(
  file: string,
  engine: Engine,
  settings: LintSettings,
  directory: string,
): string | undefined {
  if (settings.config !== undefined) return path.resolve(directory, settings.config);
  if (settings.lookup === false) return undefined;
  return configsFor(looksUpFromFile(engine, settings) ? path.dirname(file) : directory)[engine.configType];
}
