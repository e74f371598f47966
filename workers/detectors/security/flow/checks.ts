/**
 * Whether the code checks a value before it uses it: against a pattern, a list, or a constant. What a check really
 * allows is not looked at: who checks, has thought of it.
 */
import { propertyOf, unwrapped, type Names } from '../../../rules/names.ts';
import { isFunction, type Node, type NodeOf, type Tree } from '../../../rules/tree.ts';
import { childrenOf } from '../../../graph/syntax.ts';

export class Checks {
  readonly #tree: Tree;
  readonly #names: Names;
  readonly #text: string;

  constructor(tree: Tree, names: Names, text: string) {
    this.#tree = tree;
    this.#names = names;
    this.#text = text;
  }

  /** Whether a name or a member is checked at the place where it is used. */
  isChecked(use: Node): boolean {
    const text = this.#text.slice(use.start, use.end);
    let child = use;
    for (const at of this.#tree.ancestors(use)) {
      switch (at.type) {
        case 'IfStatement':
        case 'ConditionalExpression':
          if (child !== at.test && this.#validates(at.test, text)) return true;
          break;
        case 'LogicalExpression':
          if (child === at.right && this.#validates(at.left, text)) return true;
          break;
        case 'SwitchStatement':
          if (child !== at.discriminant && this.#text.slice(at.discriminant.start, at.discriminant.end) === text)
            return true;
          break;
        case 'BlockStatement':
        case 'Program':
        case 'SwitchCase': {
          const statements = at.type === 'SwitchCase' ? at.consequent : at.body;
          for (const statement of statements) {
            if (statement.start >= child.start) break;
            if (this.#refuses(statement, text)) return true;
          }
          break;
        }
        default:
      }
      child = at;
    }
    return false;
  }

  /** A statement that leaves the function unless the value is right. */
  #refuses(statement: Node, text: string): boolean {
    if (statement.type === 'IfStatement') {
      const leaves = exits(statement.consequent) || (statement.alternate !== null && exits(statement.alternate));
      if (leaves) return this.#validates(statement.test, text);
      // `if (!ok(x)) x = 'default'`
      return (
        this.#text.slice(statement.consequent.start, statement.consequent.end).includes(`${text} =`) &&
        this.#validates(statement.test, text)
      );
    }
    if (statement.type !== 'ExpressionStatement') return false;
    const call = unwrapped(statement.expression);
    if (call.type !== 'CallExpression' || !ASSERTS.test(nameOfCallee(call))) return false;
    return call.arguments.some((argument) => this.#text.slice(argument.start, argument.end).includes(text));
  }

  #validates(test: Node, text: string): boolean {
    const own = this.#text.slice(test.start, test.end);
    if (!own.includes(text)) {
      return this.#validatesDerived(test, text);
    }
    return this.#looksAt(test, text);
  }

  /**
   * `const isKnown = list.includes(x); if (!isKnown) return;`
   * `const inside = path.relative(root, x); if (inside.startsWith('..')) return;`
   */
  #validatesDerived(test: Node, text: string): boolean {
    const pending: Node[] = [test];
    for (let node = pending.pop(); node; node = pending.pop()) {
      if (node.type === 'Identifier') {
        const value = this.#names.valueOf(node);
        if (value === node || isFunction(value) || !this.#text.slice(value.start, value.end).includes(text)) continue;
        if (this.#looksAt(value, text) || this.#looksAt(test, node.name)) return true;
      }
      pending.push(...childrenOf(node));
    }
    return false;
  }

  #looksAt(test: Node, text: string): boolean {
    const pending: Node[] = [test];
    for (let node = pending.pop(); node; node = pending.pop()) {
      if (!this.#text.slice(node.start, node.end).includes(text)) continue;
      switch (node.type) {
        case 'CallExpression': {
          const name = nameOfCallee(node);
          if (VALIDATES.test(name) && !LOOKS_AT_OTHER_THINGS.test(name)) return true;
          break;
        }
        case 'BinaryExpression': {
          const { operator, left, right } = node;
          if (operator === 'in' || operator === 'instanceof') return true;
          if (/^[!=]==?$/.test(operator)) {
            const value = this.#names.constantOf(left) ?? this.#names.constantOf(right);
            const isOfType = left.type === 'UnaryExpression' && left.operator === 'typeof';
            if (isOfType ? value !== 'string' && value !== 'undefined' : isMeaningful(value)) return true;
            if (isHostOf(left, text, this.#text) || isHostOf(right, text, this.#text)) return true;
            if (value === undefined && (isConstantName(left) || isConstantName(right))) return true;
          }
          break;
        }
        case 'MemberExpression':
          if (node.computed && this.#text.slice(node.property.start, node.property.end) === text) return true;
          break;
        default:
      }
      pending.push(...childrenOf(node));
    }
    return false;
  }
}

const VALIDATES =
  /^(?:test|match|matches|includes|has|hasOwn|hasOwnProperty|indexOf|startsWith|endsWith|is(?:[A-Z_]\w*)?|exec|contains|search|some|every|find|\w*(?:[Vv]alid|[Aa]llow|[Ss]afe|[Vv]erif|[Cc]heck|[Ww]hitelist|[Pp]ermit|[Kk]nown|[Tt]rusted)\w*)$/;
const LOOKS_AT_OTHER_THINGS =
  /^(?:existsSync|isArray|isString|isDirectory|isFile|isDefined|isNil|isUndefined|isEmpty|isObject|isNull|isBlank)$/;
const ASSERTS = /^(?:assert|invariant|ensure|validate|verify|check|require)(?:[A-Z_]\w*)?$/;

function nameOfCallee({ callee }: NodeOf<'CallExpression'>): string {
  if (callee.type === 'MemberExpression') return propertyOf(callee) ?? '';
  return callee.type === 'Identifier' ? callee.name : '';
}

function isMeaningful(value: unknown): boolean {
  return (
    value !== undefined &&
    value !== null &&
    value !== '' &&
    value !== true &&
    value !== false &&
    value !== -1 &&
    value !== 0
  );
}

/** `target.origin`, which says where an address leads. */
function isHostOf(node: Node, text: string, all: string): boolean {
  if (node.type !== 'MemberExpression' || all.slice(node.object.start, node.object.end) !== text) return false;
  return /^(?:origin|host|hostname)$/.test(propertyOf(node) ?? '');
}

function isConstantName(node: Node): boolean {
  const last = node.type === 'MemberExpression' ? propertyOf(node) : node.type === 'Identifier' ? node.name : undefined;
  return last !== undefined && /^[A-Z][A-Z0-9_]{2,}$/.test(last);
}

function exits(statement: Node): boolean {
  if (statement.type === 'BlockStatement') return statement.body.some(exits);
  if (statement.type === 'ExpressionStatement') {
    const call = unwrapped(statement.expression);
    return call.type === 'CallExpression' && /^(?:exit|abort|redirect|notFound|error|fail)$/.test(nameOfCallee(call));
  }
  return /^(?:Return|Throw|Continue|Break)Statement$/.test(statement.type);
}
