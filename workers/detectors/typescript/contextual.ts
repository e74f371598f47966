/** Places in a source whose types come from elsewhere: from where a function is used, or from the types of JSX. Pure. */
import { parseSync, visitorKeys, type Node } from 'oxc-parser';
import type { Position } from '../../protocol/detector-protocol.ts';

/**
 * Whether a parameter would get its type from the context, such as that of a callback. Only then is its implicit `any` a
 * consequence of something else that has no type.
 * @param position where the parameter begins
 */
export function isTypedByContext(file: string, text: string, position: Position): boolean {
  const offset = offsetOf(text, position);
  const path = pathTo(parsed(file, text), offset);
  const at = path.findLastIndex(({ type }) => type === 'ArrowFunctionExpression' || type === 'FunctionExpression');
  // A declaration within the function is nearer.
  if (path.slice(at + 1).some(({ type }) => type === 'FunctionDeclaration')) return false;
  return at > 0 && hasContext(path, at);
}

/** Whether the name of a JSX element, or of one of its attributes, begins at a position. */
export function isElement(file: string, text: string, position: Position): boolean {
  const path = pathTo(parsed(file, text), offsetOf(text, position));
  const at = path.findLastIndex(({ type }) => type === 'JSXOpeningElement');
  return at >= 0 && path.slice(at + 1).every(({ type }) => namesInElements.has(type));
}

const namesInElements = new Set(['JSXIdentifier', 'JSXMemberExpression', 'JSXNamespacedName', 'JSXAttribute']);

/** Whether the expression at an index of a path has a type from what is around it. */
function hasContext(path: readonly Node[], at: number): boolean {
  const node = path[at];
  const parent = path[at - 1];
  if (node === undefined || parent === undefined) return false;
  switch (parent.type) {
    case 'CallExpression':
    case 'NewExpression':
      return parent.callee !== node;
    case 'JSXExpressionContainer':
    case 'TaggedTemplateExpression':
    case 'TemplateLiteral':
    case 'TSAsExpression':
    case 'TSSatisfiesExpression':
    case 'AssignmentExpression':
      return true;
    case 'VariableDeclarator':
      return (
        'typeAnnotation' in parent.id && parent.id.typeAnnotation !== null && parent.id.typeAnnotation !== undefined
      );
    case 'PropertyDefinition':
      return parent.typeAnnotation !== null && parent.typeAnnotation !== undefined;
    case 'ExportDefaultDeclaration':
    case 'MethodDefinition':
      return false;
    case 'ArrowFunctionExpression':
    case 'ReturnStatement':
      return returnsWithContext(path, at - 1);
    case 'FunctionDeclaration':
    case 'FunctionExpression':
    case 'BlockStatement':
    case 'Program':
      return false;
    default:
      // Objects, arrays, conditions, parentheses and the like pass the type of their own context on.
      return hasContext(path, at - 1);
  }
}

function returnsWithContext(path: readonly Node[], from: number): boolean {
  const at = path.slice(0, from + 1).findLastIndex(({ type }) => isFunction(type));
  const owner = path[at];
  if (owner === undefined) return false;
  if ('returnType' in owner && owner.returnType !== null && owner.returnType !== undefined) return true;
  return owner.type !== 'FunctionDeclaration' && hasContext(path, at);
}

function isFunction(type: string): boolean {
  return type === 'ArrowFunctionExpression' || type === 'FunctionExpression' || type === 'FunctionDeclaration';
}

/** The nodes around an offset, outermost first. */
function pathTo(root: Node, offset: number): readonly Node[] {
  const path: Node[] = [root];
  for (let node: Node | undefined = root; node !== undefined;) {
    node = childAt(node, offset);
    if (node) path.push(node);
  }
  return path;
}

function childAt(node: Node, offset: number): Node | undefined {
  for (const key of visitorKeys[node.type] ?? []) {
    const value = (node as unknown as Readonly<Record<string, unknown>>)[key];
    for (const child of Array.isArray(value) ? (value as unknown[]) : [value]) {
      if (isNode(child) && child.start <= offset && offset < child.end) return child;
    }
  }
  return undefined;
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && 'start' in value;
}

/** The tree of the last text: a file often has many such parameters. */
let last: { readonly file: string; readonly text: string; readonly tree: Node } | undefined;

function parsed(file: string, text: string): Node {
  if (last?.file !== file || last.text !== text) last = { file, text, tree: parse(file, text) };
  return last.tree;
}

function parse(file: string, text: string): Node {
  // In JavaScript, elements need no extension of their own.
  return parseSync(file, text, /\.[cm]?js$/.test(file) ? { lang: 'jsx' } : {}).program;
}

function offsetOf(text: string, { line, character }: Position): number {
  let start = 0;
  for (let left = line; left > 0; left -= 1) {
    const end = /\r\n|\n|\r/g;
    end.lastIndex = start;
    if (end.exec(text) === null) break;
    start = end.lastIndex;
  }
  return start + character;
}
