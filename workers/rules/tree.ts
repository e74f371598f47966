/**
 * The syntax tree of a script with what rules ask of it: nodes by type, parents, and the bindings of names. One walk
 * builds all three. Types are left out, because rules look at what runs. Lives as long as the check of one file.
 */
import { visitorKeys, type Node, type Program } from 'oxc-parser';

export type { Node, Program };
export type NodeType = Node['type'];
export type NodeOf<Type extends NodeType> = Type extends NodeType ? Having<Node, Type> : never;
/** Some nodes have one of several types. */
type Having<One, Type> = One extends { readonly type: infer Types } ? (Type extends Types ? One : never) : never;
export type Identifier = NodeOf<'Identifier'>;
export type FunctionNode = NodeOf<'FunctionDeclaration' | 'FunctionExpression' | 'ArrowFunctionExpression'>;

/** A step from a value to a part of it: a property, an element, or `...` for what a pattern leaves over. */
export type Part = string | number;

/** Where a name gets a value from. */
export type Definition =
  | { readonly kind: 'value'; readonly node: Node; readonly parts: readonly Part[]; readonly at: Node }
  /** An element of what a loop goes over. */
  | { readonly kind: 'element'; readonly node: Node; readonly parts: readonly Part[]; readonly at: Node }
  | { readonly kind: 'parameter'; readonly of: FunctionNode; readonly index: number; readonly parts: readonly Part[] }
  | { readonly kind: 'import'; readonly module: string; readonly name: string }
  | { readonly kind: 'declaration'; readonly node: Node }
  | { readonly kind: 'unknown' };

export interface Binding {
  readonly name: string;
  readonly kind: 'var' | 'let' | 'const' | 'using' | 'parameter' | 'import' | 'function' | 'class' | 'other';
  readonly scope: Scope;
  readonly definitions: Definition[];
  /** All uses of the name, including assignments to it, without its declaration. */
  readonly references: Identifier[];
}

export interface Scope {
  readonly outer: Scope | undefined;
  readonly node: Node;
  readonly isFunction: boolean;
  readonly bindings: Map<string, Binding>;
}

export class Tree {
  readonly program: Program;
  readonly #byType = new Map<NodeType, Node[]>();
  readonly #parents = new Map<Node, Node>();
  readonly #bindings = new Map<Identifier, Binding>();
  readonly #pending: (readonly [Identifier, Scope])[] = [];
  readonly #written: (readonly [Identifier, Scope, Definition])[] = [];

