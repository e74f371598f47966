/** Functions as people speak of them, and where to report them. Pure. */
import type { Span } from './rule.ts';
import { isFunction, keyOf, type FunctionNode, type Node, type Tree } from './tree.ts';

/** `function 'read'`, `method 'open'`, `arrow function`. */
export function describe(tree: Tree, node: FunctionNode): string {
  const parent = tree.parent(node);
  if (parent?.type === 'MethodDefinition') {
    const name = keyOf(parent);
    if (parent.kind === 'constructor') return 'The constructor';
    const kind = parent.kind === 'get' ? 'getter' : parent.kind === 'set' ? 'setter' : 'method';
    return `The ${kind}${name === undefined ? '' : ` '${name}'`}`;
  }
  const name = nameOf(tree, node);
  const kind = node.type === 'ArrowFunctionExpression' ? 'arrow function' : 'function';
  return name === undefined ? `This ${kind}` : `The ${kind} '${name}'`;
}

export function nameOf(tree: Tree, node: FunctionNode): string | undefined {
  if (node.type !== 'ArrowFunctionExpression' && node.id) return node.id.name;
  const parent = tree.parent(node);
  if (parent?.type === 'VariableDeclarator' && parent.id.type === 'Identifier') return parent.id.name;
  if (parent?.type === 'MethodDefinition' || parent?.type === 'Property' || parent?.type === 'PropertyDefinition')
    return keyOf(parent);
  if (parent?.type === 'AssignmentExpression') {
    const { left } = parent;
    if (left.type === 'Identifier') return left.name;
    if (left.type === 'MemberExpression' && !left.computed && left.property.type === 'Identifier')
      return left.property.name;
  }
  return undefined;
}

/** The name, or else what stands before the body. */
export function headOf(tree: Tree, node: FunctionNode): Span {
  if (node.type !== 'ArrowFunctionExpression' && node.id) return node.id;
  const parent = tree.parent(node);
  if (parent?.type === 'VariableDeclarator' && parent.id.type === 'Identifier')
    return { start: parent.id.start, end: parent.id.start + parent.id.name.length };
  if (parent?.type === 'MethodDefinition' || parent?.type === 'Property' || parent?.type === 'PropertyDefinition')
    return parent.key;
  return {
    start: node.start,
    end: node.body ? Math.max(node.start + 1, Math.min(node.body.start, node.start + 80)) : node.end,
  };
}

export function functionsIn(tree: Tree): readonly FunctionNode[] {
  return [
    ...tree.all('FunctionDeclaration'),
    ...tree.all('FunctionExpression'),
    ...tree.all('ArrowFunctionExpression'),
  ].filter(({ body }) => body !== null);
}

/** What a branch belongs to: a function, the value of a field, a static block; undefined: the module. */
export function ownerOf(tree: Tree, node: Node): Node | undefined {
  let child = node;
  for (const at of tree.ancestors(node)) {
    if (isFunction(at) || at.type === 'StaticBlock') return at;
    if (at.type === 'PropertyDefinition' && at.value === child) return child;
    child = at;
  }
  return undefined;
}
