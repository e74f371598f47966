/**
 * The declarations of a module, read from the text that `tsc` emits as `.d.ts`, and the exported names that changed
 * between two versions. Pure.
 */
import type ts from 'typescript';
import type { TypeScript } from './javascript-host.ts';

/** Exported names of a module, `default` included; `all`: all of them, or unknown. */
export type Names = ReadonlySet<string> | 'all';

export const NO_NAMES: Names = new Set();

export function isSome(names: Names): boolean {
  return names === 'all' || names.size > 0;
}

/** One module's declarations. */
export interface Declared {
  /** Text of everything that is declared under a name, exported or not. */
  readonly texts: ReadonlyMap<string, string>;
  /** Local names by exported name, where they differ. */
  readonly renamed: ReadonlyMap<string, string>;
  readonly links: readonly Link[];
  /** The text of statements without a name: `export *`, `export =`, augmentations. */
  readonly nameless: string;
}

/** A local name that refers to a name of another module. */
export interface Link {
  readonly specifier: string;
  /** The name in the other module; `*` for its namespace and for `export *`. */
  readonly imported: string;
  /** The name in this module; `*` for `export *`. */
  readonly local: string;
}

export function readDeclared(typescript: TypeScript, text: string): Declared {
  const source = typescript.createSourceFile('declared.d.ts', text, typescript.ScriptTarget.Latest);
  const texts = new Map<string, string>();
  const renamed = new Map<string, string>();
  const links: Link[] = [];
  let nameless = '';
  const add = (name: string, more: string): void => void texts.set(name, `${texts.get(name) ?? ''}${more}\n`);

  for (const statement of source.statements) {
    const own = withoutComments(text.slice(statement.getStart(source), statement.end));
    if (typescript.isImportDeclaration(statement)) {
      const { importClause: clause, moduleSpecifier } = statement;
      const specifier = textOf(typescript, moduleSpecifier);
      const bound = clause?.namedBindings;
      if (clause?.name) links.push({ specifier, imported: 'default', local: clause.name.text });
      if (bound && typescript.isNamespaceImport(bound))
        links.push({ specifier, imported: '*', local: bound.name.text });
      else for (const element of bound?.elements ?? []) links.push(linkOf(specifier, element));
    } else if (typescript.isExportDeclaration(statement)) {
      const { exportClause: clause, moduleSpecifier } = statement;
      const specifier = moduleSpecifier && textOf(typescript, moduleSpecifier);
      if (!clause) {
        nameless += own;
        links.push({ specifier: specifier ?? '', imported: '*', local: '*' });
      } else if (typescript.isNamespaceExport(clause)) {
        add(clause.name.text, own);
        links.push({ specifier: specifier ?? '', imported: '*', local: clause.name.text });
      } else {
        for (const element of clause.elements) {
          const link = linkOf(specifier ?? '', element);
          if (specifier !== undefined) links.push(link);
          else if (link.imported !== link.local) renamed.set(link.local, link.imported);
          // Being exported is part of the declaration.
          add(
            link.local,
            `export ${link.imported} ${String(element.isTypeOnly || statement.isTypeOnly)} ${specifier ?? ''}`,
          );
        }
      }
    } else if (typescript.isExportAssignment(statement) && !statement.isExportEquals) {
      add('default', own);
    } else if (typescript.isVariableStatement(statement)) {
      for (const { name } of statement.declarationList.declarations) add(name.getText(source), own);
    } else {
      const { name } = statement as ts.DeclarationStatement;
      const isPlain = name !== undefined && typescript.isIdentifier(name) && name.text !== 'global';
      const isDefault = typescript.canHaveModifiers(statement)
        ? typescript.getModifiers(statement)?.some(({ kind }) => kind === typescript.SyntaxKind.DefaultKeyword) === true
        : false;
      if (isDefault) add('default', own);
      if (isPlain) add(name.text, own);
      else if (!isDefault) nameless += own;
    }
  }
  return { texts, renamed, links, nameless };
}

/**
 * Names that changed: those with a different declaration, those that refer to a changed name of another module, and all
 * whose declaration mentions one of these.
 * @param changedIn changed names of the module that a specifier means here
 */
export function changedNames(before: Declared, now: Declared, changedIn: (specifier: string) => Names): Names {
  if (before.nameless !== now.nameless) return 'all';
  const changed = new Set<string>();
  for (const name of new Set([...before.texts.keys(), ...now.texts.keys()])) {
    if (before.texts.get(name) !== now.texts.get(name)) changed.add(name);
  }
  for (const { specifier, imported, local } of now.links) {
    const names = changedIn(specifier);
    if (!isSome(names)) continue;
    if (names === 'all' && local === '*') return 'all';
    if (names === 'all' || names.has(imported)) changed.add(local);
    else if (local === '*') for (const name of names) if (name !== 'default') changed.add(name);
  }
  // An import that is gone or another is seen in what mentions it.
  const linked = (links: readonly Link[]): Map<string, string> =>
    new Map(links.map((link) => [link.local, JSON.stringify(link)]));
  const [oldLinks, newLinks] = [linked(before.links), linked(now.links)];
  for (const name of new Set([...oldLinks.keys(), ...newLinks.keys()])) {
    if (oldLinks.get(name) !== newLinks.get(name)) changed.add(name);
  }
  spread(now, changed, changedIn);
  return changed;
}

/** Adds what mentions a changed name, and what mentions that, and so on. */
function spread(
  { texts, renamed, links }: Declared,
  changed: Set<string>,
  changedIn: (specifier: string) => Names,
): void {
  const mentions = new Map([...texts].map(([name, text]) => [name, new Set(text.match(WORD))]));
  // Of a namespace, what mentions a changed name of it, and what passes it on as a whole.
  for (const { specifier, imported, local } of links) {
    const names = changedIn(specifier);
    if (imported !== '*' || local === '*' || names === 'all' || names.size === 0) continue;
    const whole = new RegExp(`(?<![\\w$.])${local.replaceAll('$', String.raw`\$`)}(?![\\w$]|\\s*\\.)`);
    for (const [name, words] of mentions) {
      const takes = [...names].some((one) => words.has(one)) || whole.test(texts.get(name) ?? '');
      if (words.has(local) && takes) changed.add(name);
    }
  }
  for (const [name, text] of texts) {
    for (const [, specifier = ''] of text.matchAll(IMPORTED_TYPE)) if (isSome(changedIn(specifier))) changed.add(name);
  }
  for (let before = -1; before !== changed.size;) {
    before = changed.size;
    for (const [name, words] of mentions) {
      if (!changed.has(name) && [...words].some((word) => changed.has(word))) changed.add(name);
    }
    for (const [name, local] of renamed) if (changed.has(local)) changed.add(name);
  }
}

/** Documentation is no type; what looks like a comment in a string is. */
function withoutComments(text: string): string {
  return text.replace(COMMENT, (_all, kept: string | undefined) => kept ?? '');
}

const COMMENT = /("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`)|\/\*[^]*?\*\//g;
const WORD = /[\p{ID_Start}$_][\p{ID_Continue}$]*/gu;
const IMPORTED_TYPE = /import\(['"]([^'"]+)['"]/g;

function linkOf(specifier: string, element: ts.ImportSpecifier | ts.ExportSpecifier): Link {
  return { specifier, imported: (element.propertyName ?? element.name).text, local: element.name.text };
}

function textOf(typescript: TypeScript, node: ts.Expression): string {
  return typescript.isStringLiteralLike(node) ? node.text : '';
}
