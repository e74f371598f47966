/** With which arguments knip runs: those of the options, or else those of the project's own script. Keeps nothing. */
import path from 'node:path';
import { parseArgs, type ParseArgsConfig } from 'node:util';
import { projectCommands, type ProjectCommand } from '../../commands/project-commands.ts';
import { isKnown } from '../../commands/shell.ts';
import type { DetectorOptions } from '../../protocol/detector-protocol.ts';

export interface KnipArguments {
  readonly args: readonly string[];
  /** The configuration that they name, relative to the root. */
  readonly config?: string;
  /** What the project runs, and what of that is not done here. */
  readonly note?: string;
  /** Files that were read to know this, relative to the root. */
  readonly files: readonly string[];
}

/** The options that decide what is found; the others are about output, fixing and time. */
const OPTIONS = {
  config: { type: 'string', short: 'c' },
  tsConfig: { type: 'string', short: 't' },
  workspace: { type: 'string', short: 'W', multiple: true },
  include: { type: 'string', multiple: true },
  exclude: { type: 'string', multiple: true },
  tags: { type: 'string', short: 'T', multiple: true },
  production: { type: 'boolean', short: 'p' },
  strict: { type: 'boolean', short: 's' },
  dependencies: { type: 'boolean' },
  exports: { type: 'boolean' },
  files: { type: 'boolean' },
  cycles: { type: 'boolean' },
  'include-entry-exports': { type: 'boolean' },
  'include-libs': { type: 'boolean' },
  'isolate-workspaces': { type: 'boolean' },
  'use-tsconfig-files': { type: 'boolean' },
  'no-gitignore': { type: 'boolean' },
} as const satisfies NonNullable<ParseArgsConfig['options']>;

/** Their values are no arguments of their own. */
const IGNORED = {
  directory: { type: 'string', short: 'D' },
  reporter: { type: 'string', multiple: true },
  'reporter-options': { type: 'string' },
  preprocessor: { type: 'string', multiple: true },
  'preprocessor-options': { type: 'string' },
  'max-issues': { type: 'string' },
  'max-show-issues': { type: 'string' },
  'output-file': { type: 'string', multiple: true },
  'cache-location': { type: 'string' },
  'fix-type': { type: 'string', multiple: true },
  'trace-file': { type: 'string' },
  'trace-export': { type: 'string' },
  'trace-dependency': { type: 'string' },
  'performance-fn': { type: 'string' },
} as const satisfies NonNullable<ParseArgsConfig['options']>;

/** @param root absolute */
export async function knipArguments(root: string, options: DetectorOptions): Promise<KnipArguments> {
  const own: unknown = options['arguments'];
  if (Array.isArray(own) && own.length > 0) {
    return { ...understood(own.map(String)), files: [] };
  }
  const { commands, files } = await projectCommands(root, { program: 'knip', main: 'knip' });
  const relative = [...files].map((file) => path.relative(root, file).split(path.sep).join('/'));
  const [first, ...others] = distinct(commands);
  if (!first) return { args: [], files: relative };
  const run = folderOf(first) === root ? understood(first.args) : { args: [] };
  const missed = folderOf(first) === root ? others : [first, ...others];
  const sentences = [
    run.args.length > 0 ? `Run as ${nameOf(first, root)} does: knip ${run.args.join(' ')}` : '',
    missed.length > 0
      ? `Not run: ${missed.map((command) => `${nameOf(command, root)} (${textOf(command)})`).join(', ')}. To run knip so, set its option "arguments"`
      : '',
  ].filter((sentence) => sentence !== '');
  return { ...run, ...(sentences.length === 0 ? {} : { note: `${sentences.join('. ')}.` }), files: relative };
}

/** The arguments that decide what is found, in a form that every version understands. */
function understood(words: readonly string[]): Pick<KnipArguments, 'args' | 'config'> {
  const { values } = parseArgs({
    args: words.filter(isKnown),
    options: { ...OPTIONS, ...IGNORED },
    strict: false,
    allowPositionals: true,
  });
  const args = Object.keys(OPTIONS).flatMap((name) =>
    [values[name]].flat().flatMap((value) => {
      if (value === true) return OPTIONS[name as keyof typeof OPTIONS].type === 'boolean' ? [`--${name}`] : [];
      // A value may begin with a hyphen: `--tags=-internal`.
      return typeof value === 'string' ? [`--${name}=${value}`] : [];
    }),
  );
  return { args, ...(typeof values.config === 'string' ? { config: path.posix.normalize(values.config) } : {}) };
}

/** A run with `--fix` or another reporter finds the same. */
function distinct(commands: readonly ProjectCommand[]): readonly ProjectCommand[] {
  const byText = new Map<string, ProjectCommand>();
  for (const command of commands) {
    const key = `${folderOf(command)} ${understood(command.args).args.join(' ')}`;
    if (!byText.has(key)) byText.set(key, command);
  }
  return [...byText.values()];
}

function folderOf({ args, folder }: ProjectCommand): string {
  const { values } = parseArgs({ args: args.filter(isKnown), options: { ...OPTIONS, ...IGNORED }, strict: false, allowPositionals: true }); // prettier-ignore
  return typeof values.directory === 'string' ? path.resolve(folder, values.directory) : folder;
}

function nameOf({ origin }: ProjectCommand, root: string): string {
  const file = path.relative(root, origin.file).split(path.sep).join('/');
  if (origin.script === undefined) return file;
  return file === 'package.json' ? `npm run ${origin.script}` : `${origin.script} in ${file}`;
}

function textOf(command: ProjectCommand): string {
  return ['knip', ...understood(command.args).args].join(' ');
}
