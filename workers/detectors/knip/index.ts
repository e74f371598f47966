/**
 * The `knip` detector: what the workspace's own knip says under the workspace's own configuration. knip loads that
 * configuration and those of other tools, so it runs in trusted workspaces only, in a process of its own, once per state
 * of the disk. What it said last of each root lives as long as the process.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { CheckContext, Detector } from '../../protocol/detector.ts';
import { knipOf, type Knip } from '../../graph/knip.ts';
import type {
  CheckRequest,
  CheckResult,
  DetectorProblem,
  PlanRequest,
  PlanResult,
  Unit,
} from '../../protocol/detector-protocol.ts';
import { KnipFailed, runKnip } from './command.ts';
import { findingsOf } from './findings.ts';
import { answersOf, type KnipReport } from './report.ts';

export const detector: Detector = { name: 'knip', version: '1', plan, check };

/** By root; without problems: it answered, and of everything. */
const outcomes = new Map<string, readonly DetectorProblem[]>();

const DEFAULT_TIMEOUT_SECONDS = 300;

/** A sign of life at this distance, lest the silence of knip be taken for ours. */
const SIGN_OF_LIFE_MS = 5000;

function plan({ root }: PlanRequest): Promise<PlanResult> {
  const knip = knipOf(root);
  if (typeof knip === 'string') {
    const none = {
      status: 'not-applicable',
      note: knip,
      units: [],
      problems: [],
      configFiles: ['package.json'],
    } as const;
    return Promise.resolve(none);
  }
  const unit: Unit = { id: 'knip', kind: 'graph', group: 'knip', file: knip.configFile };
  return Promise.resolve({
    status: 'ready',
    engine: `knip ${knip.version}`,
    units: [unit],
    problems: [],
    // What is written in package.json is looked up before each run: its text changes for many other reasons.
    configFiles: knip.configFile === 'package.json' ? [] : [knip.configFile],
  });
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
  const standing = request.revalidate === true ? undefined : standingAnswer(request, unit);
  if (standing) {
    for (const problem of standing.problems) context.problem(problem);
    return result({ coverage: { [unit.id]: standing.kept } });
  }
  context.begin(unit, unit.file);
  const knip = knipOf(request.root);
  const report = typeof knip === 'string' ? NOTHING : await askedFor(knip, request, context);
  if (!report) return result();
  const findings = findingsOf(answersOf(report), request.options, await textsOf(request.root, report));
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

const NOTHING: KnipReport = { issues: [] };

/**
 * What need not be asked for now. knip sees saved files only and takes seconds: what was typed concerns it not at all,
 * and what was saved when everything is quiet, by the check that confirms.
 */
function standingAnswer(
  { root, since, changed, overlays }: CheckRequest,
  { id }: Unit,
): { readonly kept: 'unchanged' | 'affected'; readonly problems: readonly DetectorProblem[] } | undefined {
  const unsaved = new Set(overlays.map(({ file }) => file));
  const isAsOnDisk = changed?.every((file) => unsaved.has(file)) === true;
  const outcome = outcomes.get(root);
  if (outcome && outcome.length > 0) return isAsOnDisk ? { kept: 'unchanged', problems: outcome } : undefined;
  if (since?.[id] === undefined) return undefined;
  return { kept: isAsOnDisk && outcome ? 'unchanged' : 'affected', problems: [] };
}

/** @returns undefined: it gave no report. Whatever went wrong is told. */
async function askedFor(
  knip: Knip,
  { root, options }: CheckRequest,
  context: CheckContext,
): Promise<KnipReport | undefined> {
  const life = setInterval(() => context.progress(0, 1, 'knip'), SIGN_OF_LIFE_MS);
  const { timeout } = options;
  const seconds = typeof timeout === 'number' && timeout > 0 ? timeout : DEFAULT_TIMEOUT_SECONDS;
  const tell = (problems: readonly DetectorProblem[]): void => {
    outcomes.set(root, problems);
    for (const problem of problems) context.problem(problem);
  };
  try {
    const { report, complaints } = await runKnip(knip, root, seconds * 1000, context.signal);
    tell(problemsIn(complaints, knip));
    return report;
  } catch (error) {
    if (!(error instanceof KnipFailed)) throw error;
    const message = `${error.message} What it found before stays.`;
    tell([{ code: 'TOOL_ERROR', message, file: knip.configFile, fatal: true }]);
    return undefined;
  } finally {
    clearInterval(life);
  }
}

/** Configurations of other tools that knip could not load, each with its reason: without them it knows fewer entries. */
function problemsIn(complaints: string, { configFile, version }: Knip): readonly DetectorProblem[] {
  if (complaints === '') return [];
  const unloaded = [...complaints.matchAll(/Error loading (\S+) \((.*)\)$/gm)].map(
    ([, file = '', reason = '']): DetectorProblem => ({
      code: 'CONFIG_ERROR',
      message: `knip could not load this file, so what it says may be wrong: ${reason}`,
      file,
      fatal: true,
    }),
  );
  if (unloaded.length > 0) return unloaded;
  return [{ code: 'TOOL_ERROR', message: `knip ${version} complained: ${complaints}`, file: configFile, fatal: true }];
}

/** Of the files that a report speaks of; what cannot be read is empty. */
async function textsOf(root: string, report: KnipReport): Promise<(file: string) => string> {
  const texts = new Map<string, string>();
  for (const { file, type } of answersOf(report)) {
    if (type === 'files' || texts.has(file)) continue;
    texts.set(file, await readFile(path.join(root, file), 'utf8').catch(() => ''));
  }
  return (file) => texts.get(file) ?? '';
}
