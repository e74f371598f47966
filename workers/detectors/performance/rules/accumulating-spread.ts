import { propertyOf } from '../../../rules/names.ts';
import type { Found, Rule } from '../../../rules/rule.ts';
import { isFunction, type Node } from '../../../rules/tree.ts';
import { loopAround } from '../loops.ts';

export const rule: Rule = {
  meta: {
    name: 'accumulating-spread',
    severity: 'warning',
    description: 'A spread of the accumulator in `reduce` or in a loop, or a list that grows by `concat`.',
    why: 'Each round copies everything that was collected before, so a list of ten thousand takes fifty million steps. Add to the accumulator with `push`, or set its member.',
    bad: 'export const index = (rows) => rows.reduce((all, row) => ({ ...all, [row.id]: row }), {});',
    good: 'export const index = (rows) => Object.fromEntries(rows.map((row) => [row.id, row]));',
  },
  *check(file): Generator<Found> {
    if (file.isTest) return;
    for (const { tree } of file.scripts) {
      for (const spread of tree.all('SpreadElement')) {
        const { argument } = spread;
        if (argument.type !== 'Identifier') continue;
        const outer = tree.parent(spread);
        if (outer?.type !== 'ArrayExpression' && outer?.type !== 'ObjectExpression') continue;
        const binding = tree.binding(argument);
        if (!binding) continue;
        const [definition] = binding.definitions;
        if (definition?.kind === 'parameter') {
          if (definition.index !== 0 || definition.parts.length > 0) continue;
          const call = tree.parent(definition.of);
          if (call?.type !== 'CallExpression' || call.callee.type !== 'MemberExpression') continue;
          if (!/^reduce(?:Right)?$/.test(propertyOf(call.callee) ?? '')) continue;
          // A few fixed elements: `[a, b, c].reduce(…)`.
          if (call.callee.object.type === 'ArrayExpression' || !isResult(outer, definition.of)) continue;
          yield found(spread, binding.name);
        } else if (binding.kind === 'let') {
          const assignment = assignmentTo(outer, binding.name);
          if (!assignment) continue;
          const loop = loopAround(tree, assignment);
          if (!loop || binding.scope.node.start > loop.node.start) continue;
          yield found(spread, binding.name);
        }
      }

      /** The object is what the callback returns. */
      function isResult(object: Node, of: Node): boolean {
        let at = tree.parent(object);
        if (at?.type === 'ConditionalExpression') at = tree.parent(at);
        if (at === of) return true;
        return at?.type === 'ReturnStatement' && isFunction(of) && tree.functionAround(at) === of;
      }

      function assignmentTo(object: Node, name: string): Node | undefined {
        const parent = tree.parent(object);
        if (parent?.type !== 'AssignmentExpression' || parent.right !== object) return undefined;
        return parent.left.type === 'Identifier' && parent.left.name === name ? parent : undefined;
      }
    }
  },
};

function found(at: Node, name: string): Found {
  return {
    at,
    message: `Each round copies all of \`${name}\`, so the time grows with the square of its size. Add to it instead: \`push\`, or set its member.`,
  };
}
