/**
 * The files of a program that an edit can affect, nearest first: the edited files, files that import a name whose
 * declaration changed, and so on through declarations that mention it. Lives as long as one check of one project.
 *
 * An approximation: some effects do not show in declarations (private members, the order of checking).
 */
import type ts from 'typescript';
import { changedNames, isSome, NO_NAMES, readDeclared, type Declared, type Names } from './declared.ts';
import type { Importers, Imports } from './imports.ts';
import type { TypeScript } from './javascript-host.ts';

export interface Edit {
  /** Before, with what is known of it. */
  readonly before: ts.Program;
  readonly now: ts.Program;
  /** Names of the files of the program that were touched. */
  readonly touched: ReadonlySet<string>;
}

/** @returns undefined: any file may be affected; empty: none is */
export function touchedSources({ before, now, touched }: Edit): readonly ts.SourceFile[] | undefined {
  if (!hasSameFiles(before, now)) return undefined;
  // Binds new texts, which tells whether a script is a CommonJS module.
  now.getTypeChecker();
  const sources: ts.SourceFile[] = [];
  for (const file of touched) {
    const [old, source] = [before.getSourceFile(file), now.getSourceFile(file)];
    if (!source || !old) return undefined;
    if (source === old) continue;
    if (!isContained(source) || !isContained(old)) return undefined;
    sources.push(source);
  }
  return sources;
}

/**
 * Yields each affected file once. The caller must check a file before it asks for the next.
 * @param sources of {@link touchedSources}
 * @param wanted names of the files that go first among equals
 * @param most the limit of files
 * @returns true: these are all affected files; false: there may be more
 */
export function* affectedFiles(
  typescript: TypeScript,
  edit: Edit,
  sources: readonly ts.SourceFile[],
  imports: Imports,
  wanted: ReadonlySet<string>,
  most: number,
): Generator<ts.SourceFile, boolean> {
  yield* wantedFirst(sources, wanted);
  const seen = new Set(sources);
  const shapes = new ChangedDeclarations(typescript, edit, imports);
  let importers: Importers | undefined;
  // A wave is the files that import what changed. Those whose own declarations change too make the next wave.
  for (let wave: ReadonlySet<ts.SourceFile> = seen; wave.size > 0;) {
    const next = new Set<ts.SourceFile>();
    for (const source of wave) {
      if (!shapes.update(source)) continue;
      const changed = shapes.changedIn(source.fileName);
      importers ??= imports.importers(edit.now);
      for (const [importer, names] of importers.get(source.fileName) ?? [])
        if (meet(names, changed)) next.add(importer);
      if (next.size > most) return false;
    }
    const news = [...next].filter((source) => !seen.has(source));
    if (seen.size + news.length > most || !news.every(isContained)) return false;
    for (const source of wantedFirst(news, wanted)) {
      seen.add(source);
      yield source;
    }
    wave = next;
  }
  return true;
}

/** Changed declarations of the files visited so far. */
class ChangedDeclarations {
  readonly #ts: TypeScript;
  readonly #edit: Edit;
  readonly #imports: Imports;
  readonly #declared = new Map<string, { before: Declared | undefined; now: Declared | undefined }>();
  readonly #changed = new Map<string, Names>();

  constructor(typescript: TypeScript, edit: Edit, imports: Imports) {
    this.#ts = typescript;
    this.#edit = edit;
    this.#imports = imports;
  }

  changedIn(file: string): Names {
    return this.#changed.get(file) ?? NO_NAMES;
  }

  /** @returns whether more names have changed than before */
  update(source: ts.SourceFile): boolean {
    const { fileName } = source;
    const known = this.changedIn(fileName);
    if (known === 'all') return false;
    const names = this.#compare(source);
    this.#changed.set(fileName, names);
    return names === 'all' || names.size > known.size;
  }

