/**
 * Sinks between a compiler and the report: one records the diagnostics of a project, so that they can be compared with
 * those of another compiler; one defers diagnostics that could not be withdrawn. Live until the comparison.
 */
import type { RootPaths } from './report.ts';
import type { Diagnostic, ProjectSink } from './session.ts';

export class RecordedDiagnostics implements ProjectSink {
  readonly #paths: RootPaths;
  readonly #sink: ProjectSink;
  /** The last diagnostics by path relative to the root. */
  readonly #answers = new Map<string, { readonly file: string; readonly lines: readonly string[] }>();
  readonly #aboutProject: string[] = [];

  constructor(paths: RootPaths, sink: ProjectSink = discardSink) {
    this.#paths = paths;
    this.#sink = sink;
  }

  begin(file: string): void {
    this.#sink.begin(file);
  }

  answer(file: string, diagnostics: readonly Diagnostic[]): Promise<void> {
    this.#answers.set(this.#paths.relative(file), { file, lines: diagnostics.map((found) => this.#line(found)) });
    return this.#sink.answer(file, diagnostics);
  }

  project(diagnostics: readonly Diagnostic[]): void {
    this.#aboutProject.push(...diagnostics.map((found) => this.#line(found)));
    this.#sink.project(diagnostics);
  }

  answeredBy(engine: string): void {
    this.#sink.answeredBy(engine);
  }

  progress(done: number, total: number): void {
    this.#sink.progress(done, total);
  }

  /** Clears files with diagnostics here for which the other compiler gave no answer. */
  async clearMissingIn(other: RecordedDiagnostics): Promise<void> {
    for (const [name, { file, lines }] of this.#answers) {
      if (lines.length > 0 && !other.#answers.has(name)) await other.answer(file, []);
    }
  }

  /** Diagnostics that only one of the two reported. Ignores related places and tags. */
  differencesFrom(other: RecordedDiagnostics): readonly string[] {
    const [ours, theirs] = [this.#lines(), other.#lines()];
    return [...[...ours].filter((line) => !theirs.has(line)), ...[...theirs].filter((line) => !ours.has(line))];
  }

  #lines(): Set<string> {
    return new Set([...[...this.#answers.values()].flatMap(({ lines }) => lines), ...this.#aboutProject]);
  }

  #line({ file, range, code, severity, message }: Diagnostic): string {
    const { start, end } = range;
    const place = [start.line, start.character, end.line, end.character].join(':');
    return `${file === undefined ? '' : this.#paths.relative(file)} ${place} ${severity} TS${code}: ${message}`;
  }
}

/** Diagnostics about options that TypeScript 7 has removed but the workspace's version still has. */
const REMOVED_OPTIONS: ReadonlySet<number> = new Set([5102, 5108]);

/**
 * Passes on the diagnostics of TypeScript 7. Defers those of the project itself until the end, because they could not
 * be withdrawn, and drops those about options that only the workspace's version has.
 */
export class DeferredProjectSink implements ProjectSink {
  readonly #sink: ProjectSink;
  readonly #aboutProject: Diagnostic[] = [];

  constructor(sink: ProjectSink) {
    this.#sink = sink;
  }

  begin(file: string): void {
    this.#sink.begin(file);
  }

  answer(file: string, diagnostics: readonly Diagnostic[]): Promise<void> {
    return this.#sink.answer(file, diagnostics);
  }

  project(diagnostics: readonly Diagnostic[]): void {
    this.#aboutProject.push(...diagnostics.filter(({ code }) => !REMOVED_OPTIONS.has(code)));
  }

  answeredBy(engine: string): void {
    this.#sink.answeredBy(engine);
  }

  progress(done: number, total: number): void {
    this.#sink.progress(done, total);
  }

  release(): void {
    this.#sink.project(this.#aboutProject);
  }
}

export const discardSink: ProjectSink = {
  begin: () => {},
  answer: () => Promise.resolve(),
  project: () => {},
  answeredBy: () => {},
  progress: () => {},
};
