/** The reporters of `--format`, one for each format. */
import type { Issue } from '../../workers/protocol/detector-protocol.ts';
import type { DetectorStatus } from '../engine/status.ts';
import type { Format } from './arguments.ts';
import type { Output, Reporter, WatchReporter } from './output.ts';
import { PrettyReporter, PrettyWatchReporter, type PrettyOptions } from './pretty.ts';
import { chunksOf } from './reports/chunks.ts';
import type { ReportFormat } from './reports/formats.ts';
import { reportText } from './reports/index.ts';
import { detectorResult, type CheckReport } from './result.ts';

type Options = PrettyOptions & { readonly format: Format };

export function watchReporterFor(options: Options, out: Output, err: Output, root: string): WatchReporter {
  return options.format === 'pretty' ? new PrettyWatchReporter(out, err, root, options) : new JsonLinesReporter(out);
}

export function reporterFor(options: Options, out: Output, err: Output, root: string): Reporter {
  switch (options.format) {
    case 'jsonl':
      return new JsonLinesReporter(out);
    case 'pretty':
      return new PrettyReporter(out, err, root, options);
    default:
      return new ReportReporter(options.format, out);
  }
}

/** Prints a report at the end. */
class ReportReporter implements Reporter {
  readonly #format: ReportFormat;
  readonly #out: Output;
  constructor(format: ReportFormat, out: Output) {
    this.#format = format;
    this.#out = out;
  }
  issues(): void {}
  progress(): void {}
  complete(): void {}
  end(report: CheckReport): void {
    for (const chunk of chunksOf(reportText(this.#format, report))) this.#out.write(chunk);
  }
}

class JsonLinesReporter implements Reporter, WatchReporter {
  readonly #out: Output;
  #lastProgress = '';
  constructor(out: Output) {
    this.#out = out;
  }

  issues(_file: string, issues: readonly Issue[], gone: readonly Issue[] = []): void {
    for (const issue of gone) this.#line({ type: 'gone', issue });
    for (const issue of issues) this.#line({ type: 'issue', issue });
  }

  round(report: CheckReport, changed: readonly string[]): void {
    this.#line({ type: 'change', files: changed });
    this.end(report);
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
