/** The command line's words: parsed, checked, and explained when they are wrong. */
import { parseArgs } from 'node:util';

export const formats = ['pretty', 'json', 'jsonl'] as const;
export type Format = (typeof formats)[number];

export const thresholds = ['error', 'warning', 'info', 'never'] as const;
export type Threshold = (typeof thresholds)[number];

/** What every command that analyses understands. */
export interface AnalysisArguments {
  readonly folder: string;
  /** Absent: all that the configuration leaves on. */
  readonly detectors?: readonly string[];
  readonly maxWorkers?: number;
  readonly tsconfigs: readonly string[];
  /** Whether results are kept between runs. */
  readonly cache: boolean;
  /** As the user wrote it; absent: the file in the root folder, if there is one. */
  readonly baselineFile?: string;
}

export interface CheckArguments extends AnalysisArguments {
  readonly format: Format;
  readonly failOn: Threshold;
  /** For the whole run, milliseconds. */
  readonly timeoutMs?: number;
  readonly useBaseline: boolean;
  /** The baseline file is not written. */
  readonly frozen: boolean;
  /** Goes on and follows what changes. */
  readonly watch: boolean;
  /** Only files that differ from a commit, and what depends on them; without `ref`: from the last commit. */
  readonly changed?: { readonly ref?: string };
}

export interface BaselineArguments extends AnalysisArguments {
  /** Nothing is written: what could be removed is told. */
  readonly check: boolean;
}

export const cacheActions = ['info', 'verify', 'clear'] as const;
export type CacheAction = (typeof cacheActions)[number];

export interface ReportArguments {
  readonly folder: string;
  readonly format: 'pretty' | 'json';
}

export type Command =
  | { readonly kind: 'cache'; readonly action: CacheAction; readonly folder: string }
  | { readonly kind: 'check'; readonly arguments: CheckArguments }
  | { readonly kind: 'baseline'; readonly arguments: BaselineArguments }
  | { readonly kind: 'report'; readonly arguments: ReportArguments }
  | { readonly kind: 'help' }
  | { readonly kind: 'version' };

/** Wrong use: exit code 2. The message says what was wrong and what would be right. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export const help = `Bulkhead: every problem of a workspace, from isolated analysis workers.

Usage: bulkhead check [folder] [options]
       bulkhead baseline [folder] [options]         write down the issues of today: check then shows only new ones
       bulkhead cache info|verify|clear [folder]    what is remembered of a folder between runs
       bulkhead report metrics [folder]             couplings Ca, Ce and instability of every folder (--format json)

Options
  --detectors a,b       only these detectors
  --max-workers N       at most N worker processes at a time
  --no-cache            remember nothing and use nothing remembered
  --tsconfig PATH       check only this TypeScript project (may be repeated)
  --baseline FILE       the baseline, instead of bulkhead-baseline.json in the folder
  --help, --version

Options of check
  --format FORMAT       pretty (default), json (one object at the end) or jsonl (a line as each thing happens)
  --fail-on LEVEL       exit with 1 for issues at or above error (default), warning or info; or never
  --watch               go on, and follow every change until Ctrl+C
  --changed [REF]       only files that differ from the last commit, or from where this branch left REF (untracked
                        ones too), and the files that depend on them
  --timeout S           stop after S seconds; what was found until then is printed
  --no-baseline         show the issues of the baseline too
  --frozen              do not remove fixed issues from the baseline (always so when CI is set)

Options of baseline
  --check               write nothing; list what is fixed, and exit with 1 if there is any

Exit codes
  0  nothing at or above --fail-on
  1  issues found
  2  wrong use or configuration
  3  a detector could not finish; its issues so far are printed and the reason is named
`;

const analysisOptions = ['detectors', 'max-workers', 'no-cache', 'tsconfig', 'baseline'];
const optionsOfCommand: Readonly<Record<string, readonly string[]>> = {
  check: [...analysisOptions, 'format', 'fail-on', 'timeout', 'no-baseline', 'frozen', 'watch', 'changed'],
  baseline: [...analysisOptions, 'check'],
  cache: [],
  report: ['format'],
};

/** @throws UsageError */
export function parseCommand(argv: readonly string[], knownDetectors: readonly string[]): Command {
  const { rest, changed } = takeChanged(argv);
  const { values, positionals } = parse(rest);
  if (values.help === true) return { kind: 'help' };
  if (values.version === true) return { kind: 'version' };
  const [command, ...words] = positionals;
  if (command === undefined) return { kind: 'help' };
  const known = Object.hasOwn(optionsOfCommand, command) ? optionsOfCommand[command] : undefined;
  if (!known) throw new UsageError(`Unknown command "${command}". Did you mean: bulkhead check ${command}`);
  for (const option of [...Object.keys(values), ...(changed ? ['changed'] : [])]) {
    if (!known.includes(option)) throw new UsageError(`bulkhead ${command} has no option --${option}.`);
  }
  if (command === 'cache') return cacheCommand(words);
  if (command === 'report') return reportCommand(words, values.format);
  const analysis = analysisArguments(values, words, knownDetectors);
  if (command === 'baseline') {
    return { kind: 'baseline', arguments: { ...analysis, check: values.check === true } };
  }
  const timeout = positiveNumber('--timeout', values.timeout);
  if (values['no-baseline'] === true && values.baseline !== undefined) {
    throw new UsageError('--baseline and --no-baseline exclude each other.');
  }
  const format = oneOf('--format', values.format, formats, 'pretty');
  if (values.watch === true) {
    if (changed)
      throw new UsageError('--watch and --changed exclude each other: watching follows what changes anyway.');
    if (format === 'json') throw new UsageError('--format json prints once, at the end. With --watch use jsonl.');
  }
  return {
    kind: 'check',
    arguments: {
      ...analysis,
      format,
      failOn: oneOf('--fail-on', values['fail-on'], thresholds, 'error'),
      useBaseline: values['no-baseline'] !== true,
      frozen: values.frozen === true,
      watch: values.watch === true,
      ...(changed === undefined ? {} : { changed }),
      ...(timeout === undefined ? {} : { timeoutMs: timeout * 1000 }),
    },
  };
}

