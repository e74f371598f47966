/**
 * TypeScript up to 6 through its JavaScript API, in this process. Keeps the program of each project for the next check
 * as long as memory allows, and the parsed files of all of them.
 */
import { createRequire } from 'node:module';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type ts from 'typescript';
import type { Compiler } from './compiler.ts';
import { affectedFiles, touchedSources, type Edit } from './affected.ts';
import { Disk, type Touched, type TypeScript } from './javascript-host.ts';
import { Imports } from './imports.ts';
import { AnswerHistory, type Known } from './answer-history.ts';
import {
  NOWHERE,
  severityOf,
  type Changes,
  type Diagnostic,
  type Extent,
  type ProjectRequest,
  type ProjectSink,
  type SessionSettings,
  type IncrementalSession,
} from './session.ts';
import { LineMap, slashed } from './text.ts';

/**
 * @param engine of kind `javascript`; its module is loaded into this process
 * @param language of files other than scripts that projects have; absent: there are none
 */
export function openJavascript(
  engine: Compiler,
  { root }: SessionSettings,
  language?: ComponentLanguage,
): IncrementalSession {
  return new JavascriptSession(loadTypescript(engine), root, language);
}

export function loadTypescript({ entry }: Pick<Compiler, 'entry'>): TypeScript {
  return createRequire(entry)(entry) as TypeScript;
}

/** Makes programs whose files are not only scripts. */
export type ComponentLanguage = (typescript: TypeScript, disk: Disk, configFile: string) => ProgramMaker;

/** Makes the programs of one project, one after another. Lives as long as the project stays loaded. */
export interface ProgramMaker {
  /** Of further files that belong to the project. */
  readonly extensions: readonly ts.FileExtensionInfo[];
  create(options: ts.CreateProgramOptions): ts.Program;
}

/** At most this many open files are checked first. */
const MANY_WANTED = 50;
/**
 * When more than this share of the files is affected, all are checked at once, because they would be revalidated
 * anyway.
 */
const MANY_AFFECTED = 0.25;
/** Up to this many affected files, the share does not matter. */
const FEW_AFFECTED = 200;

interface LoadedProject {
  readonly config: ts.ParsedCommandLine;
  readonly maker: ProgramMaker;
  program: ts.Program;
  /** Texts of its files may have changed. */
  stale: boolean;
  /** Its checker has visited files in another order than that of the program. */
  mixed: boolean;
  readonly configuration: readonly ts.Diagnostic[];
  /** Diagnostics of the project itself in the last complete check. */
  general: readonly Diagnostic[];
  /** Files for which the last complete check reported declaration diagnostics. */
  declarations: ReadonlySet<string>;
  readonly imports: Imports;
  /** Answers from before the program was unloaded have no state. */
  readonly history: AnswerHistory<ts.Program | undefined>;
}

/** The remains of a project whose program was unloaded: enough to know which changes do not affect it. */
interface UnloadedProject {
  /** Keys of its files. */
  readonly files: ReadonlySet<string>;
  readonly history: AnswerHistory<ts.Program | undefined>;
}

class JavascriptSession implements IncrementalSession {
  readonly #ts: TypeScript;
  readonly #disk: Disk;
  readonly #language: ComponentLanguage;
  /** By path of the tsconfig, most recently used last. */
  readonly #projects = new Map<string, LoadedProject>();
  /** By path of the tsconfig; none of them is loaded. */
  readonly #unloaded = new Map<string, UnloadedProject>();
  /** The project of an open file, whose program answers the next edit. */
  #openFileProject: string | undefined;

  constructor(typescript: TypeScript, root: string, language: ComponentLanguage = scriptsOnly) {
    this.#ts = typescript;
    this.#disk = new Disk(typescript, root);
    this.#language = language;
  }

