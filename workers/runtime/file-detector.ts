/**
 * The base of detectors that check one file at a time: it finds and reads the files, applies suppression comments and
 * severities, and reports. A detector adds its manifest and a function that returns the findings of a text.
 */
import path from 'node:path';
import { TextDocument } from 'vscode-languageserver-textdocument';
import type { CheckContext, Detector, PlanContext } from '../protocol/detector.ts';
import type {
  CheckRequest,
  CheckResult,
  DetectorOptions,
  DetectorProblem,
  Finding,
  PlanRequest,
  PlanResult,
  Range,
  Unit,
} from '../protocol/detector-protocol.ts';
import { walkFiles } from '../protocol/files.ts';
import { readListedTextSync, UnreadableFile } from '../protocol/read-file.ts';
import { defaultSeverities, type DetectorManifest, type ManifestWithRules } from '../protocol/manifest.ts';
import { prioritized } from './order.ts';
import { ignoredFiles, severitiesOf, stringsOf, type RuleSeverities } from './rule-options.ts';
import { suppress, type IsComment } from './suppression.ts';

/** Of a file that somebody wrote. */
export const MAXIMUM_BYTES = 1024 * 1024;

export interface FileDetector<Rule extends string> {
  /** Files that match `changes.sources` are checked, except those that an option `ignore` names. */
  readonly manifest: DetectorManifest & ManifestWithRules<Rule>;
  /** Changes whenever the same input may give different results. */
  readonly version: string;
  /** Larger files are not checked but reported as a problem. Default: 1 MB. */
  readonly maximumBytes?: number;
  /** Pure: the result depends only on the argument. */
  readonly check: (file: CheckedFile) => Iterable<RuleFinding<Rule>> | Promise<Iterable<RuleFinding<Rule>>>;
  /** Whether another detector of the same root reports that a file is too large, so that people read it once. */
  readonly isTold?: (root: string, file: string) => boolean;
  /** Distinguishes comments from strings; absent: everything that looks like a suppression comment counts as one. */
  readonly commentsOf?: (file: string, text: string) => IsComment | undefined;
}

export interface CheckedFile {
  /** Absolute. */
  readonly root: string;
  /** Relative to the root. */
  readonly file: string;
  /** The unsaved text if there is one, otherwise that on disk; without a byte order mark. */
  readonly text: string;
  readonly options: DetectorOptions;
  /** Reports why the file could not be checked, or not completely. */
  problem(problem: DetectorProblem): void;
  /** @param start offset in UTF-16 code units, like `end` */
  range(start: number, end: number): Range;
}

/** The severity comes from the options. */
export type RuleFinding<Rule extends string> = Omit<Finding, 'rule' | 'severity'> & { readonly rule: Rule };

export function fileDetector<Rule extends string>(own: FileDetector<Rule>): Detector {
  const { name } = own.manifest;
  const defaults = defaultSeverities<Rule>(own.manifest);
  return {
    name,
    version: own.version,
    plan: (request, context) => plan(own.manifest, request, context),
    check: (request, context) => new FileCheck(own, defaults, request, context).run(),
  };
}

async function plan(
  { name, title, changes, options: schemas }: DetectorManifest,
  { root, options }: PlanRequest,
  { signal }: PlanContext,
): Promise<PlanResult> {
  const problems: DetectorProblem[] = [];
  const isIgnored = ignoredFiles(options, stringsOf(schemas['ignore']?.default) ?? []);
  const files = walkFiles(root, {
    accept: (base, file) => changes.sources.test(base) && !isIgnored(file),
    exclude: stringsOf(options['exclude']) ?? [],
    signal,
    onUnreadable: ({ path: folder, message }) => problems.push(unreadable(title, folder || '.', message)),
  });
  const units: Unit[] = [];
  for await (const file of files) units.push({ id: file, kind: 'file', group: name, file });
  if (units.length > 0) return { status: 'ready', units, problems, configFiles: [] };
  return {
    status: 'not-applicable',
    note: `There are no files for ${title} to check.`,
    units,
    problems,
    configFiles: [],
  };
}

