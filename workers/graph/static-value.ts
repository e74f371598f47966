/**
 * What an expression of a configuration script evaluates to, as far as it can be told without executing the script:
 * literals, constants, functions of the script itself, and the functions of `node:path` and `node:url`. Pure. Lives as
 * long as the reading of one script. Work is bounded, because the script may be anybody's.
 */
import path from 'node:path';
import type { ArrowFunctionExpression, Function as PlainFunction, Node, Program } from 'oxc-parser';
import { isRecord } from './manifests.ts';

/** The value of whatever is only known after running the script. */
export const UNKNOWN: unique symbol = Symbol('unknown');

/** The key of an object under which its unknown members stand. */
export const REST = '...';

/** Where a script is. Paths are absolute with forward slashes, see {@link absoluteIn}. */
export interface ScriptPlace {
  readonly file: string;
  /** The directory that the script's tool runs in. */
  readonly cwd: string;
  /** The value that another script exports; undefined: it is no script of the workspace. */
  readonly imported?: (specifier: string, name: string) => unknown;
}

/** A function of Node.js or of the script. */
class Callable {
  readonly call: (values: readonly unknown[]) => unknown;

  constructor(call: (values: readonly unknown[]) => unknown) {
    this.call = call;
  }
}

type Binding = () => unknown;

/** The names of a script or a function. */
export class Names {
  readonly #outer: Names | undefined;
  readonly #bindings = new Map<string, Binding>();

  constructor(outer?: Names) {
    this.#outer = outer;
  }

  set(name: string, binding: Binding): void {
    this.#bindings.set(name, binding);
  }

  valueOf(name: string): unknown {
    const own = this.#bindings.get(name);
    if (own) return own();
    return this.#outer ? this.#outer.valueOf(name) : UNKNOWN;
  }
}

type FunctionNode = PlainFunction | ArrowFunctionExpression;

export class StaticValues {
  readonly #place: ScriptPlace;
  readonly #open = new Set<Node>();
  #steps = 0;

  constructor(place: ScriptPlace) {
    this.#place = place;
  }

