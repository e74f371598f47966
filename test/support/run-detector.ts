/** Runs a detector in this process, plan then check, and keeps what it said: for tests of the detector itself. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { CheckContext, Detector } from '../../workers/protocol/detector.ts';
import { IssueCompleter } from '../../workers/protocol/fingerprint.ts';
import type {
  CheckEvent,
  CheckRequest,
  CheckResult,
  DetectorOptions,
  DetectorProblem,
  Finding,
  Issue,
  PlanResult,
  Unit,
} from '../../workers/protocol/detector-protocol.ts';

export interface DetectorRun {
  readonly plan: PlanResult;
  readonly result: CheckResult | undefined;
  /** Of files that were done, sorted by file, position, rule. */
  readonly issues: readonly Issue[];
  readonly problems: readonly DetectorProblem[];
  readonly events: readonly CheckEvent[];
}

export async function runDetector(
  detector: Detector,
  root: string,
  options: DetectorOptions = {},
  extra: Partial<
    Pick<CheckRequest, 'overlays' | 'first' | 'changed' | 'units' | 'revision' | 'since' | 'revalidate'>
  > & { signal?: AbortSignal; onDone?: () => void } = {},
): Promise<DetectorRun> {
  const { signal = new AbortController().signal, onDone, ...request } = extra;
  const log = (): void => {};
  const plan = await detector.plan({ detector: detector.name, root, options }, { signal, log });
  const events: CheckEvent[] = [];
  const problems: DetectorProblem[] = [...plan.problems];
  const open = new Map<string, { completer: IssueCompleter; issues: Issue[] }>();
  const finished = new Map<string, readonly Issue[]>();
  const keyOf = (unit: Unit, file: string): string => `${unit.id}\n${file}`;

  const textOf = (file: string): string => {
    const overlay = extra.overlays?.find((candidate) => candidate.file === file);
    if (overlay) return overlay.text;
    try {
      return readFileSync(path.join(root, file), 'utf8');
    } catch {
      return '';
    }
  };
  const slot = (unit: Unit, file: string): { completer: IssueCompleter; issues: Issue[] } => {
    const key = keyOf(unit, file);
    const found = open.get(key);
    if (found) return found;
    const made = { completer: new IssueCompleter(detector.name, file, textOf(file)), issues: [] };
    open.set(key, made);
    return made;
  };
  const context: CheckContext = {
    signal,
    log,
    begin: (unit, file) => {
      events.push({ kind: 'begin', unit: unit.id, file });
    },
    report: (unit, file, findings: readonly Finding[]) => {
      const target = slot(unit, file);
      const issues = findings.map((finding) => target.completer.complete(finding));
      target.issues.push(...issues);
      events.push({ kind: 'issues', unit: unit.id, file, issues });
    },
    done: (unit, file) => {
      events.push({ kind: 'done', unit: unit.id, file });
      finished.set(keyOf(unit, file), slot(unit, file).issues);
      open.delete(keyOf(unit, file));
      onDone?.();
      return Promise.resolve();
    },
    progress: (done, total, what) => {
      events.push({ kind: 'progress', done, total, ...(what === undefined ? {} : { what }) });
    },
    problem: (problem) => {
      problems.push(problem);
      events.push({ kind: 'problem', problem });
    },
  };

  const result =
    plan.status === 'ready'
      ? await detector.check(
          {
            detector: detector.name,
            root,
            options,
            ...request,
            revision: request.revision ?? 1,
            units: request.units ?? plan.units,
            overlays: request.overlays ?? [],
            first: request.first ?? [],
          },
          context,
        )
      : undefined;
  const issues = [...finished.values()].flat().sort(byPlace);
  return { plan, result, issues, problems, events };
}

function byPlace(a: Issue, b: Issue): number {
  return (
    (a.file < b.file ? -1 : a.file > b.file ? 1 : 0) ||
    a.range.start.line - b.range.start.line ||
    a.range.start.character - b.range.start.character ||
    (a.rule < b.rule ? -1 : a.rule > b.rule ? 1 : 0)
  );
}
