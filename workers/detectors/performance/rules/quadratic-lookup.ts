import { propertyOf } from '../../../rules/names.ts';
import type { Found, Rule } from '../../../rules/rule.ts';
import { loopAround } from '../loops.ts';

export const rule: Rule = {
  meta: {
    name: 'quadratic-lookup',
    severity: 'hint',
    description: 'A search through a list (`includes`, `indexOf`, `find`) in each round of a loop over another one.',
    why: 'The time grows with the product of both lengths. Put the list into a `Set` or a `Map` before the loop.',
    bad: 'export function common(one, other) {\n  const list = Array.from(other);\n  return one.filter((item) => list.includes(item));\n}',
    good: 'export function common(one, other) {\n  const list = new Set(other);\n  return one.filter((item) => list.has(item));\n}',
  },
  *check(file): Generator<Found> {
    if (file.isTest || file.isTool) return;
    for (const { tree, names } of file.scripts) {
      for (const call of tree.all('CallExpression')) {
        const { callee } = call;
        if (callee.type !== 'MemberExpression' || callee.object.type !== 'Identifier') continue;
        if (!/^(?:includes|indexOf)$/.test(propertyOf(callee) ?? '')) continue;
        const binding = tree.binding(callee.object);
        const [definition] = binding?.definitions ?? [];
        if (!binding || binding.definitions.length !== 1 || definition?.kind !== 'value' || definition.parts.length > 0)
          continue;
        // Certainly a list, and not one that is written out.
        if (
          !/^(?:global:(?:Array\.from|Object\.(?:keys|values|entries))\(\)|.*\.(?:map|filter|flatMap|sort|toSorted)\(\))$/.test(
            names.pathOf(definition.node),
          )
        )
          continue;
        const loop = loopAround(tree, call);
        if (!loop || binding.scope.node.start >= loop.node.start || definition.at.start > loop.node.start) continue;
        const isMade = tree.functionAround(call);
        if (loop.kind === 'statement' && isMade !== tree.functionAround(loop.node)) continue;
        yield {
          at: callee,
          message: `Each round of the loop goes through \`${binding.name}\`. Make a \`Set\` of it before the loop.`,
        };
      }
    }
  },
};
