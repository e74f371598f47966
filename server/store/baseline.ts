/**
 * The baseline: issues that a team accepted when it started to use Bulkhead, in a file that is reviewed like code. Fixed
 * issues leave it automatically; new ones never enter it automatically. Stateless.
 */
import { rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { makeDirectory } from '../make-directory.ts';
import type { Issue, Range } from '../../workers/protocol/detector-protocol.ts';
import { readText, UnreadableFile, withoutMark } from '../../workers/protocol/read-file.ts';
import { ConfigFile, isRecord, START } from '../../workers/reading/config-file.ts';

/** Default name of the file, relative to the root. */
export const baselineName = 'bulkhead-baseline.json';

export interface BaselineEntry {
  readonly file: string;
  readonly detector: string;
  readonly rule: string;
  /** For reviewers of the file; not compared. */
  readonly message: string;
  readonly fingerprint: string;
}

export interface Baseline {
  readonly entries: readonly BaselineEntry[];
}

export interface Comparison {
  /** Issues in the baseline: the same ones, or as many of a rule in a file as the baseline has entries left for. */
  readonly known: readonly Issue[];
  /** Issues that are not in the baseline. */
  readonly fresh: readonly Issue[];
  /** Entries whose issue was fixed. */
  readonly gone: readonly BaselineEntry[];
  /** The baseline without the fixed issues and with current fingerprints. Never longer than the baseline. */
  readonly rest: Baseline;
}

export interface CompareOptions {
  /** Detectors that checked everything; absent: all did. Entries of other detectors never count as fixed. */
  readonly complete?: ReadonlySet<string>;
  /**
   * True: compares fingerprints only. Default: where fingerprints changed because lines were edited, the number of issues of
   * a rule in a file decides, so that editing a line does not turn its old issue into a new one.
   */
  readonly exact?: boolean;
}

/** The baseline file is invalid. `message` names the file and the place, and says what to do. */
export class BaselineError extends Error {
  override readonly name = 'BaselineError';
  readonly file: string;
  /** One-based; 1 when the file cannot be read. */
  readonly line: number;
  readonly column: number;
  /** The message without the place. */
  readonly problem: string;

  constructor(file: string, line: number, column: number, problem: string, options?: ErrorOptions) {
    super(`${file}:${line}:${column}: ${problem}`, options);
    this.file = file;
    this.line = line;
    this.column = column;
    this.problem = problem;
  }
}

const FORMAT = 1;
const MESSAGE_LENGTH = 200;
const keys = ['file', 'detector', 'rule', 'message', 'fingerprint'] as const;

export function baselineOf(issues: readonly Issue[]): Baseline {
  return normalized(issues.map(entryOf));
}

/**
 * @param file absolute path
 * @returns undefined when there is none
 * @throws BaselineError
 */
export async function readBaseline(file: string): Promise<Baseline | undefined> {
  try {
    return parseBaseline(await readText(file), file);
  } catch (error) {
    if (error instanceof BaselineError) throw error;
    if (error instanceof UnreadableFile && error.code === 'ENOENT') return undefined;
    const reason = error instanceof Error ? error.message : String(error);
    throw new BaselineError(file, 1, 1, `it cannot be read: ${reason}. Make it a readable file, or remove it.`, {
      cause: error,
    });
  }
}

/**
 * Writes the file if its content differs. A reader sees the old file or the new one. Creates missing folders.
 * @param file absolute path
 * @returns whether it changed
 */
export async function writeBaseline(file: string, baseline: Baseline): Promise<boolean> {
  const text = formatBaseline(baseline);
  const before = await readText(file).catch(() => undefined);
  // Git may have changed the line endings.
  if (before?.replaceAll('\r\n', '\n') === text) return false;
  const draft = `${file}.${process.pid}.tmp`;
  makeDirectory(path.dirname(file));
  try {
    await writeFile(draft, text);
    await rename(draft, file);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
  return true;
}

/** A baseline as a filter by file, for an analysis that asks it many times. */
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
  const unmatched: Issue[] = [];
  for (const issue of issues) {
    if (entries.delete(issue.fingerprint)) today.set(issue.fingerprint, issue);
    else if (!today.has(issue.fingerprint)) unmatched.push(issue);
  }
  const kept = [...today.values()].map(entryOf);
  const places = new Map<string, BaselineEntry[]>();
  for (const entry of entries.values()) {
    const place = placeOf(entry);
    places.set(place, [...(places.get(place) ?? []), entry]);
  }
  const accepted = new Set(today.keys());
  for (const issue of unmatched) {
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
    rest: normalized([...kept, ...left.filter((entry) => !isGone(entry))]),
  };
}

/** Sorted, one entry per line: a change of one issue changes one line, and branches rarely conflict. */
export function formatBaseline(baseline: Baseline): string {
  const lines = normalized(baseline.entries).entries.map((entry) => `    ${JSON.stringify(entry, [...keys])}`);
  const issues = lines.length === 0 ? '[]' : `[\n${lines.join(',\n')}\n  ]`;
  return `{\n  "format": ${FORMAT},\n  "issues": ${issues}\n}\n`;
}

/**
 * Accepts trailing commas and repeated entries, which manual merges leave behind.
 * @param file for errors
 * @throws BaselineError
 */
export function parseBaseline(source: string, file: string): Baseline {
  const content = withoutMark(source);
  const fail = ({ start }: Range, problem: string): never => {
    throw new BaselineError(file, start.line + 1, start.character + 1, problem);
  };
  const config = ConfigFile.json(file, content, 'jsonc');
  const conflict = /^(?:<{7}|>{7}) /m.exec(content);
  if (conflict) {
    fail(
      config.range(conflict.index, 0),
      'merge conflict. Keep the lines of both sides, and remove the conflict markers.',
    );
  }
  const [flaw] = config.flaws;
  if (flaw) {
    const reason = flaw.message.replace(/ Fix the syntax here\.$/, '');
    fail(flaw.range, `${reason} Fix the JSON syntax, or write the file again with "bulkhead baseline".`);
  }
  const { value } = config;
  if (!isRecord(value)) return fail(START, 'expected {"format": 1, "issues": [...]}.');
  if (value['format'] !== FORMAT) {
    fail(
      START,
      `"format" is ${JSON.stringify(value['format'])}, but this version of Bulkhead reads ${FORMAT}. Update Bulkhead, or write the file again.`,
    );
  }
  const { issues } = value;
  if (!Array.isArray(issues)) return fail(START, '"issues" must be a list.');
  const entries = (issues as readonly unknown[]).map((item, index) => {
    const wrong = isRecord(item) ? keys.find((key) => typeof item[key] !== 'string') : 'file';
    if (!isRecord(item) || wrong !== undefined) {
      return fail(
        config.rangeOf(['issues', index]),
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
  return normalized(entries);
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

/** Sorted and without repetitions. */
function normalized(entries: readonly BaselineEntry[]): Baseline {
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