class FileCheck<Rule extends string> {
  readonly #own: FileDetector<Rule>;
  readonly #request: CheckRequest;
  readonly #context: CheckContext;
  readonly #severities: RuleSeverities<Rule>;
  readonly #unsaved: ReadonlyMap<string, string>;

  constructor(own: FileDetector<Rule>, defaults: RuleSeverities<Rule>, request: CheckRequest, context: CheckContext) {
    this.#own = own;
    this.#request = request;
    this.#context = context;
    this.#severities = severitiesOf(request.options, defaults);
    this.#unsaved = new Map(request.overlays.map(({ file, text }) => [file, text]));
  }

  async run(): Promise<CheckResult> {
    const started = performance.now();
    const context = this.#context;
    const { units, first } = this.#request;
    let issues = 0;
    for (const [index, unit] of prioritized(units, first).entries()) {
      // Messages that cancel the check can only be received between two files.
      await new Promise((resolve) => setImmediate(resolve));
      context.signal.throwIfAborted();
      context.begin(unit, unit.file);
      const text = this.#textOf(unit.file);
      if (text !== undefined) {
        const findings = await this.#findingsIn(unit.file, text);
        issues += findings.length;
        context.report(unit, unit.file, findings);
      }
      await context.done(unit, unit.file);
      context.progress(index + 1, units.length, unit.file);
    }
    return { durationMs: performance.now() - started, files: units.length, issues };
  }

  async #findingsIn(file: string, text: string): Promise<readonly Finding[]> {
    const { check, commentsOf, manifest } = this.#own;
    const document = TextDocument.create('', '', 0, text);
    const range = (start: number, end: number): Range => ({
      start: document.positionAt(start),
      end: document.positionAt(end),
    });
    const findings: Finding[] = [];
    const problem = (one: DetectorProblem): void => {
      this.#context.problem(one);
    };
    const { root, options } = this.#request;
    for (const finding of await check({ root, file, text, options, range, problem })) {
      const severity = this.#severities[finding.rule];
      if (severity !== 'off') findings.push({ ...finding, severity });
    }
    // A comment for a disabled rule is not unused, because the rule may be enabled again.
    const owns = (rule: string): boolean =>
      Object.entries(this.#severities).some(([name, severity]) => name === rule && severity !== 'off');
    return suppress(text, manifest.name, findings, owns, commentsOf?.(file, text)).findings;
  }

  /** @returns undefined: the file is deleted, or it cannot be checked, which is reported */
  #textOf(file: string): string | undefined {
    const unsaved = this.#unsaved.get(file);
    const { title } = this.#own.manifest;
    const { maximumBytes = MAXIMUM_BYTES, isTold } = this.#own;
    const tellLarge = (): void => {
      if (isTold?.(this.#request.root, file) !== true) this.#context.problem(tooLarge(title, file, maximumBytes));
    };
    const absolute = path.join(this.#request.root, file);
    try {
      if (unsaved === undefined) return readListedTextSync(absolute, maximumBytes);
      if (unsaved.length <= maximumBytes) return unsaved;
      tellLarge();
    } catch (error) {
      if (!(error instanceof UnreadableFile)) throw error;
      if (error.code === 'EFBIG') tellLarge();
      else if (error.code !== 'ENOENT') this.#context.problem(unreadable(title, file, error.message));
    }
    return undefined;
  }
}

function unreadable(title: string, file: string, reason: string): DetectorProblem {
  const message = `${title} cannot read ${file}: ${reason}. Give this user read permission, or exclude it.`;
  return { code: 'UNREADABLE', message, file, fatal: true };
}

function tooLarge(title: string, file: string, maximumBytes: number): DetectorProblem {
  const limit = `${(maximumBytes / 1024 / 1024).toLocaleString('en')} MB`;
  const message = `${title} does not check files of more than ${limit}. Exclude the file to hide this message.`;
  return { code: 'UNREADABLE', message, file, fatal: false };
}