  /** The names at the top of a script. */
  namesOf({ body }: Program): Names {
    const names = new Names(this.#globals());
    this.declare(names, body);
    return names;
  }

  /** The names in a function whose arguments are unknown, or given. */
  namesIn({ params, body }: FunctionNode, outer: Names, values?: readonly unknown[]): Names {
    const names = new Names(outer);
    params.forEach((parameter, index) => {
      if (parameter.type === 'RestElement') {
        this.#bind(names, parameter.argument, values ? (): unknown => values.slice(index) : unknown);
        return;
      }
      const value = values ? (): unknown => (index < values.length ? values[index] : undefined) : unknown;
      this.#bind(names, parameter.type === 'TSParameterProperty' ? parameter.parameter : parameter, value);
    });
    if (body?.type === 'BlockStatement') this.declare(names, body.body);
    return names;
  }

  declare(names: Names, statements: readonly Node[]): void {
    for (const statement of statements) {
      const declared = statement.type === 'ExportNamedDeclaration' ? statement.declaration : statement;
      if (declared?.type === 'VariableDeclaration') {
        for (const { id, init } of declared.declarations)
          if (init) this.#bind(names, id, () => this.valueOf(init, names));
      } else if (declared?.type === 'FunctionDeclaration' && declared.id) {
        const made = this.#callable(declared, names);
        names.set(declared.id.name, () => made);
      } else if (declared?.type === 'ImportDeclaration') {
        for (const specifier of declared.specifiers) {
          const imported =
            specifier.type === 'ImportNamespaceSpecifier' ? '*'
            : specifier.type === 'ImportDefaultSpecifier' ? 'default'
            : specifier.imported.type === 'Identifier' ? specifier.imported.name
            : specifier.imported.value; // prettier-ignore
          names.set(specifier.local.name, () => this.#imported(declared.source.value, imported));
        }
      }
    }
  }

  valueOf(node: Node, names: Names): unknown {
    if (this.#open.has(node) || this.#open.size > MAXIMUM_DEPTH || this.#steps++ > MAXIMUM_STEPS) return UNKNOWN;
    this.#open.add(node);
    try {
      return this.#evaluate(node, names);
    } finally {
      this.#open.delete(node);
    }
  }

  /** What a script exports by default, or as the whole of a CommonJS module. */
  defaultOf(program: Program): unknown {
    return this.exportOf(program, 'default');
  }

  exportOf(program: Program, name: string): unknown {
    const names = this.namesOf(program);
    const exported: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
    for (const statement of program.body) {
      if (statement.type === 'ExportDefaultDeclaration') {
        if (name === 'default') return this.valueOf(statement.declaration, names);
      } else if (statement.type === 'ExportNamedDeclaration') {
        const { declaration, specifiers } = statement;
        for (const { local, exported: as } of specifiers) {
          const known = as.type === 'Identifier' ? as.name : as.value;
          if (known === name && local.type === 'Identifier') return names.valueOf(local.name);
        }
        const declares =
          declaration?.type === 'VariableDeclaration'
            ? declaration.declarations.some(({ id }) => id.type === 'Identifier' && id.name === name)
            : declaration?.type === 'FunctionDeclaration' && declaration.id?.name === name;
        if (declares) return names.valueOf(name);
      } else if (statement.type === 'ExpressionStatement' && statement.expression.type === 'AssignmentExpression') {
        const { left, right } = statement.expression;
        if (isExports(left)) {
          const whole = this.valueOf(right, names);
          return name === 'default' || name === '*' ? whole : memberOf(whole, name);
        }
        if (left.type === 'MemberExpression' && !left.computed && (isExports(left.object) || isNamed(left.object, 'exports')))
          exported[left.property.name] = this.valueOf(right, names); // prettier-ignore
      }
    }
    return name === 'default' || name === '*' ? (Object.keys(exported).length > 0 ? exported : UNKNOWN) : memberOf(exported, name); // prettier-ignore
  }

  #evaluate(node: Node, names: Names): unknown {
    const inner = (one: Node): unknown => this.valueOf(one, names);
    switch (node.type) {
      case 'Literal':
        return 'regex' in node ? regularExpression(node.regex.pattern, node.regex.flags) : node.value;
      case 'TemplateLiteral':
        return concatenated(
          node.quasis.flatMap(({ value }, index) => {
            const expression = node.expressions[index];
            return [value.cooked, ...(expression ? [inner(expression)] : [])];
          }),
        );
      // Long strings are often concatenated.
      case 'BinaryExpression':
        return node.operator === '+' ? concatenated([inner(node.left), inner(node.right)]) : UNKNOWN;
      case 'ArrayExpression':
        return listOf(node.elements, inner);
      case 'ObjectExpression':
        return this.#record(node, names);
      case 'Identifier':
        return node.name === 'undefined' ? undefined : names.valueOf(node.name);
      case 'ArrowFunctionExpression':
      case 'FunctionDeclaration':
      case 'FunctionExpression':
        return this.#callable(node, names);
      case 'MemberExpression':
        return this.#member(node, names);
      case 'CallExpression':
        return this.#call(node, names);
      case 'NewExpression':
        return this.#make(node, names);
      case 'ConditionalExpression':
        return oneOf([inner(node.consequent), inner(node.alternate)]);
      case 'LogicalExpression': {
        const left = inner(node.left);
        return node.operator === '&&' || left === UNKNOWN || left === undefined ? inner(node.right) : left;
      }
      case 'AwaitExpression':
        return inner(node.argument);
      case 'ChainExpression':
      case 'TSAsExpression':
      case 'TSSatisfiesExpression':
      case 'TSNonNullExpression':
      case 'ParenthesizedExpression':
        return inner(node.expression);
      default:
        return UNKNOWN;
    }
  }

  #member(node: Extract<Node, { type: 'MemberExpression' }>, names: Names): unknown {
    if (node.object.type === 'MetaProperty') {
      const { file } = this.#place;
      const known: Readonly<Record<string, string>> = {
        url: `file://${encodeURI(file)}`,
        dirname: path.posix.dirname(file),
        filename: file,
      };
      return node.computed ? UNKNOWN : (known[node.property.name] ?? UNKNOWN);
    }
    const object = this.valueOf(node.object, names);
    const key = node.computed ? this.valueOf(node.property, names) : node.property.type === 'PrivateIdentifier' ? UNKNOWN : node.property.name; // prettier-ignore
    return typeof key === 'string' || typeof key === 'number' ? memberOf(object, String(key)) : UNKNOWN;
  }

  #call(node: Extract<Node, { type: 'CallExpression' }>, names: Names): unknown {
    const { callee } = node;
    const values = listOf(node.arguments, (one) => this.valueOf(one, names));
    if (callee.type === 'MemberExpression' && !callee.computed) {
      const { name } = callee.property;
      const subject = this.valueOf(callee.object, names);
      const result = methodOf(subject, name, values);
      if (result !== UNKNOWN) return result;
    }
    const called = this.valueOf(callee, names);
    if (called instanceof Callable) return called.call(values);
    // `defineConfig(…)`, `tseslint.config(…)`: lists of configurations.
    const name = callee.type === 'Identifier' ? callee.name : callee.type === 'MemberExpression' && !callee.computed ? callee.property.name : ''; // prettier-ignore
    return /config$/i.test(name) ? values : UNKNOWN;
  }

