/** What programs that run scripts are told to run: package managers, `run-s`, `concurrently`, Turborepo, Nx, Lerna. Pure. */
import { skipOptions, type Program } from './programs.ts';

/** In which packages: that of the folder, a folder relative to it, all members, or the members that a filter means. */
export type Target = 'here' | 'members' | { readonly folder: string } | { readonly filters: readonly string[] };

export type Invocation =
  /** Scripts of package.json by name, pattern (`lint:*`) or regular expression (`/lint/`). */
  | {
      readonly kind: 'scripts';
      readonly names: readonly string[];
      readonly target: Target;
      /** Further arguments of the script's last command. */
      readonly extra: readonly string[];
      /** The command that is run where there is no script of this name. */
      readonly otherwise?: readonly string[];
    }
  /** A command in each of some packages. */
  | { readonly kind: 'command'; readonly words: readonly string[]; readonly target: Target }
  /** A command line. */
  | { readonly kind: 'text'; readonly text: string };

/** @returns undefined: it runs no scripts */
export function invocationsOf({ name, args }: Program): readonly Invocation[] | undefined {
  const runner = Object.hasOwn(RUNNERS, name) ? RUNNERS[name] : undefined;
  return runner?.(args);
}

type Runner = (args: readonly string[]) => readonly Invocation[];

const RUNNERS: Readonly<Record<string, Runner>> = {
  npm: (args) =>
    packageManager(optionsFirst(args, NPM_OPTIONS), {
      flags: NPM_OPTIONS,
      run: ['run', 'run-script', 'rum', 'urn'],
      direct: ['test', 'start'],
    }),
  pnpm: (args) => packageManager(args, { flags: PNPM_OPTIONS, run: ['run', 'run-script'], direct: 'any' }),
  yarn,
  bun: (args) => packageManager(args, { flags: PNPM_OPTIONS, run: ['run'], direct: 'any' }),
  node: (args) => {
    const at = args.findIndex((word) => word.startsWith('--run'));
    const script = args[at]?.split('=')[1] ?? args[at + 1];
    return script === undefined ? [] : [scripts([script], 'here')];
  },
  'run-s': inSequence,
  'run-p': inSequence,
  'npm-run-all': inSequence,
  'npm-run-all2': inSequence,
  concurrently: (args) => skipEach(args, CONCURRENTLY_OPTIONS).map(concurrent),
  turbo: (args) => tasks(args.filter((word) => word !== 'run')),
  lerna: (args) => (args[0] === 'run' ? tasks(args.slice(1)) : []),
  lage: tasks,
  nx,
};

const NPM_OPTIONS = ['-w', '--workspace', '--prefix', '-C'];
const PNPM_OPTIONS = [
  '-F',
  '--filter',
  '--filter-prod',
  '-C',
  '--dir',
  '--cwd',
  '--workspace-concurrency',
  '--reporter',
];
const CONCURRENTLY_OPTIONS = ['-n', '--names', '-c', '--prefix-colors', '-p', '--prefix', '-m', '--max-processes', '-s', '--success', '-l', '--prefix-length', '-t', '--timestamp-format', '--restart-tries', '--restart-after', '--name-separator', '--hide', '--default-input-target']; // prettier-ignore

type ScriptInvocation = Extract<Invocation, { kind: 'scripts' }>;

function scripts(names: readonly string[], target: Target, extra: readonly string[] = []): ScriptInvocation {
  return { kind: 'scripts', names, target, extra };
}

interface Dialect {
  /** Options that take a value. */
  readonly flags: readonly string[];
  readonly run: readonly string[];
  /** Scripts that need no `run`. */
  readonly direct: readonly string[] | 'any';
}

function packageManager(args: readonly string[], { flags, run, direct }: Dialect): readonly Invocation[] {
  const { rest, target } = takeTarget(args, flags);
  const [first, ...more] = rest;
  if (first === undefined) return [];
  if (first === 'exec' || first === 'x') return [{ kind: 'command', words: skipOptions(more, new Set()), target }];
  if (run.includes(first)) {
    const later = takeTarget(more, flags);
    const [script, ...extra] = later.rest;
    if (script === undefined) return [];
    const where = later.target === 'here' ? target : later.target;
    return [{ ...scripts([script], where, passed(extra)), otherwise: [script, ...passed(extra)] }];
  }
  const isDirect = direct === 'any' || direct.includes(first) || first === 't' || first === 'tst';
  if (!isDirect) return [];
  const script = first === 't' || first === 'tst' ? 'test' : first;
  return [{ ...scripts([script], target, passed(more)), otherwise: [script, ...passed(more)] }];
}

function yarn(args: readonly string[]): readonly Invocation[] {
  const { rest, target } = takeTarget(args, PNPM_OPTIONS);
  const [first, second, ...more] = rest;
  if (first === 'workspace' && second !== undefined) {
    const words = more[0] === 'run' ? more.slice(1) : more;
    const [script, ...extra] = words;
    if (script === undefined) return [];
    return [{ ...scripts([script], { filters: [second] }, passed(extra)), otherwise: words }];
  }
  if (first === 'workspaces') {
    const at = rest.indexOf('run');
    const words = at < 0 ? skipEach(rest.slice(2), YARN_FOREACH_OPTIONS) : rest.slice(at + 1);
    const [script, ...extra] = words;
    return script === undefined ? [] : [{ ...scripts([script], 'members', passed(extra)), otherwise: words }];
  }
  return packageManager(args, { flags: PNPM_OPTIONS, run: ['run'], direct: 'any' }).map((invocation) =>
    invocation.kind === 'text' ? invocation : { ...invocation, target },
  );
}

