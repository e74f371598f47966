/** Understands the arguments of the `eslint` command of all supported versions. Pure. */
import { parseArgs, type ParseArgsConfig } from 'node:util';
import { parse as parseYaml } from 'yaml';
import { isRecord } from '../../graph/manifests.ts';
import { isKnown } from '../../commands/shell.ts';
import type { LintSettings, Severity } from './lint-settings.ts';

export interface LintArguments {
  readonly settings: Omit<LintSettings, 'folder'>;
  /** Files, folders and patterns. */
  readonly patterns: readonly string[];
  /** More warnings than this fail the run. */
  readonly maxWarnings?: number;
  /** It is no fault if there is nothing to lint. */
  readonly allowsNothing: boolean;
}

const one = { type: 'string' } as const;
const many = { type: 'string', multiple: true } as const;
const flag = { type: 'boolean' } as const;
const OPTIONS = {
  config: { ...one, short: 'c' },
  ext: many,
  flag: many,
  global: many,
  env: many,
  plugin: many,
  rule: many,
  rulesdir: many,
  parser: one,
  'parser-options': many,
  'resolve-plugins-relative-to': one,
  'ignore-path': one,
  'ignore-pattern': many,
  'max-warnings': one,
  'report-unused-disable-directives-severity': one,
  'report-unused-inline-configs': one,
  'suppressions-location': one,
  'fix-type': many,
  'stdin-filename': one,
  'output-file': { ...one, short: 'o' },
  format: { ...one, short: 'f' },
  'cache-file': one,
  'cache-location': one,
  'cache-strategy': one,
  'suppress-rule': many,
  'print-config': one,
  concurrency: one,
  'config-lookup': flag,
  eslintrc: flag,
  ignore: flag,
  'inline-config': flag,
  'error-on-unmatched-pattern': flag,
  'pass-on-no-patterns': flag,
  quiet: flag,
  'report-unused-disable-directives': flag,
  stdin: flag,
  init: flag,
  'env-info': flag,
  'inspect-config': flag,
  mcp: flag,
  version: { ...flag, short: 'v' },
  help: { ...flag, short: 'h' },
  // Of `next lint`.
  next: flag,
  dir: { ...many, short: 'd' },
} as const satisfies NonNullable<ParseArgsConfig['options']>;

/** With these ESLint lints no files. */
const OTHER_WORK = ['stdin', 'init', 'env-info', 'inspect-config', 'mcp', 'version', 'help', 'print-config'] as const;

/** The folders that `next lint` looks at by default. */
const NEXT_FOLDERS = ['app', 'pages', 'components', 'lib', 'src'];

const NEXT_EXTENSIONS = ['js', 'mjs', 'cjs', 'jsx', 'ts', 'mts', 'cts', 'tsx'];

/** @returns undefined: this command lints no files */
export function lintArguments(words: readonly string[]): LintArguments | undefined {
  const { values, positionals } = parseArgs({
    args: words.filter((word) => isKnown(word) || !word.startsWith('-')),
    options: OPTIONS,
    strict: false,
    allowPositionals: true,
    allowNegative: true,
  });
  if (OTHER_WORK.some((name) => values[name] !== undefined && values[name] !== false)) return undefined;
  const text = (name: keyof typeof OPTIONS): string | undefined => texts(name)[0];
  const texts = (name: keyof typeof OPTIONS): readonly string[] =>
    [values[name]].flat().filter((value): value is string => typeof value === 'string' && isKnown(value));
  const list = (name: keyof typeof OPTIONS): readonly string[] | undefined =>
    present(texts(name).flatMap((value) => value.split(',')).filter((value) => value !== '')); // prettier-ignore
  const isNext = values.next === true;
  const known = [...positionals, ...texts('dir')].filter(isKnown);
  const maxWarnings = Number(text('max-warnings') ?? -1);
  return {
    settings: compact({
      config: text('config'),
      lookup: values['config-lookup'] === false || values.eslintrc === false ? false : undefined,
      ext: (list('ext') ?? (isNext ? NEXT_EXTENSIONS : undefined))?.map((extension) =>
        extension.startsWith('.') ? extension : `.${extension}`,
      ),
      flags: list('flag'),
      ignore: values.ignore === false ? false : undefined,
      ignorePath: text('ignore-path'),
      ignorePatterns: present(texts('ignore-pattern')),
      inlineConfig: values['inline-config'] === false ? false : undefined,
      quiet: values.quiet === true ? true : undefined,
      unusedDirectives: severityOf(
        text('report-unused-disable-directives-severity'),
        values['report-unused-disable-directives'],
      ),
      unusedInlineConfigs: severityOf(text('report-unused-inline-configs'), false),
      rules: objectOf(texts('rule')),
      globals: globalsOf(list('global')),
      parser: text('parser'),
      parserOptions: objectOf(texts('parser-options')),
      plugins: list('plugin'),
      environments: list('env'),
      rulePaths: list('rulesdir'),
      resolvePluginsRelativeTo: text('resolve-plugins-relative-to'),
      suppressions: text('suppressions-location'),
    }),
    patterns: known.length > 0 ? known : isNext ? NEXT_FOLDERS : ['.'],
    ...(maxWarnings >= 0 ? { maxWarnings } : {}),
    allowsNothing: isNext || values['error-on-unmatched-pattern'] === false || values['pass-on-no-patterns'] === true,
  };
}

function severityOf(name: string | undefined, isError: unknown): Severity | undefined {
  if (isError === true) return 'error';
  const severities: Readonly<Record<string, Severity>> = {
    0: 'off',
    1: 'warn',
    2: 'error',
    off: 'off',
    warn: 'warn',
    error: 'error',
  };
  return name === undefined ? undefined : severities[name];
}

/** `quotes: [error, double]`, or `ecmaVersion:2022`: nearly YAML. */
function objectOf(texts: readonly string[]): Readonly<Record<string, unknown>> | undefined {
  const all: Record<string, unknown> = {};
  for (const text of texts) {
    const inner = text.trim().replace(/^\{([^]*)\}$/, '$1');
    try {
      const value: unknown = parseYaml(`{${inner.replaceAll(/^([\w@/.-]+):(?=\S)/gm, '$1: ')}}`, {
        logLevel: 'silent',
      });
      if (isRecord(value)) Object.assign(all, value);
    } catch {
      // ESLint would refuse it.
    }
  }
  return Object.keys(all).length === 0 ? undefined : all;
}

function globalsOf(names: readonly string[] | undefined): LintSettings['globals'] {
  return (
    names &&
    Object.fromEntries(
      names.map((name) =>
        name.endsWith(':true') ? [name.slice(0, -5), 'writable'] : [name.replace(/:false$/, ''), 'readonly'],
      ),
    )
  );
}

function present<T>(list: readonly T[]): readonly T[] | undefined {
  return list.length === 0 ? undefined : list;
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

function compact<T extends object>(value: T): Defined<T> {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as Defined<T>;
}
