/** Calls that load every file that a pattern matches, as bundlers understand them. Pure. */
import type { Node } from 'oxc-parser';
import type { ModuleRequest } from './module-record.ts';

type CallNode = Extract<Node, { type: 'CallExpression' }>;

export interface Glob extends Pick<ModuleRequest, 'specifier' | 'patterns' | 'filter' | 'isFolder'> {
  /** The string or list with the patterns. */
  readonly literal: Node;
  /** Loaded when a function is called that the call gives. */
  readonly isDeferred: boolean;
}

export function globCall(node: CallNode): Glob | undefined {
  const { callee } = node;
  if (callee.type !== 'MemberExpression' || callee.computed) return undefined;
  const { object, property } = callee;
  if (object.type === 'MetaProperty' && object.meta.name === 'import') {
    if (property.name === 'glob' || property.name === 'globEager') return viteGlob(node, property.name);
    return property.name === 'webpackContext' ? webpackContext(node) : undefined;
  }
  const isContext = object.type === 'Identifier' && object.name === 'require' && property.name === 'context';
  return isContext ? requireContext(node) : undefined;
}

function viteGlob(node: CallNode, method: string): Glob | undefined {
  const [given, options] = node.arguments;
  if (!given) return undefined;
  const patterns = stringsOf(given);
  // With a query, the files are not loaded as modules; with a base, the patterns are relative to another folder.
  if (patterns === undefined || ['as', 'query', 'base'].some((name) => memberOf(options, name))) return undefined;
  const specifier = patterns.find((pattern) => !pattern.startsWith('!'));
  if (specifier === undefined) return undefined;
  const isEager = method === 'globEager' || isTrue(memberOf(options, 'eager'));
  return { specifier, literal: given, isDeferred: !isEager, patterns };
}

/** `require.context(folder, recursive?, pattern?, mode?)` */
function requireContext(node: CallNode): Glob | undefined {
  const [folder, recursive, pattern, mode] = node.arguments;
  return context(folder, recursive, pattern, mode);
}

/** `import.meta.webpackContext(folder, { recursive, regExp, mode })` */
function webpackContext(node: CallNode): Glob | undefined {
  const [folder, options] = node.arguments;
  return context(folder, memberOf(options, 'recursive'), memberOf(options, 'regExp'), memberOf(options, 'mode'));
}

function context(folder: Node | undefined, recursive?: Node, pattern?: Node, mode?: Node): Glob | undefined {
  const specifier = stringOf(folder);
  if (specifier === undefined || !folder) return undefined;
  const isFlat = recursive?.type === 'Literal' && recursive.value === false;
  const filter = pattern?.type === 'Literal' && 'regex' in pattern ? pattern.regex.pattern : undefined;
  return {
    specifier,
    literal: folder,
    isDeferred: /^lazy/.test(stringOf(mode) ?? ''),
    isFolder: true,
    // What an expression selects that is no literal, only running it tells.
    patterns: pattern && filter === undefined ? [] : [`${specifier.replace(/\/+$/, '')}/${isFlat ? '*' : '**/*'}`],
    ...(filter === undefined ? {} : { filter }),
  };
}

function stringsOf(node: Node): readonly string[] | undefined {
  if (node.type !== 'ArrayExpression') {
    const one = stringOf(node);
    return one === undefined ? undefined : [one];
  }
  const all = node.elements.map((element) => (element ? stringOf(element) : undefined));
  return all.every((one) => one !== undefined) ? all : undefined;
}

function stringOf(node: Node | undefined): string | undefined {
  if (node?.type === 'Literal' && typeof node.value === 'string') return node.value;
  if (node?.type === 'TemplateLiteral' && node.expressions.length === 0)
    return node.quasis[0]?.value.cooked ?? undefined;
  return undefined;
}

function memberOf(node: Node | undefined, name: string): Node | undefined {
  if (node?.type !== 'ObjectExpression') return undefined;
  for (const one of node.properties) {
    if (one.type === 'Property' && one.key.type === 'Identifier' && one.key.name === name) return one.value;
  }
  return undefined;
}

function isTrue(node: Node | undefined): boolean {
  return node?.type === 'Literal' && node.value === true;
}
