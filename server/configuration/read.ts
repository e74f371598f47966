/**
 * Reads `bulkhead.config.json`, the configuration that a repository shares, and finds mistakes in it and in the settings
 * of the folder. Comments and trailing commas are allowed.
 */
import path from 'node:path';
import type { DetectorOptions, Finding, Issue } from '../../workers/protocol/detector-protocol.ts';
import { declarationOf, type RawDeclaration } from '../../workers/protocol/declared-tools.ts';
import type { ToolDeclaration } from '../../workers/protocol/tool-declaration.ts';
import { IssueCompleter } from '../../workers/protocol/fingerprint.ts';
import { readText, UnreadableFile } from '../../workers/protocol/read-file.ts';
import { manifests, queries } from '../../workers/detectors/manifests.ts';
import { ConfigFile, START } from '../../workers/reading/config-file.ts';
import { validated, type Flaw } from './validate.ts';

export const configurationFile = 'bulkhead.config.json';
const editorFolder = '.vscode';
export const editorSettingsFile = `${editorFolder}/settings.json`;

/** The detector name of issues that Bulkhead itself reports. */
export const ownName = 'bulkhead';

export interface Configuration {
  /** gitignore-style patterns of files that are never analysed. */
  readonly exclude: readonly string[];
  /** By detector: `false` turns it off, an object sets its options. */
  readonly detectors: Readonly<Record<string, boolean | DetectorOptions>>;
  /** Declared tools, by name; undefined: it is turned off. */
  readonly external: Readonly<Record<string, ToolDeclaration | undefined>>;
  /** Mistakes in the files, each at its place. The valid rest is in force. */
  readonly issues: readonly Issue[];
}

export const emptyConfiguration: Configuration = { exclude: [], detectors: {}, external: {}, issues: [] };

/** `bulkhead.config.json` cannot be used at all. The message names the file and the place, and says what to do. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
  /** The same as issues, for callers that continue with another configuration. */
  readonly issues: readonly Issue[];

  constructor(message: string, issues: readonly Issue[] = [], cause?: unknown) {
    super(message, { cause });
    this.issues = issues;
  }
}

/** Whether {@link readConfiguration} reads this file, or a file in this folder; relative to the root. */
export function isConfigurationFile(file: string): boolean {
  return file === configurationFile || file === editorSettingsFile || file === editorFolder;
}

/**
 * @param root absolute path
 * @returns the valid part of `bulkhead.config.json`; an empty configuration if there is none
 * @throws ConfigurationError when the file cannot be read or is not JSON
 */
export async function readConfiguration(root: string): Promise<Configuration> {
  const settingsText = await textOf(root, editorSettingsFile).catch(() => undefined);
  const settingsIssues = settingsText === undefined ? [] : issuesOfSettings(settingsText);
  let text;
  try {
    text = await textOf(root, configurationFile);
  } catch (error) {
    if (!(error instanceof UnreadableFile)) throw error;
    const message = `It cannot be read: ${error.message}. Replace it by a readable file, or remove it.`;
    const issues = issuesIn(configurationFile, '', [{ rule: 'unreadable', severity: 'error', message, range: START }]);
    throw new ConfigurationError(`${path.join(root, configurationFile)}: ${message}`, [...issues, ...settingsIssues], error); // prettier-ignore
  }
  if (text === undefined) return { ...emptyConfiguration, issues: settingsIssues };
  const config = ConfigFile.json(configurationFile, text, 'jsonc');
  const [flaw] = config.flaws;
  if (flaw !== undefined) {
    const { range } = flaw;
    const message = flaw.message.replace(/Fix the syntax here\.$/, 'Fix the JSON syntax.');
    const issues = issuesIn(configurationFile, text, [{ rule: 'invalid-json', severity: 'error', message, range }]);
    const place = `${path.join(root, configurationFile)}:${range.start.line + 1}:${range.start.character + 1}`;
    throw new ConfigurationError(`${place}: ${message}`, [...issues, ...settingsIssues]);
  }
  const { value, flaws } = validated('configuration', config.value);
  const { exclude = [], detectors = {}, external: raw = {} } = (value ?? {}) as Partial<RawConfiguration>;
  const external = toolsOf(raw);
  return {
    exclude,
    detectors,
    external: external.tools,
    issues: [...issuesOf(config, [...flaws, ...external.flaws]), ...settingsIssues],
  };
}

/** Names of the tools that a folder declares. @throws ConfigurationError */
export async function declaredTools(root: string): Promise<readonly string[]> {
  return Object.keys((await readConfiguration(root)).external);
}

interface RawConfiguration extends Pick<Configuration, 'exclude' | 'detectors'> {
  readonly external: Readonly<Record<string, RawDeclaration>>;
}

/** Those of workers and queries too: what the user lets one of ours do in the sandbox is not for a tool of that name. */
const ownNames = new Set([ownName, ...[...manifests, ...queries].flatMap(({ name, worker }) => [name, worker.group])]);

/** A tool whose declaration is wrong does not run; the others do. */
function toolsOf(raw: RawConfiguration['external']): {
  readonly tools: Configuration['external'];
  readonly flaws: readonly Flaw[];
} {
  const tools: Record<string, ToolDeclaration | undefined> = {};
  const flaws: Flaw[] = [];
  for (const [name, declaration] of Object.entries(raw)) {
    const isOwn = ownNames.has(name);
    const tool = isOwn ? `${name} is a name of Bulkhead's own. Choose another name.` : declarationOf(name, declaration);
    if (typeof tool === 'string') flaws.push({ rule: 'invalid-value', message: tool, path: ['external', name] });
    else tools[name] = tool;
  }
  return { tools, flaws };
}

/** Checks the `bulkhead.*` settings of the folder. The editor itself reports settings that are not JSON. */
function issuesOfSettings(text: string): readonly Issue[] {
  const config = ConfigFile.json(editorSettingsFile, text, 'jsonc');
  if (typeof config.value !== 'object' || config.value === null) return [];
  const own = Object.entries(config.value).filter(([name]) => name.startsWith('bulkhead.'));
  const { flaws } = validated('settings', Object.fromEntries(own));
  return issuesOf(config, flaws);
}

/** Marks the name of an unknown option, and an invalid value. */
function issuesOf(config: ConfigFile, flaws: readonly Flaw[]): readonly Issue[] {
  const findings = flaws.map(({ rule, message, path: place }): Finding => {
    const range = rule === 'unknown-option' ? config.nameRangeOf(place) : config.rangeOf(place);
    return { rule, severity: 'warning', message, range };
  });
  return issuesIn(config.file, config.text, findings);
}

function issuesIn(file: string, text: string, findings: readonly Finding[]): readonly Issue[] {
  const completer = new IssueCompleter(ownName, file, text);
  return findings.map((finding) => completer.complete(finding));
}

/** Undefined: there is no such file. */
async function textOf(root: string, name: string): Promise<string | undefined> {
  try {
    return await readText(path.join(root, name));
  } catch (error) {
    if (error instanceof UnreadableFile && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