function analysisArguments(
  values: ReturnType<typeof parse>['values'],
  [folder = '.', ...more]: readonly string[],
  knownDetectors: readonly string[],
): AnalysisArguments {
  if (more.length > 0) throw new UsageError(`One folder at a time: "${more.join(' ')}" is too much.`);
  const detectors = values.detectors
    ?.split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  for (const name of detectors ?? []) {
    if (!knownDetectors.includes(name)) {
      throw new UsageError(`Unknown detector "${name}". Known are ${knownDetectors.join(', ')}.`);
    }
  }
  if (detectors?.length === 0) throw new UsageError('--detectors needs at least one name.');
  const maxWorkers = wholeNumber('--max-workers', values['max-workers']);
  return {
    folder,
    tsconfigs: values.tsconfig ?? [],
    cache: values['no-cache'] !== true,
    ...(detectors === undefined ? {} : { detectors }),
    ...(maxWorkers === undefined ? {} : { maxWorkers }),
    ...(values.baseline === undefined ? {} : { baselineFile: values.baseline }),
  };
}

function cacheCommand([action = '', folder = '.', ...more]: readonly string[]): Command {
  if (more.length > 0) throw new UsageError(`One folder at a time: "${more.join(' ')}" is too much.`);
  return { kind: 'cache', action: oneOf('bulkhead cache', action, cacheActions, 'info'), folder };
}

function reportCommand([what = '', folder = '.', ...more]: readonly string[], format: string | undefined): Command {
  oneOf('bulkhead report', what, ['metrics'], 'metrics');
  if (more.length > 0) throw new UsageError(`One folder at a time: "${more.join(' ')}" is too much.`);
  return { kind: 'report', arguments: { folder, format: oneOf('--format', format, ['pretty', 'json'], 'pretty') } };
}

/** Its value may be left out, which `parseArgs` does not know: the next word is its value unless it is an option. */
function takeChanged(argv: readonly string[]): {
  readonly rest: readonly string[];
  readonly changed: CheckArguments['changed'];
} {
  const at = argv.findIndex((word) => word === '--changed' || word.startsWith('--changed='));
  const word = argv[at];
  if (word === undefined) return { rest: argv, changed: undefined };
  const next = argv[at + 1];
  const follows = word === '--changed' && next !== undefined && !next.startsWith('-');
  const ref = follows ? next : word.slice('--changed='.length);
  return { rest: argv.toSpliced(at, follows ? 2 : 1), changed: ref === '' ? {} : { ref } };
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        detectors: { type: 'string' },
        format: { type: 'string' },
        'fail-on': { type: 'string' },
        'max-workers': { type: 'string' },
        timeout: { type: 'string' },
        tsconfig: { type: 'string', multiple: true },
        'no-cache': { type: 'boolean' },
        baseline: { type: 'string' },
        'no-baseline': { type: 'boolean' },
        frozen: { type: 'boolean' },
        watch: { type: 'boolean' },
        check: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
        version: { type: 'boolean', short: 'v' },
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

function oneOf<Word extends string>(
  option: string,
  value: string | undefined,
  words: readonly Word[],
  standard: Word,
): Word {
  if (value === undefined) return standard;
  const word = words.find((candidate) => candidate === value);
  if (word === undefined) throw new UsageError(`${option} must be one of ${words.join(', ')}; "${value}" is not.`);
  return word;
}

function wholeNumber(option: string, value: string | undefined): number | undefined {
  const number = positiveNumber(option, value);
  if (number !== undefined && !Number.isInteger(number)) throw new UsageError(`${option} must be a whole number.`);
  return number;
}

function positiveNumber(option: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const number = Number(value);
  if (value.trim() === '' || !Number.isFinite(number) || number <= 0) {
    throw new UsageError(`${option} must be a number above 0; "${value}" is not.`);
  }
  return number;
}
