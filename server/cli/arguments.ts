/** Parses the arguments of the command line. Errors say what to do. */
import path from 'node:path';
import { parseArgs } from 'node:util';
import { executesCode, manifestOf } from '../../workers/detectors/manifests.ts';
import { allowedHostOf } from '../../workers/ipc/sandbox/allow-list.ts';
import type { SandboxSettings } from '../pool/sandbox-settings.ts';
import { reportFormats, type ReportFormat } from './reports/formats.ts';

const formats = ['pretty', 'jsonl', ...reportFormats] as const;
export type Format = (typeof formats)[number];

const thresholds = ['error', 'warning', 'info', 'never'] as const;
export type Threshold = (typeof thresholds)[number];

/** Arguments of every command that analyses a folder. */
export interface AnalysisArguments {
  readonly folder: string;
  /** Only these run, the tools that the folder declares among them. Absent: all that the configuration does not disable. */
  readonly detectors?: readonly string[];
  readonly maxWorkers?: number;
  readonly tsconfigs: readonly string[];
  /** Whether results are stored between runs. */
  readonly cache: boolean;
  /** Issues that follow from a cause are listed too. */
  readonly showConsequences: boolean;
  /** False: no code of the folder runs, as in an editor that does not trust it. */
  readonly trusted: boolean;
  /** Whether workers run in a sandbox. */
  readonly sandbox: SandboxSettings;
  /** As the user wrote it; absent: the file in the root folder, if there is one. */
  readonly baselineFile?: string;
}

export interface CheckArguments extends AnalysisArguments {
  readonly format: Format;
  /** Reports that are written into files. */
  readonly outputs: readonly ReportFile[];
  readonly failOn: Threshold;
  /** Limit for the whole check, milliseconds. */
  readonly timeoutMs?: number;
  readonly useBaseline: boolean;
  /** Fixed issues stay in the baseline file. */
  readonly frozen: boolean;
  /** Lists every issue, however many there are. */
  readonly all: boolean;
  /** Keeps running and follows changes. */
  readonly watch: boolean;
  /** Check only files that differ from a commit, and their dependents; without `ref`: from the last commit. */
  readonly changed?: { readonly ref?: string };
}

export interface ReportFile {
  readonly format: ReportFormat;
  /** As the user wrote it. */
  readonly file: string;
}

export interface BaselineArguments extends AnalysisArguments {
  /** Nothing is written; fixed issues are listed. */
  readonly check: boolean;
}

export interface McpArguments extends AnalysisArguments {
  /** The port of the loopback interface to listen on; 0: any. Absent: standard input and output. */
  readonly http?: number;
}

const cacheActions = ['info', 'verify', 'clear'] as const;
export type CacheAction = (typeof cacheActions)[number];

export interface ReportArguments {
  readonly folder: string;
  readonly format: 'pretty' | 'json';
}

export interface StatusArguments {
  /** Only servers that have it open, or a folder in it or above it. */
  readonly folder?: string;
  /** Printed once, even in a terminal. */
  readonly once: boolean;
  readonly format: 'pretty' | 'json';
}

export interface DoctorArguments extends AnalysisArguments {
  readonly format: 'pretty' | 'json';
}

const agentActions = ['install', 'status', 'uninstall'] as const;

export interface AgentArguments {
  readonly action: (typeof agentActions)[number];
  readonly folder: string;
  /** Only these. Absent: those that are found. */
  readonly agents?: readonly string[];
}

export type Command =
  | { readonly kind: 'agent'; readonly arguments: AgentArguments }
  | { readonly kind: 'cache'; readonly action: CacheAction; readonly folder: string }
  | { readonly kind: 'check'; readonly arguments: CheckArguments }
  | { readonly kind: 'baseline'; readonly arguments: BaselineArguments }
  | { readonly kind: 'doctor'; readonly arguments: DoctorArguments }
  | { readonly kind: 'mcp'; readonly arguments: McpArguments }
  | { readonly kind: 'report'; readonly arguments: ReportArguments }
  | { readonly kind: 'status'; readonly arguments: StatusArguments }
  | { readonly kind: 'help' }
  | { readonly kind: 'version' };

