/**
 * Which project answers for what: the files of a base, the name of a project that is not the one of an editor, and the
 * place of a configuration that extends itself.
 */
import path from 'node:path';
import { UnreadableFile } from '../../protocol/read-file.ts';
import type { TsconfigFlaw, TsconfigReader } from '../../reading/tsconfig.ts';
import { nearerConfig, projectReader } from './projects.ts';
import { NOWHERE, type Diagnostic, type ProjectSink } from './session.ts';

/** Of one check. */
export class Answering {
  readonly #root: string;
  readonly #bases: ReadonlySet<string>;
  readonly #reader: TsconfigReader = projectReader([]);

  /** @param bases projects that answer only for files that no nearer configuration includes; relative to the root */
  constructor(root: string, bases: ReadonlySet<string>) {
    this.#root = root;
    this.#bases = bases;
  }

  /** Passes on what the project answers for. */
  sinkFor(project: string, sink: ProjectSink): ProjectSink {
    const configFile = path.join(this.#root, project);
    const isOwn = this.#bases.has(project) ? this.#ownFiles(path.dirname(configFile)) : undefined;
    return {
      begin: (file) => sink.begin(file),
      answer: (file, diagnostics) => sink.answer(file, isOwn?.(file) === false ? [] : this.#named(diagnostics, file, configFile)), // prettier-ignore
      project: (diagnostics) => sink.project(diagnostics.map((diagnostic) => placed(diagnostic, configFile))),
      answeredBy: (engine) => sink.answeredBy(engine),
      progress: (done, total) => sink.progress(done, total),
    };
  }

  /** Two configurations may include a file. What only the farther one finds says so. */
  #named(diagnostics: readonly Diagnostic[], file: string, configFile: string): readonly Diagnostic[] {
    if (diagnostics.length === 0) return diagnostics;
    const nearest = nearerConfig(this.#reader, path.normalize(file), path.dirname(this.#root));
    if (nearest === undefined || nearest === configFile) return diagnostics;
    const message = `Found with the options of ${path.relative(this.#root, configFile).split(path.sep).join('/')}, which includes this file too.`;
    const place: Diagnostic = { file: configFile, range: NOWHERE, code: 0, severity: 'info', message };
    return diagnostics.map((diagnostic) => ({ ...diagnostic, related: [...(diagnostic.related ?? []), place] }));
  }

  #ownFiles(folder: string): (file: string) => boolean {
    const prefix = `${folder}${path.sep}`;
    return (file) => {
      const absolute = path.normalize(file);
      return !absolute.startsWith(prefix) || nearerConfig(this.#reader, absolute, folder) === undefined;
    };
  }
}

/** TypeScript gives no place for a configuration that extends itself, and 7.0 leaves the files out of the message. */
function placed(diagnostic: Diagnostic, configFile: string): Diagnostic {
  const flaw = diagnostic.code === CIRCULAR && diagnostic.file === undefined ? cycleIn(configFile) : undefined;
  if (!flaw) return diagnostic;
  const message = diagnostic.message.includes('{0}') ? flaw.message : diagnostic.message;
  return { ...diagnostic, file: flaw.file, range: flaw.range, message };
}

const CIRCULAR = 18000;

/** Where a configuration, or what it extends, extends itself. */
export function cycleIn(configFile: string): TsconfigFlaw | undefined {
  return flawsIn(configFile).find(({ kind }) => kind === 'cycle');
}

/** What is wrong with a configuration and what it extends. */
export function flawsIn(configFile: string): readonly TsconfigFlaw[] {
  try {
    return projectReader([]).read(configFile).flaws;
  } catch (error) {
    if (error instanceof UnreadableFile) return [];
    throw error;
  }
}
