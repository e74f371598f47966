/**
 * How ESLint is run in a workspace: as the options of the detector say, or else as the project itself runs it. Reads files;
 * keeps nothing.
 */
import { existsSync } from 'node:fs';
import path from 'node:path';
import picomatch from 'picomatch';
import {
  projectCommands,
  type Origin,
  type ProjectCommand,
  type RelatedCommand,
} from '../../commands/project-commands.ts';
import type { DetectorOptions } from '../../protocol/detector-protocol.ts';
import { lintArguments } from './arguments.ts';
import type { LintSettings } from './lint-settings.ts';
import { entriesOf, isProjectFolder, relativeTo } from './roots.ts';

export interface LintRun {
  /** Absolute, the working directory. */
  readonly directory: string;
  readonly settings: LintSettings;
  /** Files, folders and patterns, as arguments of the command. */
  readonly patterns: readonly string[];
  /** Where the project says so; absent: the options say so, or nobody does. */
  readonly origin?: Origin;
  /** The run fails if there are more warnings. */
  readonly maxWarnings?: number;
  /** It is no fault if there is nothing to lint. */
  readonly allowsNothing: boolean;
}

export interface Runs {
  readonly runs: readonly LintRun[];
  /** The options name the folders, so that nothing else is linted. */
  readonly isExplicit: boolean;
  /** Programs that run ESLint in their own way, if nothing runs it directly. */
  readonly related: readonly RelatedCommand[];
  /** The script of the root that is meant for linting, if what it does is unknown. */
  readonly unknownScript?: string;
  /** Folders that the options name and that do not exist. */
  readonly missing: readonly string[];
  /** Files that were read to find the runs, absolute. */
  readonly files: readonly string[];
}

const ESLINT = {
  program: 'eslint',
  main: 'lint',
  related: { xo: '', standard: '', semistandard: '', 'ts-standard': '', ng: 'lint', expo: 'lint', 'vue-cli-service': 'lint', 'wp-scripts': 'lint-js' }, // prettier-ignore
} as const;
/** A script that runs one of these need not run ESLint. */
const OTHER_LINTERS =
  /\b(?:biome|oxlint|deno|rome|tslint|stylelint|prettier|tsc|jshint|markdownlint|publint|echo|exit|true)\b/;

/** The options that override what the project says. */
interface Overrides {
  readonly workingDirectories: readonly string[];
  readonly settings: Pick<LintSettings, 'config' | 'ext' | 'useFlatConfig'>;
}

/** Variables that say nothing about what ESLint finds, or that an ESLint that is already loaded cannot follow. */
const IGNORED_VARIABLES = /^(?:NODE_OPTIONS|PATH|TIMING|DEBUG|CI|FORCE_COLOR|NO_COLOR|TSESTREE_SINGLE_RUN|npm_.*)$/i;
/** Those of continuous integration are many and mostly meant for something else. */
const RELEVANT_VARIABLES = /^(?:ESLINT_.*|NODE_ENV|BABEL_ENV)$/;

/** @param workspace absolute */
export async function lintRuns(workspace: string, options: DetectorOptions): Promise<Runs> {
  const { workingDirectories, settings } = overridesIn(options);
  if (workingDirectories.length > 0) {
    const { folders, missing } = matchingFolders(workspace, workingDirectories);
    const runs = folders.map((folder) => {
      const run = plainRun(workspace, folder, overridden(settings, workspace, folder));
      // A pattern may match folders that have nothing to do with ESLint.
      return { ...run, allowsNothing: !workingDirectories.some((name) => path.resolve(workspace, name) === folder) };
    });
    return { runs, isExplicit: true, related: [], missing, files: [] };
  }
  const { commands, related, mainScript, files } = await projectCommands(workspace, ESLINT);
  const runs = new Map<string, LintRun>();
  for (const command of commands) {
    const run = runOf(workspace, command, overridden(settings, workspace, command.folder));
    // The same with `--fix` or another formatter is the same.
    if (run) runs.set(keyOf(run), runs.get(keyOf(run)) ?? run);
  }
  const isUnknown = mainScript !== undefined && related.length === 0 && !OTHER_LINTERS.test(mainScript);
  return {
    runs: [...runs.values()],
    isExplicit: false,
    related: runs.size > 0 ? [] : related,
    ...(isUnknown && runs.size === 0 ? { unknownScript: mainScript } : {}),
    missing: [],
    files: [...files],
  };
}