const YARN_FOREACH_OPTIONS = ['--from', '--include', '--exclude', '--jobs', '-j', '--since'];

/** Takes the options that say in which packages something runs off the front of some arguments. */
function takeTarget(
  args: readonly string[],
  flags: readonly string[],
): { readonly rest: readonly string[]; readonly target: Target } {
  const filters: string[] = [];
  let folder: string | undefined;
  let isEverywhere = false;
  let index = 0;
  for (; index < args.length; index += 1) {
    const word = args[index] ?? '';
    if (!word.startsWith('-') || word === '--') break;
    const [name, inline] = splitOption(word);
    const value = inline ?? (flags.includes(name) ? args[index + 1] : undefined);
    if (inline === undefined && flags.includes(name)) index += 1;
    if (/^(?:-r|--recursive|-ws|--workspaces)$/.test(name)) isEverywhere = true;
    else if (value !== undefined && /^(?:-w|--workspace|-F|--filter|--filter-prod)$/.test(name)) filters.push(value);
    else if (value !== undefined && /^(?:--prefix|-C|--dir|--cwd)$/.test(name)) folder = value;
  }
  const target =
    filters.length > 0 ? { filters } : isEverywhere ? 'members' : folder === undefined ? 'here' : { folder };
  return { rest: args.slice(index), target };
}

/** npm takes its options anywhere before `--`. */
function optionsFirst(args: readonly string[], withValue: readonly string[]): readonly string[] {
  const end = args.indexOf('--');
  const own = end < 0 ? args : args.slice(0, end);
  const words = skipEach(own, withValue);
  const options = own.filter((word, index) => word.startsWith('-') || withValue.includes(own[index - 1] ?? ''));
  return [...options, ...words, ...(end < 0 ? [] : args.slice(end))];
}

function splitOption(word: string): readonly [string, string?] {
  const at = word.indexOf('=');
  return at < 0 ? [word] : [word.slice(0, at), word.slice(at + 1)];
}

/** The arguments that reach a script. */
function passed(words: readonly string[]): readonly string[] {
  return words.filter((word) => word !== '--');
}

/** `run-s lint:* "test -- --coverage"` */
function inSequence(args: readonly string[]): readonly Invocation[] {
  return skipEach(args, ['--max-parallel', '--npm-path']).map((word) => {
    const [name = '', ...extra] = word.trim().split(/\s+/);
    return scripts([name], 'here', passed(extra));
  });
}

function concurrent(word: string): Invocation {
  const [, name] = /^(?:npm|yarn|pnpm|bun|node):(\S+)/.exec(word) ?? [];
  return name === undefined
    ? { kind: 'text', text: word }
    : scripts([name], 'here', passed(word.split(/\s+/).slice(1)));
}

/** `turbo run build lint --filter=web -- --quiet` */
function tasks(args: readonly string[]): readonly Invocation[] {
  const end = args.indexOf('--');
  const own = end < 0 ? args : args.slice(0, end);
  const names = skipEach(own, ['-F', '--filter', '--scope', '--ignore', '--since', '--concurrency', '--cache-dir', '--output-logs', '--log-order', '--env-mode', '--to', '-C', '--cwd']); // prettier-ignore
  return names.length === 0 ? [] : [scripts(names, 'members', end < 0 ? [] : args.slice(end + 1))];
}

/** `nx run-many -t lint test`, `nx affected --target=lint`, `nx lint web`, `nx run web:lint` */
function nx(args: readonly string[]): readonly Invocation[] {
  const [first = '', second] = args;
  if (first === 'run') {
    const [project = '', target] = (second ?? '').split(':');
    return target === undefined ? [] : [scripts([target], { filters: [project] })];
  }
  if (first !== 'run-many' && first !== 'affected') {
    if (first === '' || first.startsWith('-')) return [];
    return [scripts([first], second === undefined || second.startsWith('-') ? 'members' : { filters: [second] })];
  }
  const names: string[] = [];
  for (const [index, word] of args.entries()) {
    const [name, inline] = splitOption(word);
    if (!/^(?:-t|--targets?)$/.test(name)) continue;
    if (inline !== undefined) names.push(...inline.split(','));
    for (const next of inline === undefined ? args.slice(index + 1) : []) {
      if (next.startsWith('-')) break;
      names.push(...next.split(','));
    }
  }
  return names.length === 0 ? [] : [scripts(names, 'members')];
}

/** The words that are neither options nor their values. */
function skipEach(args: readonly string[], withValue: readonly string[]): readonly string[] {
  const rest: string[] = [];
  for (let index = 0; index < args.length; index += 1) {
    const word = args[index] ?? '';
    if (withValue.includes(word)) index += 1;
    else if (!word.startsWith('-')) rest.push(word);
  }
  return rest;
}
