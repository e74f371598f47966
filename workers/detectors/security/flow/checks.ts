/**
 * What the code makes sure of before it uses a value: that it matches a pattern, is in a list, or equals a constant. On
 * which side of a condition the value is used counts. What a check of another kind really allows is not looked at: who
 * checks, has thought of it. Checks of paths are told apart, because many of them do not hold: a path that begins with
 * a folder may still lead out of it.
 */
import { propertyOf, unwrapped, type Names } from '../../../rules/names.ts';
import type { Script, SourceFile } from '../../../rules/source-file.ts';
import { isFunction, type Node, type NodeOf, type Tree } from '../../../rules/tree.ts';
import { childrenOf } from '../../../graph/syntax.ts';

/**
 * `right`: whatever the value is used for. `other`: looked at in a way that no path is. `end`: how it ends, which says
 * something of a host only. The rest is about paths: there is no `..` in it; it does not begin with `..`; it does not
 * begin at a root; it begins with a folder.
 */
export type Fact = 'right' | 'other' | 'end' | 'no-dots' | 'no-dots-first' | 'relative' | 'inside';

const NOTHING: ReadonlySet<Fact> = new Set();

/** How many operators a condition is inside of, and how many names it was found by: a name may be made of itself. */
interface Depth {
  readonly inside: number;
  readonly derived: number;
}

const MAXIMUM_INSIDE = 200;
const MAXIMUM_DERIVED = 3;

export class Checks {
  readonly #tree: Tree;
  readonly #names: Names;
  readonly #file: SourceFile;
  readonly #text: string;

  constructor(file: SourceFile, { tree, names }: Script) {
    this.#tree = tree;
    this.#names = names;
    this.#file = file;
    this.#text = file.text;
  }

