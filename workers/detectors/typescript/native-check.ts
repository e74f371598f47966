/** One check of a project by TypeScript 7 in one snapshot: of all files, or of some. */
import path from 'node:path';
import type * as NativeApi from 'typescript7/unstable/async';
import type { Server } from './native-server.ts';
import { NOWHERE, severityOf, type Diagnostic, type ProjectSink } from './session.ts';
import { LineMap, readSource } from './text.ts';

/** Diagnostics that `tsc` reports only when it emits; the API has no `--noEmit`. */
const EMIT_ONLY: ReadonlySet<number> = new Set([2396, 2441, 2529, 2818, 5011, 5055, 5056, 5096, 18027]);

/** Concurrent requests, one for each checker of TypeScript. */
const PARALLEL = 4;
/** What a complete check found out about the project. */
export interface ProjectFacts {
  /** Files of the program, as TypeScript spells them. */
  readonly files: ReadonlySet<string>;
  /** Diagnostics of the project itself. */
  readonly general: readonly Diagnostic[];
  /** It included declaration diagnostics. */
  readonly declarations: boolean;
  /** Some import by name was not found: any new file may be what a configuration or manifest means by it. */
  readonly missesPackages: boolean;
}

export class ProjectCheck {
  readonly #project: NativeApi.Project;
  readonly #server: Server;
  readonly #overlays: ReadonlyMap<string, string>;
  readonly #sink: ProjectSink;
  readonly #signal: AbortSignal;
  readonly #noEmit: boolean;
  readonly #lines = new Map<string, Promise<LineMap | undefined>>();
  readonly #general: Diagnostic[] = [];

  constructor(
    project: NativeApi.Project,
    server: Server,
    overlays: ReadonlyMap<string, string>,
    sink: ProjectSink,
    signal: AbortSignal,
  ) {
    this.#project = project;
    this.#server = server;
    this.#overlays = overlays;
    this.#sink = sink;
    this.#signal = signal;
    this.#noEmit = project.compilerOptions.noEmit === true;
  }

