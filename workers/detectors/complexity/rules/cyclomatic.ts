import { cyclomaticOf } from '../../../rules/cyclomatic.ts';
import type { Found, Rule } from '../../../rules/rule.ts';
import { isFunction } from '../../../rules/tree.ts';
import { describe, headOf } from '../../../rules/functions.ts';

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
