import type { Found, Rule } from '../../../rules/rule.ts';
import { cognitiveOf } from '../../../rules/cognitive.ts';
import { describe, headOf } from '../../../rules/functions.ts';

export const rule: Rule = {
  meta: {
    name: 'cognitive',
    severity: 'warning',
    description:
      'A function that is harder to follow than `maximumCognitive`: each break in its flow costs one, and one more for each level that it is nested in.',
    why: 'Whoever reads it has to keep every condition around a line in mind. Return early, name conditions, and move inner loops into functions of their own.',
    options: {
      maximumCognitive: {
        type: 'integer',
        minimum: 1,
        default: 15,
        description: 'Cognitive complexity that a function may have.',
      },
    },
    bad: 'export function count(rows) {\n  let n = 0;\n  for (const row of rows) {\n    if (row) {\n      for (const cell of row) {\n        if (cell) {\n          if (cell.a && cell.b) {\n            n++;\n          } else if (cell.c) {\n            n--;\n          }\n        }\n      }\n    }\n  }\n  return n;\n}',
    good: 'export function count(rows) {\n  return rows.flat().map(worth).reduce((sum, one) => sum + one, 0);\n}\n\nfunction worth(cell) {\n  if (cell.a && cell.b) return 1;\n  return cell.c ? -1 : 0;\n}',
  },
  *check(file, options): Generator<Found> {
    const maximum = Number(options['maximumCognitive'] ?? 15);
    for (const { tree } of file.scripts) {
      for (const [node, increments] of cognitiveOf(tree, file.text)) {
        const score = increments.reduce((sum, { by }) => sum + by, 0);
        if (score <= maximum) continue;
        // Suites of tests are declarations, whatever their helpers do.
        if (file.isTest && tree.parent(node)?.type === 'CallExpression') continue;
        const largest = increments
          .toSorted((one, other) => other.by - one.by)
          .slice(0, 10)
          .toSorted((one, other) => one.at.start - other.at.start);
        yield {
          at: headOf(tree, node),
          message: `${describe(tree, node)} has a cognitive complexity of ${String(score)}; ${String(maximum)} are allowed. Return early, and move inner parts into functions of their own.`,
          steps: largest.map(({ at, by, nesting }) => ({
            at,
            message: `+${String(by)}${nesting === 0 ? '' : `, of which ${String(nesting)} for nesting`}`,
          })),
        };
      }
    }
  },
};
