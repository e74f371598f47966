/**
 * The `knip` detector: what the workspace's own knip says under the workspace's own configuration. knip loads that
 * configuration and those of other tools, so it runs in trusted workspaces only, in a process of its own, once per state
 * of the disk. What it said last of each root lives as long as the process.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { CheckContext, Detector } from '../../detector.ts';
import { knipOf, type Knip } from '../../graph/knip.ts';
import type { CheckRequest, CheckResult, DetectorProblem, PlanRequest, PlanResult, Unit } from '../../protocol.ts';
import { KnipFailed, runKnip } from './command.ts';
import { findingsOf } from './findings.ts';
import { answersOf, type KnipReport } from './report.ts';

export const detector: Detector = { name: 'knip', version: '1', plan, check };

/** By root; without a problem: it answered. */
const outcomes = new Map<string, { readonly problem: DetectorProblem | undefined }>();

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
  const standing = request.confirm === true ? undefined : standingAnswer(request, unit);
  if (standing) {
    if (standing.problem) context.problem(standing.problem);
    return result({ kept: { [unit.id]: standing.kept } });
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
): { readonly kept: 'unchanged' | 'affected'; readonly problem?: DetectorProblem | undefined } | undefined {
  const unsaved = new Set(overlays.map(({ file }) => file));
  const isAsOnDisk = changed?.every((file) => unsaved.has(file)) === true;
  const outcome = outcomes.get(root);
  if (outcome?.problem) return isAsOnDisk ? { kept: 'unchanged', problem: outcome.problem } : undefined;
  if (since?.[id] === undefined) return undefined;
  return { kept: isAsOnDisk && outcome ? 'unchanged' : 'affected' };
}

/** @returns undefined: it failed, and the problem is told */
async function askedFor(
  knip: Knip,
  { root, options }: CheckRequest,
  context: CheckContext,
): Promise<KnipReport | undefined> {
  const life = setInterval(() => context.progress(0, 1, 'knip'), SIGN_OF_LIFE_MS);
  const { timeout } = options;
  const seconds = typeof timeout === 'number' && timeout > 0 ? timeout : DEFAULT_TIMEOUT_SECONDS;
  try {
    const report = await runKnip(knip, root, seconds * 1000, context.signal);
    outcomes.set(root, { problem: undefined });
    return report;
  } catch (error) {
    if (!(error instanceof KnipFailed)) throw error;
    const problem: DetectorProblem = {
      code: 'TOOL_ERROR',
      message: `${error.message} What it found before stays.`,
      file: knip.configFile,
      fatal: true,
    };
    outcomes.set(root, { problem });
    context.problem(problem);
    return undefined;
  } finally {
    clearInterval(life);
  }
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
