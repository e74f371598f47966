/** Top-level statements with side effects. Builds the syntax tree once per record. */
import type { Node } from 'oxc-parser';
import type { Module, ModuleGraph } from '../../graph/index.ts';
import { parseScripts, recordHash, type ModuleRecord } from '../../graph/record.ts';

export interface Effect {
  readonly start: number;
  readonly end: number;
}

export function effectsOnLoad(graph: ModuleGraph, { file, record }: Module): readonly Effect[] {
  const known = memo.get(record);
  if (known) return known;
  const text = graph.textOf(file);
  const scripts = text !== undefined && recordHash(text) === record.hash ? parseScripts(file, text) : undefined;
  const body = (scripts ?? []).flatMap(({ program, runs }) => (runs === 'module' ? program.body : []));
  const effects = body.filter(isEffect).map(({ start, end }) => ({ start, end }));
  memo.set(record, effects);
  return effects;
}

const memo = new WeakMap<ModuleRecord, readonly Effect[]>();

/** A call, or an assignment to a member of a global object. */
function isEffect(statement: Node): boolean {
  if (statement.type !== 'ExpressionStatement' || typeof statement.directive === 'string') return false;
  let { expression } = statement;
  if (expression.type === 'AwaitExpression') expression = expression.argument;
  if (expression.type === 'CallExpression') return true;
  if (expression.type !== 'AssignmentExpression' || expression.left.type !== 'MemberExpression') return false;
  const { object } = expression.left;
  return object.type === 'Identifier' && GLOBALS.has(object.name);
}

const GLOBALS: ReadonlySet<string> = new Set(['globalThis', 'window', 'global', 'self', 'document', 'process']);
