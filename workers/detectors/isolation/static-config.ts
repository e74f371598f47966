/**
 * Reads a configuration file without executing it. JSON is parsed; of a script, the exported value is read if it
 * consists of literals and constants. Pure over the graph.
 */
import type { Expression, Node, Program } from 'oxc-parser';
import type { ModuleGraph } from '../../graph/index.ts';
import { isRecord } from '../../graph/manifests.ts';
import { isModuleFile, parseTree } from '../../graph/record.ts';
import { ConfigFile, START, type Flaw } from '../../reading/config-file.ts';

/** The value of whatever is only known after running the file. */
export const UNKNOWN: unique symbol = Symbol('unknown');

/**
 * Undefined: there is no such file, or it cannot be read. Parts may be {@link UNKNOWN}.
 * @param flaws receives what is wrong with the file
 */
export function staticConfig(graph: ModuleGraph, file: string, flaws: Flaw[] = []): unknown {
  if (!graph.files.has(file)) return undefined;
  const text = graph.textOf(file) ?? '';
  if (isModuleFile(file)) {
    const program = parseTree(file, text);
    if (!program) flaws.push({ file, range: START, message: 'This configuration has a syntax error, so none of it counts. Fix the syntax.' }); // prettier-ignore
    return program && exportedValue(program);
  }
  const config = ConfigFile.json(file, text, 'jsonc');
  flaws.push(...config.flaws);
  return config.isComplete ? config.value : undefined;
}

/** Whether a value has no {@link UNKNOWN} part: a rule that is known in part must not be enforced. */
export function isKnown(value: unknown): boolean {
  if (Array.isArray(value)) return value.every(isKnown);
  return isRecord(value) ? Object.values(value).every(isKnown) : value !== UNKNOWN;
}

/** Levels of an expression. Nobody writes more, and every level takes some of the stack. */
const DEEPEST = 200;

function exportedValue({ body }: Program): unknown {
  const constants = new Map<string, Expression>();
  let exported: Node | undefined;
  for (const statement of body) {
    if (statement.type === 'VariableDeclaration' && statement.kind === 'const') {
      for (const { id, init } of statement.declarations)
        if (id.type === 'Identifier' && init) constants.set(id.name, init);
    } else if (statement.type === 'ExportDefaultDeclaration') {
      exported = statement.declaration;
    } else if (statement.type === 'ExpressionStatement' && statement.expression.type === 'AssignmentExpression') {
      const { left, right } = statement.expression;
      const isExports =
        left.type === 'MemberExpression' && left.object.type === 'Identifier' && left.object.name === 'module';
      if (isExports) exported = right;
    }
  }
  return exported && valueOf(exported, constants, new Set());
}

function valueOf(node: Node, constants: ReadonlyMap<string, Expression>, open: ReadonlySet<Node>): unknown {
  const inner = (one: Node): unknown =>
    open.has(one) || open.size > DEEPEST ? UNKNOWN : valueOf(one, constants, new Set(open).add(one));
  switch (node.type) {
    case 'Literal':
      return 'regex' in node ? UNKNOWN : node.value;
    case 'TemplateLiteral':
      return joined(
        node.quasis.flatMap(({ value }, index) => {
          const expression = node.expressions[index];
          return [value.cooked, ...(expression ? [inner(expression)] : [])];
        }),
      );
    // Long strings are often concatenated.
    case 'BinaryExpression':
      return node.operator === '+' ? joined([inner(node.left), inner(node.right)]) : UNKNOWN;
    case 'ArrayExpression':
      return listOf(node.elements, inner);
    case 'ObjectExpression':
      return recordOf(node, inner);
    case 'Identifier': {
      const constant = constants.get(node.name);
      return constant ? inner(constant) : UNKNOWN;
    }
    // `defineConfig(…)`, `tseslint.config(…)`: lists of configurations.
    case 'CallExpression': {
      const { callee } = node;
      const name = callee.type === 'Identifier' ? callee.name : callee.type === 'MemberExpression' && !callee.computed ? callee.property.name : ''; // prettier-ignore
      return /config$/i.test(name) ? listOf(node.arguments, inner) : UNKNOWN;
    }
    case 'TSAsExpression':
    case 'TSSatisfiesExpression':
    case 'ParenthesizedExpression':
      return inner(node.expression);
    default:
      return UNKNOWN;
  }
}

function joined(parts: readonly unknown[]): unknown {
  return parts.every((part) => typeof part === 'string') ? parts.join('') : UNKNOWN;
}

function listOf(nodes: readonly (Node | null)[], inner: (node: Node) => unknown): readonly unknown[] {
  return nodes.flatMap((one): readonly unknown[] => {
    if (!one) return [];
    if (one.type !== 'SpreadElement') return [inner(one)];
    const spread = inner(one.argument);
    return Array.isArray(spread) ? spread : [UNKNOWN];
  });
}

function recordOf(
  { properties }: Extract<Node, { type: 'ObjectExpression' }>,
  inner: (node: Node) => unknown,
): Readonly<Record<string, unknown>> {
  const record: Record<string, unknown> = {};
  for (const property of properties) {
    if (property.type === 'SpreadElement') {
      const spread = inner(property.argument);
      Object.assign(record, isRecord(spread) ? spread : { '...': UNKNOWN });
    } else {
      const { key, value, computed } = property;
      const name = computed ? undefined : key.type === 'Identifier' ? key.name : key.type === 'Literal' ? String(key.value) : undefined; // prettier-ignore
      record[name ?? '...'] = name === undefined ? UNKNOWN : inner(value);
    }
  }
  return record;
}
