/**
 * Reads `bulkhead.config.json`, the configuration that a repository shares, and finds mistakes in it and in the settings
 * of the folder. Comments and trailing commas are allowed.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import {
  findNodeAtLocation,
  getNodeValue,
  parseTree,
  printParseErrorCode,
  type Node,
  type ParseError,
} from 'jsonc-parser';
import { TextDocument } from 'vscode-languageserver-textdocument';
import type { DetectorOptions, Finding, Issue, Range } from '../../workers/protocol/detector-protocol.ts';
import { IssueCompleter } from '../../workers/protocol/fingerprint.ts';
import { validated, type Flaw, type JsonPath } from './validate.ts';

const configurationFile = 'bulkhead.config.json';
const editorFolder = '.vscode';
const editorSettingsFile = `${editorFolder}/settings.json`;

/** The detector name of issues that Bulkhead itself reports. */
export const ownName = 'bulkhead';

export interface Configuration {
  /** gitignore-style patterns of files that are never analysed. */
  readonly exclude: readonly string[];
  /** By detector: `false` turns it off, an object sets its options. */
  readonly detectors: Readonly<Record<string, boolean | DetectorOptions>>;
  /** Mistakes in the files, each at its place. The valid rest is in force. */
  readonly issues: readonly Issue[];
}

export const emptyConfiguration: Configuration = { exclude: [], detectors: {}, issues: [] };

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
  const [text, settingsText] = await Promise.all([
    readText(root, configurationFile),
    readText(root, editorSettingsFile).catch(() => undefined),
  ]);
  const settingsIssues = settingsText === undefined ? [] : issuesOfSettings(settingsText);
  if (text === undefined) return { ...emptyConfiguration, issues: settingsIssues };
  const document = new JsonDocument(configurationFile, text);
  const [error] = document.errors;
  if (error !== undefined) {
    const message = `${sentenceOf(error)} Fix the JSON syntax.`;
    const range = document.rangeOf(error.offset, error.length);
    const issues = document.issues([{ rule: 'invalid-json', severity: 'error', message, range }]);
    const place = `${path.join(root, configurationFile)}:${range.start.line + 1}:${range.start.character + 1}`;
    throw new ConfigurationError(`${place}: ${message}`, [...issues, ...settingsIssues]);
  }
  const { value, flaws } = validated('configuration', document.value);
  const { exclude = [], detectors = {} } = (value ?? {}) as Partial<Configuration>;
  const issues = document.issues(flaws.map((flaw) => document.findingOf(flaw)));
  return { exclude, detectors, issues: [...issues, ...settingsIssues] };
}

/** Checks the `bulkhead.*` settings of the folder. The editor itself reports settings that are not JSON. */
function issuesOfSettings(text: string): readonly Issue[] {
  const document = new JsonDocument(editorSettingsFile, text);
  if (typeof document.value !== 'object' || document.value === null) return [];
  const own = Object.entries(document.value).filter(([name]) => name.startsWith('bulkhead.'));
  const { flaws } = validated('settings', Object.fromEntries(own));
  return document.issues(flaws.map((flaw) => document.findingOf(flaw)));
}

class JsonDocument {
  readonly value: unknown;
  readonly errors: readonly ParseError[];
  readonly #file: string;
  readonly #text: string;
  readonly #document: TextDocument;
  readonly #tree: Node | undefined;

  constructor(file: string, text: string) {
    const errors: ParseError[] = [];
    this.#file = file;
    this.#text = text.replace(/^\uFEFF/, '');
    this.#document = TextDocument.create('', 'jsonc', 0, this.#text);
    this.#tree = parseTree(this.#text, errors, { allowTrailingComma: true });
    this.errors = errors;
    this.value = this.#tree && getNodeValue(this.#tree);
  }

  findingOf({ rule, message, path: place }: Flaw): Finding {
    const { offset, length } = this.#nodeOf(rule, place) ?? { offset: 0, length: 0 };
    return { rule, severity: 'warning', message, range: this.rangeOf(offset, length) };
  }

  rangeOf(offset: number, length: number): Range {
    return { start: this.#document.positionAt(offset), end: this.#document.positionAt(offset + length) };
  }

  issues(findings: readonly Finding[]): readonly Issue[] {
    const completer = new IssueCompleter(ownName, this.#file, this.#text);
    return findings.map((finding) => completer.complete(finding));
  }

  /** The node to mark: the name of an unknown option, or an invalid value. */
  #nodeOf(rule: Flaw['rule'], place: JsonPath): Node | undefined {
    const node = this.#tree && findNodeAtLocation(this.#tree, [...place]);
    return rule === 'unknown-option' ? node?.parent?.children?.[0] : node;
  }
}

async function readText(root: string, name: string): Promise<string | undefined> {
  const file = path.join(root, name);
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw new ConfigurationError(`Cannot read ${file}: ${String(error)}. Make it readable or remove it.`, [], error);
  }
}

/** `PropertyNameExpected` → `Property name expected.` */
function sentenceOf({ error }: ParseError): string {
  const words = printParseErrorCode(error).replaceAll(/(?<=[a-z])[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return `${words}.`;
}
