/** Names that declarations and patterns bind. Pure. */
import type { BindingPattern, Node } from 'oxc-parser';
import { childrenOf } from './syntax.ts';

export function boundNames(node: Node | BindingPattern): string[] {
  switch (node.type) {
    case 'Identifier':
      return [node.name];
    case 'AssignmentPattern':
      return boundNames(node.left);
    case 'RestElement':
      return boundNames(node.argument);
    case 'ArrayPattern':
      return node.elements.flatMap((one) => (one ? boundNames(one) : []));
    case 'ObjectPattern':
      return node.properties.flatMap((one) => boundNames(one.type === 'RestElement' ? one.argument : one.value));
    case 'TSParameterProperty':
      return boundNames(node.parameter);
    default:
      return [];
  }
}

/** Names that a list of statements binds in its own scope: `let`, `const`, classes and functions. */
export function lexicalNames(statements: readonly Node[]): string[] {
  return statements.flatMap((statement) => {
    const one =
      statement.type === 'ExportNamedDeclaration' && statement.declaration ? statement.declaration : statement;
    if (one.type === 'VariableDeclaration') return one.declarations.flatMap(({ id }) => boundNames(id));
    if ((one.type === 'ClassDeclaration' || one.type === 'FunctionDeclaration') && one.id) return [one.id.name];
    return one.type === 'TSEnumDeclaration' ? [one.id.name] : [];
  });
}

/** `var` declarations anywhere in a function body except in nested functions. */
export function varNames(body: Node): string[] {
  const names: string[] = [];
  const pending: Node[] = [body];
  for (let node = pending.pop(); node; node = pending.pop()) {
    if (node.type === 'VariableDeclaration' && node.kind === 'var') {
      names.push(...node.declarations.flatMap(({ id }) => boundNames(id)));
    }
    if (
      !/Function|Class/.test(node.type) &&
      (node === body || /Statement$|Declaration$|Block|Case|Clause/.test(node.type))
    ) {
      pending.push(...childrenOf(node));
    }
  }
  return names;
}
