import type { Found, Rule } from '../../../rules/rule.ts';
import { describe, functionsIn, headOf } from '../../../rules/functions.ts';
import { linesOfCode, onlyCode } from '../lines.ts';

export const rule: Rule = {
  meta: {
    name: 'function-length',
    severity: 'info',
    description:
      'A function with more lines of code than `maximumFunctionLines`. Blank lines, comments, text in a template literal or in JSX, and long tables of constants do not count.',
    why: 'It does many things, of which each deserves a name. Move them into functions of their own.',
    options: {
      maximumFunctionLines: {
        type: 'integer',
        minimum: 1,
        default: 150,
        description: 'Lines of code that a function may have.',
      },
    },
    bad: `export function run() {\n${Array.from({ length: 151 }, (_, index) => `  step(${String(index)});`).join('\n')}\n}`,
    good: 'export function run() {\n  for (let index = 0; index < 151; index++) step(index);\n}',
  },
  *check(file, options): Generator<Found> {
    const maximum = Number(options['maximumFunctionLines'] ?? 150);
    if (file.isTest) return;
    let code: string | undefined;
    for (const { tree } of file.scripts) {
      for (const node of functionsIn(tree)) {
        if (!node.body || node.body.end - node.body.start < maximum * 2) continue;
        // A wrapper around a whole module is no function in this sense.
        if (tree.functionAround(node) === undefined && tree.parent(node)?.type === 'CallExpression') continue;
        code ??= onlyCode(file);
        const lines = linesOfCode(code.slice(node.start, node.end));
        if (lines <= maximum) continue;
        yield {
          at: headOf(tree, node),
          message: `${describe(tree, node)} has ${String(lines)} lines of code; ${String(maximum)} are allowed. Move its parts into functions of their own.`,
        };
      }
    }
  },
};