  constructor(program: Program) {
    this.program = program;
    this.#visit(program, undefined, newScope(program, undefined, true));
    for (const [identifier, scope] of this.#pending) {
      const binding = resolve(identifier.name, scope);
      if (binding === undefined) continue;
      this.#bindings.set(identifier, binding);
      binding.references.push(identifier);
    }
    for (const [{ name }, scope, definition] of this.#written) resolve(name, scope)?.definitions.push(definition);
  }

  /** In source order. */
  all<Type extends NodeType>(type: Type): readonly NodeOf<Type>[] {
    return (this.#byType.get(type) ?? NONE) as readonly NodeOf<Type>[];
  }

  parent(node: Node): Node | undefined {
    return this.#parents.get(node);
  }

  /** Undefined: the name is a global one, or the identifier is no reference. */
  binding(identifier: Identifier): Binding | undefined {
    return this.#bindings.get(identifier);
  }

  /** From the parent outwards. */
  *ancestors(node: Node): Generator<Node, void, undefined> {
    for (let at = this.#parents.get(node); at; at = this.#parents.get(at)) yield at;
  }

  /** The innermost function around a node; undefined: it runs with the module. */
  functionAround(node: Node): FunctionNode | undefined {
    for (const at of this.ancestors(node)) if (isFunction(at)) return at;
    return undefined;
  }

  #visit(node: Node, parent: Node | undefined, scope: Scope): void {
    if (parent !== undefined) this.#parents.set(node, parent);
    const { type } = node;
    const list = this.#byType.get(type);
    if (list) list.push(node);
    else this.#byType.set(type, [node]);

    switch (type) {
      case 'Identifier':
        if (isReference(node, parent)) this.#pending.push([node, scope]);
        return;
      case 'VariableDeclaration':
        this.#variables(node, parent, scope);
        return;
      case 'FunctionDeclaration':
      case 'FunctionExpression':
      case 'ArrowFunctionExpression':
        this.#function(node, scope);
        return;
      case 'ClassDeclaration':
      case 'ClassExpression': {
        const inner = type === 'ClassExpression' && node.id ? newScope(node, scope, false) : scope;
        if (node.id) this.#declareName(node.id, node, inner, 'class', { kind: 'declaration', node });
        this.#children(node, inner, 'id');
        return;
      }
      case 'ImportDeclaration':
        for (const specifier of node.specifiers) {
          const name =
            specifier.type === 'ImportSpecifier'
              ? specifier.imported.type === 'Identifier'
                ? specifier.imported.name
                : specifier.imported.value
              : specifier.type === 'ImportDefaultSpecifier'
                ? 'default'
                : '*';
          const definition: Definition = { kind: 'import', module: node.source.value, name };
          this.#declareName(specifier.local, specifier, scope, 'import', definition);
        }
        return;
      case 'CatchClause': {
        const inner = newScope(node, scope, false);
        if (node.param) this.#pattern(node.param, node, inner, 'other', () => ({ kind: 'unknown' }));
        this.#visit(node.body, node, inner);
        return;
      }
      case 'ForStatement':
      case 'ForInStatement':
      case 'ForOfStatement':
      case 'BlockStatement':
      case 'StaticBlock':
      case 'SwitchStatement':
        this.#children(node, newScope(node, scope, type === 'StaticBlock'));
        return;
      case 'AssignmentExpression':
        this.#assignment(node, scope);
        this.#children(node, scope);
        return;
      case 'UpdateExpression':
        if (node.argument.type === 'Identifier') this.#written.push([node.argument, scope, { kind: 'unknown' }]);
        this.#children(node, scope);
        return;
      case 'TSEnumDeclaration':
        this.#declareName(node.id, node, scope, 'other', { kind: 'declaration', node });
        this.#children(node, scope, 'id');
        return;
      case 'TSImportEqualsDeclaration':
        if (node.id.type === 'Identifier') {
          const module = moduleOf(node);
          const definition: Definition =
            module === undefined ? { kind: 'declaration', node } : { kind: 'import', module, name: '*' };
          this.#declareName(node.id, node, scope, module === undefined ? 'other' : 'import', definition);
        }
        return;
      case 'TSModuleDeclaration':
        if (node.body) this.#visit(node.body, node, newScope(node, scope, true));
        return;
      default:
        if (isType(type)) return;
        this.#children(node, scope);
    }
  }

  #children(node: Node, scope: Scope, except?: string): void {
    const record = node as unknown as Readonly<Record<string, Node | readonly (Node | null)[] | null | undefined>>;
    for (const key of valueKeys(node.type)) {
      if (key === except) continue;
      const child = record[key];
      if (child === null || child === undefined) continue;
      if (isList(child)) {
        for (const one of child) if (one) this.#visit(one, node, scope);
      } else {
        this.#visit(child, node, scope);
      }
    }
  }

  #variables(node: NodeOf<'VariableDeclaration'>, parent: Node | undefined, scope: Scope): void {
    const owner = node.kind === 'var' ? functionScope(scope) : scope;
    const kind = node.kind === 'await using' ? 'using' : node.kind;
    const loop = parent?.type === 'ForOfStatement' || parent?.type === 'ForInStatement' ? parent : undefined;
    for (const declarator of node.declarations) {
      this.#parents.set(declarator, node);
      pushTo(this.#byType, declarator);
      const value = loop?.left === node ? loop.right : declarator.init;
      const from = loop?.left === node ? 'element' : 'value';
      this.#pattern(
        declarator.id,
        declarator,
        owner,
        kind,
        (parts) =>
          value
            ? loop?.type === 'ForInStatement'
              ? { kind: 'unknown' }
              : { kind: from, node: value, parts, at: declarator }
            : { kind: 'unknown' },
        scope,
      );
      if (declarator.init) this.#visit(declarator.init, declarator, scope);
    }
  }

