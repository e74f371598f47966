/**
 * The imports between the files of a program of the JavaScript API. Lives as long as imports keep resolving to the same
 * files: a file whose text did not change keeps its imports.
 */
import type ts from 'typescript';
import type { Names } from './declared.ts';
import type { TypeScript } from './javascript-host.ts';

export interface Import {
  readonly specifier: string;
  /** Name of the file that it resolves to. */
  readonly target: string;
  /** Names taken from it. */
  readonly names: Names;
}

/** By name of the imported file: the importing files, and the names they import. */
export type Importers = ReadonlyMap<string, ReadonlyMap<ts.SourceFile, Names>>;

export class Imports {
  readonly #ts: TypeScript;
  readonly #known = new WeakMap<ts.SourceFile, readonly Import[]>();

  constructor(typescript: TypeScript) {
    this.#ts = typescript;
  }

  of(program: ts.Program, source: ts.SourceFile): readonly Import[] {
    const known = this.#known.get(source);
    if (known) return known;
    const found = this.#find(program.getTypeChecker(), source);
    this.#known.set(source, found);
    return found;
  }

  importers(program: ts.Program): Importers {
    const found = new Map<string, Map<ts.SourceFile, Names>>();
    for (const source of program.getSourceFiles()) {
      if (program.isSourceFileFromExternalLibrary(source) || program.isSourceFileDefaultLibrary(source)) continue;
      for (const { target, names } of this.of(program, source)) {
        const of = found.get(target) ?? new Map<ts.SourceFile, Names>();
        found.set(target, of.set(source, joined(of.get(source), names)));
      }
    }
    return found;
  }

  #find(checker: ts.TypeChecker, source: ts.SourceFile): readonly Import[] {
    const found: Import[] = [];
    for (const literal of (source as Parsed).imports ?? []) {
      const declarations = checker.getSymbolAtLocation(literal)?.declarations ?? [];
      for (const target of new Set(declarations.map((declaration) => declaration.getSourceFile().fileName))) {
        found.push({ specifier: literal.text, target, names: this.#namesAt(literal) });
      }
    }
    return found;
  }

  #namesAt(literal: ts.StringLiteralLike): Names {
    const typescript = this.#ts;
    // Synthetic imports, such as that of a JSX runtime, have no statement.
    const statement = literal.parent as ts.Node | undefined;
    if (statement && typescript.isImportDeclaration(statement)) {
      const { importClause: clause } = statement;
      const bound = clause?.namedBindings;
      if (bound && typescript.isNamespaceImport(bound)) return 'all';
      const elements = bound?.elements ?? [];
      return new Set([...(clause?.name ? ['default'] : []), ...elements.map(importedName)]);
    }
    if (statement && typescript.isExportDeclaration(statement)) {
      const { exportClause: clause } = statement;
      return clause && typescript.isNamedExports(clause) ? new Set(clause.elements.map(importedName)) : 'all';
    }
    return 'all';
  }
}

/** An internal field of a parsed file, in every version since 4.9. */
type Parsed = ts.SourceFile & { readonly imports?: readonly ts.StringLiteralLike[] };

function importedName(element: ts.ImportSpecifier | ts.ExportSpecifier): string {
  return (element.propertyName ?? element.name).text;
}

function joined(one: Names | undefined, other: Names): Names {
  if (one === undefined) return other;
  return one === 'all' || other === 'all' ? 'all' : new Set([...one, ...other]);
}
