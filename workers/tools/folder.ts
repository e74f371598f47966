/**
 * Checks a whole folder with one run of a tool, which sees saved files only. Remembers the last run of each root, as long
 * as the process lives.
 */
import type { CheckContext } from '../protocol/detector.ts';
import type { CheckRequest, CheckResult, DetectorProblem } from '../protocol/detector-protocol.ts';
import { isAsRead, type LastRead } from '../runtime/saved-since.ts';
import { runTool, ToolFailure, type RunResult } from './run.ts';
import { declarationRange, DECLARATIONS, type Tool } from './tool.ts';

interface LastRun extends LastRead {
  readonly durationMs: number;
  readonly problems: readonly DetectorProblem[];
  readonly failed: boolean;
}

const lastRuns = new Map<string, LastRun>();

/** A slower tool does not run after each save, but once it is quiet. */
const QUICK_MS = 1500;

export async function checkFolder(tool: Tool, request: CheckRequest, context: CheckContext): Promise<CheckResult> {
  const startedAt = performance.now();
  const [unit] = request.units;
  const result = (more: Partial<CheckResult> = {}): CheckResult => ({
    durationMs: performance.now() - startedAt,
    files: 0,
    issues: 0,
    ...more,
  });
  if (unit === undefined) return result();
  const key = `${request.root}\n${tool.name}`;
  const last = lastRuns.get(key);
  const coverage = last && (await answerWithoutRun(request, unit.id, last));
  if (coverage !== undefined) {
    for (const problem of last?.problems ?? []) context.problem(problem);
    return result({ coverage: { [unit.id]: coverage } });
  }
  context.begin(unit, unit.file);
  const read: LastRead = { revision: request.revision, at: Date.now() };
  const problem = async (code: DetectorProblem['code'], message: string, fatal: boolean): Promise<DetectorProblem> => ({
    ...{ code, message, fatal, file: DECLARATIONS },
    range: await declarationRange(tool),
  });
  let run: RunResult;
  try {
    run = await runTool(tool, { files: [], unsaved: new Map() }, context.signal);
  } catch (error) {
    if (!(error instanceof ToolFailure)) throw error;
    const failed = await problem('TOOL_ERROR', `${error.message} Its earlier results stay.`, true);
    lastRuns.set(key, { ...read, durationMs: performance.now() - startedAt, problems: [failed], failed: true });
    context.problem(failed);
    return result();
  }
  const problems: DetectorProblem[] = [];
  for (const refusal of run.refusals) problems.push(await problem('INVALID_RESULT', `${tool.name}: ${refusal}`, false));
  lastRuns.set(key, { ...read, durationMs: performance.now() - startedAt, problems, failed: false });
  for (const one of problems) context.problem(one);
  let issues = 0;
  const files = [...run.findings.keys()];
  const first = request.first.filter((file) => run.findings.has(file));
  for (const file of new Set([...first, ...files])) {
    const findings = run.findings.get(file) ?? [];
    issues += findings.length;
    context.report(unit, file, findings);
    await context.done(unit, file);
  }
  return result({ files: files.length, issues });
}

/** Unsaved edits change nothing, and after saved ones a slow tool waits for the check with `revalidate`. */
async function answerWithoutRun(
  request: CheckRequest,
  unit: string,
  last: LastRun,
): Promise<'unchanged' | 'affected' | undefined> {
  if (request.revalidate === true) return undefined;
  const since = request.since?.[unit];
  // What failed has no result, but its problem is said again.
  if (await isAsRead(request, last, last.failed ? last.revision : since)) return 'unchanged';
  return since !== undefined && !last.failed && last.durationMs > QUICK_MS ? 'affected' : undefined;
}