  #compare(source: ts.SourceFile): Names {
    const { before, now } = this.#declarationsOf(source);
    if (!before || !now) return 'all';
    const imported = this.#imports.of(this.#edit.now, source);
    const targets = new Map<string, string | undefined>(imported.map(({ specifier, target }) => [specifier, target]));
    return changedNames(before, now, (specifier) => {
      // The compiler adds imports to declarations.
      if (!targets.has(specifier)) targets.set(specifier, this.#resolve(source, specifier));
      const target = targets.get(specifier);
      return target === undefined ? NO_NAMES : this.changedIn(target);
    });
  }

  #resolve(source: ts.SourceFile, specifier: string): string | undefined {
    const { now } = this.#edit;
    const { resolvedModule } = this.#ts.resolveModuleName(
      specifier,
      source.fileName,
      now.getCompilerOptions(),
      this.#ts.sys,
    );
    return resolvedModule?.resolvedFileName;
  }

  #declarationsOf(source: ts.SourceFile): { before: Declared | undefined; now: Declared | undefined } {
    const known = this.#declared.get(source.fileName);
    if (known) return known;
    const old = this.#edit.before.getSourceFile(source.fileName);
    const made = { before: old && this.#declare(this.#edit.before, old), now: this.#declare(this.#edit.now, source) };
    this.#declared.set(source.fileName, made);
    return made;
  }

  /** @returns undefined: unknown */
  #declare(program: ts.Program, source: ts.SourceFile): Declared | undefined {
    const options: { stripInternal?: boolean | undefined; outFile?: string } = program.getCompilerOptions();
    const { stripInternal, outFile } = options;
    // There is one declaration file for all sources, or none.
    if (outFile !== undefined || isJson(source)) return undefined;
    let text: string | undefined;
    let flawed = false;
    const write: ts.WriteFileCallback = (_name, content, _mark, _onError, _sources, data) => {
      text = content;
      flawed ||= ((data as { readonly diagnostics?: readonly unknown[] } | undefined)?.diagnostics?.length ?? 0) > 0;
    };
    try {
      options.stripInternal = false;
      (program.emit as ForcedEmit)(source, write, undefined, true, undefined, true);
    } catch {
      return undefined;
    } finally {
      options.stripInternal = stripInternal;
    }
    return text === undefined || flawed ? undefined : readDeclared(this.#ts, text);
  }
}

/** The last, internal parameter forces declarations whatever the options say; TypeScript's own builder uses it. */
type ForcedEmit = (
  source: ts.SourceFile,
  write: ts.WriteFileCallback,
  token: undefined,
  declarationsOnly: true,
  transformers: undefined,
  forced: true,
) => ts.EmitResult;

/** Other files see its declarations only through imports: it declares nothing global. */
function isContained(source: ts.SourceFile): boolean {
  if (isJson(source)) return true;
  const { isDeclarationFile, moduleAugmentations, commonJsModuleIndicator, externalModuleIndicator } = source as Parsed;
  const isModule = externalModuleIndicator !== undefined || commonJsModuleIndicator !== undefined;
  return isModule && !isDeclarationFile && (moduleAugmentations?.length ?? 0) === 0;
}

/** Internal fields of a parsed and bound file, in every version since 4.9. */
type Parsed = ts.SourceFile & {
  readonly moduleAugmentations?: readonly unknown[];
  readonly commonJsModuleIndicator?: unknown;
  readonly externalModuleIndicator?: unknown;
};

function isJson({ fileName }: ts.SourceFile): boolean {
  return fileName.endsWith('.json');
}

function hasSameFiles(one: ts.Program, other: ts.Program): boolean {
  const [before, now] = [one.getSourceFiles(), other.getSourceFiles()];
  return before.length === now.length && before.every(({ fileName }) => other.getSourceFile(fileName) !== undefined);
}

function wantedFirst(sources: readonly ts.SourceFile[], wanted: ReadonlySet<string>): readonly ts.SourceFile[] {
  const [first, rest] = [true, false].map((is) => sources.filter(({ fileName }) => wanted.has(fileName) === is));
  return [...(first ?? []), ...(rest ?? [])];
}

function meet(taken: Names, changed: Names): boolean {
  if (taken === 'all' || changed === 'all') return isSome(changed) && isSome(taken);
  return [...taken].some((name) => changed.has(name));
}
