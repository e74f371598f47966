/**
 * The workspace's own ESLint: where it is, which version it has, and the part of its API that this detector uses.
 *
 * The modules of an ESLint, its configuration and its plugins stay loaded as long as the process lives; Node has no way
 * to unload them. Instances live as long as whoever made them keeps them.
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { isMainThread } from 'node:worker_threads';
import semver from 'semver';
import type { Program } from './program.ts';
import { readTextSync } from '../../protocol/read-file.ts';
import { isRecord, jsonOf } from '../../reading/config-file.ts';

/** The first with the class `ESLint`, the API that is used here. */
export const OLDEST_VERSION = '7.0.0';
/** Since then, its command line takes flat configurations; since 8.57, its API does. */
const FLAT_SINCE = '8.21.0';

export type ConfigType = 'flat' | 'eslintrc';

export interface LintFix {
  /** Offsets into the text without its byte order mark; -1 stands for the mark itself. */
  readonly range: readonly [number, number];
  readonly text: string;
}

/** What ESLint reports; lines and columns count from 1 and may be absent. */
export interface LintMessage {
  readonly ruleId: string | null;
  readonly severity: number;
  readonly message: string;
  readonly fatal?: boolean;
  readonly line?: number;
  readonly column?: number;
  readonly endLine?: number | null;
  readonly endColumn?: number | null;
  readonly fix?: LintFix;
  readonly suggestions?: readonly { readonly desc: string; readonly fix: LintFix }[];
}

/** Milliseconds; one entry per pass over the file. */
export interface LintTimes {
  readonly passes: readonly {
    readonly parse?: { readonly total: number };
    readonly rules?: Readonly<Record<string, { readonly total: number }>>;
  }[];
}

export interface LintResult {
  readonly filePath: string;
  readonly messages: readonly LintMessage[];
  readonly stats?: { readonly times: LintTimes };
}

export interface RuleMeta {
  readonly docs?: { readonly url?: unknown };
}

/** An instance of either class: `ESLint` for flat configuration, its namesake or `LegacyESLint` for eslintrc. */
export interface Eslint {
  lintFiles(patterns: readonly string[]): Promise<LintResult[]>;
  lintText(text: string, options: { filePath: string; warnIgnored: boolean }): Promise<LintResult[]>;
  calculateConfigForFile(filePath: string): Promise<unknown>;
  getRulesMetaForResults(results: readonly LintResult[]): Readonly<Record<string, RuleMeta | undefined>>;
}

export type EslintOptions = Readonly<Record<string, unknown>>;

type VerifyAndFix = (
  this: unknown,
  text: string,
  config: unknown,
  options: { readonly filename: string },
) => { readonly fixed: boolean; readonly messages: readonly LintMessage[]; readonly output: string };

/** What every instance uses to lint one text. */
export interface LinterPrototype {
  verifyAndFix: VerifyAndFix;
  /** The source code of the last linted text. */
  getSourceCode(): { readonly parserServices?: { readonly program?: Program | null } } | null | undefined;
}

interface ParserOptions {
  readonly project?: unknown;
  readonly projectService?: unknown;
  readonly EXPERIMENTAL_useProjectService?: unknown;
  readonly programs?: unknown;
}

interface ComputedConfig {
  readonly languageOptions?: { readonly parser?: unknown; readonly parserOptions?: ParserOptions };
  readonly parser?: unknown;
  readonly parserOptions?: ParserOptions;
}

type EslintClass = new (options: EslintOptions) => Eslint;

interface EslintModule {
  /** Since 8.57. */
  loadESLint?(options: {
    cwd: string;
    useFlatConfig?: boolean;
  }): Promise<EslintClass & { readonly configType: ConfigType }>;
  /** Before that, for eslintrc only. */
  readonly ESLint: EslintClass;
  readonly Linter: { readonly prototype: LinterPrototype };
}

export interface EslintInstallation {
  readonly version: string;
  readonly configType: ConfigType;
  readonly linter: LinterPrototype;
  create(options: EslintOptions): Eslint;
}

/** Thrown by {@link loadEslint}; the message says what to do. */
export class EslintLoadError extends Error {
  override readonly name = 'EngineError';
  readonly code: 'TOOL_MISSING' | 'TOOL_ERROR';

