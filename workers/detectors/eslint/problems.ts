/** Describes why ESLint cannot work: one problem per cause, with its place in the configuration. Stateless. */
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { TextDocument } from 'vscode-languageserver-textdocument';
import type { Cause, DetectorProblem, Position, Range } from '../../protocol/detector-protocol.ts';
import { Installation } from '../../runtime/installation.ts';
import { EslintLoadError } from './installation.ts';
import type { ConfigType, EslintInstallation } from './installation.ts';
import type { SkippedPath } from './listed.ts';
import { withDependencies } from './config-dependencies.ts';
import { SUPPRESSIONS, configsIn, relativeTo } from './roots.ts';
import type { Origin } from '../../commands/project-commands.ts';
import { nameOf, type LintRun } from './runs.ts';
import { readTextSync } from '../../protocol/read-file.ts';

const FILE_START: Range = { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } };
const MESSAGE_LINES = 4;
const MESSAGE_LENGTH = 800;

/**
 * ESLint cannot be used at a root, or its configuration cannot.
 * @param config the absolute path of the configuration to blame, unless the error names one of its parts
 */
export async function configProblem(
  error: unknown,
  config: string | undefined,
  workspace: string,
): Promise<DetectorProblem> {
  const file =
    error instanceof SyntaxError && error.message.startsWith(SUPPRESSIONS)
      ? withName(config)
      : await culpritOf(error, config);
  const cause = notInstalled(error, config, workspace);
  return {
    code: error instanceof EslintLoadError ? error.code : 'CONFIG_ERROR',
    message: (cause
      ? [whatIsMissing(error, workspace), cause.message]
      : [firstLines(error, workspace), ...adviceFor(error)]
    ).join('\n'),
    ...(file === undefined ? {} : { file: relativeTo(workspace, file), range: await placeIn(file, error) }),
    fatal: true,
    ...(cause === undefined ? {} : { cause }),
  };
}

function whatIsMissing(error: unknown, workspace: string): string {
  const isTool = error instanceof EslintLoadError && error.code === 'TOOL_MISSING';
  return isTool
    ? 'This folder has an ESLint configuration, but ESLint is not installed.'
    : firstLines(error, workspace);
}

/** ESLint, or what the configuration imports, is declared and not installed. */
function notInstalled(error: unknown, config: string | undefined, workspace: string): Cause | undefined {
  const isMissing = error instanceof EslintLoadError && error.code === 'TOOL_MISSING';
  const name = isMissing ? 'eslint' : missingPackage(error);
  if (name === undefined) return undefined;
  return new Installation(workspace).causeOf(name, config === undefined ? workspace : path.dirname(config));
}

/** There is a configuration, but not of the kind that the installed ESLint reads. */
export function wrongKindProblem(
  { version, configType }: EslintInstallation,
  config: string,
  workspace: string,
): DetectorProblem {
  const name = path.basename(config);
  return {
    code: 'CONFIG_ERROR',
    message: `ESLint ${version} does not read ${name}. ${rightKind(name, configType)}`,
    file: relativeTo(workspace, config),
    range: FILE_START,
    fatal: true,
  };
}

function rightKind(name: string, configType: ConfigType): string {
  if (configType === 'flat') return `Create an eslint.config.js: npx @eslint/migrate-config ${name}`;
  return process.env['ESLINT_USE_FLAT_CONFIG'] === 'false'
    ? 'The environment variable ESLINT_USE_FLAT_CONFIG is false: unset it.'
    : 'Rename it to eslint.config.mjs if it is JavaScript, or update ESLint: npm install --save-dev eslint@latest';
}

/** The options name a folder that is not there. */
export function missingFolderProblem(name: string): DetectorProblem {
  const message = `The option workingDirectories names the folder ${name}, which does not exist. Correct it.`;
  return { code: 'CONFIG_ERROR', message, fatal: true };
}

