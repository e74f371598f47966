import type { Found, Rule } from '../../../rules/rule.ts';
import { linesOfCode, onlyCode } from '../lines.ts';

export const rule: Rule = {
  meta: {
    name: 'file-length',
    severity: 'info',
    description:
      'A file with more lines of code than `maximumFileLines`. Blank lines, comments, text in a template literal or in JSX, and long tables of constants do not count.',
    why: 'It has many subjects. Give each a file of its own.',
    options: {
      maximumFileLines: {
        type: 'integer',
        minimum: 1,
        default: 1000,
        description: 'Lines of code that a file may have.',
      },
    },
    bad: Array.from({ length: 1001 }, (_, index) => `step(${String(index)});`).join('\n'),
    good: 'for (let index = 0; index < 1001; index++) step(index);',
  },
  *check(file, options): Generator<Found> {
    const maximum = Number(options['maximumFileLines'] ?? 1000);
    if (file.isTest || file.text.length < maximum * 2) return;
    const lines = linesOfCode(onlyCode(file));
    if (lines <= maximum) return;
    const end = file.text.indexOf('\n');
    yield {
      at: { start: 0, end: end === -1 ? file.text.length : end },
      message: `This file has ${String(lines)} lines of code; ${String(maximum)} are allowed. Give each of its subjects a file of its own.`,
    };
  },
};
