/** How a run looks while it goes on and when it ends, by format. A reporter is told; it asks nothing. */
import type { Issue } from '../../workers/protocol.ts';
import type { DetectorStatus } from '../engine/status.ts';
import type { Format } from './arguments.ts';
import { PrettyReporter } from './pretty.ts';
import { detectorResult, type CheckReport } from './result.ts';

export interface Output {
  /** Standard output or error. */
  write(text: string): void;
  readonly isTTY: boolean;
  readonly columns: number;
}

export interface Reporter {
  /** Each issue once, as soon as its file is done. */
  issues(file: string, issues: readonly Issue[]): void;
  progress(fraction: number, detectors: readonly DetectorStatus[]): void;
  /** A detector has settled. */
  complete(status: DetectorStatus, issues: readonly Issue[]): void;
  end(report: CheckReport): void;
}

export function reporterFor(format: Format, out: Output, err: Output, root: string): Reporter {
  switch (format) {
    case 'json':
      return new JsonReporter(out);
    case 'jsonl':
      return new JsonLinesReporter(out);
    case 'pretty':
      return new PrettyReporter(out, err, root);
  }
}

class JsonReporter implements Reporter {
  readonly #out: Output;
  constructor(out: Output) {
    this.#out = out;
  }
  issues(): void {}
  progress(): void {}
  complete(): void {}
  end(report: CheckReport): void {
    this.#out.write(`${JSON.stringify(report, undefined, 2)}\n`);
  }
}

class JsonLinesReporter implements Reporter {
  readonly #out: Output;
  #lastProgress = '';
  constructor(out: Output) {
    this.#out = out;
  }

  issues(_file: string, issues: readonly Issue[]): void {
    for (const issue of issues) this.#line({ type: 'issue', issue });
  }

  progress(fraction: number, detectors: readonly DetectorStatus[]): void {
    const line = {
      type: 'progress',
      percent: Math.floor(fraction * 100),
      detectors: detectors.map(({ name, state }) => ({ name, status: state })),
    };
    const text = JSON.stringify(line);
    if (text === this.#lastProgress) return;
    this.#lastProgress = text;
    this.#out.write(`${text}\n`);
  }

  complete(status: DetectorStatus, issues: readonly Issue[]): void {
    const result = detectorResult(status, issues);
    this.#line({ type: 'complete', ...result });
    if (result.error !== undefined) this.#line({ type: 'error', detector: status.name, message: result.error });
  }

  end(report: CheckReport): void {
    const { issues: _issues, ...rest } = report;
    this.#line({ type: 'summary', ...rest });
  }

  #line(value: unknown): void {
    this.#out.write(`${JSON.stringify(value)}\n`);
  }
}