  #function(node: FunctionNode, scope: Scope): void {
    const inner = newScope(node, scope, true);
    if (node.type !== 'ArrowFunctionExpression' && node.id) {
      const isDeclaration = node.type === 'FunctionDeclaration';
      this.#declareName(node.id, node, isDeclaration ? scope : inner, 'function', { kind: 'declaration', node });
    }
    for (const [index, parameter] of node.params.entries()) {
      const pattern = parameter.type === 'TSParameterProperty' ? parameter.parameter : parameter;
      if (pattern !== parameter) this.#parents.set(parameter, node);
      this.#pattern(pattern, node, inner, 'parameter', (parts) => ({ kind: 'parameter', of: node, index, parts }));
    }
    const { body } = node;
    if (!body) return;
    // The block of a function shares the scope of its parameters.
    if (body.type === 'BlockStatement') {
      this.#parents.set(body, node);
      pushTo(this.#byType, body);
      this.#children(body, inner);
    } else {
      this.#visit(body, node, inner);
    }
  }

  #assignment(node: NodeOf<'AssignmentExpression'>, scope: Scope): void {
    const assign = (target: Node, parts: readonly Part[]): void => {
      switch (target.type) {
        case 'Identifier':
          this.#written.push([target, scope, { kind: 'value', node: node.right, parts, at: node }]);
          return;
        case 'ObjectPattern':
          for (const property of target.properties) {
            if (property.type === 'RestElement') assign(property.argument, [...parts, '...']);
            else assign(property.value, [...parts, keyOf(property) ?? '...']);
          }
          return;
        case 'ArrayPattern':
          for (const [index, element] of target.elements.entries()) if (element) assign(element, [...parts, index]);
          return;
        case 'AssignmentPattern':
          assign(target.left, parts);
          return;
        default:
      }
    };
    assign(node.left, []);
  }

  /** Declares the names of a pattern; default values and computed keys are expressions. */
  #pattern(
    pattern: Node,
    parent: Node,
    scope: Scope,
    kind: Binding['kind'],
    from: (parts: readonly Part[]) => Definition,
    outer = scope,
    parts: readonly Part[] = [],
  ): void {
    this.#parents.set(pattern, parent);
    const inside = (node: Node, part: readonly Part[]): void => {
      this.#pattern(node, pattern, scope, kind, from, outer, [...parts, ...part]);
    };
    switch (pattern.type) {
      case 'Identifier':
        this.#declareName(pattern, parent, scope, kind, from(parts));
        for (const decorator of pattern.decorators ?? []) this.#visit(decorator, pattern, outer);
        return;
      case 'ObjectPattern':
        for (const property of pattern.properties) {
          this.#parents.set(property, pattern);
          if (property.type === 'RestElement') inside(property.argument, ['...']);
          else {
            if (property.computed) this.#visit(property.key, property, outer);
            inside(property.value, [keyOf(property) ?? '...']);
          }
        }
        return;
      case 'ArrayPattern':
        for (const [index, element] of pattern.elements.entries()) {
          if (element?.type === 'RestElement') inside(element.argument, ['...']);
          else if (element) inside(element, [index]);
        }
        return;
      case 'AssignmentPattern':
        pushTo(this.#byType, pattern);
        inside(pattern.left, []);
        this.#visit(pattern.right, pattern, outer);
        if (pattern.left.type === 'Identifier')
          this.#declareName(pattern.left, pattern, scope, kind, {
            kind: 'value',
            node: pattern.right,
            parts: [],
            at: pattern,
          });
        return;
      case 'RestElement':
        inside(pattern.argument, ['...']);
        return;
      case 'TSParameterProperty':
        inside(pattern.parameter, []);
        return;
      default:
    }
  }

  #declareName(name: Identifier, parent: Node, scope: Scope, kind: Binding['kind'], definition: Definition): void {
    this.#parents.set(name, this.#parents.get(name) ?? parent);
    let binding = scope.bindings.get(name.name);
    if (binding === undefined) {
      binding = { name: name.name, kind, scope, definitions: [], references: [] };
      scope.bindings.set(name.name, binding);
    }
    binding.definitions.push(definition);
    this.#bindings.set(name, binding);
  }
}

