/** Finds the requests that only the syntax tree shows, such as `require()` and `import()` in types. Pure. */
import type { Node, Program } from 'oxc-parser';
import type { ImportedName, ModuleRequest } from './module-record.ts';
import { globCall } from './glob-calls.ts';
import { childrenOf } from './syntax.ts';

/**
 * `const { a, b: c } = require('x')` gives the names a and b, `const x = require('x')` and `import x = require('x')`
 * `*`, `require('x').a` gives a without a local name.
 */
export interface Call extends ModuleRequest {
  readonly kind: 'require' | 'type' | 'reference' | 'resolve' | 'glob';
}

/** Walks without recursion: a chain of a thousand `+` is a thousand levels deep. */
export function callsIn(program: Program): readonly Call[] {
  const calls: Call[] = [];
  const pending: Visit[] = [{ node: program, parent: undefined, place: { deferred: false, shadowed: false } }];
  for (let visit = pending.pop(); visit; visit = pending.pop()) {
    const { node } = visit;
    const call = callAt(visit);
    if (call) calls.push(call);
    const place = placeInside(visit);
    for (const child of childrenOf(node)) pending.push({ node: child, parent: node, place });
  }
  return calls;
}

interface Place {
  readonly deferred: boolean;
  /** Something hides the real `require`: a parameter (in a bundle or AMD), or one made for another file. */
  readonly shadowed: boolean;
}

interface Visit {
  readonly node: Node;
  readonly parent: Node | undefined;
  readonly place: Place;
}

/** The place of the children of a node. */
function placeInside({ node, parent, place }: Visit): Place {
  switch (node.type) {
    case 'FunctionDeclaration':
    case 'FunctionExpression':
    case 'ArrowFunctionExpression': {
      const immediate = parent?.type === 'CallExpression' && parent.callee === node;
      return {
        deferred: place.deferred || !immediate,
        shadowed: place.shadowed || node.params.some((one) => one.type === 'Identifier' && one.name === 'require'),
      };
    }
    case 'Program':
    case 'BlockStatement':
      return node.body.some(declaresOtherRequire) ? { ...place, shadowed: true } : place;
    case 'PropertyDefinition':
      return node.static ? place : { ...place, deferred: true };
    default:
      return place;
  }
}

function callAt({ node, parent, place }: Visit): Call | undefined {
  switch (node.type) {
    case 'NewExpression':
      return newUrl(node, parent, place);
    case 'CallExpression':
      return globAt(node, place) ?? requireCall(node, parent, place);
    case 'TSImportType':
      return {
        ...callOf('type', node.source.value, node, node.source, place, qualifierName(node.qualifier)),
        typeOnly: true,
      };
    case 'TSImportEqualsDeclaration': {
      if (node.moduleReference.type !== 'TSExternalModuleReference') return undefined;
      const { expression } = node.moduleReference;
      const typeOnly = node.importKind === 'type';
      const name = { imported: '*', local: node.id.name, typeOnly, start: node.id.start, end: node.id.end };
      return { ...callOf('require', expression.value, node, expression, place, [name]), typeOnly };
    }
    default:
      return undefined;
  }
}

function newUrl(
  node: Extract<Node, { type: 'NewExpression' }>,
  parent: Node | undefined,
  place: Place,
): Call | undefined {
  const [argument, base] = node.arguments;
  const specifier = literalOf(argument);
  const isUrl = node.callee.type === 'Identifier' && node.callee.name === 'URL' && base && isImportMeta(base, 'url');
  if (!isUrl || !argument || specifier === undefined) return undefined;
  const kind = isWorker(parent, node) ? 'resolve' : 'reference';
  return callOf(kind, relativeUrl(specifier), node, argument, place, []);
}

/** In a URL, `x.js` is a path beside the module, not a package. */
function relativeUrl(specifier: string): string {
  return /^(?:[./]|[a-z][\w+.-]*:)/i.test(specifier) ? specifier : `./${specifier}`;
}

/** `new Worker(new URL('x', import.meta.url))`: bundlers and Node.js load the file. */
function isWorker(parent: Node | undefined, url: Node): boolean {
  return (
    parent?.type === 'NewExpression' &&
    parent.arguments[0] === url &&
    parent.callee.type === 'Identifier' &&
    /^(?:Shared)?Worker$/.test(parent.callee.name)
  );
}

function globAt(node: Extract<Node, { type: 'CallExpression' }>, place: Place): Call | undefined {
  const glob = globCall(node);
  if (!glob) return undefined;
  const { specifier, literal, isDeferred, ...more } = glob;
  const call = callOf('glob', specifier, node, literal, place, []);
  return { ...call, deferred: call.deferred || isDeferred, ...more };
}

