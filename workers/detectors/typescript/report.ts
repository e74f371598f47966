/** Converts the diagnostics of one project to findings of its unit. Lives as long as one check of one unit. */
import { realpathSync } from 'node:fs';
import path from 'node:path';
import type { CheckContext } from '../../protocol/detector.ts';
import type { Cause, CheckRequest, Finding, RelatedPlace, Unit } from '../../protocol/detector-protocol.ts';
import { readTextSync } from '../../protocol/read-file.ts';
import { Consequences } from './consequences.ts';
import type { Diagnostic, ProjectSink } from './session.ts';

/** Paths relative to a root, whether spelled through symbolic links or not. */
export class RootPaths {
  readonly #roots: readonly string[];

  constructor(root: string) {
    let real = root;
    try {
      real = realpathSync.native(root);
    } catch {
      // A deleted root has no real path.
    }
    this.#roots = real === root ? [root] : [root, real];
  }

  /** @returns with forward slashes; starts with `../` when outside, and stays absolute on another drive */
  relative(file: string): string {
    const ways = this.#roots.map((root) => path.relative(root, file).split(path.sep).join('/'));
    return ways.find((way) => !way.startsWith('../')) ?? ways[0] ?? file;
  }
}

export class UnitReport implements ProjectSink {
  readonly #unit: Unit;
  readonly #context: CheckContext;
  readonly #paths: RootPaths;
  readonly #root: string;
  readonly #consequences: Consequences;
  readonly #onProgress: (done: number, total: number) => void;
  /** The last findings of each file. */
  readonly #answers = new Map<string, readonly Finding[]>();
  #hasCauses = false;
  readonly #aboutProject = new Map<string, Finding[]>();

  constructor(
    unit: Unit,
    context: CheckContext,
    paths: RootPaths,
    { root, overlays }: Pick<CheckRequest, 'root' | 'overlays'>,
    onProgress: (done: number, total: number) => void = () => {},
  ) {
    this.#unit = unit;
    this.#context = context;
    this.#paths = paths;
    this.#root = root;
    this.#consequences = new Consequences(root, path.join(root, unit.id), (file) => {
      const overlay = overlays.find((candidate) => path.join(root, candidate.file) === file);
      return overlay?.text ?? textOf(file);
    });
    this.#onProgress = onProgress;
  }

  get files(): number {
    return this.#answers.size;
  }

  get issues(): number {
    const all = [...this.#answers.values(), ...this.#aboutProject.values()];
    return all.reduce((sum, findings) => sum + findings.length, 0);
  }

  /** Some findings are consequences: of files that are missing, whatever their kind. */
  get hasCauses(): boolean {
    return this.#hasCauses;
  }

  begin(file: string): void {
    const relative = this.#paths.relative(file);
    // Most files in packages have no findings, and a file without `begin` needs no `done`.
    if (!isForeign(relative)) this.#context.begin(this.#unit, relative);
  }

  async answer(file: string, diagnostics: readonly Diagnostic[]): Promise<void> {
    const relative = this.#paths.relative(file);
    const findings = distinct(this.#findings(diagnostics, relative));
    const before = this.#answers.get(relative);
    this.#answers.set(relative, findings);
    // A file of a package without findings needs no answer.
    if (findings.length === 0 && !before && isForeign(relative)) return;
    await this.#say(relative, findings);
  }

  project(diagnostics: readonly Diagnostic[]): void {
    const fileOf = ({ file }: Diagnostic): string =>
      file === undefined ? this.#unit.file : this.#paths.relative(file);
    const relevant = diagnostics.filter((diagnostic) => !this.#consequences.isMoot(diagnostic));
    for (const [file, own] of Map.groupBy(relevant, fileOf)) {
      const findings = [...(this.#aboutProject.get(file) ?? []), ...this.#findings(own, file)];
      this.#aboutProject.set(file, distinct(findings));
    }
  }

  answeredBy(engine: string): void {
    this.#context.answeredBy?.(this.#unit, engine);
  }

  progress(done: number, total: number): void {
    this.#onProgress(done, total);
  }

  /** Must be called last: reports the findings of the project itself, and `done` for its configuration. */
  async finish(): Promise<void> {
    for (const file of new Set([...this.#aboutProject.keys(), this.#unit.file])) {
      await this.#say(file, this.#answers.get(file) ?? []);
    }
  }

  async #say(file: string, findings: readonly Finding[]): Promise<void> {
    const all = distinct([...findings, ...(this.#aboutProject.get(file) ?? [])]);
    if (all.length > 0) this.#context.report(this.#unit, file, all);
    await this.#context.done(this.#unit, file);
  }

  /** @param file relative */
  #findings(diagnostics: readonly Diagnostic[], file: string): readonly Finding[] {
    const causes = this.#consequences.of(path.join(this.#root, file), diagnostics);
    this.#hasCauses ||= causes.some((cause) => cause !== undefined);
    return diagnostics.map((diagnostic, index) => this.#finding(diagnostic, causes[index]));
  }

  #finding(diagnostic: Diagnostic, cause: Cause | undefined): Finding {
    const { code, severity, message, range, unnecessary, deprecated, related = [] } = diagnostic;
    const { rule = `TS${String(code)}` } = diagnostic;
    const tags = [
      ...(unnecessary === true ? (['unnecessary'] as const) : []),
      ...(deprecated === true ? (['deprecated'] as const) : []),
    ];
    const places = related.flatMap((place) => this.#related(place));
    return {
      rule,
      severity,
      message,
      range,
      ...(tags.length > 0 ? { tags } : {}),
      ...(places.length > 0 ? { related: places } : {}),
      ...(cause === undefined ? {} : { cause }),
    };
  }

  #related({ file, range, message }: Diagnostic): readonly RelatedPlace[] {
    return file === undefined ? [] : [{ file: this.#paths.relative(file), range, message }];
  }
}

function textOf(file: string): string | undefined {
  try {
    return readTextSync(file);
  } catch {
    return undefined;
  }
}

function isForeign(relative: string): boolean {
  return relative.startsWith('../') || path.isAbsolute(relative) || relative.includes('node_modules/');
}

/** Without repeats of the same message at the same place, as `tsc` prints them. */
function distinct(findings: readonly Finding[]): Finding[] {
  const seen = new Set<string>();
  return findings.filter(({ rule, range, message }) => {
    const key = JSON.stringify([rule, range, message]);
    return !seen.has(key) && seen.add(key);
  });
}