  constructor(code: 'TOOL_MISSING' | 'TOOL_ERROR', message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/**
 * Loads the ESLint that `npx eslint` would run in a directory.
 * @param directory absolute; ESLint is looked for in its node_modules and those of the directories above
 * @param useFlatConfig absent: ESLint decides
 * @throws {EslintLoadError} there is none, it is too old, or it does not load
 */
export async function loadEslint(directory: string, useFlatConfig?: boolean): Promise<EslintInstallation> {
  const require = createRequire(path.join(directory, 'package.json'));
  let manifestPath: string;
  try {
    manifestPath = require.resolve('eslint/package.json');
  } catch (cause) {
    // Node.js looks for nothing in a folder whose manifest it cannot read.
    if (cause instanceof Error && 'code' in cause && cause.code === 'ERR_INVALID_PACKAGE_CONFIG') {
      const message =
        'ESLint cannot be found, because the package.json of this folder is not a valid JSON object. Fix its syntax.';
      throw new EslintLoadError('TOOL_ERROR', message, { cause });
    }
    throw new EslintLoadError(
      'TOOL_MISSING',
      'This folder has an ESLint configuration, but ESLint is not installed. Install the dependencies ' +
        '(npm install), or add ESLint: npm install --save-dev eslint',
      { cause },
    );
  }
  const version = versionIn(manifestPath);
  if (!semver.gte(version, OLDEST_VERSION)) {
    throw new EslintLoadError(
      'TOOL_ERROR',
      `ESLint ${version} is too old: the oldest supported version is ${OLDEST_VERSION}. ` +
        'Update it: npm install --save-dev eslint',
    );
  }
  try {
    const eslint = require(path.dirname(manifestPath)) as EslintModule;
    const { Class, configType } = await classOf(eslint, version, directory, useFlatConfig);
    return { version, configType, linter: eslint.Linter.prototype, create: (options) => new Class(options) };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new EslintLoadError(
      'TOOL_ERROR',
      `ESLint ${version} cannot be used in Node.js ${process.version}: ${reason}`,
      {
        cause,
      },
    );
  }
}

async function classOf(
  eslint: EslintModule,
  version: string,
  directory: string,
  useFlatConfig: boolean | undefined,
): Promise<{ readonly Class: EslintClass; readonly configType: ConfigType }> {
  if (eslint.loadESLint !== undefined) {
    const options = { cwd: directory, ...(useFlatConfig === undefined ? {} : { useFlatConfig }) };
    const Class = await eslint.loadESLint(options);
    return { Class, configType: Class.configType };
  }
  const takesFlat = semver.gte(version, FLAT_SINCE);
  if (takesFlat && (useFlatConfig ?? usesFlat(directory))) {
    throw new Error('it reads an eslint.config.js on trial only. Update it: npm install --save-dev eslint@8.57.1');
  }
  return { Class: eslint.ESLint, configType: 'eslintrc' };
}

/** As the command line of these versions decides. */
function usesFlat(directory: string): boolean {
  const setting = process.env['ESLINT_USE_FLAT_CONFIG'];
  if (setting === 'true' || setting === 'false') return setting === 'true';
  for (let at = directory; ; at = path.dirname(at)) {
    if (existsSync(path.join(at, 'eslint.config.js'))) return true;
    if (path.dirname(at) === at) return false;
  }
}

/**
 * Whether the parser of a file creates TypeScript programs. ESLint's own parser ignores such options.
 * @param config the computed configuration of a file, of either kind; undefined: it is ignored
 */
export function isTyped(config: unknown): boolean {
  const computed = config as ComputedConfig | undefined;
  const parser = computed?.languageOptions?.parser ?? computed?.parser;
  if (parser === undefined || parser === null || (parser as { name?: unknown }).name === 'espree') return false;
  const options = computed?.languageOptions?.parserOptions ?? computed?.parserOptions;
  if (!options) return false;
  const { project, projectService, EXPERIMENTAL_useProjectService: earlierService, programs } = options;
  const projects = Array.isArray(project) ? project.length > 0 : Boolean(project);
  return projects || Boolean(projectService) || Boolean(earlierService) || Boolean(programs);
}

/**
 * Runs work like `cd directory && NAME=value eslint`, because configurations may read both. A thread cannot change its
 * working directory, so there the current one is used.
 */
export async function inDirectory<T>(
  directory: string,
  env: Readonly<Record<string, string>>,
  work: () => Promise<T>,
): Promise<T> {
  const before = process.cwd();
  const changes = isMainThread && before !== directory;
  const variables = Object.keys(env).map((name) => [name, process.env[name]] as const);
  if (changes) process.chdir(directory);
  Object.assign(process.env, env);
  try {
    return await work();
  } finally {
    if (changes) process.chdir(before);
    for (const [name, value] of variables) {
      if (value === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = value;
    }
  }
}

function versionIn(manifestPath: string): string {
  const manifest = jsonOf(readTextSync(manifestPath));
  return isRecord(manifest) && typeof manifest['version'] === 'string' ? manifest['version'] : '0.0.0';
}
