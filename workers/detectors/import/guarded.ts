/**
 * Requests that may fail, because a `try` or a `catch` handler guards them. Builds the tree on demand, once per record.
 */
import { visitorKeys, type Node } from 'oxc-parser';
import type { Module, ModuleGraph } from '../../graph/index.ts';
import { parseTree, type ModuleRecord, type RequestKind } from '../../graph/record.ts';

/** Indexes of guarded requests in the record. */
export function guardedRequests(graph: ModuleGraph, { file, record }: Module): ReadonlySet<number> {
  const known = memo.get(record);
  if (known) return known;
  const guarded = new Set<number>();
  const text = record.requests.some(({ kind }) => GUARDED.has(kind))
    ? graph.textOf(file)
    : undefined;
  const tree = text === undefined ? undefined : parseTree(file, text);
  if (tree) {
    const spans = guardedSpans(tree);
    record.requests.forEach(({ kind, start, end }, index) => {
      if (!GUARDED.has(kind)) return;
      if (spans.some(([from, to]) => from <= start && end <= to)) guarded.add(index);
    });
  }
  memo.set(record, guarded);
  return guarded;
}

const GUARDED: ReadonlySet<RequestKind> = new Set(['require', 'dynamic', 'reference']);

const memo = new WeakMap<ModuleRecord, ReadonlySet<number>>();

function guardedSpans(tree: Node): readonly (readonly [start: number, end: number])[] {
  const spans: [number, number][] = [];
  const pending: Node[] = [tree];
  for (let node = pending.pop(); node; node = pending.pop()) {
    if (node.type === 'TryStatement' && node.handler) spans.push([node.block.start, node.block.end]);
    if (node.type === 'CallExpression' && node.callee.type === 'MemberExpression' && !node.callee.computed) {
      const method = node.callee.property.name;
      if (method === 'catch' || (method === 'then' && node.arguments.length > 1)) {
        spans.push([node.callee.object.start, node.callee.object.end]);
      }
    }
    for (const key of visitorKeys[node.type] ?? []) {
      const child = (node as unknown as Record<string, Node | readonly (Node | null)[] | null | undefined>)[key];
      if (Array.isArray(child)) pending.push(...(child as readonly (Node | null)[]).filter((one) => one !== null));
      else if (child) pending.push(child as Node);
    }
  }
  return spans;
}
