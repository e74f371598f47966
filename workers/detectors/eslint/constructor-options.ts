/** Turns settings into options of the two classes of ESLint, as the `eslint` command does. Pure but for loading plugins. */
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import semver from 'semver';
import type { EslintInstallation, EslintOptions } from './installation.ts';
import type { LintSettings } from './lint-settings.ts';

const FLAGS_SINCE = '9.6.0';
const RULE_FILTER_SINCE = '9.0.0';

/**
 * @param folder absolute, the working directory
 * @param ignored further patterns to ignore, relative to the folder
 * @throws what loading a parser or plugin throws
 */
export async function constructorOptions(
  engine: EslintInstallation,
  settings: LintSettings,
  folder: string,
  ignored: readonly string[] = [],
): Promise<EslintOptions> {
  return engine.configType === 'flat'
    ? flatOptions(engine, settings, folder, ignored)
    : eslintrcOptions(settings, folder, ignored);
}

async function flatOptions(
  { version }: EslintInstallation,
  settings: LintSettings,
  folder: string,
  ignored: readonly string[],
): Promise<EslintOptions> {
  const { config, lookup, ext, flags, ignore, ignorePatterns = [], inlineConfig, quiet } = settings;
  const { unusedDirectives, unusedInlineConfigs, rules, globals, parser, parserOptions, plugins } = settings;
  const linterOptions = {
    ...(unusedDirectives === undefined ? {} : { reportUnusedDisableDirectives: unusedDirectives }),
    ...(unusedInlineConfigs === undefined ? {} : { reportUnusedInlineConfigs: unusedInlineConfigs }),
  };
  const languageOptions = {
    ...(globals === undefined ? {} : { globals }),
    ...(parserOptions === undefined ? {} : { parserOptions }),
    ...(parser === undefined ? {} : { parser: await load(parser, folder) }),
  };
  const override = {
    ...(Object.keys(linterOptions).length === 0 ? {} : { linterOptions }),
    ...(Object.keys(languageOptions).length === 0 ? {} : { languageOptions }),
    ...(plugins === undefined ? {} : { plugins: await loadPlugins(plugins, folder) }),
    ...(rules === undefined ? {} : { rules }),
  };
  const overrideConfig = [
    ...(Object.keys(override).length === 0 ? [] : [override]),
    ...(ext === undefined ? [] : [{ files: ext.map((extension) => `**/*${extension}`) }]),
  ];
  const patterns = [...ignorePatterns, ...ignored];
  return {
    cwd: folder,
    ...(config !== undefined ? { overrideConfigFile: config } : lookup === false ? { overrideConfigFile: true } : {}),
    ...(overrideConfig.length === 0 ? {} : { overrideConfig }),
    ...(patterns.length === 0 ? {} : { ignorePatterns: patterns }),
    ...(ignore === undefined ? {} : { ignore }),
    ...(inlineConfig === undefined ? {} : { allowInlineConfig: inlineConfig }),
    ...(flags !== undefined && semver.gte(version, FLAGS_SINCE) ? { flags } : {}),
    ...(quiet === true && semver.gte(version, RULE_FILTER_SINCE) ? { ruleFilter: isError } : {}),
  };
}

function eslintrcOptions(settings: LintSettings, folder: string, ignored: readonly string[]): EslintOptions {
  const { config, lookup, ext, ignore, ignorePath, ignorePatterns = [], inlineConfig, unusedDirectives } = settings;
  const { rules, globals, parser, parserOptions, plugins, environments, rulePaths, resolvePluginsRelativeTo } =
    settings;
  const patterns = [...ignorePatterns, ...ignored.map((pattern) => `/${pattern}`)];
  const overrideConfig = {
    ...(environments === undefined ? {} : { env: Object.fromEntries(environments.map((name) => [name, true])) }),
    ...(globals === undefined ? {} : { globals }),
    ...(patterns.length === 0 ? {} : { ignorePatterns: patterns }),
    ...(parser === undefined ? {} : { parser }),
    ...(parserOptions === undefined ? {} : { parserOptions }),
    ...(plugins === undefined ? {} : { plugins }),
    ...(rules === undefined ? {} : { rules }),
  };
  return {
    cwd: folder,
    ...(config === undefined ? {} : { overrideConfigFile: config }),
    ...(lookup === false ? { useEslintrc: false } : {}),
    ...(ext === undefined ? {} : { extensions: ext }),
    ...(Object.keys(overrideConfig).length === 0 ? {} : { overrideConfig }),
    ...(ignore === undefined ? {} : { ignore }),
    ...(ignorePath === undefined ? {} : { ignorePath }),
    ...(inlineConfig === undefined ? {} : { allowInlineConfig: inlineConfig }),
    ...(unusedDirectives === undefined ? {} : { reportUnusedDisableDirectives: unusedDirectives }),
    ...(rulePaths === undefined ? {} : { rulePaths }),
    ...(resolvePluginsRelativeTo === undefined ? {} : { resolvePluginsRelativeTo }),
  };
}

/** In quiet mode ESLint does not run rules that only warn. */
function isError({ severity }: { readonly severity: number }): boolean {
  return severity === 2;
}

async function loadPlugins(names: readonly string[], folder: string): Promise<Record<string, unknown>> {
  const plugins: Record<string, unknown> = {};
  for (const name of names) plugins[shortNameOf(name)] = await load(packageNameOf(name), folder);
  return plugins;
}

async function load(name: string, folder: string): Promise<unknown> {
  const file = createRequire(path.join(folder, 'package.json')).resolve(name);
  const module = (await import(pathToFileURL(file).href)) as { readonly default?: unknown };
  return module.default ?? module;
}

/** `react` is `eslint-plugin-react`, `@scope` is `@scope/eslint-plugin`. */
function packageNameOf(name: string): string {
  if (/(?:^|\/)eslint-plugin(?:-|$)/.test(name)) return name;
  const [, scope, rest] = /^(@[^/]+)(?:\/(.+))?$/.exec(name) ?? [];
  if (scope === undefined) return `eslint-plugin-${name}`;
  return rest === undefined ? `${scope}/eslint-plugin` : `${scope}/eslint-plugin-${rest}`;
}

function shortNameOf(name: string): string {
  return name.replace(/^(@[^/]+)\/eslint-plugin$/, '$1').replace(/(^|\/)eslint-plugin-/, '$1');
}