/** `eslint .` in a folder, with the options of the detector. @param directory absolute */
export function defaultRun(workspace: string, directory: string, options: DetectorOptions): LintRun {
  return plainRun(workspace, directory, overridden(overridesIn(options).settings, workspace, directory));
}

/** How people would say it: `npm run lint`, or the file. */
export function nameOf({ file, script }: Origin, workspace: string): string {
  const name = relativeTo(workspace, file);
  if (script === undefined) return name;
  return name === 'package.json' ? `npm run ${script}` : `${script} in ${name}`;
}

function plainRun(workspace: string, directory: string, settings: Partial<LintSettings>): LintRun {
  return {
    directory,
    settings: { folder: relativeTo(workspace, directory), ...settings },
    patterns: ['.'],
    allowsNothing: true,
  };
}

function runOf(
  workspace: string,
  { args, folder, env, origin }: ProjectCommand,
  overrides: Partial<LintSettings>,
): LintRun | undefined {
  const isInside = folder === workspace || folder.startsWith(workspace + path.sep);
  const parsed = isInside && existsSync(folder) ? lintArguments(args) : undefined;
  if (!parsed) return undefined;
  const { settings, patterns, maxWarnings, allowsNothing } = parsed;
  const variables = Object.entries(env).filter(([name]) =>
    origin.script === undefined ? RELEVANT_VARIABLES.test(name) : !IGNORED_VARIABLES.test(name),
  );
  return {
    directory: folder,
    settings: {
      folder: relativeTo(workspace, folder),
      ...settings,
      ...(variables.length === 0 ? {} : { env: Object.fromEntries(variables) }),
      ...overrides,
    },
    patterns,
    origin,
    ...(maxWarnings === undefined ? {} : { maxWarnings }),
    allowsNothing: allowsNothing || origin.script === undefined || origin.isStray === true,
  };
}

function keyOf({ settings, patterns }: LintRun): string {
  return JSON.stringify([settings, [...patterns].sort()]);
}

function overridesIn(options: DetectorOptions): Overrides {
  const { workingDirectories, configFile, extensions, useFlatConfig } = options;
  const strings = (value: unknown): readonly string[] =>
    Array.isArray(value) ? value.filter((each): each is string => typeof each === 'string' && each !== '') : [];
  const ext = strings(extensions).map((extension) => (extension.startsWith('.') ? extension : `.${extension}`));
  return {
    workingDirectories: strings(workingDirectories),
    settings: {
      ...(typeof configFile === 'string' && configFile !== '' ? { config: configFile } : {}),
      ...(ext.length === 0 ? {} : { ext }),
      ...(typeof useFlatConfig === 'boolean' ? { useFlatConfig } : {}),
    },
  };
}

/** A configuration that the options name is relative to the workspace. */
function overridden(settings: Overrides['settings'], workspace: string, folder: string): Partial<LintSettings> {
  if (settings.config === undefined) return settings;
  const relative = path.relative(folder, path.resolve(workspace, settings.config));
  return { ...settings, config: relative.split(path.sep).join('/') };
}

/** The folders that paths and patterns relative to the workspace mean, absolute, each once. */
function matchingFolders(
  workspace: string,
  patterns: readonly string[],
): { readonly folders: readonly string[]; readonly missing: readonly string[] } {
  const tidy = patterns.map((pattern) => path.posix.normalize(pattern).replace(/(?<=.)\/$/, ''));
  const [globs = [], plain = []] = [true, false].map((isGlob) => tidy.filter((each) => /[*?[\]{}!()]/.test(each) === isGlob)); // prettier-ignore
  const missing = new Set(plain.filter((name) => !existsSync(path.resolve(workspace, name))));
  const found = new Set(plain.filter((name) => !missing.has(name)).map((name) => path.resolve(workspace, name)));
  if (globs.length > 0) {
    const matches = picomatch(globs);
    const visit = (folder: string): void => {
      for (const entry of entriesOf(folder).filter(isProjectFolder)) {
        const child = path.join(folder, entry.name);
        if (matches(relativeTo(workspace, child))) found.add(child);
        visit(child);
      }
    };
    visit(workspace);
  }
  // A file belongs to the nearest folder.
  return { folders: [...found].sort((one, other) => other.length - one.length), missing: [...missing] };
}
