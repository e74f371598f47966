/**
 * What others can see of a module by its syntax alone: its text without comments and without the bodies of functions
 * whose result is written down. For engines that do not write declarations. Pure.
 */
import path from 'node:path';
import { parseSync, type Program } from 'oxc-parser';

/** @returns undefined: it cannot be read, or files that do not ask for it can see it too */
export function outlineOf(file: string, text: string): string | undefined {
  const extension = path.extname(file);
  if (extension === '.json') return text;
  if (DECLARATIONS.test(file)) return undefined;
  const { program, comments, errors } = parseSync(file, text);
  if (errors.length > 0 || !isModule(program)) return undefined;
  // In JavaScript bodies declare properties.
  const bodies = TYPESCRIPT.has(extension) ? bodiesIn(program) : [];
  if (bodies === undefined || REFERENCE.test(text)) return undefined;
  return withoutSpans(text, [...comments, ...bodies]).replace(/\s+/g, ' ');
}

interface Span {
  readonly start: number;
  readonly end: number;
}

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

/** Of functions whose result is written down, outermost. @returns undefined: it declares something for everyone */
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

type Node = Readonly<Record<string, unknown>>;

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null;
}

function hasPlainName({ id, kind }: Node): boolean {
  return kind !== 'global' && isNode(id) && id['type'] === 'Identifier' && id['name'] !== 'global';
}

function withoutSpans(text: string, spans: readonly Span[]): string {
  const parts: string[] = [];
  let at = 0;
  for (const { start, end } of spans.toSorted((one, other) => one.start - other.start)) {
    if (start >= at) parts.push(text.slice(at, start));
    at = Math.max(at, end);
  }
  return [...parts, text.slice(at)].join(' ');
}
