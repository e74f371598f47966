/** What the status said lately, for a report: state, memory and restarts over time. Lives as long as the extension. */
import type { IssueCounts } from '../../workers/protocol/editor-protocol.ts';
import type { View } from '../view.ts';

/** Milliseconds between two samples of the same state. */
const intervalMs = 2000;
const maximumSamples = 1000;

interface Sample {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Of the server; `starting`, `restarting`, `stopped` or `failed` where it does not run. */
  readonly state: string;
  readonly percent?: number;
  readonly memoryBytes?: number;
  readonly workers?: readonly { readonly name: string; readonly state: string; readonly memoryBytes: number; readonly restarts: number }[]; // prettier-ignore
  readonly issues?: IssueCounts;
}

export class RecentHealth {
  readonly #samples: Sample[] = [];

  /** The oldest first. */
  get samples(): readonly Sample[] {
    return this.#samples;
  }

  /** @param at milliseconds since the epoch */
  add(at: number, view: View): void {
    const sample = sampleOf(at, view);
    const last = this.#samples.at(-1);
    if (last?.state === sample.state && at - last.at < intervalMs) return;
    this.#samples.push(sample);
    if (this.#samples.length > maximumSamples) this.#samples.shift();
  }
}

function sampleOf(at: number, view: View): Sample {
  if (view.phase !== 'running') return { at, state: view.phase };
  const { state, percent, memoryBytes, workers, issues } = view.status;
  return {
    at,
    state,
    ...(percent === undefined ? {} : { percent }),
    memoryBytes,
    workers: workers.map(({ name, state: one, memoryBytes: bytes, restarts }) => {
      return { name, state: one, memoryBytes: bytes, restarts };
    }),
    issues,
  };
}
