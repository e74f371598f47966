/** Describes why ESLint cannot work: one problem per cause, with its place in the configuration. Stateless. */
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { TextDocument } from 'vscode-languageserver-textdocument';
import type { DetectorProblem, Position, Range } from '../../protocol/detector-protocol.ts';
import { EslintLoadError } from './installation.ts';
import type { ConfigType, EslintInstallation } from './installation.ts';
import type { SkippedPath } from './listed.ts';
import { SUPPRESSIONS, configsIn } from './roots.ts';
import { readTextSync } from '../../protocol/read-file.ts';

const FILE_START: Range = { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } };
const MESSAGE_LINES = 4;
const MESSAGE_LENGTH = 800;

/**
 * ESLint cannot be used at a root, or its configuration cannot.
 * @param config the absolute path of the configuration to blame
 */
export async function configProblem(
  error: unknown,
  config: string | undefined,
  workspace: string,
): Promise<DetectorProblem> {
  const file = error instanceof SyntaxError && error.message.startsWith(SUPPRESSIONS) ? withName(config) : config;
  return {
    code: error instanceof EslintLoadError ? error.code : 'CONFIG_ERROR',
    message: [firstLines(error, workspace), ...adviceFor(error)].join('\n'),
    ...(file === undefined ? {} : { file: relativeTo(workspace, file), range: await placeIn(file, error) }),
    fatal: true,
  };
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

/** With forward slashes; `.` for the workspace itself; outside the workspace it stays absolute. */
export function relativeTo(workspace: string, file: string): string {
  const relative = path.relative(workspace, file) || '.';
  const inside = relative !== '..' && !relative.startsWith(`..${path.sep}`) && !path.isAbsolute(relative);
  return (inside ? relative : file).split(path.sep).join('/');
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
