import type { Found, Rule } from '../../../rules/rule.ts';

/** Characters that change the direction of the text after them. */
const DIRECTION = /[\u202A-\u202E\u2066-\u2069]/g;

export const rule: Rule = {
  meta: {
    name: 'trojan-source',
    severity: 'error',
    description: 'Characters that change the direction of text, so that the code reads differently from what runs.',
    why: 'An editor shows the code in another order than the compiler reads it: what looks like a comment may be code. Remove the characters, or write them as escapes.',
    cwe: 1007,
    confidence: 'high',
    bad: "export const role = 'user\u202E \u2066// only admins\u2069 \u2066';",
    good: "export const role = 'user'; // only admins\nexport const mark = '\\u202E';",
  },
  *check(file): Generator<Found> {
    for (const { index, 0: character } of file.text.matchAll(DIRECTION)) {
      const code = character.charCodeAt(0).toString(16).toUpperCase();
      yield {
        at: { start: index, end: index + 1 },
        message: `The invisible character U+${code} changes the direction of the text, so this line reads differently from what runs. Remove it, or write it as \`\\u${code}\`.`,
        fixes: [
          {
            title: 'Remove the character',
            kind: 'suggestion',
            edits: [{ at: { start: index, end: index + 1 }, text: '' }],
          },
        ],
      };
    }
  },
};
