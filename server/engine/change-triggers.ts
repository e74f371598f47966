/** Classifies changes of files for a detector, by the change triggers of its manifest. */
import path from 'node:path';
import { isPerFile, toolIn } from '../../workers/protocol/declared-tools.ts';
import type { ToolDeclaration } from '../../workers/protocol/tool-declaration.ts';
import type { DetectorOptions } from '../../workers/protocol/detector-protocol.ts';
import { manifestOf, manifests } from '../../workers/detectors/manifests.ts';
import {
  anyOf,
  bulkheadConfig,
  ignoreFile,
  installationMarkers,
  lockfile,
  nothing,
  scriptLike,
  scriptOrJson,
} from '../../workers/protocol/file-patterns.ts';
import { globExpression } from '../../workers/reading/globs.ts';
import type { ChangeTriggers } from '../../workers/protocol/manifest.ts';
import { baselineName } from '../store/baseline.ts';

/** For detectors without a manifest, which only tests and library users have: any change may affect them. */
const unknown: ChangeTriggers = {
  sources: /./,
  configuration: nothing,
  environment: nothing,
  planFiles: 'environment',
  invalidates: 'all',
};

const configuration = anyOf(
  ...manifests.flatMap(({ changes }) => [changes.configuration, changes.environment]),
  bulkheadConfig,
);

/** @param options which declare the tool, if it is one of the workspace's */
export function changeTriggersOf(detector: string, options: DetectorOptions = {}): ChangeTriggers {
  const tool = toolIn(options);
  if (tool === undefined) return manifestOf(detector)?.changes ?? unknown;
  const known = ofTools.get(tool) ?? triggersOfTool(tool);
  ofTools.set(tool, known);
  return known;
}

/** Asked for each changed file. */
const ofTools = new WeakMap<ToolDeclaration, ChangeTriggers>();

function triggersOfTool(tool: ToolDeclaration): ChangeTriggers {
  const { files = ['**/*'], configFiles = [] } = tool;
  const wanted = files.filter((glob) => !glob.startsWith('!'));
  const names = (globs: readonly string[]): RegExp => anyOf(nothing, ...globs.map(nameExpression));
  return {
    sources: wanted.length === 0 ? /./ : names(wanted),
    configuration: anyOf(lockfile, ignoreFile, names(configFiles)),
    environment: nothing,
    planFiles: 'configuration',
    invalidates: isPerFile(tool) ? 'unit' : 'all',
  };
}

/** Matches the names of files that a glob may match. Braces may contain slashes, and then it matches any. */
function nameExpression(glob: string): RegExp {
  const name = /[^/]*$/.exec(glob)?.[0] ?? '';
  const isWhole = name !== '' && name !== '**' && !/^[^{]*\}/.test(name);
  return isWhole ? globExpression(name, { dot: true }) : /./;
}

export type ChangeClass = 'none' | 'content' | 'configuration' | 'environment';

/** What a change means to a detector whose plan named `configFiles` (relative paths). */
export function classifyChange(triggers: ChangeTriggers, file: string, configFiles: ReadonlySet<string>): ChangeClass {
  if (file === baselineName) return 'none';
  // Other packages, or other types of them: it means the same as another lock file.
  if (installationOf(file) !== undefined) return classifyChange(triggers, 'package-lock.json', new Set());
  if (isInUnreadFolder(file)) return 'none';
  const name = path.posix.basename(file);
  if (triggers.environment.test(name)) return 'environment';
  if (configFiles.has(file)) return triggers.planFiles;
  if (triggers.configuration.test(name)) return 'configuration';
  return triggers.sources.test(name) ? 'content' : 'none';
}

/** Whether some detector's results depend on the file's content. For all other files only their existence matters. */
export function isInput(file: string): boolean {
  return file !== baselineName && (scriptOrJson.test(file) || isConfiguration(file));
}

/** Whether the file may be imported, import others, or declare types. */
export function isScript(file: string): boolean {
  return scriptLike.test(file);
}

/** Whether the file is a configuration, manifest or lockfile that any detector reads. */
export function isConfiguration(file: string): boolean {
  return configuration.test(path.posix.basename(file));
}

/**
 * The place that stands for an installation when a file of it changes: the marker of the package manager, declarations
 * that a tool generates there, or else the folder of packages.
 * @returns undefined: the change of the file is no change of what is installed
 */
export function installationOf(file: string): string | undefined {
  const [, folder, inside] = /^((?:.*\/)?node_modules)(?:\/(.+))?$/.exec(file) ?? [];
  if (folder === undefined || inside === undefined) return folder;
  if (installationMarkers.some((name) => name === inside)) return file;
  if (/\.d\.[cm]?ts$/.test(inside)) return /^\.(?!prisma\/|nitro\/)/.test(inside) ? undefined : file;
  return /^(?:\.prisma(?:\/client)?|@[^/]+|(?:@[^/]+\/)?[^./@][^/]*(?:\/package\.json)?)$/.test(inside)
    ? folder
    : undefined;
}

/** Whether a package manager writes this file of an installation last. */
export function endsInstallation(file: string): boolean {
  return installationMarkers.some((name) => file.endsWith(`node_modules/${name}`));
}

/** Whether the file is in a folder that no detector reads. Lockfiles show when packages are installed. */
export function isInUnreadFolder(file: string): boolean {
  return /(?:^|\/)(?:node_modules|\.git|\.hg|\.svn)(?:\/|$)/.test(file);
}
