/**
 * Which files of a program an edit can concern, nearest first: the edited ones, those that import a name whose
 * declaration changed, and so on through declarations that mention it. Lives as long as one check of one project.
 *
 * Good, not certain: types have ways that declarations do not show (private members, the order of checking).
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

/** @returns undefined: any file may be concerned; empty: none is */
export function touchedSources({ before, now, touched }: Edit): readonly ts.SourceFile[] | undefined {
  if (!hasSameFiles(before, now)) return undefined;
  // Binds new texts: only then it is known whether a script is a CommonJS module.
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
 * Yields the files, each once; what was yielded is to be checked before the next is asked for.
 * @param sources of {@link touchedSources}
 * @param wanted names of the files that go first among equals
 * @param most files; more are not looked for
 * @returns true: these are all; false: there are more, or any other file may be concerned
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
  // A wave: who imports what changed. Those of them whose own declarations change with it make the next.
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

/** What changed in the declarations of the files that were met. */
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

  /** @returns whether more names than before mean something else */
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
      // The compiler writes imports of its own into declarations.
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

  /** @returns undefined: cannot be told */
  #declare(program: ts.Program, source: ts.SourceFile): Declared | undefined {
    const options: { stripInternal?: boolean | undefined; outFile?: string } = program.getCompilerOptions();
    const { stripInternal, outFile } = options;
    // There is one declaration file for all, or none.
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

/** With its last parameter, which makes declarations whatever the options say: TypeScript's own builder uses it so. */
type ForcedEmit = (
  source: ts.SourceFile,
  write: ts.WriteFileCallback,
  token: undefined,
  declarationsOnly: true,
  transformers: undefined,
  forced: true,
) => ts.EmitResult;

/** What others see of it they see through imports: it declares nothing for everyone. */
function isContained(source: ts.SourceFile): boolean {
  if (isJson(source)) return true;
  const { isDeclarationFile, moduleAugmentations, commonJsModuleIndicator, externalModuleIndicator } = source as Parsed;
  const isModule = externalModuleIndicator !== undefined || commonJsModuleIndicator !== undefined;
  return isModule && !isDeclarationFile && (moduleAugmentations?.length ?? 0) === 0;
}

/** What every version since 4.9 knows of a parsed and bound file. */
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
