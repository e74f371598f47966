/** Loops, also those that are written as callbacks. Pure. */
import { propertyOf } from '../../rules/names.ts';
import { isFunction, type Node, type Tree } from '../../rules/tree.ts';

const ITERATES = /^(?:map|forEach|filter|some|every|find|findIndex|flatMap|reduce|reduceRight)$/;

export interface Loop {
  readonly node: Node;
  readonly kind: 'statement' | 'callback';
}

/** The innermost loop that runs a node again and again, within the same function. */
export function loopAround(tree: Tree, node: Node, withCallbacks = true): Loop | undefined {
  let child = node;
  for (const at of tree.ancestors(node)) {
    switch (at.type) {
      case 'ForStatement':
        if (child !== at.init) return { node: at, kind: 'statement' };
        break;
      case 'ForInStatement':
      case 'ForOfStatement':
        if (child === at.body) return { node: at, kind: 'statement' };
        break;
      case 'WhileStatement':
      case 'DoWhileStatement':
        return { node: at, kind: 'statement' };
      default:
        if (!isFunction(at)) break;
        return withCallbacks && isIteration(tree, at) ? { node: at, kind: 'callback' } : undefined;
    }
    child = at;
  }
  return undefined;
}

function isIteration(tree: Tree, callback: Node): boolean {
  const call = tree.parent(callback);
  if (call?.type !== 'CallExpression' || call.callee.type !== 'MemberExpression' || call.callee === callback)
    return false;
  return ITERATES.test(propertyOf(call.callee) ?? '');
}