/** The project runs ESLint where it finds no configuration. */
export function unconfiguredProblem({ version }: EslintInstallation, run: LintRun, workspace: string): DetectorProblem {
  const { folder, config } = run.settings;
  const where = folder === '.' ? 'this folder' : folder;
  const what = config === undefined ? 'finds no configuration' : `does not find its configuration ${config}`;
  return scriptProblem(run, workspace, `${howOf(run, workspace)} runs ESLint ${version} in ${where}, where it ${what}. Nothing was looked at there.`); // prettier-ignore
}

/** The project runs ESLint, which finds nothing to lint. Everything else was looked at. */
export function nothingLintedProblem(run: LintRun, workspace: string): DetectorProblem {
  const { folder } = run.settings;
  const where = folder === '.' ? '' : ` in ${folder}`;
  const command = `eslint ${run.patterns.join(' ')}`;
  const message = `${howOf(run, workspace)} runs ${command}${where}, which matches no file, or only ignored ones. Nothing was looked at there.`;
  return { ...scriptProblem(run, workspace, message), fatal: false, degrades: true };
}

/** There is a script that is meant for linting, and ESLint, but nothing says how they come together. */
export function unknownScriptProblem(script: string, workspace: string): DetectorProblem {
  const message =
    `npm run lint runs "${script}", which does not say how it runs ESLint, and there is no ESLint configuration in its usual ` +
    "place. Nothing was looked at. Set ESLint's options configFile or workingDirectories.";
  const origin = { file: path.join(workspace, 'package.json'), script: 'lint' };
  return atScript(origin, workspace, message);
}

function howOf({ origin }: LintRun, workspace: string): string {
  return origin === undefined ? 'The option workingDirectories' : nameOf(origin, workspace);
}

function scriptProblem({ origin }: LintRun, workspace: string, message: string): DetectorProblem {
  return origin ? atScript(origin, workspace, message) : { code: 'CONFIG_ERROR', message, fatal: true };
}

function atScript(origin: Origin, workspace: string, message: string): DetectorProblem {
  const problem = { code: 'CONFIG_ERROR', message, fatal: true } as const;
  const text = readText(origin.file);
  const scripts = Math.max(0, text.indexOf('"scripts"'));
  const name = origin.script === undefined ? -1 : text.indexOf(JSON.stringify(origin.script), scripts);
  const start = name < 0 ? FILE_START.start : TextDocument.create('', '', 0, text).positionAt(name);
  const end = { line: start.line, character: start.character + (name < 0 ? 0 : (origin.script?.length ?? 0) + 2) };
  return { ...problem, file: relativeTo(workspace, origin.file), range: { start, end } };
}

/** The part of a configuration that an error names first, or that cannot be parsed; else the configuration. */
async function culpritOf(error: unknown, config: string | undefined): Promise<string | undefined> {
  if (!(error instanceof Error) || config === undefined) return config;
  const text = `${error.message}\n${error.stack ?? ''}`;
  const parts = [...withDependencies([config])];
  const places = parts.flatMap((file) => {
    const found = [pathToFileURL(file).href, file].map((name) => text.indexOf(name)).filter((at) => at >= 0);
    return found.length === 0 ? [] : [{ file, at: Math.min(...found) }];
  });
  const named = places.sort((one, other) => one.at - other.at)[0]?.file;
  if (named !== undefined || error.name !== 'SyntaxError') return named ?? config;
  for (const file of parts) if (await syntaxErrorIn(file, readText(file))) return file;
  return config;
}

/** A skipped path under a root: a folder with a broken configuration, or something unreadable. */
export async function skippedProblem(
  { path: place, error }: SkippedPath,
  configType: ConfigType,
  workspace: string,
): Promise<DetectorProblem> {
  const config = configsIn(place)[configType];
  return config === undefined ? unreadableProblem(place, error, workspace) : configProblem(error, config, workspace);
}

export function unreadableProblem(place: string, error: unknown, workspace: string): DetectorProblem {
  const name = relativeTo(workspace, place);
  return {
    code: 'UNREADABLE',
    message:
      `${name === '.' ? 'The folder' : name} cannot be read, so ESLint skipped it: ${firstLines(error, workspace)}. ` +
      'Grant read permission, or ignore it in the ESLint configuration.',
    file: name,
    range: FILE_START,
    fatal: true,
  };
}

