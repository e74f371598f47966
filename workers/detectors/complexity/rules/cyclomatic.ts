import type { Found, Rule } from '../../../rules/rule.ts';
import { isFunction, type Node, type Tree } from '../../../rules/tree.ts';
import { describe, functionsIn, headOf, ownerOf } from '../functions.ts';

export const rule: Rule = {
  meta: {
    name: 'cyclomatic',
    severity: 'warning',
    description:
      'A function with more independent paths than `maximumCyclomatic`. Counted exactly like ESLint’s rule `complexity`.',
    why: 'Each path needs a test of its own. Divide the function, or look the cases up in a table.',
    options: {
      maximumCyclomatic: {
        type: 'integer',
        minimum: 1,
        default: 20,
        description: 'Cyclomatic complexity that a function may have.',
      },
    },
    bad: `export function sign(n) {\n${Array.from({ length: 21 }, (_, index) => `  if (n === ${String(index)}) return '${String.fromCharCode(97 + index)}';`).join('\n')}\n  return '?';\n}`,
    good: "const signs = ['a', 'b', 'c'];\n\nexport const sign = (n) => signs[n] ?? '?';",
  },
  *check(file, options): Generator<Found> {
    const maximum = Number(options['maximumCyclomatic'] ?? 20);
    for (const { tree } of file.scripts) {
      for (const [owner, branches] of cyclomaticOf(tree)) {
        const score = branches.length + 1;
        if (score <= maximum) continue;
        const name = isFunction(owner)
          ? describe(tree, owner)
          : owner.type === 'StaticBlock'
            ? 'This static block'
            : 'The value of this field';
        yield {
          at: isFunction(owner)
            ? headOf(tree, owner)
            : { start: owner.start, end: Math.min(owner.end, owner.start + 6) },
          message: `${name} has a cyclomatic complexity of ${String(score)}; ${String(maximum)} are allowed. Divide it, or look cases up in a table.`,
          steps: branches
            .slice(0, 10)
            .map((at) => ({ at: { start: at.start, end: Math.min(at.end, at.start + 40) }, message: '+1' })),
        };
      }
    }
  },
};

/** By function, the places where its paths divide. */
export function cyclomaticOf(tree: Tree): ReadonlyMap<Node, readonly Node[]> {
  const branches = new Map<Node, Node[]>(functionsIn(tree).map((one) => [one, []]));
  // ESLint counts the value of a field and a static block as functions.
  for (const { value } of tree.all('PropertyDefinition')) if (value) branches.set(value, branches.get(value) ?? []);
  for (const node of tree.all('StaticBlock')) branches.set(node, []);
  for (const type of ALWAYS) for (const node of tree.all(type)) add(node);
  for (const node of tree.all('SwitchCase')) if (node.test) add(node);
  for (const node of tree.all('AssignmentExpression')) if (/^(?:\|\||&&|\?\?)=$/.test(node.operator)) add(node);
  for (const node of tree.all('MemberExpression')) if (node.optional) add(node);
  for (const node of tree.all('CallExpression')) if (node.optional) add(node);
  for (const list of branches.values()) list.sort((one, other) => one.start - other.start);
  return branches;

  function add(node: Node): void {
    const owner = ownerOf(tree, node);
    if (owner === undefined) return;
    const list = branches.get(owner);
    if (list) list.push(node);
    else branches.set(owner, [node]);
  }
}

const ALWAYS = [
  'CatchClause', 'ConditionalExpression', 'LogicalExpression', 'ForStatement', 'ForInStatement', 'ForOfStatement',
  'IfStatement', 'WhileStatement', 'DoWhileStatement', 'AssignmentPattern',
] as const; // prettier-ignore