  #make({ callee, arguments: given }: Extract<Node, { type: 'NewExpression' }>, names: Names): unknown {
    const [first, second] = given.map((one) => this.valueOf(one, names));
    if (callee.type !== 'Identifier' || typeof first !== 'string') return UNKNOWN;
    if (callee.name === 'RegExp') return regularExpression(first, typeof second === 'string' ? second : '');
    if (callee.name !== 'URL') return UNKNOWN;
    try {
      const { href, pathname } = new URL(first, typeof second === 'string' ? second : hrefOf(second));
      return { href, pathname };
    } catch {
      return UNKNOWN;
    }
  }

  #record(
    { properties }: Extract<Node, { type: 'ObjectExpression' }>,
    names: Names,
  ): Readonly<Record<string, unknown>> {
    // Without a prototype, because a script may have a member `__proto__`.
    const record = Object.create(null) as Record<string, unknown>;
    for (const property of properties) {
      if (property.type === 'SpreadElement') {
        const spread = this.valueOf(property.argument, names);
        Object.assign(record, isRecord(spread) ? spread : { [REST]: UNKNOWN });
        continue;
      }
      const name = this.#keyOf(property, names);
      record[name ?? REST] = name === undefined ? UNKNOWN : this.valueOf(property.value, names);
    }
    return record;
  }

  #keyOf({ key, computed }: Extract<Node, { type: 'Property' }>, names: Names): string | undefined {
    if (!computed) return key.type === 'Identifier' ? key.name : key.type === 'Literal' ? String(key.value) : undefined;
    const value = this.valueOf(key, names);
    return typeof value === 'string' ? value : undefined;
  }

  #callable(node: FunctionNode, outer: Names): Callable {
    return new Callable((values) => {
      const names = this.namesIn(node, outer, values);
      if (!node.body) return UNKNOWN;
      if (node.body.type !== 'BlockStatement') return this.valueOf(node.body, names);
      return oneOf(returnsIn(node.body).map((one) => this.valueOf(one, names)));
    });
  }

  #bind(names: Names, pattern: Node, value: Binding): void {
    switch (pattern.type) {
      case 'Identifier':
        names.set(pattern.name, value);
        break;
      case 'AssignmentPattern':
        this.#bind(names, pattern.left, () => {
          const given = value();
          return given === undefined ? this.valueOf(pattern.right, names) : given;
        });
        break;
      case 'ObjectPattern':
        for (const property of pattern.properties) {
          if (property.type !== 'Property' || property.computed || property.key.type !== 'Identifier') continue;
          const { name } = property.key;
          this.#bind(names, property.value, () => memberOf(value(), name));
        }
        break;
      case 'ArrayPattern':
        for (const [index, element] of pattern.elements.entries())
          if (element) this.#bind(names, element, () => memberOf(value(), String(index)));
        break;
      default:
        break;
    }
  }

  #globals(): Names {
    const { file, cwd } = this.#place;
    const names = new Names();
    names.set('__dirname', () => path.posix.dirname(file));
    names.set('__filename', () => file);
    names.set('process', () => ({ cwd: new Callable(() => cwd) }));
    const require = new Callable(([specifier]) =>
      typeof specifier === 'string' ? this.#imported(specifier, '*') : UNKNOWN,
    );
    names.set('require', () => require);
    const object = {
      assign: new Callable((values) => merged(values)),
      entries: new Callable(([one]) => (isRecord(one) ? Object.entries(one) : UNKNOWN)),
      keys: new Callable(([one]) => (isRecord(one) ? Object.keys(one) : UNKNOWN)),
      fromEntries: new Callable(([entries]) => recordOfEntries(entries)),
      freeze: new Callable(([one]) => one),
    };
    names.set('Object', () => object);
    return names;
  }

  #imported(specifier: string, name: string): unknown {
    const own = nodeModule(specifier.replace(/^node:/, ''), this.#place.cwd);
    if (own) return name === '*' || name === 'default' ? own : memberOf(own, name);
    const value = this.#place.imported?.(specifier, name);
    return value === undefined ? UNKNOWN : value;
  }
}

