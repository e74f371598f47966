/** When a CommonJS module assigns its exports. Reads texts of the graph; once per record. */
import type { Node, Program } from 'oxc-parser';
import type { Module, ModuleGraph } from './graph.ts';
import { parseTree, recordHash, type ModuleRecord } from './record.ts';
import { childrenOf } from './syntax.ts';

export interface CommonJsExports {
  /** The end of the statement that replaces `module.exports`, if one does. Importers before it keep the old object. */
  readonly replacedAt: number | undefined;
  /** The end of the statement that assigns each name: `exports.name = …`. */
  readonly assignedAt: ReadonlyMap<string, number>;
}

/** Undefined: the module is none, or assigns exports in a way that only running it shows. */
export function commonJsExports(graph: ModuleGraph, { file, record }: Module): CommonJsExports | undefined {
  const known = memo.get(record);
  if (known) return known.exports;
  const text = record.isModule ? undefined : graph.textOf(file);
  const tree = text !== undefined && recordHash(text) === record.hash ? parseTree(file, text) : undefined;
  const exports = tree && exportsIn(tree);
  memo.set(record, { exports });
  return exports;
}

const memo = new WeakMap<ModuleRecord, { readonly exports: CommonJsExports | undefined }>();

function exportsIn(program: Program): CommonJsExports | undefined {
  let replacedAt: number | undefined;
  const assignedAt = new Map<string, number>();
  const understood = new Set<Node>();
  for (const statement of program.body) {
    if (statement.type !== 'ExpressionStatement') continue;
    for (let at: Node = statement.expression; at.type === 'AssignmentExpression'; at = at.right) {
      const target = targetOf(at.left);
      if (target === undefined) continue;
      understood.add(at.left);
      if (target === '') replacedAt ??= statement.end;
      else if (!assignedAt.has(target)) assignedAt.set(target, statement.end);
    }
  }
  return isOtherwiseExported(program, understood) ? undefined : { replacedAt, assignedAt };
}

/** The name that an assignment exports; empty: it replaces all exports. */
function targetOf(left: Node): string | undefined {
  if (isExportsObject(left)) return left.type === 'Identifier' ? undefined : '';
  return left.type === 'MemberExpression' && !left.computed && isExportsObject(left.object)
    ? left.property.name
    : undefined;
}

/** `exports` or `module.exports`. */
function isExportsObject(node: Node): boolean {
  if (node.type === 'Identifier') return node.name === 'exports';
  return (
    node.type === 'MemberExpression' &&
    !node.computed &&
    node.property.name === 'exports' &&
    node.object.type === 'Identifier' &&
    node.object.name === 'module'
  );
}

/** Whether exports are assigned in a branch or a function, or handed to a function that may assign them. */
function isOtherwiseExported(program: Program, understood: ReadonlySet<Node>): boolean {
  const pending: Node[] = [program];
  for (let node = pending.pop(); node; node = pending.pop()) {
    if (node.type === 'AssignmentExpression' && !understood.has(node.left) && isPartOfExports(node.left)) return true;
    if (node.type === 'CallExpression' && node.arguments.some(isHandedOn) && !marksModule(node)) return true;
    pending.push(...childrenOf(node));
  }
  return false;
}

function isPartOfExports(left: Node): boolean {
  // `exports = module.exports = …` keeps the short name in step.
  if (left.type === 'Identifier') return false;
  return isExportsObject(left) || (left.type === 'MemberExpression' && isExportsObject(left.object));
}

function isHandedOn(argument: Node): boolean {
  return isExportsObject(argument) || (argument.type === 'Identifier' && argument.name === 'module');
}

/** `Object.defineProperty(exports, '__esModule', …)`. */
function marksModule({ arguments: [, name] }: Extract<Node, { type: 'CallExpression' }>): boolean {
  return name?.type === 'Literal' && name.value === '__esModule';
}
