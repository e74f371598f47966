/** Cyclomatic complexity: the number of independent paths, counted like ESLint's rule `complexity` (variant `classic`). Pure. */
import { functionsIn, ownerOf } from './functions.ts';
import type { Node, Tree } from './tree.ts';

/** By function, the places where its paths divide. */
export function cyclomaticOf(tree: Tree): ReadonlyMap<Node, readonly Node[]> {
  const branches = new Map<Node, Node[]>(functionsIn(tree).map((one) => [one, []]));
  // ESLint counts the value of a field and a static block as functions.
  for (const { value } of tree.all('PropertyDefinition')) if (value) branches.set(value, branches.get(value) ?? []);
  for (const node of tree.all('StaticBlock')) branches.set(node, []);
  for (const type of ALWAYS) for (const node of tree.all(type)) add(node);
  for (const node of tree.all('SwitchCase')) if (node.test) add(node);
  for (const node of tree.all('AssignmentExpression')) if (/^(?:\|\||&&|\?\?)=$/.test(node.operator)) add(node);
  for (const node of tree.all('MemberExpression')) if (node.optional) add(node);
  for (const node of tree.all('CallExpression')) if (node.optional) add(node);
  for (const list of branches.values()) list.sort((one, other) => one.start - other.start);
  return branches;

  function add(node: Node): void {
    const owner = ownerOf(tree, node);
    if (owner === undefined) return;
    const list = branches.get(owner);
    if (list) list.push(node);
    else branches.set(owner, [node]);
  }
}

const ALWAYS = [
  'CatchClause', 'ConditionalExpression', 'LogicalExpression', 'ForStatement', 'ForInStatement', 'ForOfStatement',
  'IfStatement', 'WhileStatement', 'DoWhileStatement', 'AssignmentPattern',
] as const; // prettier-ignore
