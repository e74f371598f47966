/** Where a line of code can be preceded by a line with a comment. Pure. */
import type { Node } from 'oxc-parser';
import { parseScripts } from './record.ts';
import { childrenOf } from './syntax.ts';

/** `code`: a comment can stand there. `children`: the children of a JSX element, where it needs braces. */
export type CommentPlace = 'code' | 'children';

/**
 * What a comment would be at an offset, the start of a line of a script.
 * @returns undefined: a part of a literal or of a text, or nobody knows, because the script has a syntax error
 */
export function commentPlaceAt(file: string, text: string, offset: number): CommentPlace | undefined {
  const trees = parseScripts(file, text);
  if (trees === undefined) return undefined;
  for (const { program } of trees) {
    const node = innermost(program, offset);
    switch (node.type) {
      case 'Literal':
      case 'TemplateElement':
      case 'TemplateLiteral':
      case 'TSTemplateLiteralType':
        return undefined;
      case 'JSXElement':
      case 'JSXFragment':
        return 'children';
      case 'JSXText':
        // Between two lines of text a line break is a space, which a comment would take away.
        return text.slice(node.start, offset).trim() === '' || text.slice(offset, node.end).trim() === '' ? 'children' : undefined; // prettier-ignore
      default:
    }
  }
  return 'code';
}

/** The innermost node around a gap between two characters, without nodes that begin or end there. */
function innermost(root: Node, offset: number): Node {
  let node = root;
  for (;;) {
    const inner = childrenOf(node).find(({ start, end }) => start < offset && offset < end);
    if (inner === undefined) return node;
    node = inner;
  }
}
