/**
 * Requests that may fail, because a `try` or a handler of a rejected promise guards them. Builds the tree on demand,
 * once per record.
 */
import type { Node } from 'oxc-parser';
import type { Module, ModuleGraph } from './graph.ts';
import { parseScripts, type ModuleRecord, type RequestKind } from './record.ts';
import { childrenOf } from './syntax.ts';

/** Indexes of guarded requests in the record. */
export function guardedRequests(graph: ModuleGraph, { file, record }: Module): ReadonlySet<number> {
  const known = memo.get(record);
  if (known) return known;
  const guarded = new Set<number>();
  const text = record.requests.some(({ kind }) => FAILING.has(kind)) ? graph.textOf(file) : undefined;
  const scripts = text === undefined ? [] : (parseScripts(file, text) ?? []);
  if (scripts.length > 0) {
    const spans = scripts.flatMap(({ program }) => guardedSpans(program));
    record.requests.forEach(({ kind, start, end }, index) => {
      if (FAILING.has(kind) && spans.some(([from, to]) => from <= start && end <= to)) guarded.add(index);
    });
  }
  memo.set(record, guarded);
  return guarded;
}

const memo = new WeakMap<ModuleRecord, ReadonlySet<number>>();

/** Requests that fail when they run, not before the module. */
const FAILING: ReadonlySet<RequestKind> = new Set(['require', 'dynamic', 'resolve']);

type Span = readonly [start: number, end: number];

function guardedSpans(tree: Node): readonly Span[] {
  const spans: Span[] = [];
  const pending: Node[] = [tree];
  for (let node = pending.pop(); node; node = pending.pop()) {
    if (node.type === 'TryStatement' && node.handler) spans.push([node.block.start, node.block.end]);
    if (node.type === 'CallExpression' && node.callee.type === 'MemberExpression' && !node.callee.computed) {
      const { object, property } = node.callee;
      if (handlesFailure(property.name, node.arguments)) spans.push([object.start, object.end]);
      if (property.name === 'allSettled') for (const one of node.arguments) spans.push([one.start, one.end]);
    }
    pending.push(...childrenOf(node));
  }
  return spans;
}

/** `.catch(handler)`, or a second argument of `.then`; `undefined` and `null` handle nothing. */
function handlesFailure(method: string, handlers: readonly Node[]): boolean {
  const handler = method === 'catch' ? handlers[0] : method === 'then' ? handlers[1] : undefined;
  if (handler === undefined) return false;
  return (
    !(handler.type === 'Identifier' && handler.name === 'undefined') &&
    !(handler.type === 'Literal' && handler.value === null)
  );
}