const MAXIMUM_STEPS = 50_000;
const MAXIMUM_DEPTH = 200;
/** Of a string or a list: a function that doubles its argument, applied to itself, would fill the memory. */
const MAXIMUM_SIZE = 10_000;

/** The absolute path of a file of the root in the form that scripts are evaluated with, on Windows too. */
export function absoluteIn(root: string, file: string): string {
  const slashed = root.replaceAll('\\', '/');
  return path.posix.join(slashed.startsWith('/') ? slashed : `/${slashed}`, file);
}

function unknown(): unknown {
  return UNKNOWN;
}

/** The functions of Node.js that configurations make paths with. */
function nodeModule(name: string, cwd: string): Readonly<Record<string, unknown>> | undefined {
  const { posix } = path;
  const ofStrings = (call: (...parts: string[]) => string): Callable =>
    new Callable((values) => (values.every((one) => typeof one === 'string') ? call(...values) : UNKNOWN));
  switch (name) {
    case 'path':
    case 'path/posix':
    case 'pathe':
    case 'upath': {
      const functions: Record<string, unknown> = {
        resolve: ofStrings((...parts) => posix.resolve(cwd, ...parts)),
        join: ofStrings((...parts) => posix.join(...parts)),
        normalize: ofStrings((one = '') => posix.normalize(one)),
        dirname: ofStrings((one = '') => posix.dirname(one)),
        basename: ofStrings((one = '', suffix) => posix.basename(one, suffix)),
        relative: ofStrings((from = '', to = '') => posix.relative(from, to)),
        sep: '/',
      };
      functions['posix'] = functions;
      return functions;
    }
    case 'url':
      return {
        fileURLToPath: new Callable(([url]) => pathOf(url)),
        pathToFileURL: new Callable(([one]) => (typeof one === 'string' ? { href: `file://${encodeURI(one)}`, pathname: encodeURI(one) } : UNKNOWN)), // prettier-ignore
      };
    default:
      return undefined;
  }
}

function pathOf(url: unknown): unknown {
  const href = hrefOf(url) ?? (typeof url === 'string' ? url : undefined);
  if (href?.startsWith('file://') !== true) return UNKNOWN;
  try {
    return decodeURIComponent(href.slice('file://'.length));
  } catch {
    return UNKNOWN;
  }
}

function hrefOf(url: unknown): string | undefined {
  return isRecord(url) && typeof url['href'] === 'string' ? url['href'] : undefined;
}

function memberOf(object: unknown, name: string): unknown {
  if (Array.isArray(object)) return (object as readonly unknown[])[Number(name)] ?? UNKNOWN;
  if (!isRecord(object) || object instanceof Callable || object instanceof RegExp) return UNKNOWN;
  return Object.hasOwn(object, name) ? object[name] : Object.hasOwn(object, REST) ? UNKNOWN : undefined;
}

