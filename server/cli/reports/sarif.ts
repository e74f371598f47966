/** SARIF 2.1.0, the format of code scanning: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html */
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import type { Invocation, Location, Notification, ReportingDescriptor, Result, Run } from 'sarif';
import type { Fix, Issue, Range, Severity } from '../../../workers/protocol/detector-protocol.ts';
import { isIncomplete } from '../../engine/status.ts';
import { version } from '../../version.ts';
import { ruleOf } from '../listing.ts';
import type { CheckReport, DetectorResult } from '../result.ts';
import { chunksOf } from './chunks.ts';
import { worstFirst } from './order.ts';

/**
 * What GitHub takes of one file: results of a run, and bytes when compressed.
 * https://docs.github.com/en/code-security/reference/code-scanning/sarif-files/sarif-support-for-code-scanning
 */
const GITHUB_LIMITS = { results: 25_000, compressedBytes: 10 * 1024 * 1024 };

const SCHEMA = 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json';
const ROOT = 'SRCROOT';

const levels = { error: 'error', warning: 'warning', info: 'note', hint: 'note' } as const satisfies Record<
  Severity,
  string
>;

/** One run with all detectors: a consumer that limits the number of runs loses none of them. */
export function sarifReport(report: CheckReport): Iterable<string> {
  return sarifOf(report, report.issues, []);
}

/** As much as GitHub takes, the most severe issues first. What is left out is a notification of the run. */
export function githubSarif(report: CheckReport): Iterable<string> {
  const all = worstFirst(report.issues);
  let most = Math.min(all.length, GITHUB_LIMITS.results);
  for (;;) {
    const write = (): Iterable<string> => sarifOf(report, all.slice(0, most), leftOut(all.length, most));
    const length = compressedLength(write());
    if (length <= GITHUB_LIMITS.compressedBytes) return write();
    // Results differ in size, so a little less than their share.
    most = Math.floor(most * 0.9 * (GITHUB_LIMITS.compressedBytes / length));
  }
}

/** A little more than that of the whole, which may be longer than a string can be. */
function compressedLength(pieces: Iterable<string>): number {
  let length = 0;
  for (const chunk of chunksOf(pieces)) length += gzipSync(chunk).length;
  return length;
}

function leftOut(all: number, most: number): readonly Notification[] {
  if (all <= most) return [];
  const text = `${String(all - most)} of ${String(all)} issues are left out, the least severe ones, because GitHub takes no more in one file.`;
  return [{ level: 'warning', message: { text } }];
}

function* sarifOf(report: CheckReport, issues: readonly Issue[], notes: readonly Notification[]): Generator<string> {
  const rules = new Map<string, ReportingDescriptor>();
  for (const issue of issues) {
    const id = ruleOf(issue);
    if (!rules.has(id)) rules.set(id, descriptorOf(id, issue));
  }
  const indexOf = new Map([...rules.keys()].map((id, index) => [id, index]));
  const run: Omit<Run, 'results'> = {
    tool: {
      driver: {
        name: 'Bulkhead',
        informationUri: 'https://www.npmjs.com/package/bulkhead',
        version,
        rules: [...rules.values()],
      },
    },
    automationDetails: { id: 'bulkhead/' },
    columnKind: 'utf16CodeUnits',
    originalUriBaseIds: { [ROOT]: { uri: `${pathToFileURL(report.root).href.replace(/\/$/, '')}/` } },
    invocations: [
      ...report.detectors.map(invocationOf),
      ...notes.map((note) => ({ executionSuccessful: true, toolExecutionNotifications: [note] })),
    ],
  };
  // The results are the large part, so they are written one by one, into the place that the others leave.
  const head = JSON.stringify({ $schema: SCHEMA, version: '2.1.0', runs: [run] });
  yield head.slice(0, -'}]}'.length);
  yield ',"results":[';
  let separator = '\n';
  for (const issue of issues) {
    yield separator + JSON.stringify(resultOf(issue, report, indexOf.get(ruleOf(issue)) ?? -1));
    separator = ',\n';
  }
  yield '\n]}]}\n';
}

/** A detector that did not finish must not look clean. */
function invocationOf({ name, status, durationMs, error, note }: DetectorResult): Invocation {
  const notifications: Notification[] = [];
  if (error !== undefined) notifications.push({ level: 'error', message: { text: `${name}: ${error}` } });
  else if (isIncomplete(status)) notifications.push({ level: 'error', message: { text: `${name} did not finish.` } });
  if (note !== undefined) notifications.push({ level: 'note', message: { text: `${name}: ${note}` } });
  return {
    executionSuccessful: !isIncomplete(status),
    ...(notifications.length === 0 ? {} : { toolExecutionNotifications: notifications }),
    properties: { detector: name, status, durationMs },
  };
}

function descriptorOf(id: string, { detector, rule, severity, url }: Issue): ReportingDescriptor {
  return {
    id,
    name: rule,
    ...(url !== undefined && /^https?:/.test(url) ? { helpUri: url } : {}),
    defaultConfiguration: { level: levels[severity] },
    properties: { tags: [detector] },
  };
}

function resultOf(issue: Issue, { root, summary }: CheckReport, ruleIndex: number): Result {
  const { message, range, file, severity, fingerprint, related = [], fixes = [] } = issue;
  return {
    ruleId: ruleOf(issue),
    ruleIndex,
    level: levels[severity],
    message: { text: message === '' ? ruleOf(issue) : message },
    locations: [locationOf(root, file, range)],
    partialFingerprints: { 'bulkhead/v1': fingerprint },
    // What the baseline knows is not listed.
    ...(summary.baseline === undefined ? {} : { baselineState: 'new' as const }),
    ...(related.length === 0
      ? {}
      : {
          relatedLocations: related.map((place, id) => ({
            id,
            ...locationOf(root, place.file, place.range),
            message: { text: place.message },
          })),
        }),
    ...(fixes.length === 0 ? {} : { fixes: fixes.map((fix) => fixOf(root, file, fix)) }),
  };
}

function fixOf(root: string, file: string, { title, edits }: Fix): NonNullable<Result['fixes']>[number] {
  return {
    description: { text: title },
    artifactChanges: [...Map.groupBy(edits, (edit) => edit.file ?? file)].map(([edited, replacements]) => ({
      artifactLocation: artifactOf(root, edited),
      replacements: replacements.map(({ range, newText }) => ({
        deletedRegion: regionOf(range),
        insertedContent: { text: newText },
      })),
    })),
  };
}

function locationOf(root: string, file: string, range: Range): Location {
  return { physicalLocation: { artifactLocation: artifactOf(root, file), region: regionOf(range) } };
}

/** A base may not be left with `..`. */
function artifactOf(root: string, file: string): { readonly uri: string; readonly uriBaseId?: string } {
  if (file.startsWith('../') || path.isAbsolute(file)) return { uri: pathToFileURL(path.resolve(root, file)).href };
  return { uri: file.split('/').map(encodeURIComponent).join('/'), uriBaseId: ROOT };
}

/** Counted from 1; the end is the column behind the last character. */
function regionOf({ start, end }: Range): {
  readonly startLine: number;
  readonly startColumn: number;
  readonly endLine: number;
  readonly endColumn: number;
} {
  return {
    startLine: start.line + 1,
    startColumn: start.character + 1,
    endLine: end.line + 1,
    endColumn: end.character + 1,
  };
}
