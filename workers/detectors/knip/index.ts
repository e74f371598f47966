/**
 * The `knip` detector: the workspace's own knip with its own configuration. knip executes that configuration and those
 * of other tools, so it runs only in trusted workspaces, in a child process, once per state of the disk. The outcome of
 * the last run of each root lives as long as the process.
 */
import path from 'node:path';
import type { CheckContext, Detector } from '../../protocol/detector.ts';
import { findKnip, type KnipInstallation } from '../../graph/knip-installation.ts';
import type {
  CheckRequest,
  CheckResult,
  DetectorProblem,
  PlanRequest,
  PlanResult,
  Unit,
} from '../../protocol/detector-protocol.ts';
import { knipArguments } from './arguments.ts';
import { KnipError, runKnip } from './command.ts';
import { findingsOf } from './findings.ts';
import { issuesOf, type KnipReport } from './report.ts';
import { readText } from '../../protocol/read-file.ts';
import { isAsRead, type LastRead } from '../../runtime/saved-since.ts';

export const detector: Detector = { name: 'knip', version: '1', plan, check };

interface Outcome extends LastRead {
  /** Empty: it was complete. */
  readonly problems: readonly DetectorProblem[];
}

/** Of the last run, by root. */
const outcomes = new Map<string, Outcome>();

const DEFAULT_TIMEOUT_SECONDS = 300;

/** Progress is reported at this interval, so that a slow knip is not taken for a hung worker. */
const HEARTBEAT_MS = 5000;

async function plan({ root, options }: PlanRequest): Promise<PlanResult> {
  const knip = findKnip(root);
  if (typeof knip === 'string') {
    const none = {
      status: 'not-applicable',
      note: knip,
      units: [],
      problems: [],
      configFiles: ['package.json'],
    } as const;
    return none;
  }
  const { config = knip.configFile, note, files } = await knipArguments(root, options);
  const unit: Unit = { id: 'knip', kind: 'graph', group: 'knip', file: config };
  return {
    status: 'ready',
    engine: `knip ${knip.version}`,
    ...(note === undefined ? {} : { note }),
    units: [unit],
    problems: [],
    // package.json is read before each run instead, because it changes for many other reasons, unless only it says that knip
    // is used.
    configFiles: [...new Set([config, ...files])]
      .filter((file) => !file.endsWith('package.json'))
      .concat(knip.configFile === 'package.json' ? [knip.configFile] : []),
  };
}

async function check(request: CheckRequest, context: CheckContext): Promise<CheckResult> {
  const startedAt = performance.now();
  const [unit] = request.units;
  const result = (more: Partial<CheckResult> = {}): CheckResult => ({
    durationMs: performance.now() - startedAt,
    files: 0,
    issues: 0,
    ...more,
  });
  if (!unit) return result();
  const quick = request.revalidate === true ? undefined : await answerWithoutRun(request, unit);
  if (quick) {
    for (const problem of quick.problems) context.problem(problem);
    return result({ coverage: { [unit.id]: quick.coverage } });
  }
  context.begin(unit, unit.file);
  const knip = findKnip(request.root);
  const report = typeof knip === 'string' ? EMPTY_REPORT : await reportOf(knip, request, context);
  if (!report) return result();
  const findings = findingsOf(issuesOf(report), request.options, await textsOf(request.root, report));
  const files = [...findings.keys()];
  const first = request.first.filter((file) => findings.has(file));
  let issues = 0;
  for (const file of new Set([...first, ...files])) {
    context.signal.throwIfAborted();
    const list = findings.get(file) ?? [];
    issues += list.length;
    context.report(unit, file, list);
    await context.done(unit, file);
  }
  return result({ files: files.length, issues });
}

const EMPTY_REPORT: KnipReport = { issues: [] };

/**
 * Answers a check after an edit without a run, because knip takes seconds and sees saved files only: unsaved edits
 * change nothing, and saved ones wait for the check with `revalidate`.
 */
async function answerWithoutRun(
  request: CheckRequest,
  { id }: Unit,
): Promise<{ readonly coverage: 'unchanged' | 'affected'; readonly problems: readonly DetectorProblem[] } | undefined> {
  const outcome = outcomes.get(request.root);
  const since = request.since?.[id];
  const isFlawed = outcome !== undefined && outcome.problems.length > 0;
  // What failed has no result, but its problems are said again.
  const isSame = await isAsRead(request, outcome, isFlawed ? outcome.revision : since);
  if (isFlawed) return isSame ? { coverage: 'unchanged', problems: outcome.problems } : undefined;
  if (since === undefined) return undefined;
  return { coverage: isSame ? 'unchanged' : 'affected', problems: [] };
}

/** Runs knip and reports its problems. @returns undefined: there is no report */
async function reportOf(
  knip: KnipInstallation,
  { root, options, revision }: CheckRequest,
  context: CheckContext,
): Promise<KnipReport | undefined> {
  const life = setInterval(() => context.progress(0, 1, 'knip'), HEARTBEAT_MS);
  const { timeout } = options;
  const at = Date.now();
  const seconds = typeof timeout === 'number' && timeout > 0 ? timeout : DEFAULT_TIMEOUT_SECONDS;
  const tell = (problems: readonly DetectorProblem[]): void => {
    outcomes.set(root, { revision, at, problems });
    for (const problem of problems) context.problem(problem);
  };
  try {
    const { args } = await knipArguments(root, options);
    const { report, errors } = await runKnip(knip, root, args, seconds * 1000, context.signal);
    tell(problemsIn(errors, knip));
    return report;
  } catch (error) {
    if (!(error instanceof KnipError)) throw error;
    const message = `${error.message} Its earlier results stay.`;
    tell([{ code: 'TOOL_ERROR', message, file: knip.configFile, fatal: true }]);
    return undefined;
  } finally {
    clearInterval(life);
  }
}

/** One problem for each configuration that knip could not load: without it knip knows fewer entry files. */
function problemsIn(errors: string, { configFile, version }: KnipInstallation): readonly DetectorProblem[] {
  if (errors === '') return [];
  const unloaded = [...errors.matchAll(/Error loading (\S+) \((.*)\)$/gm)].map(
    ([, file = '', reason = '']): DetectorProblem => ({
      code: 'CONFIG_ERROR',
      message: `knip could not load this file, so its results may be wrong: ${reason}`,
      file,
      fatal: true,
    }),
  );
  if (unloaded.length > 0) return unloaded;
  return [{ code: 'TOOL_ERROR', message: `knip ${version} reported errors: ${errors}`, file: configFile, fatal: true }];
}

/** The texts of the files in a report; empty for an unreadable file. */
async function textsOf(root: string, report: KnipReport): Promise<(file: string) => string> {
  const texts = new Map<string, string>();
  for (const { file, type } of issuesOf(report)) {
    if (type === 'files' || texts.has(file)) continue;
    texts.set(file, await readText(path.join(root, file)).catch(() => ''));
  }
  return (file) => texts.get(file) ?? '';
}
