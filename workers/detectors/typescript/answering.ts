/** Which project answers for what: the files of a base, and the place of a configuration that extends itself. */
import path from 'node:path';
import { UnreadableFile } from '../../protocol/read-file.ts';
import type { TsconfigFlaw, TsconfigReader } from '../../reading/tsconfig.ts';
import { nearerConfig, projectReader } from './projects.ts';
import type { Diagnostic, ProjectSink } from './session.ts';

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
      answer: (file, diagnostics) => sink.answer(file, isOwn?.(file) === false ? [] : diagnostics),
      project: (diagnostics) => sink.project(diagnostics.map((diagnostic) => placed(diagnostic, configFile))),
      answeredBy: (engine) => sink.answeredBy(engine),
      progress: (done, total) => sink.progress(done, total),
    };
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
  try {
    return projectReader([])
      .read(configFile)
      .flaws.find(({ kind }) => kind === 'cycle');
  } catch (error) {
    if (error instanceof UnreadableFile) return undefined;
    throw error;
  }
}
