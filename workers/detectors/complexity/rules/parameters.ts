import type { Found, Rule } from '../../../rules/rule.ts';
import { describe, functionsIn, headOf } from '../../../rules/functions.ts';

export const rule: Rule = {
  meta: {
    name: 'parameters',
    severity: 'info',
    description: 'A function with more parameters than `maximumParameters`.',
    why: 'At the call, nobody can tell which value is which. Take one object with named members.',
    options: {
      maximumParameters: {
        type: 'integer',
        minimum: 1,
        default: 6,
        description: 'Parameters that a function may have.',
      },
    },
    bad: 'export function draw(x, y, width, height, color, border, shadow) {\n  return [x, y, width, height, color, border, shadow];\n}',
    good: 'export function draw({ x, y, width, height, color, border, shadow }) {\n  return [x, y, width, height, color, border, shadow];\n}',
  },
  *check(file, options): Generator<Found> {
    const maximum = Number(options['maximumParameters'] ?? 6);
    for (const { tree } of file.scripts) {
      for (const node of functionsIn(tree)) {
        const parent = tree.parent(node);
        // A framework passes those of a constructor.
        if (node.params.length <= maximum || (parent?.type === 'MethodDefinition' && parent.kind === 'constructor'))
          continue;
        yield {
          at: headOf(tree, node),
          message: `${describe(tree, node)} has ${String(node.params.length)} parameters; ${String(maximum)} are allowed. Take one object with named members.`,
        };
      }
    }
  },
};