/** The command is used wrongly (exit code 2). The message says what to do. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export const help = `Bulkhead: every problem of a workspace, from isolated analysis workers.

bulkhead check runs code of the folder (ESLint with its configuration and plugins, knip, the folder's own TypeScript),
unless --untrusted forbids it.

Usage: bulkhead check [folder] [options]
       bulkhead baseline [folder] [options]         record the current issues, so that check shows only new ones
       bulkhead cache info|verify|clear [folder]    inspect or clear the results stored between runs
       bulkhead doctor [folder] [options]           versions, tools, configuration, and what would not run and why
       bulkhead report metrics [folder]             print coupling (Ca, Ce) and instability of every folder
       bulkhead status [folder]                     what the language servers do: workers, memory, restarts, errors
       bulkhead lsp [--stdio]                       the language server, for editors and agents (docs/editors.md)
       bulkhead mcp [folder] [options]              the MCP server, for agents (docs/agents.md)
       bulkhead agent install|status|uninstall [folder] [--agents a,b]
                                                    the MCP server, the hook and instructions for the agents found
       bulkhead hook                                what an agent's edit made new or fixed; it reads the agent's JSON

Options
  --detectors a,b       run only these detectors
  --max-workers N       run at most N worker processes at a time
  --no-cache            neither use nor store results
  --tsconfig PATH       check only this TypeScript project (may be repeated)
  --untrusted           run no code of the folder: ESLint, knip and the checkers of components stay off
  --sandbox MODE        off (default), auto or require: keep the code that workers run from the network, your home folder
                        and writing, where the system can; with require nothing runs without (docs/sandbox.md)
  --sandbox-except NAME, --sandbox-read PATH
                        a detector or tool that runs outside; what may be read besides (both may be repeated)
  --sandbox-network NAME=HOST:PORT
                        a host that the worker of a detector or tool may reach from inside (may be repeated)
  --sandbox-untrusted   with --untrusted and --sandbox require: code of the folder runs in the sandbox after all
  --baseline FILE       use this baseline instead of bulkhead-baseline.json in the folder
  --help, --version

Options of check
  --format FORMAT       pretty (default), jsonl (one line per event), or a report at the end: json, sarif, sarif-github
                        (cut to what GitHub takes), github (annotations), gitlab, junit, markdown, html
  --output FORMAT=FILE  write such a report into a file too (may be repeated)
  --fail-on LEVEL       exit with 1 for issues at or above LEVEL: error (default), warning, info; or never
  --all                 list every issue; else a long list is cut at some issues of each rule, and summed up
  --watch               keep running and follow changes until Ctrl+C
  --changed [REF]       check only files that differ from the last commit, or from the commit where this branch left
                        REF (untracked files too), and the files that depend on them
  --timeout S           stop after S seconds and print what was found so far
  --no-baseline         show the issues in the baseline too
  --show-consequences   list every issue that follows from one cause, such as packages that are not installed
  --frozen              do not remove fixed issues from the baseline (always the case when CI is set)

Options of baseline
  --check               write nothing; list fixed issues, and exit with 1 if there are any

Options of mcp
  --http PORT           serve clients on this machine over HTTP instead of one on standard input; 0: any free port

Options of doctor, report and status
  --format FORMAT       pretty (default) or json
  --json                doctor: the same as --format json
  --once                status: print once, instead of refreshing until Ctrl+C

Exit codes
  0  no issues at or above --fail-on
  1  issues found
  2  invalid arguments or configuration
  3  answers are missing: a detector could not finish, or is degraded (for instance because nothing is installed); the
     reason and the issues found so far are printed
`;

const analysisOptions = [
  ...['detectors', 'max-workers', 'no-cache', 'tsconfig', 'baseline', 'untrusted'],
  ...['sandbox', 'sandbox-except', 'sandbox-read', 'sandbox-network', 'sandbox-untrusted'],
];
const optionsOfCommand: Readonly<Record<string, readonly string[]>> = {
  check: [
    ...analysisOptions,
    'format',
    'output',
    'fail-on',
    'timeout',
    'no-baseline',
    'frozen',
    'watch',
    'changed',
    'show-consequences',
    'all',
  ],
  baseline: [...analysisOptions, 'check'],
  doctor: [...analysisOptions, 'format', 'json'],
  agent: ['agents'],
  hook: [],
  mcp: [...analysisOptions.filter((option) => option !== 'no-cache'), 'http'],
  cache: [],
  report: ['format'],
  status: ['format', 'once'],
};

/** @throws UsageError */
export function parseCommand(argv: readonly string[]): Command {
  const { rest, changed } = takeChanged(argv);
  const { values, positionals } = parse(rest);
  if (values.help === true) return { kind: 'help' };
  if (values.version === true) return { kind: 'version' };
  const [command, ...words] = positionals;
  if (command === undefined) return { kind: 'help' };
  const known = Object.hasOwn(optionsOfCommand, command) ? optionsOfCommand[command] : undefined;
  if (!known) throw new UsageError(`Unknown command "${command}". Did you mean: bulkhead check ${command}?`);
  for (const option of [...Object.keys(values), ...(changed ? ['changed'] : [])]) {
    if (!known.includes(option)) throw new UsageError(`bulkhead ${command} has no option --${option}.`);
  }
  if (command === 'agent') return agentCommand(words, values.agents);
  if (command === 'cache') return cacheCommand(words);
  if (command === 'report') return reportCommand(words, values.format);
  if (command === 'status') return statusCommand(words, values);
  if (command === 'hook') throw new UsageError('bulkhead hook takes no arguments: it reads the JSON of an agent.');
  const analysis = analysisArguments(values, words);
  if (command === 'doctor') return { kind: 'doctor', arguments: { ...analysis, format: doctorFormat(values) } };
  if (command === 'mcp') return { kind: 'mcp', arguments: { ...analysis, ...httpPort(values.http) } };
  if (command === 'baseline') {
    return { kind: 'baseline', arguments: { ...analysis, check: values.check === true } };
  }
  const timeout = positiveNumber('--timeout', values.timeout);
  if (values['no-baseline'] === true && values.baseline !== undefined) {
    throw new UsageError('Use either --baseline or --no-baseline, not both.');
  }
  const format = oneOf('--format', values.format, formats, 'pretty');
  if (values.watch === true) {
    if (changed) throw new UsageError('Use either --watch or --changed, not both: --watch follows all changes.');
    if (format !== 'pretty' && format !== 'jsonl')
      throw new UsageError(`--format ${format} prints once, at the end. Use --format jsonl with --watch.`);
    if (values.output !== undefined) throw new UsageError('--output writes once, at the end. Use it without --watch.');
  }
  return {
    kind: 'check',
    arguments: {
      ...analysis,
      format,
      outputs: (values.output ?? []).map(reportFile),
      failOn: oneOf('--fail-on', values['fail-on'], thresholds, 'error'),
      useBaseline: values['no-baseline'] !== true,
      frozen: values.frozen === true,
      watch: values.watch === true,
      all: values.all === true,
      ...(changed === undefined ? {} : { changed }),
      ...(timeout === undefined ? {} : { timeoutMs: Math.ceil(timeout * 1000) }),
    },
  };
}

