/**
 * What an expression stands for, as a path that tables of rules match: `child_process.exec`, `express().get`,
 * `global:location.hash`, `?db.query` for a member of something unknown that is named `db`. Follows imports, `require`,
 * constants and patterns. Also the constant values of expressions. Pure; results live as long as the tree.
 */
import { roleOf } from './roles.ts';
import { keyOf, type Binding, type Definition, type Node, type NodeOf, type Part, type Tree } from './tree.ts';

const MAXIMUM_STEPS = 24;
const PROMISIFIES =
  /^(?:util\.promisify|bluebird\.promisify(?:All)?|pify|es6-promisify(?:\.promisify)?|thenify(?:-all)?|universalify\.from\w+)$/;

export class Names {
  readonly #tree: Tree;
  readonly #paths = new Map<Node, string>();

  constructor(tree: Tree) {
    this.#tree = tree;
  }

  pathOf(node: Node, steps = 0): string {
    const known = this.#paths.get(node);
    if (known !== undefined) return known;
    if (steps > MAXIMUM_STEPS) return '?';
    // A value that is defined by itself has no name.
    this.#paths.set(node, '?');
    const path = this.#read(node, steps + 1);
    this.#paths.set(node, path);
    return path;
  }

  #read(node: Node, steps: number): string {
    switch (node.type) {
      case 'Identifier': {
        const binding = this.#tree.binding(node);
        if (binding === undefined) return `global:${node.name}`;
        return this.#pathOfBinding(binding, steps) ?? `?${node.name}`;
      }
      case 'ThisExpression':
        return '?this';
      case 'Super':
        return '?super';
      case 'MemberExpression': {
        const name = propertyOf(node, this) ?? '*';
        const object = this.pathOf(node.object, steps);
        return joined(object === '?this' ? (this.#pathOfField(node, name, steps) ?? '?this') : object, name, object);
      }
      case 'CallExpression': {
        const callee = this.pathOf(node.callee, steps);
        if (callee === 'global:require') {
          const module = this.stringOf(node.arguments[0]);
          return module === undefined ? '?' : moduleName(module);
        }
        // The same functions, with promises for their results.
        if (PROMISIFIES.test(callee) && node.arguments[0]) return this.pathOf(node.arguments[0], steps);
        return `${callee}()`;
      }
      case 'NewExpression':
        return `${this.pathOf(node.callee, steps)}()`;
      case 'ImportExpression': {
        const module = this.stringOf(node.source);
        return module === undefined ? '?' : moduleName(module);
      }
      case 'LogicalExpression':
        return this.pathOf(node.left, steps);
      default: {
        const inner = unwrapped(node);
        return inner === node ? '?' : this.pathOf(inner, steps);
      }
    }
  }

  #pathOfBinding(binding: Binding, steps: number): string | undefined {
    const definition = binding.definitions[0];
    if (definition?.kind === 'import') {
      const module = moduleName(definition.module);
      return definition.name === '*' || definition.name === 'default' ? module : `${module}.${definition.name}`;
    }
    // A default value does not change what a parameter is.
    const others = binding.definitions.slice(1);
    if (
      definition?.kind === 'parameter' &&
      others.every((one) => one.kind === 'value' && one.at.type === 'AssignmentPattern')
    )
      return roleOf(this.#tree, definition.of, definition.index, definition.parts);
    let path: string | undefined;
    for (const one of binding.definitions) {
      if (one.kind !== 'value') return undefined;
      const of = this.pathOf(one.node, steps);
      const own = of.startsWith('?') ? undefined : withParts(of, one.parts);
      // Assigned more than once, it keeps its meaning if each value has the same.
      if (own === undefined || (path !== undefined && own !== path)) return undefined;
      path = own;
    }
    return path;
  }

  /** Of `this.name`, if the class gives the field one value. */
  #pathOfField(node: NodeOf<'MemberExpression'>, name: string, steps: number): string | undefined {
    for (const around of this.#tree.ancestors(node)) {
      if (around.type !== 'ClassBody') continue;
      for (const member of around.body) {
        if (member.type === 'PropertyDefinition' && keyOf(member) === name && member.value) {
          const path = this.pathOf(member.value, steps);
          return path.startsWith('?') ? undefined : `=${path}`;
        }
      }
      return undefined;
    }
    return undefined;
  }

  /** The text of an expression that is constant. */
  stringOf(node: Node | null | undefined, steps = 0): string | undefined {
    const value = this.constantOf(node, steps);
    return typeof value === 'string' ? value : undefined;
  }