function withName(config: string | undefined): string | undefined {
  return config === undefined ? undefined : path.join(path.dirname(config), SUPPRESSIONS);
}

/** The first lines of an error message, without the workspace path. */
function firstLines(error: unknown, workspace: string): string {
  const text = error instanceof Error ? error.message : String(error);
  const lines = text
    .replaceAll(workspace + path.sep, '')
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const requireStack = lines.findIndex((line) => line.startsWith('Require stack:'));
  const shown = [...new Set(requireStack < 0 ? lines : lines.slice(0, requireStack))]
    .slice(0, MESSAGE_LINES)
    .join('\n');
  const named = error instanceof Error && error.name === 'SyntaxError' ? `SyntaxError: ${shown}` : shown;
  return named.length > MESSAGE_LENGTH ? `${named.slice(0, MESSAGE_LENGTH)}…` : named;
}

function adviceFor(error: unknown): readonly string[] {
  if (error instanceof Error && 'code' in error && error.code === 'ERR_DLOPEN_FAILED') {
    return [
      `The native module cannot be loaded in Node.js ${process.version}. Rebuild it (npm rebuild), or set bulkhead.node to the ` +
        'Node.js it was built for.',
    ];
  }
  if (error instanceof Error && /^The 'jiti' library is required/.test(error.message)) {
    return ['Install it: npm install --save-dev jiti'];
  }
  const missing = missingPackage(error);
  return missing === undefined ? [] : [`Install it: npm install --save-dev ${missing}`];
}

function missingPackage(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  return /Cannot find (?:package|module) '((?:@[^/']+\/)?[^/'.][^/':]*)/.exec(error.message)?.[1];
}

/** The place of an error in a file by its stack, its message or a syntax error in the file; else the start. */
async function placeIn(file: string, error: unknown): Promise<Range> {
  if (!(error instanceof Error)) return FILE_START;
  const text = readText(file);
  const place =
    placeInStack(file, error.stack ?? '') ??
    placeInMessage(error.message) ??
    placeOfName(text, missingPackage(error) ?? /Key "rules": Key "([^"]+)"/.exec(error.message)?.[1]) ??
    (error.name === 'SyntaxError' ? await syntaxErrorIn(file, text) : undefined);
  if (!place) return FILE_START;
  const lineLength = text.split(/\r\n|\n|\r/)[place.line]?.length ?? 0;
  return { start: place, end: { line: place.line, character: Math.max(place.character, lineLength) } };
}

function placeInStack(file: string, stack: string): Position | undefined {
  for (const name of [pathToFileURL(file).href, file]) {
    const mentioned = stack.indexOf(name);
    if (mentioned < 0) continue;
    // A query (`?mtime=…`) may stand between the name and the place.
    const found = /^(?:\?[^\s:]*)?:(\d+)(?::(\d+))?/.exec(stack.slice(mentioned + name.length));
    if (found) return { line: Number(found[1]) - 1, character: Math.max(0, Number(found[2] ?? 1) - 1) };
  }
  return undefined;
}

/** JSON and YAML parsers name the place in the message. */
function placeInMessage(message: string): Position | undefined {
  const found = /\bline (\d+),? column (\d+)/i.exec(message);
  return found ? { line: Math.max(0, Number(found[1]) - 1), character: Math.max(0, Number(found[2]) - 1) } : undefined;
}

function placeOfName(text: string, name: string | undefined): Position | undefined {
  const offset = name === undefined ? -1 : text.indexOf(name);
  return offset < 0 ? undefined : TextDocument.create('', '', 0, text).positionAt(offset);
}

/** Node.js does not expose the place of a syntax error in a module. */
async function syntaxErrorIn(file: string, text: string): Promise<Position | undefined> {
  if (!/\.[cm]?[jt]s$/.test(file)) return undefined;
  const { parseSync } = await import('oxc-parser');
  const offset = parseSync(file, text).errors[0]?.labels[0]?.start;
  return offset === undefined ? undefined : TextDocument.create('', '', 0, text).positionAt(offset);
}

function readText(file: string): string {
  try {
    return readTextSync(file);
  } catch {
    return '';
  }
}