function requireCall(
  node: Extract<Node, { type: 'CallExpression' }>,
  parent: Node | undefined,
  place: Place,
): Call | undefined {
  const argument = node.arguments[0];
  const specifier = literalOf(argument);
  if (specifier === undefined || argument === undefined) return undefined;
  const { callee } = node;
  if (isRequire(callee, place)) return callOf('require', specifier, node, argument, place, namesOf(node, parent));
  if (callee.type !== 'MemberExpression' || callee.computed) return undefined;
  const { object, property } = callee;
  if (property.name === 'resolve' && isImportMeta(object)) {
    return callOf('reference', specifier, node, argument, place, []);
  }
  // Options of `require.resolve` name other folders to look in; those of a mock say that the module need not exist.
  if (property.name === 'resolve' && isRequire(object, place)) {
    return callOf(node.arguments.length > 1 ? 'reference' : 'resolve', specifier, node, argument, place, []);
  }
  const mocker = object.type === 'Identifier' ? MOCKERS[object.name] : undefined;
  if (mocker?.has(property.name) !== true) return undefined;
  return callOf(node.arguments.length > 2 ? 'reference' : 'resolve', specifier, node, argument, place, []);
}

/** Methods of test runners that fail if a module does not exist. Vitest mocks a module whether or not it exists. */
const JEST_METHODS: ReadonlySet<string> = new Set([
  'mock', 'doMock', 'unmock', 'dontMock', 'deepUnmock', 'setMock', 'requireActual', 'requireMock', 'createMockFromModule',
  'genMockFromModule', 'unstable_mockModule', 'unstable_unmockModule',
]); // prettier-ignore
const VITEST_METHODS: ReadonlySet<string> = new Set(['importActual', 'importMock']);
const MOCKERS: Readonly<Record<string, ReadonlySet<string> | undefined>> = {
  jest: JEST_METHODS,
  vi: VITEST_METHODS,
  vitest: VITEST_METHODS,
};

function isRequire(node: Node, place: Place): boolean {
  return node.type === 'Identifier' && node.name === 'require' && !place.shadowed;
}

/** `const require = createRequire(place)`, where `place` is another file. */
function declaresOtherRequire(statement: Node): boolean {
  if (statement.type !== 'VariableDeclaration') return false;
  return statement.declarations.some(({ id, init }) => {
    if (id.type !== 'Identifier' || id.name !== 'require' || init?.type !== 'CallExpression') return false;
    const { callee } = init;
    const name = callee.type === 'MemberExpression' && !callee.computed ? callee.property : callee;
    const [place] = init.arguments;
    return name.type === 'Identifier' && name.name === 'createRequire' && place !== undefined && !isThisFile(place);
  });
}

function isThisFile(node: Node): boolean {
  return (
    isImportMeta(node, 'url') ||
    isImportMeta(node, 'filename') ||
    (node.type === 'Identifier' && node.name === '__filename')
  );
}

function callOf(
  kind: Call['kind'],
  specifier: string,
  node: Node,
  literal: Node,
  place: Place,
  names: readonly ImportedName[],
): Call {
  return {
    kind,
    specifier,
    typeOnly: false,
    deferred: place.deferred,
    start: node.start,
    end: node.end,
    specifierStart: literal.start,
    specifierEnd: literal.end,
    names,
  };
}

function literalOf(node: Node | undefined): string | undefined {
  if (node?.type === 'Literal' && typeof node.value === 'string') return node.value;
  if (node?.type === 'TemplateLiteral' && node.expressions.length === 0)
    return node.quasis[0]?.value.cooked ?? undefined;
  return undefined;
}

function isImportMeta(node: Node, property?: string): boolean {
  if (property !== undefined) {
    return (
      node.type === 'MemberExpression' && !node.computed && node.property.name === property && isImportMeta(node.object)
    );
  }
  return node.type === 'MetaProperty' && node.meta.name === 'import';
}

function namesOf(call: Node, parent: Node | undefined): readonly ImportedName[] {
  if (parent?.type === 'MemberExpression' && !parent.computed && parent.object === call) {
    const { property } = parent;
    return [{ imported: property.name, local: '', typeOnly: false, start: property.start, end: property.end }];
  }
  if (parent?.type !== 'VariableDeclarator') return [];
  const { id } = parent;
  if (id.type === 'Identifier') {
    return [{ imported: '*', local: id.name, typeOnly: false, start: id.start, end: id.end }];
  }
  if (id.type !== 'ObjectPattern') return [];
  const names: ImportedName[] = [];
  for (const property of id.properties) {
    if (property.type !== 'Property' || property.computed || property.key.type !== 'Identifier') continue;
    const { key, value } = property;
    const local = value.type === 'Identifier' ? value.name : '';
    names.push({ imported: key.name, local, typeOnly: false, start: key.start, end: key.end });
  }
  return names;
}

function qualifierName(qualifier: Extract<Node, { type: 'TSImportType' }>['qualifier']): readonly ImportedName[] {
  let first: Node | null = qualifier;
  while (first && first.type === 'TSQualifiedName') first = first.left;
  if (first?.type !== 'Identifier') return [];
  return [{ imported: first.name, local: '', typeOnly: true, start: first.start, end: first.end }];
}