  constantOf(node: Node | null | undefined, steps = 0): string | number | boolean | null | undefined {
    if (!node || steps > MAXIMUM_STEPS) return undefined;
    switch (node.type) {
      case 'Literal':
        return typeof node.value === 'bigint' || node.value instanceof RegExp ? undefined : node.value;
      case 'TemplateLiteral': {
        let text = '';
        for (const [index, quasi] of node.quasis.entries()) {
          text += quasi.value.cooked ?? quasi.value.raw;
          const expression = node.expressions[index];
          if (!expression) continue;
          const value = this.constantOf(expression, steps + 1);
          if (value === undefined) return undefined;
          text += String(value);
        }
        return text;
      }
      case 'BinaryExpression': {
        const left = this.constantOf(node.left, steps + 1);
        const right = left === undefined ? undefined : this.constantOf(node.right, steps + 1);
        if (left === undefined || right === undefined) return undefined;
        if (node.operator === '+')
          return typeof left === 'number' && typeof right === 'number' ? left + right : String(left) + String(right);
        return node.operator === '*' ? Number(left) * Number(right) : undefined;
      }
      case 'UnaryExpression': {
        const value = this.constantOf(node.argument, steps + 1);
        if (node.operator === '-' && typeof value === 'number') return -value;
        return node.operator === '!' && value !== undefined ? !value : undefined;
      }
      case 'Identifier': {
        const definition = this.onlyDefinition(node);
        return definition?.kind === 'value' && definition.parts.length === 0
          ? this.constantOf(definition.node, steps + 1)
          : undefined;
      }
      default: {
        const inner = unwrapped(node);
        return inner === node ? undefined : this.constantOf(inner, steps + 1);
      }
    }
  }

  /** The definition of a name that never gets another value. */
  onlyDefinition(node: Node): Definition | undefined {
    const binding = node.type === 'Identifier' ? this.#tree.binding(node) : undefined;
    return binding?.definitions.length === 1 ? binding.definitions[0] : undefined;
  }

  /** The expression that a name stands for, if it has only one value. */
  valueOf(node: Node): Node {
    let at = unwrapped(node);
    for (let steps = 0; steps < MAXIMUM_STEPS; steps++) {
      const definition = this.onlyDefinition(at);
      if (definition?.kind === 'declaration') return definition.node;
      if (definition?.kind !== 'value' || definition.parts.length > 0) return at;
      at = unwrapped(definition.node);
    }
    return at;
  }

  /** The object literal that an expression stands for. */
  objectOf(node: Node | undefined): NodeOf<'ObjectExpression'> | undefined {
    const value = node && this.valueOf(node);
    return value?.type === 'ObjectExpression' ? value : undefined;
  }

  /** The value of a property of an object literal; `unclear`: a spread may set it. */
  property(node: Node | undefined, name: string): Node | 'unclear' | undefined {
    const object = this.objectOf(node);
    let found: Node | 'unclear' | undefined;
    for (const property of object?.properties ?? []) {
      if (property.type === 'SpreadElement') found ??= 'unclear';
      else if (keyOf(property) === name) found = property.value;
      else if (property.computed) found ??= 'unclear';
    }
    return found;
  }
}

/** Without types, parentheses, `await` and optional chaining. */
export function unwrapped(node: Node): Node {
  let at = node;
  for (;;) {
    switch (at.type) {
      case 'TSAsExpression':
      case 'TSSatisfiesExpression':
      case 'TSNonNullExpression':
      case 'TSTypeAssertion':
      case 'TSInstantiationExpression':
      case 'ParenthesizedExpression':
      case 'ChainExpression':
        at = at.expression;
        break;
      case 'AwaitExpression':
        at = at.argument;
        break;
      default:
        return at;
    }
  }
}

/** The name of a member, also in brackets. */
export function propertyOf(node: NodeOf<'MemberExpression'>, names?: Names): string | undefined {
  if (!node.computed) return node.property.type === 'PrivateIdentifier' ? `#${node.property.name}` : node.property.name;
  const value = names
    ? names.constantOf(node.property)
    : node.property.type === 'Literal'
      ? node.property.value
      : undefined;
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
}

export function withParts(path: string, parts: readonly Part[]): string {
  return parts.reduce<string>((at, part) => (part === '...' ? at : `${at}.${String(part)}`), path);
}

function joined(object: string, name: string, original: string): string {
  // A field of the class that is known already stands for itself.
  if (original === '?this' && object.startsWith('=')) return object.slice(1);
  return `${object}.${name}`;
}

function moduleName(specifier: string): string {
  return specifier.startsWith('node:') ? specifier.slice(5) : specifier;
}
