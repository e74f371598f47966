/** Counts lines of code. Pure. */
import type { SourceFile } from '../../rules/source-file.ts';
import type { Node, Tree } from '../../rules/tree.ts';

/**
 * The text of a file in which what is no code is blank, however long it is: the insides of templates, such as a
 * stylesheet or a query, the texts of JSX, and tables of constants. Lines and offsets stay as they are.
 */
export function onlyCode({ text, scripts }: SourceFile): string {
  const spans = scripts
    .flatMap(({ tree }) => [...tree.all('TemplateElement'), ...tree.all('JSXText'), ...tablesIn(tree)])
    .sort((one, other) => one.start - other.start);
  let result = '';
  let at = 0;
  for (const { start, end } of spans) {
    // Inside of a table.
    if (start < at) continue;
    result += text.slice(at, start) + text.slice(start, end).replace(/[^\r\n]/g, ' ');
    at = end;
  }
  return result + text.slice(at);
}

/** The insides of lists and objects that have nothing but constants. */
function tablesIn(tree: Tree): readonly { readonly start: number; readonly end: number }[] {
  return [...tree.all('ArrayExpression'), ...tree.all('ObjectExpression')]
    .filter((node) => isConstant(node))
    .map(({ start, end }) => ({ start: start + 1, end: end - 1 }));
}

/** Looks into what is inside of it to a depth that people write. */
function isConstant(node: Node, depth = 0): boolean {
  if (depth > 5) return false;
  const inner = (one: Node): boolean => isConstant(one, depth + 1);
  switch (node.type) {
    case 'Literal':
      return true;
    case 'TemplateLiteral':
      return node.expressions.length === 0;
    case 'UnaryExpression':
      return inner(node.argument);
    case 'ArrayExpression':
      return node.elements.every((one) => one !== null && inner(one));
    case 'ObjectExpression':
      return node.properties.every((one) => one.type === 'Property' && !one.computed && inner(one.value));
    default:
      return false;
  }
}

/** Without blank lines, and lines with nothing but a comment. */
export function linesOfCode(text: string): number {
  let lines = 0;
  let isComment = false;
  for (const line of text.split(/\r\n|\n|\r/)) {
    const trimmed = line.trim();
    if (isComment) {
      if (trimmed.includes('*/')) isComment = false;
      continue;
    }
    if (trimmed.startsWith('/*')) {
      isComment = !trimmed.includes('*/');
      continue;
    }
    if (trimmed !== '' && !trimmed.startsWith('//')) lines++;
  }
  return lines;
}