  /** What holds of a name or a member at the place where it is used. */
  factsOf(use: Node): ReadonlySet<Fact> {
    const text = this.#textOf(use);
    const facts = new Set<Fact>();
    const learn = (found: Iterable<Fact>): void => {
      for (const fact of found) facts.add(fact);
    };
    let child = use;
    for (const at of this.#tree.ancestors(use)) {
      switch (at.type) {
        case 'IfStatement':
        case 'ConditionalExpression':
          if (child !== at.test) learn(this.#told(at.test, child === at.consequent, text));
          break;
        case 'LogicalExpression':
          if (child === at.right && at.operator !== '??') learn(this.#told(at.left, at.operator === '&&', text));
          break;
        case 'SwitchStatement':
          if (child !== at.discriminant && this.#textOf(at.discriminant) === text) facts.add('right');
          break;
        case 'BlockStatement':
        case 'Program':
        case 'SwitchCase': {
          const statements = at.type === 'SwitchCase' ? at.consequent : at.body;
          for (const statement of statements) {
            if (statement.start >= child.start) break;
            this.#file.step();
            learn(this.#toldBefore(statement, text));
          }
          break;
        }
        default:
      }
      if (facts.has('right')) return facts;
      child = at;
    }
    return facts;
  }

  #textOf({ start, end }: Node): string {
    return this.#text.slice(start, end);
  }

  /** A statement that leaves the function unless the value is right. */
  #toldBefore(statement: Node, text: string): ReadonlySet<Fact> {
    if (statement.type === 'IfStatement') {
      if (exits(statement.consequent)) return this.#told(statement.test, false, text);
      if (statement.alternate !== null && exits(statement.alternate)) return this.#told(statement.test, true, text);
      // `if (!ok(x)) x = 'default'`
      return this.#textOf(statement.consequent).includes(`${text} =`)
        ? this.#told(statement.test, false, text)
        : NOTHING;
    }
    if (statement.type !== 'ExpressionStatement') return NOTHING;
    const call = unwrapped(statement.expression);
    if (call.type !== 'CallExpression' || !ASSERTS.test(nameOfCallee(call))) return NOTHING;
    return new Set(call.arguments.some((argument) => this.#textOf(argument).includes(text)) ? ['right'] : []);
  }

  /** What a condition tells of the value where it holds, or where it does not. */
  #told(condition: Node, holds: boolean, text: string, depth: Depth = { inside: 0, derived: 0 }): ReadonlySet<Fact> {
    this.#file.step();
    if (depth.inside > MAXIMUM_INSIDE) return NOTHING;
    const test = unwrapped(condition);
    const deeper = { ...depth, inside: depth.inside + 1 };
    if (test.type === 'UnaryExpression' && test.operator === '!')
      return this.#told(test.argument, !holds, text, deeper);
    if (test.type === 'LogicalExpression') {
      const one = this.#told(test.left, holds, text, deeper);
      const other = this.#told(test.right, holds, text, deeper);
      if ((test.operator === '&&') === holds || one.size === 0 || other.size === 0) return new Set([...one, ...other]);
      // One of two checks holds: what both tell is certain.
      const both = [...one].filter((fact) => other.has(fact));
      return new Set(both.length > 0 ? both : ['other']);
    }
    if (this.#textOf(test).includes(text)) return this.#toldBy(test, holds, text);
    return this.#toldOfDerived(test, holds, text, deeper);
  }

  /**
   * `const isKnown = list.includes(x); if (!isKnown) return;`
   * `const inside = path.relative(root, x); if (inside.startsWith('..')) return;`
   */
  #toldOfDerived(test: Node, holds: boolean, text: string, depth: Depth): ReadonlySet<Fact> {
    if (depth.derived >= MAXIMUM_DERIVED) return NOTHING;
    const pending: Node[] = [test];
    for (let node = pending.pop(); node; node = pending.pop()) {
      if (node.type === 'Identifier') {
        const value = this.#names.valueOf(node);
        if (value === node || isFunction(value) || !this.#isMadeOf(value, text)) continue;
        const isTest = node === test;
        const facts = isTest
          ? this.#told(value, holds, text, { ...depth, derived: depth.derived + 1 })
          : new Set([...this.#toldBy(test, holds, node.name)].map((fact) => this.#meaning(fact, value)));
        if (facts.size > 0) return facts;
      }
      pending.push(...childrenOf(node));
    }
    return NOTHING;
  }

  /** Whether an expression contains the value, also one that was made of it before. */
  #isMadeOf(value: Node, text: string): boolean {
    if (this.#textOf(value).includes(text)) return true;
    const pending: Node[] = [value];
    let steps = 0;
    for (let node = pending.pop(); node && steps < 100; node = pending.pop(), steps++) {
      if (node.type === 'Identifier') {
        const inner = this.#names.valueOf(node);
        if (inner !== node && !isFunction(inner) && this.#textOf(inner).includes(text)) return true;
      }
      pending.push(...childrenOf(node));
    }
    return false;
  }

  /** What is known of a path that was made of the value tells of the value. */
  #meaning(fact: Fact, made: Node): Fact {
    if (fact === 'other' || fact === 'end') return 'right';
    const path = made.type === 'CallExpression' ? this.#names.pathOf(made.callee) : '';
    const isPlain = /^(?:path|fs)\b.*\.(?:resolve|normalize|join|relative|realpath|realpathSync)$/.test(path);
    if (!isPlain) return 'right';
    if (fact === 'inside' || (fact === 'no-dots-first' && path.endsWith('.relative'))) return 'right';
    return fact === 'no-dots-first' ? 'no-dots' : fact;
  }

  /** A condition that mentions the value, and is not made of others. */
  #toldBy(test: Node, holds: boolean, text: string): ReadonlySet<Fact> {
    switch (test.type) {
      case 'CallExpression':
        return this.#toldByCall(test, holds, text);
      case 'BinaryExpression':
        return this.#toldByComparison(test, holds, text);
      case 'MemberExpression':
        if (test.computed && this.#textOf(test.property) === text) return factsIf(holds, 'right');
        return this.#toldByCall(test.object, holds, text);
      default:
        return this.#toldInside(test, text);
    }
  }

  /** A check somewhere in an expression of which nothing else is known. */
  #toldInside(outer: Node, text: string): ReadonlySet<Fact> {
    const pending: Node[] = [...childrenOf(outer)];
    for (let node = pending.pop(); node; node = pending.pop()) {
      if (!this.#textOf(node).includes(text)) continue;
      if (node.type === 'CallExpression' || node.type === 'BinaryExpression') {
        const facts = new Set([...this.#toldBy(node, true, text), ...this.#toldBy(node, false, text)]);
        if (facts.size > 0) return facts;
      }
      pending.push(...childrenOf(node));
    }
    return NOTHING;
  }

  #toldByCall(outer: Node, holds: boolean, text: string): ReadonlySet<Fact> {
    const call = unwrapped(outer);
    if (call.type !== 'CallExpression') return NOTHING;
    const { callee } = call;
    const name = nameOfCallee(call);
    const [first] = call.arguments;
    const object = callee.type === 'MemberExpression' ? callee.object : undefined;
    const isOfValue = object !== undefined && this.#textOf(object).includes(text);
    const isOther = isOfValue && this.#textOf(object) !== text;
    if (isOfValue && first && name === 'startsWith') return this.#toldByStart(first, holds, isOther);
    if (isOfValue && name === 'endsWith') return new Set([isOther ? 'other' : 'end']);
    if (isOfValue && first && /^(?:includes|indexOf|search|match|contains)$/.test(name)) {
      if (this.#isDots(first)) return factsIf(!holds, 'no-dots');
      return name === 'match' ? this.#toldByPattern(first, holds) : new Set(['other', 'right']);
    }
    if (!isOfValue && object && (name === 'test' || name === 'exec')) return this.#toldByPattern(object, holds);
    if (name === 'isAbsolute') return factsIf(!holds, 'relative');
    // `path-is-inside` compares texts; `is-path-inside` resolves both first.
    if (/^pathIsInside$/.test(name)) return factsIf(holds, 'inside');
    if (/^isPathInside$/.test(name)) return factsIf(holds, 'right');
    if (!VALIDATES.test(name) || LOOKS_AT_OTHER_THINGS.test(name)) {
      return new Set(call.arguments.flatMap((argument) => [...this.#toldInside(argument, text)]));
    }
    // Of `isOdd(x)` nobody knows on which side the value is right.
    if (isOfValue || !ACCEPTS.test(name)) return new Set(REFUSES.test(name) && holds ? [] : ['right']);
    return factsIf(holds, 'right');
  }

  /**
   * `x.startsWith(start)`
   *
   * @param isOther whether `x` is made of the value, such as its host
   */
  #toldByStart(start: Node, holds: boolean, isOther: boolean): ReadonlySet<Fact> {
    const text = this.#names.stringOf(start) ?? this.#firstText(start);
    if (text?.startsWith('.') === true) return new Set(holds ? [] : ['no-dots-first', 'other']);
    if (text === '/' || text === '\\') return new Set(holds ? (isOther ? ['other'] : []) : ['relative']);
    if (!holds) return new Set(isOther || /^(?:[a-z]+:|\/\/|http)/.test(text ?? '') ? ['other'] : []);
    // `https://example.com` may go on with `.example.net`.
    const isOpen = text !== undefined && /^(?:(?:https?:)?\/{0,2}|(?:https?:)?\/\/[^/]*)$/.test(text);
    return new Set(isOpen && !isOther ? [] : ['inside', 'other']);
  }

  /** The constant text that a text begins with: of `'..' + path.sep`. */
  #firstText(node: Node): string | undefined {
    const start = unwrapped(node);
    return start.type === 'BinaryExpression' ? this.#names.stringOf(start.left) : undefined;
  }

  #isDots(node: Node): boolean {
    if (this.#names.stringOf(node)?.startsWith('..') === true || this.#firstText(node) === '..') return true;
    const value = this.#names.valueOf(node);
    return value.type === 'Literal' && 'regex' in value && /\\\.\\\.|\\\.\{2|\[\.\]\{2/.test(value.regex.pattern);
  }

  #toldByPattern(node: Node, holds: boolean): ReadonlySet<Fact> {
    if (this.#isDots(node)) return new Set(holds ? [] : ['no-dots', 'other']);
    const value = this.#names.valueOf(node);
    const pattern = value.type === 'Literal' && 'regex' in value ? value.regex.pattern : undefined;
    if (pattern !== undefined && /^\^(?:\\\/|\[[\\/]+\])$/.test(pattern))
      return new Set(holds ? ['other'] : ['relative', 'other']);
    // A pattern for all of the text says what is right; another may say what is wrong.
    const isWhole = pattern !== undefined && pattern.startsWith('^') && pattern.endsWith('$');
    return isWhole && !pattern.includes('|') ? factsIf(holds, 'right') : new Set(['right']);
  }

  #toldByComparison(
    { operator, left, right }: NodeOf<'BinaryExpression'>,
    holds: boolean,
    text: string,
  ): ReadonlySet<Fact> {
    if (operator === 'instanceof') return new Set(['right']);
    if (operator === 'in') return factsIf(holds, 'right');
    const [one, other] = this.#textOf(left).includes(text) ? [unwrapped(left), right] : [unwrapped(right), left];
    const value = this.#names.constantOf(other);
    if (one.type === 'CallExpression' && (value === -1 || value === 0)) {
      const place = /^(?:indexOf|lastIndexOf|search)$/.test(nameOfCallee(one)) ? one : undefined;
      if (place) return this.#toldByPlace(place, operator, value, holds, text);
    }
    if (!/^[!=]==?$/.test(operator)) return NOTHING;
    const isEqual = operator.startsWith('=') === holds;
    if (one.type === 'UnaryExpression' && one.operator === 'typeof')
      return value === 'string' || value === 'undefined' ? NOTHING : factsIf(isEqual, 'right');
    if (one.type === 'MemberExpression' && one.computed) {
      if (this.#textOf(one.property) === text) {
        const isMissing = value === null || /^(?:undefined|void\b.*)$/.test(this.#textOf(other));
        return factsIf(isEqual !== isMissing, 'right');
      }
      const isFirst = this.#names.constantOf(one.property) === 0;
      if (isFirst && value === '.') return factsIf(!isEqual, 'no-dots-first');
      if (isFirst && (value === '/' || value === '\\')) return factsIf(!isEqual, 'relative');
    }
    if (one.type === 'CallExpression' && /^(?:substring|substr|slice)$/.test(nameOfCallee(one)))
      return factsIf(isEqual, 'inside');
    if (value === '..' || value === '.') return factsIf(!isEqual, 'no-dots-first');
    if (value === '__proto__' || value === 'constructor') return factsIf(!isEqual, 'right');
    if (isMeaningful(value)) return factsIf(isEqual, 'right');
    if (value === undefined && isHostOf(one, text, this.#text)) return factsIf(isEqual, 'right');
    return value === undefined && isConstantName(other) ? factsIf(isEqual, 'right') : NOTHING;
  }

  /** `x.indexOf('..') === -1` */
  #toldByPlace(
    call: NodeOf<'CallExpression'>,
    operator: string,
    value: number,
    holds: boolean,
    text: string,
  ): ReadonlySet<Fact> {
    const { callee } = call;
    const [first] = call.arguments;
    const isOfValue = callee.type === 'MemberExpression' && this.#textOf(callee.object).includes(text);
    if (value === 0 && /^[!=]==?$/.test(operator)) {
      const isFirst = operator.startsWith('=') === holds;
      const isOther = isOfValue && this.#textOf(callee.object) !== text;
      return isOfValue && first ? this.#toldByStart(first, isFirst, isOther) : NOTHING;
    }
    const saysThere = /^(?:!==?|>=?)$/.test(operator) === holds;
    if (!isOfValue) return factsIf(saysThere, 'right');
    if (first && this.#isDots(first)) return factsIf(!saysThere, 'no-dots');
    return new Set(['other', 'right']);
  }
}

function factsIf(holds: boolean, fact: Fact): ReadonlySet<Fact> {
  return holds ? new Set([fact, 'other']) : NOTHING;
}

const VALIDATES =
  /^(?:test|match|matches|includes|has|hasOwn|hasOwnProperty|indexOf|is(?:[A-Z_]\w*)?|exec|contains|search|some|every|find|\w*(?:[Vv]alid|[Aa]llow|[Ss]afe|[Vv]erif|[Cc]heck|[Ww]hitelist|[Pp]ermit|[Kk]nown|[Tt]rusted)\w*)$/;
/** Names that say that what they are given is right. */
const ACCEPTS =
  /^(?:includes|has|hasOwn|hasOwnProperty|contains|matches|is(?:_?(?:[Vv]alid|[Aa]llow|[Ss]afe|[Kk]nown|[Tt]rusted|[Ll]ocal|[Ww]hitelist|[Pp]ermit|[Ii]nternal|[Rr]elative)\w*)|(?:valid|allow|permit|whitelist)\w*)$/;
/** Names that say that it is wrong. */
const REFUSES = /^(?:is|has|contains)_?(?:[Ii]nvalid|[Uu]n[a-z]+|[Bb]ad|[Bb]lock|[Ff]orbid|[Mm]alicious|[Dd]anger)/;
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
