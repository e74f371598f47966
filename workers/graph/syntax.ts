/** The structure of syntax trees. Pure. */
import { visitorKeys, type Node } from 'oxc-parser';

/** In source order. */
export function childrenOf(node: Node): readonly Node[] {
  const children: Node[] = [];
  for (const key of visitorKeys[node.type] ?? []) {
    const child = (node as unknown as Record<string, Node | readonly (Node | null)[] | null | undefined>)[key];
    if (isList(child)) {
      for (const one of child) if (one) children.push(one);
    } else if (child) {
      children.push(child);
    }
  }
  return children;
}

/** The first name of a dotted name in a type. */
export function leftmostName(node: Node): Extract<Node, { type: 'Identifier' }> | undefined {
  let at: Node = node;
  while (at.type === 'TSQualifiedName') at = at.left;
  return at.type === 'Identifier' ? at : undefined;
}

function isList(child: Node | readonly (Node | null)[] | null | undefined): child is readonly (Node | null)[] {
  return Array.isArray(child);
}
