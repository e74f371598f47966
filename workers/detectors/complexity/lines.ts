/** Counts lines of code. Pure. */
import type { SourceFile } from '../../rules/source-file.ts';
import type { Span } from '../../rules/rule.ts';
import type { Node, Tree } from '../../rules/tree.ts';

/**
 * The text of a file in which what is no code is blank, however long it is: the insides of templates, such as a
 * stylesheet or a query, the texts of JSX, and long tables of constants. Lines and offsets stay as they are.
 */
export function onlyCode({ text, scripts }: SourceFile): string {
  const spans = scripts
    .flatMap(({ tree }) => [...tree.all('TemplateElement'), ...tree.all('JSXText'), ...tablesIn(tree, text)])
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

/** Rows of constants in lists and objects, as long as nobody would call them code. */
function* tablesIn(tree: Tree, text: string): Generator<Span> {
  const lists = [
    ...tree.all('ArrayExpression').map(({ elements }) => elements),
    ...tree.all('ObjectExpression').map(({ properties }) => properties),
  ];
  for (const entries of lists) {
    let row: { start: number; end: number } | undefined;
    for (const entry of [...entries, null]) {
      if (entry !== null && isConstant(entry)) {
        row ??= { start: entry.start, end: entry.end };
        row.end = entry.end + (text[entry.end] === ',' ? 1 : 0);
      } else if (row !== undefined) {
        if (text.slice(row.start, row.end).split('\n', TABLE_LINES).length === TABLE_LINES) yield row;
        row = undefined;
      }
    }
  }
}

const TABLE_LINES = 20;

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
      return node.properties.every(inner);
    case 'Property':
      return !node.computed && inner(node.value);
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