function reportFile(value: string): ReportFile {
  const at = value.indexOf('=');
  if (at < 1 || at === value.length - 1)
    throw new UsageError(`--output needs a format and a file, such as --output sarif=report.sarif, not "${value}".`);
  const format = oneOf('The format of --output', value.slice(0, at), reportFormats, 'json');
  return { format, file: value.slice(at + 1) };
}

function analysisArguments(
  values: ReturnType<typeof parse>['values'],
  [folder = '.', ...more]: readonly string[],
): AnalysisArguments {
  if (more.length > 0) throw new UsageError(`Only one folder can be given. Remove "${more.join(' ')}".`);
  const detectors = values.detectors
    ?.split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  const forbidden =
    values.untrusted === true && values['sandbox-untrusted'] !== true
      ? detectors?.find((name) => manifestOf(name) !== undefined && executesCode(name))
      : undefined;
  if (forbidden !== undefined)
    throw new UsageError(`${forbidden} runs code of the folder, which --untrusted forbids. Remove one of them.`);
  if (detectors?.length === 0) throw new UsageError('--detectors needs at least one name.');
  const maxWorkers = wholeNumber('--max-workers', values['max-workers']);
  return {
    folder,
    tsconfigs: values.tsconfig ?? [],
    cache: values['no-cache'] !== true,
    trusted: values.untrusted !== true,
    sandbox: sandboxSettings(values),
    showConsequences: values['show-consequences'] === true,
    ...(detectors === undefined ? {} : { detectors }),
    ...(maxWorkers === undefined ? {} : { maxWorkers }),
    ...(values.baseline === undefined ? {} : { baselineFile: values.baseline }),
  };
}

function sandboxSettings(values: ReturnType<typeof parse>['values']): SandboxSettings {
  const mode = oneOf('--sandbox', values.sandbox, ['off', 'auto', 'require'] as const, 'off');
  const [except, read] = [values['sandbox-except'] ?? [], values['sandbox-read'] ?? []];
  const network = grantedHosts(values['sandbox-network'] ?? []);
  if (mode === 'off' && except.length + read.length + Object.keys(network).length > 0)
    throw new UsageError(
      '--sandbox-except, --sandbox-read and --sandbox-network need --sandbox auto or --sandbox require.',
    );
  const untrusted = values['sandbox-untrusted'] === true;
  if (untrusted && (mode !== 'require' || values.untrusted !== true))
    throw new UsageError('--sandbox-untrusted needs --untrusted and --sandbox require.');
  return { mode, except, read: read.map((name) => path.resolve(name)), network, untrusted };
}

