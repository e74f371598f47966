/** How long tasks wait and run, and how much of the capacity is used: the figures of a pool, in piscina's words. */
import { createHistogram } from 'node:perf_hooks';
import type { RecordableHistogram } from 'node:perf_hooks';

/** How long tasks took: all in milliseconds; 0 before the first task. `p97_5`: 97.5 % of the tasks took no longer. */
export interface HistogramSummary {
  readonly average: number;
  readonly mean: number;
  readonly stddev: number;
  readonly min: number;
  readonly max: number;
  readonly p0_001: number;
  readonly p0_01: number;
  readonly p0_1: number;
  readonly p1: number;
  readonly p2_5: number;
  readonly p10: number;
  readonly p25: number;
  readonly p50: number;
  readonly p75: number;
  readonly p90: number;
  readonly p97_5: number;
  readonly p99: number;
  readonly p99_9: number;
  readonly p99_99: number;
  readonly p99_999: number;
}

/** What became of tasks, and how long they took. */
export interface TaskFigures {
  /** Tasks that ended with a result. */
  readonly completed: number;
  /** Tasks that a worker began and that ended without one: an error, a timeout, a cancel, a crash. */
  readonly failed: number;
  /** From being queued to being given to a worker. */
  readonly waitTime: HistogramSummary;
  /** From there to the end, of completed and failed tasks. */
  readonly runTime: HistogramSummary;
}

/** Histograms count whole numbers from 1 on: microseconds. A day is the longest that is told apart. */
const PER_MS = 1000;
const LONGEST = 24 * 60 * 60 * 1000 * PER_MS;

function newHistogram(): RecordableHistogram {
  return createHistogram({ lowest: 1, highest: LONGEST, figures: 3 });
}

export class TaskMetrics {
  readonly #waitTime = newHistogram();
  readonly #runTime = newHistogram();
  #completed = 0;
  #failed = 0;
  #busyMs = 0;

  /** A task was given to a worker. */
  began(waitedMs: number): void {
    record(this.#waitTime, waitedMs);
  }

  /** A task that had begun is over. */
  ended(ranMs: number, hasResult: boolean): void {
    record(this.#runTime, ranMs);
    this.#busyMs += ranMs;
    if (hasResult) this.#completed += 1;
    else this.#failed += 1;
  }

  /**
   * The share of the capacity that was used, 0 to 1.
   * @param runningMs time that the tasks have run that run now, together
   * @param capacityMs time that all workers together could have worked
   */
  utilization(runningMs: number, capacityMs: number): number {
    return capacityMs <= 0 ? 0 : Math.min(1, (this.#busyMs + runningMs) / capacityMs);
  }

  figures(): TaskFigures {
    return {
      completed: this.#completed,
      failed: this.#failed,
      waitTime: summary(this.#waitTime),
      runTime: summary(this.#runTime),
    };
  }
}

function record(histogram: RecordableHistogram, ms: number): void {
  histogram.record(Math.min(LONGEST, Math.max(1, Math.round(ms * PER_MS))));
}

function summary(histogram: RecordableHistogram): HistogramSummary {
  const inMs = (value: number): number => (histogram.count === 0 ? 0 : value / PER_MS);
  const at = (percentile: number): number => inMs(histogram.percentile(percentile));
  return {
    average: inMs(histogram.mean),
    mean: inMs(histogram.mean),
    stddev: inMs(histogram.stddev),
    min: inMs(histogram.min),
    max: inMs(histogram.max),
    p0_001: at(0.001),
    p0_01: at(0.01),
    p0_1: at(0.1),
    p1: at(1),
    p2_5: at(2.5),
    p10: at(10),
    p25: at(25),
    p50: at(50),
    p75: at(75),
    p90: at(90),
    p97_5: at(97.5),
    p99: at(99),
    p99_9: at(99.9),
    p99_99: at(99.99),
    p99_999: at(99.999),
  };
}