/** Methods of arrays and strings, with which some configurations make their tables. */
function methodOf(subject: unknown, name: string, values: readonly unknown[]): unknown {
  const [first] = values;
  if (Array.isArray(subject)) {
    const list = subject as readonly unknown[];
    if ((name === 'map' || name === 'flatMap') && first instanceof Callable) {
      const results = list.map((one, index) => first.call([one, index]));
      return name === 'map' ? results : bounded(results.flat());
    }
    if (name === 'reduce' && first instanceof Callable && values.length > 1 && list.length < 1_000)
      return list.reduce((all, one, index) => first.call([all, one, index]), values[1]);
    if (name === 'concat') return bounded(list.concat(...values));
    if (name === 'filter') return list;
    if (name === 'join') return concatenated(list.flatMap((one, at) => (at === 0 ? [one] : [first ?? ',', one])));
  }
  if (typeof subject === 'string') {
    if (name === 'toString' || name === 'trim') return subject;
    if (name === 'concat') return concatenated([subject, ...values]);
    const [, by] = values;
    if (name === 'replace' && typeof first === 'string' && typeof by === 'string') return concatenated([subject.replace(first, () => by)]); // prettier-ignore
    // Of slashes and the like: a pattern without choices and repetitions takes no time, and a short text fills no memory.
    const isSimple = typeof first === 'string' || (first instanceof RegExp && !/[*+{?|]/.test(first.source));
    if (/^replace(?:All)?$/.test(name) && isSimple && typeof by === 'string' && by.length < 10 && !by.includes('$'))
      return concatenated([typeof first === 'string' ? subject.replaceAll(first, by) : subject.replace(first, by)]);
  }
  if (name === 'toString' && isRecord(subject)) return hrefOf(subject) ?? UNKNOWN;
  return UNKNOWN;
}

/** Both ways of a condition count: a configuration for each way gives what it says. */
function oneOf(values: readonly unknown[]): unknown {
  const [first, ...others] = values;
  if (others.length === 0) return values.length === 0 ? undefined : first;
  if (values.every(isRecord)) return merged(values.toReversed());
  const known = values.filter((one) => one !== undefined && one !== null && one !== false);
  if (known.every((one) => Array.isArray(one))) return bounded(known.flat());
  return known.length <= 1 ? (known[0] ?? UNKNOWN) : known;
}

function merged(values: readonly unknown[]): unknown {
  const record = Object.create(null) as Record<string, unknown>;
  for (const one of values) Object.assign(record, isRecord(one) ? one : { [REST]: UNKNOWN });
  return record;
}

function recordOfEntries(entries: unknown): unknown {
  if (!Array.isArray(entries)) return UNKNOWN;
  const record = Object.create(null) as Record<string, unknown>;
  for (const entry of entries) {
    const [key, value] = Array.isArray(entry) ? (entry as readonly unknown[]) : [];
    record[typeof key === 'string' ? key : REST] = typeof key === 'string' ? value : UNKNOWN;
  }
  return record;
}

function concatenated(parts: readonly unknown[]): unknown {
  let length = 0;
  for (const part of parts) {
    if (typeof part !== 'string' && typeof part !== 'number') return UNKNOWN;
    length += String(part).length;
  }
  return length > MAXIMUM_SIZE ? UNKNOWN : parts.join('');
}

function bounded(list: readonly unknown[]): unknown {
  return list.length > MAXIMUM_SIZE ? UNKNOWN : list;
}

function regularExpression(pattern: string, flags: string): unknown {
  try {
    return new RegExp(pattern, flags);
  } catch {
    return UNKNOWN;
  }
}

function listOf(nodes: readonly (Node | null)[], inner: (node: Node) => unknown): readonly unknown[] {
  return nodes.flatMap((one): readonly unknown[] => {
    if (!one) return [];
    if (one.type !== 'SpreadElement') return [inner(one)];
    const spread = inner(one.argument);
    return Array.isArray(spread) && spread.length <= MAXIMUM_SIZE ? spread : [UNKNOWN];
  });
}

/** The values that a function returns, its inner functions not counted. */
function returnsIn(body: Node): readonly Node[] {
  const found: Node[] = [];
  const pending: Node[] = [body];
  for (let node = pending.shift(); node; node = pending.shift()) {
    if (node.type === 'ReturnStatement') {
      if (node.argument) found.push(node.argument);
    } else if (node.type === 'BlockStatement') pending.push(...node.body);
    else if (node.type === 'IfStatement') pending.push(node.consequent, ...(node.alternate ? [node.alternate] : []));
    else if (node.type === 'TryStatement') pending.push(node.block);
    else if (node.type === 'SwitchStatement') pending.push(...node.cases.flatMap(({ consequent }) => consequent));
  }
  return found;
}

function isNamed(node: Node, name: string): boolean {
  return node.type === 'Identifier' && node.name === name;
}

function isExports(node: Node): boolean {
  return node.type === 'MemberExpression' && isNamed(node.object, 'module') && !node.computed && node.property.name === 'exports'; // prettier-ignore
}
