/**
 * TypeScript up to 6 through its JavaScript API, in this process. Keeps the program of each project for the next check
 * as long as memory allows, and the parsed files of all of them.
 */
import { createRequire } from 'node:module';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type ts from 'typescript';
import type { Engine } from './engine.ts';
import { Disk, type TypeScript } from './javascript-host.ts';
import {
  NOWHERE,
  severityOf,
  type Changes,
  type Diagnostic,
  type ProjectOrder,
  type ProjectSink,
  type SessionSettings,
  type TypeScriptSession,
} from './session.ts';
import { LineMap } from './text.ts';

/** @param engine of kind `javascript`; its module is loaded into this process */
export function openJavascript(engine: Engine, { root }: SessionSettings): TypeScriptSession {
  const typescript = createRequire(engine.entry)(engine.entry) as TypeScript;
  return new JavascriptSession(typescript, root);
}

/** A wanted file is checked at once only while there are not too many of them. */
const MANY_WANTED = 50;

interface LoadedProject {
  readonly program: ts.Program;
  readonly configuration: readonly ts.Diagnostic[];
}

class JavascriptSession implements TypeScriptSession {
  readonly #ts: TypeScript;
  readonly #disk: Disk;
  /** By path of the tsconfig, most recently used last. */
  readonly #projects = new Map<string, LoadedProject>();

  constructor(typescript: TypeScript, root: string) {
    this.#ts = typescript;
    this.#disk = new Disk(typescript, root);
  }

  update(changes: Changes): Promise<void> {
    const touched = this.#disk.update(changes);
    // A file that comes, goes or is not of a program can change what imports mean: those programs start afresh.
    for (const [config, { program }] of this.#projects) {
      const harmless = touched?.every((file) => program.getSourceFile(file) && this.#disk.fileExists(file)) ?? false;
      if (!harmless) this.#projects.delete(config);
    }
    return Promise.resolve();
  }

  async check({ configFile, first }: ProjectOrder, sink: ProjectSink, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { program, configuration } = this.#load(configFile);
    const convert = new Converter(this.#ts);
    const options = [...program.getOptionsDiagnostics(), ...program.getGlobalDiagnostics()];
    sink.project(convert.all([...configuration, ...options]));

    const sources = program.getSourceFiles();
    await this.#checkWanted(program, first, convert, sink, signal);
    let clean = options.length === 0;
    let done = 0;
    // In the program's own order: messages list the members of a union in the order they were met.
    for (const source of sources) {
      sink.begin(source.fileName);
      const syntax = program.getSyntacticDiagnostics(source);
      const found = [...syntax, ...program.getSemanticDiagnostics(source)];
      clean &&= found.length === 0;
      await this.#answer(source, found, convert, sink);
      done += 1;
      sink.progress(done, sources.length);
      await nextTurn();
      signal.throwIfAborted();
    }
    const { declaration, composite } = program.getCompilerOptions();
    if (clean && (declaration === true || composite === true)) {
      // As `tsc --noEmit` does: problems of declaration files come last, when there are no others.
      for (const source of sources) {
        const found = program.getDeclarationDiagnostics(source);
        if (found.length === 0) continue;
        await this.#answer(source, found, convert, sink);
        await nextTurn();
        signal.throwIfAborted();
      }
    }
  }

  trim(kept?: string): void {
    for (const config of this.#projects.keys()) if (config !== kept) this.#projects.delete(config);
    this.#disk.forget([...this.#projects.values()].flatMap(({ program }) => program.getSourceFiles()));
  }

  close(): Promise<void> {
    this.trim();
    return Promise.resolve();
  }

  /**
   * Answers for wanted files with a checker of their own, so that the checker of the program meets all files in the
   * order `tsc` does and its messages read the same. Parsed files and bound symbols are shared.
   */
  async #checkWanted(
    program: ts.Program,
    first: readonly string[],
    convert: Converter,
    sink: ProjectSink,
    signal: AbortSignal,
  ): Promise<void> {
    const wanted = first.slice(0, MANY_WANTED).flatMap((file) => program.getSourceFile(file) ?? []);
    if (wanted.length === 0) return;
    const scout = this.#ts.createProgram({
      rootNames: program.getRootFileNames(),
      options: program.getCompilerOptions(),
      projectReferences: program.getProjectReferences(),
      host: this.#disk.hostFor(program.getCompilerOptions()),
      oldProgram: program,
    } as ts.CreateProgramOptions);
    for (const source of wanted) {
      const own = scout.getSourceFile(source.fileName);
      if (!own) continue;
      sink.begin(own.fileName);
      const found = [...scout.getSyntacticDiagnostics(own), ...scout.getSemanticDiagnostics(own)];
      await this.#answer(own, found, convert, sink);
      await nextTurn();
      signal.throwIfAborted();
    }
  }

  async #answer(
    source: ts.SourceFile,
    found: readonly ts.Diagnostic[],
    convert: Converter,
    sink: ProjectSink,
  ): Promise<void> {
    const [here, elsewhere] = partition(found, ({ file }) => file?.fileName === source.fileName);
    await sink.answer(source.fileName, convert.all(here));
    // Missing global types are found while checking the file that needs them.
    if (elsewhere.length > 0) sink.project(convert.all(elsewhere));
  }

  #load(configFile: string): LoadedProject {
    const old = this.#projects.get(configFile);
    const config = this.#disk.readConfig(configFile);
    const program = this.#ts.createProgram({
      rootNames: config.fileNames,
      options: config.options,
      ...(config.projectReferences ? { projectReferences: config.projectReferences } : {}),
      host: this.#disk.hostFor(config.options),
      configFileParsingDiagnostics: this.#ts.getConfigFileParsingDiagnostics(config),
      ...(old ? { oldProgram: old.program } : {}),
    });
    const project = { program, configuration: program.getConfigFileParsingDiagnostics() };
    this.#projects.delete(configFile);
    this.#projects.set(configFile, project);
    return project;
  }
}

/** From TypeScript's diagnostics to ours; remembers the lines of the files it meets. */
class Converter {
  readonly #ts: TypeScript;
  readonly #lines = new WeakMap<ts.SourceFile, LineMap>();

  constructor(typescript: TypeScript) {
    this.#ts = typescript;
  }

  all(found: readonly (ts.Diagnostic | ts.DiagnosticRelatedInformation)[]): readonly Diagnostic[] {
    return found.map((diagnostic) => this.#one(diagnostic));
  }

  #one(diagnostic: ts.Diagnostic | ts.DiagnosticRelatedInformation): Diagnostic {
    const { file, start = 0, length = 0, code, category, messageText } = diagnostic;
    const { reportsUnnecessary, reportsDeprecated, relatedInformation } = diagnostic as ts.Diagnostic;
    return {
      ...(file ? { file: file.fileName } : {}),
      range: file ? this.#linesOf(file).range(start, start + length) : NOWHERE,
      code,
      severity: severityOf(category),
      message: this.#ts.flattenDiagnosticMessageText(messageText, '\n'),
      ...(reportsUnnecessary ? { unnecessary: true } : {}),
      ...(reportsDeprecated ? { deprecated: true } : {}),
      ...(relatedInformation ? { related: this.all(relatedInformation) } : {}),
    };
  }

  #linesOf(file: ts.SourceFile): LineMap {
    const known = this.#lines.get(file);
    if (known) return known;
    const made = new LineMap(file.text);
    this.#lines.set(file, made);
    return made;
  }
}

function partition<T>(all: readonly T[], belongs: (one: T) => boolean): readonly [readonly T[], readonly T[]] {
  return [all.filter(belongs), all.filter((one) => !belongs(one))];
}
