import type { Found, Rule } from '../../../rules/rule.ts';
import { isFunction, type Node } from '../../../rules/tree.ts';

export const rule: Rule = {
  meta: {
    name: 'lost-error',
    severity: 'warning',
    description: 'A `return`, `break` or `continue` in `finally`, which drops the error that is on its way.',
    why: 'The caller never learns that something failed. Leave `finally` at its end.',
    cwe: 584,
    bad: 'export function read(file) {\n  try {\n    return parse(file);\n  } finally {\n    return undefined;\n  }\n}',
    good: 'export function read(file) {\n  try {\n    return parse(file);\n  } finally {\n    close(file);\n  }\n}',
  },
  *check(file): Generator<Found> {
    for (const { tree } of file.scripts) {
      for (const statement of [
        ...tree.all('ReturnStatement'),
        ...tree.all('BreakStatement'),
        ...tree.all('ContinueStatement'),
      ]) {
        let child: Node = statement;
        for (const at of tree.ancestors(statement)) {
          if (isFunction(at)) break;
          const isOwn =
            statement.type !== 'ReturnStatement' &&
            (/^(?:For|While|DoWhile)/.test(at.type) ||
              (at.type === 'SwitchStatement' && statement.type === 'BreakStatement'));
          if (isOwn && !statement.label) break;
          if (at.type === 'TryStatement' && at.finalizer === child) {
            yield {
              at: { start: statement.start, end: Math.min(statement.end, statement.start + 8) },
              message: 'This drops the error that is on its way through `finally`. Leave `finally` at its end.',
            };
            break;
          }
          child = at;
        }
      }
    }
  },
};
