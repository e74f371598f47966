/**
 * The baseline: issues that were there when a team began to look, in a file that is reviewed like code. It shrinks by
 * itself as issues are fixed and never grows by itself. Stateless.
 */
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { findNodeAtLocation, parse, parseTree, printParseErrorCode, type ParseError } from 'jsonc-parser';
import type { Issue } from '../../workers/protocol/detector-protocol.ts';

/** Where the baseline is when nobody says otherwise: in the root folder. */
export const baselineName = 'bulkhead-baseline.json';

export interface BaselineEntry {
  readonly file: string;
  readonly detector: string;
  readonly rule: string;
  /** For whoever reviews the file; not compared. */
  readonly message: string;
  readonly fingerprint: string;
}

export interface Baseline {
  readonly entries: readonly BaselineEntry[];
}

export interface Comparison {
  /** In the baseline: the same issue, or as many of the rule in the file as the baseline allows. */
  readonly known: readonly Issue[];
  readonly fresh: readonly Issue[];
  /** Entries whose issue is no longer there. */
  readonly gone: readonly BaselineEntry[];
  /** The baseline without what is gone, with the fingerprints of today. Never longer than the baseline. */
  readonly rest: Baseline;
}

export interface CompareOptions {
  /** Detectors that have answered for everything; absent: all. Entries of others are never gone. */
  readonly complete?: ReadonlySet<string>;
  /**
   * True: an issue is known by its fingerprint only. Default: where lines were edited and fingerprints changed, the
   * number of issues of a rule in a file decides, so that touching an old line does not make an old issue new.
   */
  readonly exact?: boolean;
}

/** The baseline file is broken; `message` names file and place and says what to do. */
export class BaselineError extends Error {
  override readonly name = 'BaselineError';
  readonly file: string;
  /** One-based; 1 when the file cannot be read at all. */
  readonly line: number;
  readonly column: number;

  constructor(file: string, line: number, column: number, problem: string, options?: ErrorOptions) {
    super(`${file}:${line}:${column}: ${problem}`, options);
    this.file = file;
    this.line = line;
    this.column = column;
  }
}

const FORMAT = 1;
const MESSAGE_LENGTH = 200;
const keys = ['file', 'detector', 'rule', 'message', 'fingerprint'] as const;

export function baselineOf(issues: readonly Issue[]): Baseline {
  return normal(issues.map(entryOf));
}

/**
 * @param file absolute path
 * @returns undefined when there is none
 * @throws BaselineError
 */
export async function readBaseline(file: string): Promise<Baseline | undefined> {
  try {
    return parseBaseline(await readFile(file, 'utf8'), file);
  } catch (error) {
    if (error instanceof BaselineError) throw error;
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw new BaselineError(file, 1, 1, `it cannot be read (${String(error)}). Make it readable or remove it.`, {
      cause: error,
    });
  }
}

/**
 * Writes the file when its content changes; a reader sees the old one or the new one. Missing folders are made.
 * @param file absolute path
 * @returns whether it changed
 */
