/** What the dashboard draws: samples of the workers' health since it was opened. Lives as long as the dashboard. */
import type { IssueCounts, StatusParams, TimingsResult } from '../../workers/protocol/editor-protocol.ts';
import type { WorkerHealth } from '../../workers/protocol/health.ts';
import { groupErrors } from '../health/errors.ts';
import type { HealthSnapshot } from '../health/model.ts';
import type { DashboardState, DetectorRow, Mark, RuleRow, Series, WorkerRow } from './messages.ts';

/** An hour of a busy workspace at one sample every two seconds; then the oldest go. */
const maximumSamples = 1800;
const maximumRules = 500;
const megabyte = 1024 * 1024;

interface Sample {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly workers: ReadonlyMap<string, { readonly memoryMb: number; readonly cpuPercent: number }>;
  readonly issues: IssueCounts;
}

export class History {
  #samples: readonly Sample[] = [];

  /** @param at milliseconds since the epoch */
  add(at: number, workers: readonly WorkerHealth[], issues: IssueCounts): void {
    const live = workers.filter(({ pid }) => pid !== undefined);
    const sample = {
      at,
      workers: new Map(
        live.map(({ name, memoryBytes, cpuPercent }) => [name, { memoryMb: memoryBytes / megabyte, cpuPercent }]),
      ),
      issues,
    };
    this.#samples = [...this.#samples, sample].slice(-maximumSamples);
  }

  state(
    summary: string,
    { health, errors }: HealthSnapshot,
    status: StatusParams,
    timings: TimingsResult['detectors'],
  ): DashboardState {
    const samples = this.#samples;
    const names = [...new Set(samples.flatMap(({ workers }) => [...workers.keys()]))].toSorted();
    const from = samples[0]?.at ?? 0;
    return {
      summary,
      times: samples.map(({ at }) => at / 1000),
      series: names.map((name): Series => ({
        name,
        memoryMb: samples.map(({ workers }) => workers.get(name)?.memoryMb ?? null),
        cpuPercent: samples.map(({ workers }) => workers.get(name)?.cpuPercent ?? null),
      })),
      marks: health.workers.flatMap(marksOf).filter(({ at }) => at * 1000 >= from),
      issues: {
        errors: samples.map(({ issues }) => issues.error),
        warnings: samples.map(({ issues }) => issues.warning),
        others: samples.map(({ issues }) => issues.info + issues.hint),
      },
      workers: health.workers.map(workerRow),
      detectors: status.detectors.map((detector): DetectorRow => {
        const { name, title, issues } = detector;
        const timing = timings.find((candidate) => candidate.name === name);
        return {
          detector: name,
          title,
          status: detector.status,
          issues,
          inputs: timing?.inputs ?? 0,
          ms: timing?.durationMs ?? 0,
        };
      }),
      rules: timings
        .flatMap(rulesOf)
        .toSorted((one, other) => other.ms - one.ms)
        .slice(0, maximumRules),
      errors: groupErrors(errors),
    };
  }
}

function marksOf({ name, exits }: WorkerHealth): readonly Mark[] {
  return exits.map(({ at, kind, message }) => ({
    at: at / 1000,
    kind: kind === 'cancelled' ? 'restart' : 'fault',
    text: `${name}: ${message}`,
  }));
}

function workerRow(worker: WorkerHealth): WorkerRow {
  const { name, state, current, tasksDone, restarts } = worker;
  return {
    name,
    state,
    memoryMb: worker.memoryBytes / megabyte,
    peakMb: worker.peakMemoryBytes / megabyte,
    limitMb: worker.limitBytes / megabyte,
    cpuPercent: worker.cpuPercent,
    tasksDone,
    restarts,
    work: current === undefined ? '' : (current.input ?? current.title),
  };
}

function rulesOf({ name: detector, timings }: TimingsResult['detectors'][number]): readonly RuleRow[] {
  const total = Object.values(timings).reduce((sum, ms) => sum + ms, 0);
  return Object.entries(timings).map(([rule, ms]) => ({
    detector,
    rule,
    isRule: detector === 'eslint',
    ms,
    share: total === 0 ? 0 : ms / total,
  }));
}
