import type { Found, Rule } from '../../../rules/rule.ts';
import { loopAround } from '../loops.ts';

export const rule: Rule = {
  meta: {
    name: 'regex-in-loop',
    severity: 'hint',
    description: 'A regular expression that is compiled anew in each round of a loop, from the same constant text.',
    why: 'Compiling takes longer than most matches. Make it once, before the loop.',
    bad: "export const count = (lines) => lines.filter((line) => new RegExp('^\\\\d+').test(line)).length;",
    good: 'const number = /^\\d+/;\n\nexport const count = (lines) => lines.filter((line) => number.test(line)).length;',
  },
  *check(file): Generator<Found> {
    if (file.isTest || !file.text.includes('RegExp')) return;
    for (const { tree, names } of file.scripts) {
      for (const call of [...tree.all('NewExpression'), ...tree.all('CallExpression')]) {
        if (
          names.pathOf(call.callee) !== 'global:RegExp' ||
          call.arguments.some((one) => names.stringOf(one) === undefined)
        )
          continue;
        if (loopAround(tree, call))
          yield { at: call, message: 'This expression is compiled anew in each round. Make it once, before the loop.' };
      }
    }
  },
};
