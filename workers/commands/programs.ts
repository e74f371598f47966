/** What a command line really starts: wrappers such as `npx` and `cross-env` are taken off. Pure. */
import path from 'node:path';
import { isKnown, takeAssignments, type SimpleCommand } from './shell.ts';

/** Wrappers, with those of their options that take a value. What follows is the command. */
const WRAPPERS: Readonly<Record<string, readonly string[]>> = {
  'cross-env': [],
  'cross-env-shell': [],
  env: ['-u', '--unset', '-C', '--chdir'],
  dotenv: ['-e', '-c', '-v'],
  npx: ['-p', '--package', '-w', '--workspace'],
  pnpx: ['-p', '--package'],
  bunx: [],
  nice: ['-n'],
  ionice: ['-c', '-n'],
  timeout: ['-s', '-k'],
  nohup: [],
  sudo: ['-u'],
  xvfb_run: [],
  c8: ['-r', '--reporter'],
  nyc: ['-r', '--reporter'],
  'env-cmd': ['-f', '-e'],
  'pkg-env': [],
};

/** First words after which a command of an installed package follows, by package manager. */
const EXEC: Readonly<Record<string, readonly string[]>> = {
  npm: ['exec', 'x'],
  pnpm: ['exec', 'dlx'],
  yarn: ['exec', 'dlx'],
  bun: ['x'],
  corepack: ['npm', 'pnpm', 'yarn'],
  dotenvx: ['run'],
};

const OPTIONS_OF_NODE = new Set(['-r', '--require', '--import', '--loader', '--experimental-loader', '-C', '--conditions', '--env-file']); // prettier-ignore

export interface Program extends SimpleCommand {
  /** Without path, extension and version. */
  readonly name: string;
  readonly args: readonly string[];
}

/** @returns undefined: nothing that is known starts */
export function programOf(command: SimpleCommand): Program | undefined {
  let { words, env } = command;
  // Each round takes at least one word off.
  for (;;) {
    const assigned = takeAssignments(words);
    // bulkhead-ignore-next-line accumulating-spread -- a command sets few variables
    env = { ...env, ...assigned.env };
    words = assigned.words;
    const [first, ...rest] = words;
    if (first === undefined || !isKnown(first)) return undefined;
    const name = nameOf(first);
    const wrapped = commandAfter(name, rest);
    if (wrapped === undefined) return { ...command, words, env, name, args: rest };
    words = wrapped;
  }
}

/** @returns undefined: the program is no wrapper */
function commandAfter(name: string, rest: readonly string[]): readonly string[] | undefined {
  if (name === 'node')
    return rest.some((word) => word.startsWith('--run')) ? undefined : skipOptions(rest, OPTIONS_OF_NODE);
  const options = Object.hasOwn(WRAPPERS, name) ? WRAPPERS[name] : undefined;
  if (options) {
    const words = skipOptions(rest, new Set(options));
    return name === 'timeout' ? words.slice(1) : words;
  }
  const subcommands = Object.hasOwn(EXEC, name) ? EXEC[name] : undefined;
  const at = rest.findIndex((word) => !word.startsWith('-'));
  const subcommand = rest[at];
  if (subcommand === undefined || subcommands?.includes(subcommand) !== true) return undefined;
  // `pnpm -r exec` runs it in every package, which is no wrapper.
  if (rest.slice(0, at).some((word) => /^(?:-r|--recursive|-F|--filter.*)$/.test(word))) return undefined;
  return name === 'corepack' ? rest.slice(at) : skipOptions(rest.slice(at + 1), new Set(['-p', '--package', '-w', '--workspace', '-f'])); // prettier-ignore
}

export function skipOptions(words: readonly string[], withValue: ReadonlySet<string>): readonly string[] {
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? '';
    if (word === '--') return words.slice(index + 1);
    if (!word.startsWith('-')) return words.slice(index);
    if (withValue.has(word)) index += 1;
  }
  return [];
}

/** `./node_modules/.bin/eslint`, `node_modules/eslint/bin/eslint.js` and `eslint@9` are `eslint`. */
function nameOf(word: string): string {
  const parts = word.split(/[\\/]/);
  const last = path.parse(parts.at(-1) ?? '');
  const name =
    ['.js', '.cjs', '.mjs', '.cmd', '.exe', '.ps1'].includes(last.ext) && parts.length > 1 ? last.name : last.base;
  return name.replace(/(?<=.)@[^@]*$/, '');
}