  update(changes: Changes): Promise<void> {
    const touched = this.#disk.update(changes);
    for (const [config, project] of this.#projects) {
      const { history } = project;
      const programs = programsOf(project);
      const own = ownChanges(touched, (file) => programs.some((one) => one.getSourceFile(file) !== undefined));
      if (own === undefined) this.#projects.delete(config);
      else if (own.length > 0) project.stale = true;
      for (const { file } of own ?? []) history.touch(file);
    }
    for (const [config, { files, history }] of this.#unloaded) {
      const own = ownChanges(touched, (file) => files.has(this.#disk.keyOf(file)));
      if (own === undefined) this.#unloaded.delete(config);
      for (const { file } of own ?? []) history.touch(file);
    }
    return Promise.resolve();
  }

  async check(order: ProjectRequest, sink: ProjectSink, signal: AbortSignal): Promise<Extent> {
    const part = order.whole ? undefined : await this.checkPart(order, sink, signal);
    if (part !== undefined) return part;
    signal.throwIfAborted();
    const project = this.#load(order);
    project.history.asked(order.since);
    await this.#checkWhole(project, order, sink, signal);
    project.history.gave(order.revision, project.program);
    return 'whole';
  }

  async checkPart(
    order: ProjectRequest,
    sink: ProjectSink,
    signal: AbortSignal,
  ): Promise<Exclude<Extent, 'whole'> | undefined> {
    signal.throwIfAborted();
    const rest = this.#checkUnloaded(order);
    if (rest) return rest;
    if (this.#projects.get(order.configFile)?.history.knows(order.since) !== true) return undefined;
    const project = this.#load(order);
    const known = project.history.asked(order.since);
    const extent = known && (await this.#checkTouched(project, known, order.first, sink, signal));
    if (extent) project.history.gave(order.revision, project.program);
    return extent;
  }

  async #checkTouched(
    project: LoadedProject,
    { state, touched }: Known<ts.Program | undefined>,
    first: readonly string[],
    sink: ProjectSink,
    signal: AbortSignal,
  ): Promise<'unchanged' | 'affected' | undefined> {
    if (touched.size === 0) return 'unchanged';
    const edit: Edit | undefined = state && { before: state, now: project.program, touched };
    const sources = edit && touchedSources(edit);
    if (!sources) return undefined;
    if (sources.length === 0) return 'unchanged';
    return (await this.#checkAffected(project, edit, sources, first, sink, signal)) ? 'affected' : undefined;
  }

  optionsOf(configFile: string): string {
    const { options, projectReferences } = this.#disk.readConfig(configFile, false);
    const { configFile: _, ...rest } = options;
    return JSON.stringify([Object.entries(rest).sort(([one], [other]) => (one < other ? -1 : 1)), projectReferences]);
  }

  /**
   * A project without a program is loaded for no change that does not concern it, nor at once for one that a loaded
   * project answers for too.
   * @returns undefined: it has to be loaded
   */
  #checkUnloaded({ configFile, revision, since }: ProjectRequest): 'unchanged' | 'later' | undefined {
    const history = this.#unloaded.get(configFile)?.history;
    const known = history?.asked(since);
    if (!history || !known) return undefined;
    if (known.touched.size === 0) {
      history.gave(revision, undefined);
      return 'unchanged';
    }
    const loaded = [...this.#projects.values()];
    if (![...known.touched].every((file) => loaded.some(({ program }) => program.getSourceFile(file))))
      return undefined;
    history.postponed(revision);
    return 'later';
  }

  async #checkWhole(
    project: LoadedProject,
    { first }: ProjectRequest,
    sink: ProjectSink,
    signal: AbortSignal,
  ): Promise<void> {
    const convert = new Converter(this.#ts);
    await this.#checkWanted(project, first, convert, sink, signal);
    // In the program's own order, by a checker that met nothing before: messages list the members of a union in the
    // order they were met.
    if (project.mixed) this.#renew(project);
    const { program } = project;
    const options = [...program.getOptionsDiagnostics(), ...program.getGlobalDiagnostics()];
    const general: Diagnostic[] = [];
    const about = (found: readonly ts.Diagnostic[]): void => {
      const converted = convert.all(found);
      general.push(...converted);
      sink.project(converted);
    };
    about([...project.configuration, ...options]);

    const sources = program.getSourceFiles().filter((source) => hasToSay(program, source));
    let clean = options.length === 0;
    let done = 0;
    for (const source of sources) {
      sink.begin(source.fileName);
      const found = diagnosticsOf(program, source);
      clean &&= found.length === 0;
      about(await this.#answer(source, found, convert, sink));
      done += 1;
      sink.progress(done, sources.length);
      await nextTurn();
      signal.throwIfAborted();
    }
    const flawed = new Set<string>();
    const { declaration, composite } = program.getCompilerOptions();
    if (clean && (declaration === true || composite === true)) {
      // As `tsc --noEmit` does: problems of declaration files come last, when there are no others.
      for (const source of sources) {
        const found = program.getDeclarationDiagnostics(source);
        if (found.length === 0) continue;
        flawed.add(source.fileName);
        await this.#answer(source, found, convert, sink);
        await nextTurn();
        signal.throwIfAborted();
      }
    }
    project.general = general;
    project.declarations = flawed;
  }

  /** @returns false: it went too far; all files have to be checked */
  async #checkAffected(
    project: LoadedProject,
    edit: Edit,
    sources: readonly ts.SourceFile[],
    first: readonly string[],
    sink: ProjectSink,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { program } = project;
    const convert = new Converter(this.#ts);
    const most = Math.max(FEW_AFFECTED, program.getSourceFiles().length * MANY_AFFECTED);
    const files = affectedFiles(this.#ts, edit, sources, project.imports, new Set(first.map(slashed)), most);
    project.mixed = true;
    sink.project(project.general);
    for (;;) {
      const { value, done } = files.next();
      if (done === true) return value;
      sink.begin(value.fileName);
      const found = diagnosticsOf(program, value);
      // Declaration diagnostics are only reported for a project without other problems.
      const declarations = project.declarations.has(value.fileName) && found.length === 0;
      await this.#answer(value, declarations ? program.getDeclarationDiagnostics(value) : found, convert, sink);
      await nextTurn();
      signal.throwIfAborted();
    }
  }

  filesOf(configFile: string): Iterable<string> | undefined {
    return this.#projects
      .get(configFile)
      ?.program.getSourceFiles()
      .map(({ fileName }) => fileName);
  }

  trim(kept?: string, all = false): void {
    for (const [config, project] of this.#projects) {
      if (config === kept || (config === this.#openFileProject && !all)) continue;
      const { history } = project;
      const sources = programsOf(project).flatMap((program) => program.getSourceFiles());
      const files = new Set(sources.map(({ fileName }) => this.#disk.keyOf(fileName)));
      history.rest(undefined);
      this.#unloaded.set(config, { files, history });
      this.#projects.delete(config);
    }
    this.#disk.forget([...this.#projects.values()].flatMap(({ program }) => program.getSourceFiles()));
  }

  close(): Promise<void> {
    this.trim(undefined, true);
    this.#unloaded.clear();
    return Promise.resolve();
  }

  /**
   * Answers for wanted files with a checker of their own, so that the checker of the whole meets all files in the order
   * `tsc` does and its messages read the same. Parsed files and bound symbols are shared.
   */
  async #checkWanted(
    project: LoadedProject,
    first: readonly string[],
    convert: Converter,
    sink: ProjectSink,
    signal: AbortSignal,
  ): Promise<void> {
    const { program } = project;
    const wanted = first.slice(0, MANY_WANTED).flatMap((file) => program.getSourceFile(file) ?? []);
    for (const source of wanted) {
      project.mixed = true;
      sink.begin(source.fileName);
      await this.#answer(source, diagnosticsOf(program, source), convert, sink);
      await nextTurn();
      signal.throwIfAborted();
    }
  }

  /**
   * @returns what was found and is of no file: missing global types are found while checking the file that needs them
   */
  async #answer(
    source: ts.SourceFile,
    found: readonly ts.Diagnostic[],
    convert: Converter,
    sink: ProjectSink,
  ): Promise<readonly ts.Diagnostic[]> {
    const [here, elsewhere] = partition(found, ({ file }) => file?.fileName === source.fileName);
    await sink.answer(source.fileName, convert.all(here));
    return elsewhere;
  }

  #load({ configFile, first }: ProjectRequest): LoadedProject {
    const project = this.#projects.get(configFile) ?? this.#open(configFile);
    if (project.stale) this.#renew(project);
    this.#unloaded.delete(configFile);
    this.#projects.delete(configFile);
    this.#projects.set(configFile, project);
    const holds = ({ program }: LoadedProject): boolean => first.some((file) => program.getSourceFile(slashed(file)));
    const favourite = this.#projects.get(this.#openFileProject ?? '');
    if (!(favourite && holds(favourite)) && holds(project)) this.#openFileProject = configFile;
    return project;
  }

  #open(configFile: string): LoadedProject {
    const maker = this.#language(this.#ts, this.#disk, configFile);
    const config = this.#disk.readConfig(configFile, true, maker.extensions);
    const program = this.#create(config, maker);
    return {
      config,
      maker,
      program,
      stale: false,
      mixed: false,
      configuration: program.getConfigFileParsingDiagnostics(),
      general: [],
      declarations: new Set(),
      imports: new Imports(this.#ts),
      history: this.#unloaded.get(configFile)?.history ?? new AnswerHistory(),
    };
  }

  /** The same project with the current texts and a fresh checker. */
  #renew(project: LoadedProject): void {
    project.program = this.#create(project.config, project.maker, project.program);
    project.stale = false;
    project.mixed = false;
    project.history.renew(project.program);
  }

  #create(config: ts.ParsedCommandLine, maker: ProgramMaker, oldProgram?: ts.Program): ts.Program {
    return maker.create({
      rootNames: config.fileNames,
      options: config.options,
      ...(config.projectReferences ? { projectReferences: config.projectReferences } : {}),
      host: this.#disk.hostFor(config.options),
      configFileParsingDiagnostics: this.#ts.getConfigFileParsingDiagnostics(config),
      ...(oldProgram ? { oldProgram } : {}),
    });
  }
}

/** The newest program, and those of answers that still count: they may have had other files. */
function programsOf({ program, history }: LoadedProject): readonly ts.Program[] {
  return [...new Set([program, ...history.states])].filter((one) => one !== undefined);
}

function scriptsOnly(typescript: TypeScript): ProgramMaker {
  return { extensions: [], create: typescript.createProgram };
}

/** @returns the changes to files of a program; undefined: imports may resolve differently, so the program is invalid */
function ownChanges(
  touched: readonly Touched[] | undefined,
  has: (file: string) => boolean,
): readonly Touched[] | undefined {
  // Added and deleted files can change what imports resolve to, and so can a JSON file that is not a source.
  const harmless = touched?.every(({ file, stays }) => stays && (has(file) || !file.endsWith('.json')));
  return harmless === true ? touched?.filter(({ file }) => has(file)) : undefined;
}

function diagnosticsOf(program: ts.Program, source: ts.SourceFile): readonly ts.Diagnostic[] {
  return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)];
}

/** The compiler checks no types in sources of a referenced project: that project does. It documents no way to ask. */
function hasToSay(program: ts.Program & Partial<RedirectingProgram>, source: ts.SourceFile): boolean {
  const isForeign = program.isSourceOfProjectReferenceRedirect?.(source.fileName) === true;
  return !isForeign || program.getSyntacticDiagnostics(source).length > 0;
}

interface RedirectingProgram {
  isSourceOfProjectReferenceRedirect(fileName: string): boolean;
}

/** Converts diagnostics of TypeScript; caches the lines of files. */
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
