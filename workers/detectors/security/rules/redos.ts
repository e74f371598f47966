import type { Found, Rule } from '../../../rules/rule.ts';
import { exponentialIn, patternsIn, stepsOf } from '../backtracking.ts';

export const rule: Rule = {
  meta: {
    name: 'redos',
    severity: 'warning',
    description: 'A regular expression that takes exponentially long for some texts.',
    why: 'A text of forty characters keeps the process busy for hours: nothing else is served meanwhile. Rewrite the pattern so that each character can be matched in one way only: `(a+)+` as `a+`, `(a|ab?)*` as `(ab?)*`, `(\\w+\\s?)*` as `(?:\\w+(?:\\s|$))*`. Tests and build tools are left out. [recheck](https://makenowjust-labs.github.io/recheck/) judges the pattern; one that it cannot judge in about two seconds, or that is longer than 2,000 characters, is not reported.',
    cwe: 1333,
    confidence: 'high',
    bad: 'const names = /^(\\w+\\s?)*$/;\n\nexport function isName(text) {\n  return names.test(text);\n}',
    good: 'const names = /^\\w+(?:\\s\\w+)*\\s?$/;\n\nexport function isName(text) {\n  return names.test(text);\n}',
  },
  *check(file): Generator<Found> {
    if (file.isTest || file.isTool) return;
    for (const script of file.scripts) {
      for (const pattern of patternsIn(script)) {
        const found = exponentialIn(pattern, file);
        if (found === undefined) continue;
        yield {
          at: pattern.node,
          message: `This pattern takes exponentially long for a text such as \`${found.attack}\`: each further repetition multiplies the time. Rewrite it so that only one of its parts can match each character.`,
          steps: stepsOf(pattern, found),
        };
      }
    }
  },
};