export async function writeBaseline(file: string, baseline: Baseline): Promise<boolean> {
  const text = formatBaseline(baseline);
  const before = await readFile(file, 'utf8').catch(() => undefined);
  // Git may have given the file other line ends.
  if (before?.replaceAll('\r\n', '\n') === text) return false;
  const draft = `${file}.${process.pid}.tmp`;
  await mkdir(path.dirname(file), { recursive: true });
  try {
    await writeFile(draft, text);
    await rename(draft, file);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
  return true;
}

/** A baseline as a filter, file by file: what is asked of it again and again while an analysis goes on. */
export class KnownIssues {
  readonly #byFile: ReadonlyMap<string, readonly BaselineEntry[]>;

  constructor(baseline: Baseline) {
    this.#byFile = Map.groupBy(baseline.entries, ({ file }) => file);
  }

  /** @param issues all issues of the file @returns those that are not in the baseline, in the same order */
  fresh(file: string, issues: readonly Issue[]): readonly Issue[] {
    const entries = this.#byFile.get(file);
    return entries === undefined ? issues : compare(issues, { entries }).fresh;
  }
}

/** Each issue is known at most once, and each entry accounts for at most one issue. */
export function compare(issues: readonly Issue[], baseline: Baseline, options: CompareOptions = {}): Comparison {
  const entries = new Map(baseline.entries.map((entry) => [entry.fingerprint, entry]));
  const today = new Map<string, Issue>();
  const strangers: Issue[] = [];
  for (const issue of issues) {
    if (entries.delete(issue.fingerprint)) today.set(issue.fingerprint, issue);
    else if (!today.has(issue.fingerprint)) strangers.push(issue);
  }
  const kept = [...today.values()].map(entryOf);
  const places = new Map<string, BaselineEntry[]>();
  for (const entry of entries.values()) {
    const place = placeOf(entry);
    places.set(place, [...(places.get(place) ?? []), entry]);
  }
  const accepted = new Set(today.keys());
  for (const issue of strangers) {
    if (options.exact === true || accepted.has(issue.fingerprint)) continue;
    const entry = places.get(placeOf(issue))?.shift();
    if (entry === undefined) continue;
    entries.delete(entry.fingerprint);
    accepted.add(issue.fingerprint);
    kept.push(entryOf(issue));
  }
  const isGone = ({ detector }: BaselineEntry): boolean => options.complete?.has(detector) ?? true;
  const left = [...entries.values()];
  return {
    known: issues.filter(({ fingerprint }) => accepted.has(fingerprint)),
    fresh: issues.filter(({ fingerprint }) => !accepted.has(fingerprint)),
    gone: left.filter(isGone),
    rest: normal([...kept, ...left.filter((entry) => !isGone(entry))]),
  };
}

/** Sorted, one entry a line: a change of one issue is a change of one line, and two branches rarely meet in it. */
export function formatBaseline(baseline: Baseline): string {
  const lines = normal(baseline.entries).entries.map((entry) => `    ${JSON.stringify(entry, [...keys])}`);
  const issues = lines.length === 0 ? '[]' : `[\n${lines.join(',\n')}\n  ]`;
  return `{\n  "format": ${FORMAT},\n  "issues": ${issues}\n}\n`;
}

/**
 * A comma too many and an entry twice, as a merge by hand leaves them, are forgiven.
 * @param file for errors
 * @throws BaselineError
 */
export function parseBaseline(source: string, file: string): Baseline {
  const content = source.replace(/^\uFEFF/, '');
  const fail = (offset: number, problem: string): never => {
    const before = content.slice(0, offset).split('\n');
    throw new BaselineError(file, before.length, (before.at(-1)?.length ?? 0) + 1, problem);
  };
  const conflict = /^(?:<{7}|>{7}) /m.exec(content);
  if (conflict) fail(conflict.index, 'merge conflict. Keep the lines of both sides and remove the markers.');
  const errors: ParseError[] = [];
  const value: unknown = parse(content, errors, { allowTrailingComma: true });
  const [error] = errors;
  if (error)
    fail(
      error.offset,
      `${printParseErrorCode(error.error)}. Fix the JSON syntax, or write the file again with "bulkhead baseline".`,
    );
  if (!isRecord(value)) return fail(0, 'expected {"format": 1, "issues": [...]}.');
  if (value['format'] !== FORMAT) {
    fail(
      0,
      `"format" is ${JSON.stringify(value['format'])}, but this version of Bulkhead reads ${FORMAT}. Update Bulkhead, or write the file again.`,
    );
  }
  const { issues } = value;
  if (!Array.isArray(issues)) return fail(0, '"issues" must be a list.');
  const entries = (issues as readonly unknown[]).map((item, index) => {
    const wrong = isRecord(item) ? keys.find((key) => typeof item[key] !== 'string') : 'file';
    if (!isRecord(item) || wrong !== undefined) {
      return fail(
        offsetOfEntry(content, index),
        `"${wrong ?? ''}" of entry ${index + 1} must be a string. Fix or remove the entry.`,
      );
    }
    const text = (key: (typeof keys)[number]): string => String(item[key]);
    return {
      file: text('file'),
      detector: text('detector'),
      rule: text('rule'),
      message: text('message'),
      fingerprint: text('fingerprint'),
    };
  });
  return normal(entries);
}

function entryOf({ file, detector, rule, message, fingerprint }: Issue): BaselineEntry {
  const line = message.replaceAll(/\s+/g, ' ');
  return {
    file,
    detector,
    rule,
    message: line.length > MESSAGE_LENGTH ? `${line.slice(0, MESSAGE_LENGTH - 1)}…` : line,
    fingerprint,
  };
}

/** Sorted and without repeats. */
function normal(entries: readonly BaselineEntry[]): Baseline {
  const unique = new Map(entries.map((entry) => [entry.fingerprint, entry]));
  return { entries: [...unique.values()].sort(byPlace) };
}

function byPlace(a: BaselineEntry, b: BaselineEntry): number {
  for (const key of keys) if (a[key] !== b[key]) return a[key] < b[key] ? -1 : 1;
  return 0;
}

function placeOf({ detector, rule, file }: BaselineEntry | Issue): string {
  return [detector, rule, file].join('\n');
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function offsetOfEntry(text: string, index: number): number {
  const tree = parseTree(text, [], { allowTrailingComma: true });
  return (tree && findNodeAtLocation(tree, ['issues', index]))?.offset ?? 0;
}
