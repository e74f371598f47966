/**
 * On the way from an engine to whoever hears it: what one engine says of one project is noted, so that it can be held
 * against what another one says, and held back where it could not be taken back. Lives until the comparison.
 */
import type { RootPaths } from './report.ts';
import type { Diagnostic, ProjectSink } from './session.ts';

export class RecordedDiagnostics implements ProjectSink {
  readonly #paths: RootPaths;
  readonly #sink: ProjectSink;
  /** As said last, by path relative to the root. */
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

  /** Clears, in the name of another one, what that one did not answer for. */
  async clearMissingIn(other: RecordedDiagnostics): Promise<void> {
    for (const [name, { file, lines }] of this.#answers) {
      if (lines.length > 0 && !other.#answers.has(name)) await other.answer(file, []);
    }
  }

  /** What only one of both said. Places that are named beside the first and tags are not compared. */
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

/** Options that TypeScript 7 no longer has, and the own version has. */
const REMOVED_OPTIONS: ReadonlySet<number> = new Set([5102, 5108]);

/**
 * Passes on what the accelerator says. What it says of the project is held back until all is said, as it could not be
 * taken back; what it says of options that only the own version has is left out, as it does not speak for itself.
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