  /** Checks these files only, and repeats the known diagnostics of the project. */
  async some(files: readonly string[], { general, declarations }: ProjectFacts): Promise<void> {
    const { program } = this.#project;
    this.#sink.project(general);
    let next = 0;
    const walk = async (): Promise<void> => {
      for (let file = files[next]; file !== undefined; file = files[next]) {
        next += 1;
        const syntax = await this.#ask(program.getSyntacticDiagnostics(file));
        const found = [...syntax, ...(await this.#ask(program.getSemanticDiagnostics(file)))];
        const declared = declarations ? await this.#ask(program.getDeclarationDiagnostics(file)) : [];
        await this.#answer(file, [...found, ...declared]);
      }
    };
    await Promise.all(Array.from({ length: PARALLEL }, walk));
  }

  /** @param first the files to answer for first, most wanted first */
  async all(first: readonly string[]): Promise<ProjectFacts> {
    const { program, compilerOptions, rootFiles } = this.#project;
    const names = await this.#ask(program.getSourceFileNames());
    const configuration = await this.#ask(program.getConfigFileParsingDiagnostics());
    const options = await this.#ask(program.getProgramDiagnostics());
    await this.#aboutProject([...configuration, ...options]);

    const syntax = groupByFile(await this.#ask(program.getSyntacticDiagnostics()));
    const skips = compilerOptions.skipLibCheck === true;
    // One by one only what is its own. The sources of referenced projects have nothing to say here; a request for all
    // files finds what other imported files have to say.
    const own = new Set(rootFiles);
    const files = names.filter((name) => syntax.has(name) || (own.has(name) && !(skips && DECLARATION.test(name))));
    const semantics = new Map<string, readonly NativeApi.Diagnostic[]>();
    // Answers overtake each other, but none the wanted ones.
    for (const part of parted(files, first)) {
      let next = 0;
      const walk = async (): Promise<void> => {
        for (let file = part[next]; file !== undefined; file = part[next]) {
          next += 1;
          const found = await this.#ask(program.getSemanticDiagnostics(file));
          semantics.set(file, found);
          await this.#answer(file, [...(syntax.get(file) ?? []), ...found]);
          this.#sink.progress(semantics.size, files.length);
        }
      };
      await Promise.all(Array.from({ length: PARALLEL }, walk));
    }

    // Checking one file can add diagnostics to a file that was answered before. A request for all files returns them
    // without checking those again.
    const all = await this.#ask(program.getSemanticDiagnostics());
    const settled = groupByFile(all);
    for (const file of new Set([...settled.keys(), ...semantics.keys()])) {
      const found = settled.get(file) ?? [];
      if (sameDiagnostics(found, semantics.get(file) ?? [])) continue;
      await this.#answer(file, [...(syntax.get(file) ?? []), ...found]);
    }
    const general = await this.#ask(program.getGlobalDiagnostics());
    await this.#aboutProject([...general, ...(settled.get('') ?? [])]);

    const clean = [options, all, general].every((some) => some.length === 0) && syntax.size === 0;
    const declarations = tellsDeclarations(compilerOptions, clean);
    if (declarations) {
      for (const [file, found] of groupByFile(await this.#ask(program.getDeclarationDiagnostics()))) {
        await this.#answer(file, [...(syntax.get(file) ?? []), ...(settled.get(file) ?? []), ...found]);
      }
    }
    return { files: new Set(names), general: this.#general, declarations, missesPackages: all.some(isMissingPackage) };
  }

  async #ask<T>(answer: Promise<T>): Promise<T> {
    const value = await this.#server.ask(answer);
    this.#signal.throwIfAborted();
    return value;
  }

  async #answer(file: string, found: readonly NativeApi.Diagnostic[]): Promise<void> {
    await this.#sink.answer(file, await this.#convertAll(found));
  }

  async #aboutProject(found: readonly NativeApi.Diagnostic[]): Promise<void> {
    const converted = await this.#convertAll(found);
    this.#general.push(...converted);
    if (converted.length > 0) this.#sink.project(converted);
  }

  #convertAll(found: readonly NativeApi.Diagnostic[]): Promise<readonly Diagnostic[]> {
    const printed = this.#noEmit ? found : found.filter(({ code }) => !EMIT_ONLY.has(code));
    return Promise.all(printed.map((diagnostic) => this.#convert(diagnostic)));
  }

  async #convert(diagnostic: NativeApi.Diagnostic): Promise<Diagnostic> {
    const { fileName, pos, end, code, category, relatedInformation } = diagnostic;
    const lines = fileName === undefined ? undefined : await this.#linesOf(fileName);
    return {
      ...(fileName === undefined ? {} : { file: fileName }),
      range: lines ? lines.range(pos, end) : NOWHERE,
      code,
      severity: severityOf(category),
      message: flatten(diagnostic),
      ...(diagnostic.reportsUnnecessary === true ? { unnecessary: true } : {}),
      ...(diagnostic.reportsDeprecated === true ? { deprecated: true } : {}),
      ...(relatedInformation ? { related: await this.#convertAll(relatedInformation) } : {}),
    };
  }

  #linesOf(file: string): Promise<LineMap | undefined> {
    const known = this.#lines.get(file);
    if (known) return known;
    const overlay = this.#overlays.get(path.normalize(file));
    const text = overlay === undefined ? readSource(file) : Promise.resolve(overlay.replace(/^\uFEFF/, ''));
    const lines = text.then(
      (found) => new LineMap(found),
      () => undefined,
    );
    this.#lines.set(file, lines);
    return lines;
  }
}

/**
 * Whether `tsc --noEmit` goes on to what is wrong with declaration files. TypeScript 7.0 goes through the motions of
 * writing them even so, unless it keeps a record of the build or is to write nothing after an error.
 */
function tellsDeclarations(options: NativeApi.CompilerOptions, clean: boolean): boolean {
  const { declaration, composite, incremental, noEmitOnError } = options;
  if (declaration !== true && composite !== true) return false;
  return clean || (composite !== true && incremental !== true && noEmitOnError !== true);
}

const DECLARATION = /\.d\.([^./]+\.)?[cm]?ts$/;

/** About a module that was not found. */
const MISSING: ReadonlySet<number> = new Set([2307, 2688, 2792, 2882, 7016]);

function isMissingPackage({ code, text }: NativeApi.Diagnostic): boolean {
  return MISSING.has(code) && !/'\.{1,2}\//.test(text);
}

/** @returns those of the files that are wanted, in that order, and the others */
function parted(files: readonly string[], first: readonly string[]): readonly (readonly string[])[] {
  const all = new Set(files);
  const wanted = new Set(first.filter((file) => all.has(file)));
  return [[...wanted], files.filter((file) => !wanted.has(file))];
}

function groupByFile(found: readonly NativeApi.Diagnostic[]): Map<string, NativeApi.Diagnostic[]> {
  return Map.groupBy(found, ({ fileName }) => fileName ?? '');
}

function sameDiagnostics(one: readonly NativeApi.Diagnostic[], other: readonly NativeApi.Diagnostic[]): boolean {
  return one.length === other.length && JSON.stringify(one) === JSON.stringify(other);
}

function flatten({ text, messageChain }: NativeApi.Diagnostic, depth = 0): string {
  const line = `${'  '.repeat(depth)}${text}`;
  return [line, ...(messageChain ?? []).map((nested) => flatten(nested, depth + 1))].join('\n');
}