export function isFunction(node: Node): node is FunctionNode {
  return (
    node.type === 'ArrowFunctionExpression' || node.type === 'FunctionExpression' || node.type === 'FunctionDeclaration'
  );
}

/** The name of a property that is not computed. */
export function keyOf(property: { readonly key: Node; readonly computed: boolean }): string | undefined {
  const { key, computed } = property;
  if (key.type === 'Identifier' && !computed) return key.name;
  if (key.type === 'PrivateIdentifier') return `#${key.name}`;
  return key.type === 'Literal' && (typeof key.value === 'string' || typeof key.value === 'number')
    ? String(key.value)
    : undefined;
}

const NONE: readonly Node[] = [];

function newScope(node: Node, outer: Scope | undefined, isFunctionScope: boolean): Scope {
  return { outer, node, isFunction: isFunctionScope, bindings: new Map() };
}

function functionScope(scope: Scope): Scope {
  let at = scope;
  while (!at.isFunction && at.outer) at = at.outer;
  return at;
}

function resolve(name: string, scope: Scope): Binding | undefined {
  for (let at: Scope | undefined = scope; at; at = at.outer) {
    const found = at.bindings.get(name);
    if (found) return found;
  }
  return undefined;
}

function pushTo(byType: Map<NodeType, Node[]>, node: Node): void {
  const list = byType.get(node.type);
  if (list) list.push(node);
  else byType.set(node.type, [node]);
}

function isReference(node: Identifier, parent: Node | undefined): boolean {
  switch (parent?.type) {
    case 'MemberExpression':
      return parent.computed || parent.object === node;
    case 'Property':
    case 'MethodDefinition':
    case 'PropertyDefinition':
    case 'AccessorProperty':
      return parent.computed || parent.value === node;
    case 'LabeledStatement':
    case 'BreakStatement':
    case 'ContinueStatement':
    case 'MetaProperty':
      return false;
    case 'TSEnumMember':
      return parent.initializer === node;
    case 'ExportSpecifier':
      return parent.local === node;
    default:
      return true;
  }
}

function moduleOf(node: NodeOf<'TSImportEqualsDeclaration'>): string | undefined {
  const { moduleReference } = node;
  return moduleReference.type === 'TSExternalModuleReference' ? moduleReference.expression.value : undefined;
}

const keys = new Map<NodeType, readonly string[]>();

/** Children of which something runs. */
function valueKeys(type: NodeType): readonly string[] {
  let known = keys.get(type);
  if (known === undefined) {
    known = (visitorKeys[type] ?? []).filter((key) => !TYPE_KEYS.has(key));
    keys.set(type, known);
  }
  return known;
}

const TYPE_KEYS: ReadonlySet<string> = new Set([
  'typeAnnotation', 'typeParameters', 'typeArguments', 'returnType', 'superTypeArguments', 'implements',
]); // prettier-ignore

/** Nodes around an expression, which runs. */
const WRAPPERS: ReadonlySet<NodeType> = new Set([
  'TSAsExpression', 'TSSatisfiesExpression', 'TSNonNullExpression', 'TSTypeAssertion', 'TSInstantiationExpression',
  'TSExportAssignment', 'TSModuleBlock', 'TSParameterProperty', 'TSEnumBody', 'TSEnumMember',
]); // prettier-ignore

function isType(type: NodeType): boolean {
  return type.startsWith('TS') && !WRAPPERS.has(type);
}

function isList(child: Node | readonly (Node | null)[]): child is readonly (Node | null)[] {
  return Array.isArray(child);
}