/** @param texts as `NAME=HOST:PORT` */
function grantedHosts(texts: readonly string[]): SandboxSettings['network'] {
  const granted = new Map<string, string[]>();
  for (const text of texts) {
    const [, name, host = ''] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
    const parsed = allowedHostOf(host);
    if (name === undefined || typeof parsed === 'string') {
      const why = name === undefined ? '' : ` ${parsed as string}`;
      throw new UsageError(`--sandbox-network takes NAME=HOST:PORT, not ${JSON.stringify(text)}.${why}`);
    }
    granted.set(name, [...(granted.get(name) ?? []), `${parsed.host}:${parsed.port}`]);
  }
  return Object.fromEntries(granted);
}

function agentCommand([action, folder = '.', ...more]: readonly string[], agents: string | undefined): Command {
  if (more.length > 0) throw new UsageError(`Only one folder can be given. Remove "${more.join(' ')}".`);
  if (action === undefined) throw new UsageError(`Say what to do: bulkhead agent ${agentActions.join(' | ')}`);
  const names = agents?.split(',').flatMap((name) => name.trim() || []);
  if (names?.length === 0) throw new UsageError('--agents needs at least one name.');
  return {
    kind: 'agent',
    arguments: {
      action: oneOf('bulkhead agent', action, agentActions, 'status'),
      folder,
      ...(names === undefined ? {} : { agents: names }),
    },
  };
}

function cacheCommand([action = '', folder = '.', ...more]: readonly string[]): Command {
  if (more.length > 0) throw new UsageError(`Only one folder can be given. Remove "${more.join(' ')}".`);
  return { kind: 'cache', action: oneOf('bulkhead cache', action, cacheActions, 'info'), folder };
}

function reportCommand([what = '', folder = '.', ...more]: readonly string[], format: string | undefined): Command {
  oneOf('bulkhead report', what, ['metrics'], 'metrics');
  if (more.length > 0) throw new UsageError(`Only one folder can be given. Remove "${more.join(' ')}".`);
  return { kind: 'report', arguments: { folder, format: oneOf('--format', format, ['pretty', 'json'], 'pretty') } };
}

function statusCommand([folder, ...more]: readonly string[], values: ReturnType<typeof parse>['values']): Command {
  if (more.length > 0) throw new UsageError(`Only one folder can be given. Remove "${more.join(' ')}".`);
  const format = oneOf('--format', values.format, ['pretty', 'json'], 'pretty');
  const once = values.once === true;
  return { kind: 'status', arguments: { once, format, ...(folder === undefined ? {} : { folder }) } };
}

function doctorFormat({ json, format }: ReturnType<typeof parse>['values']): DoctorArguments['format'] {
  if (json !== true) return oneOf('--format', format, ['pretty', 'json'], 'pretty');
  if (format !== undefined && format !== 'json') throw new UsageError('Use either --json or --format, not both.');
  return 'json';
}

/** `parseArgs` has no options with an optional value: the next word is the value unless it is an option. */
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
        agents: { type: 'string' },
        detectors: { type: 'string' },
        format: { type: 'string' },
        http: { type: 'string' },
        json: { type: 'boolean' },
        output: { type: 'string', multiple: true },
        'fail-on': { type: 'string' },
        'max-workers': { type: 'string' },
        timeout: { type: 'string' },
        tsconfig: { type: 'string', multiple: true },
        'no-cache': { type: 'boolean' },
        untrusted: { type: 'boolean' },
        sandbox: { type: 'string' },
        'sandbox-except': { type: 'string', multiple: true },
        'sandbox-read': { type: 'string', multiple: true },
        'sandbox-network': { type: 'string', multiple: true },
        'sandbox-untrusted': { type: 'boolean' },
        baseline: { type: 'string' },
        'no-baseline': { type: 'boolean' },
        frozen: { type: 'boolean' },
        watch: { type: 'boolean' },
        all: { type: 'boolean' },
        'show-consequences': { type: 'boolean' },
        check: { type: 'boolean' },
        once: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
        version: { type: 'boolean', short: 'v' },
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

function httpPort(value: string | undefined): Pick<McpArguments, 'http'> {
  if (value === undefined) return {};
  const port = Number(value);
  if (!/^\d+$/.test(value) || port > 65_535)
    throw new UsageError(`--http needs a port from 0 (any that is free) to 65535, not "${value}".`);
  return { http: port };
}

function oneOf<Word extends string>(
  option: string,
  value: string | undefined,
  words: readonly Word[],
  standard: Word,
): Word {
  if (value === undefined) return standard;
  const word = words.find((candidate) => candidate === value);
  if (word === undefined) throw new UsageError(`${option} must be one of ${words.join(', ')}, not "${value}".`);
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
    throw new UsageError(`${option} must be a number greater than 0, not "${value}".`);
  }
  return number;
}
