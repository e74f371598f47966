/**
 * The declarations of a module by its syntax alone: its statements without comments and without the bodies of functions
 * that have a return type. For compilers that do not emit declarations. Pure.
 */
import path from 'node:path';
import { parseSync, type Program } from 'oxc-parser';
import type { Declared, Link } from './declared.ts';

/** @returns undefined: it has a syntax error, or it is visible in files that do not import it */
export function declaredBySyntax(file: string, text: string): Declared | undefined {
  const extension = path.extname(file);
  if (extension === '.json') return { texts: new Map(), renamed: new Map(), links: [], nameless: text };
  if (DECLARATIONS.test(file) || REFERENCE.test(text)) return undefined;
  const { program, comments, errors } = parseSync(file, text);
  if (errors.length > 0 || !isModule(program)) return undefined;
  // In JavaScript, function bodies can declare properties.
  const bodies = TYPESCRIPT.has(extension) ? bodiesIn(program) : [];
  if (bodies === undefined) return undefined;
  const cuts = [...comments, ...bodies].toSorted((one, other) => one.start - other.start);
  const declarations = new SyntaxDeclarations((node) => withoutSpans(text, node, cuts));
  for (const statement of program.body) declarations.add(statement as unknown as Node);
  return declarations;
}

class SyntaxDeclarations implements Declared {
  readonly texts = new Map<string, string>();
  readonly renamed = new Map<string, string>();
  readonly links: Link[] = [];
  nameless = '';
  readonly #textOf: (node: Node) => string;

  constructor(textOf: (node: Node) => string) {
    this.#textOf = textOf;
  }

  add(statement: Node): void {
    const specifier = valueOf(statement['source']);
    const specifiers = nodesOf(statement['specifiers']);
    switch (statement['type']) {
      case 'ImportDeclaration':
        for (const bound of specifiers) {
          const named = bound['type'] === 'ImportSpecifier' ? nameOf(bound['imported']) : '*';
          const imported = bound['type'] === 'ImportDefaultSpecifier' ? 'default' : named;
          this.links.push({ specifier, imported, local: nameOf(bound['local']) });
        }
        return;
      case 'ExportAllDeclaration': {
        const local = isNode(statement['exported']) ? nameOf(statement['exported']) : '*';
        if (local === '*') this.nameless += this.#textOf(statement);
        else this.#declare(local, statement);
        this.links.push({ specifier, imported: '*', local });
        return;
      }
      case 'ExportNamedDeclaration':
        if (isNode(statement['declaration'])) this.#declaration(statement['declaration'], statement);
        for (const bound of specifiers) {
          const [imported, local] = [nameOf(bound['local']), nameOf(bound['exported'])];
          if (specifier !== '') this.links.push({ specifier, imported, local });
          else if (imported !== local) this.renamed.set(local, imported);
          this.texts.set(local, `${this.texts.get(local) ?? ''} export ${imported} ${String(statement['exportKind'])}`);
        }
        return;
      case 'ExportDefaultDeclaration':
        this.#declare('default', statement);
        if (isNode(statement['declaration'])) this.#declaration(statement['declaration'], statement);
        return;
      default:
        this.#declaration(statement, statement);
    }
  }

  /** @param whole the statement it is part of */
  #declaration(declaration: Node, whole: Node): void {
    const variables = nodesOf(declaration['declarations']);
    const names = variables.length > 0 ? variables.flatMap(({ id }) => namesIn(id)) : namesIn(declaration['id']);
    for (const name of names) this.#declare(name, whole);
    // Properties that are added to a function are part of its type; so is what `export =` says.
    const { expression, type } = declaration;
    const isAssigned = isNode(expression) && expression['type'] === 'AssignmentExpression';
    if (isAssigned || type === 'TSExportAssignment') this.nameless += this.#textOf(whole);
  }

  #declare(name: string, statement: Node): void {
    this.texts.set(name, `${this.texts.get(name) ?? ''}${this.#textOf(statement)}\n`);
  }
}

interface Span {
  readonly start: number;
  readonly end: number;
}

type Node = Readonly<Record<string, unknown>>;

const DECLARATIONS = /\.d\.([^./]+\.)?[cm]?ts$/;
const REFERENCE = /^\s*\/\/\/\s*<reference/m;
const TYPESCRIPT: ReadonlySet<string> = new Set(['.ts', '.tsx', '.mts', '.cts']);
const MODULE_STATEMENTS: ReadonlySet<string> = new Set([
  'ImportDeclaration',
  'ExportNamedDeclaration',
  'ExportDefaultDeclaration',
  'ExportAllDeclaration',
  'TSExportAssignment',
]);
const FUNCTIONS: ReadonlySet<unknown> = new Set([
  'FunctionDeclaration',
  'FunctionExpression',
  'ArrowFunctionExpression',
]);

function isModule({ body }: Program): boolean {
  return body.some(({ type }) => MODULE_STATEMENTS.has(type));
}

/**
 * Bodies of the outermost functions that have a return type.
 * @returns undefined: the module declares something global
 */
function bodiesIn(program: Program): readonly Span[] | undefined {
  const found: Span[] = [];
  const open: unknown[] = [program.body];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (Array.isArray(node)) {
      open.push(...(node as unknown[]));
      continue;
    }
    if (!isNode(node)) continue;
    if (node['type'] === 'TSGlobalDeclaration' || (node['type'] === 'TSModuleDeclaration' && !hasPlainName(node))) {
      return undefined;
    }
    const { body } = node;
    const isWritten = FUNCTIONS.has(node['type']) && isNode(node['returnType']) && isNode(body);
    if (isWritten) found.push(body as unknown as Span);
    for (const [name, child] of Object.entries(node)) {
      if (typeof child === 'object' && child !== null && !(isWritten && name === 'body')) open.push(child);
    }
  }
  return found;
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function nodesOf(value: unknown): readonly Node[] {
  return Array.isArray(value) ? (value as readonly unknown[]).filter(isNode) : [];
}

function hasPlainName({ id, kind }: Node): boolean {
  return kind !== 'global' && isNode(id) && id['type'] === 'Identifier' && id['name'] !== 'global';
}

/** The name of an identifier, or of a string in its place. */
function nameOf(node: unknown): string {
  return isNode(node) ? String(node['name'] ?? node['value']) : '';
}

function valueOf(node: unknown): string {
  return isNode(node) ? String(node['value']) : '';
}

/** All names that a binding declares. */
function namesIn(binding: unknown): readonly string[] {
  if (!isNode(binding)) return [];
  if (binding['type'] === 'Identifier') return [String(binding['name'])];
  const parts = [...nodesOf(binding['properties']), ...nodesOf(binding['elements'])];
  return [...parts, binding['value'], binding['left'], binding['argument']].flatMap((part) => namesIn(part));
}

/** @param cuts sorted by their start */
function withoutSpans(text: string, node: Node, cuts: readonly Span[]): string {
  const { start, end } = node as unknown as Span;
  const parts: string[] = [];
  let at = start;
  for (const cut of cuts) {
    if (cut.end <= at || cut.start >= end) continue;
    if (cut.start >= at) parts.push(text.slice(at, cut.start));
    at = cut.end;
  }
  return [...parts, text.slice(at, end)].join(' ').replace(/\s+/g, ' ');
}
