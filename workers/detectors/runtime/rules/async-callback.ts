import type { Found, Rule } from '../../../rules/rule.ts';
import { isFunction } from '../../../rules/tree.ts';

export const rule: Rule = {
  meta: {
    name: 'async-callback',
    severity: 'warning',
    description:
      'An `async` function where nobody waits for its promise: in `forEach`, as the executor of a promise, as the test of `filter`, `some`, `every` or `find`.',
    why: 'A promise is always true, and what it rejects with ends the process. Use `for … of` with `await`, or `Promise.all` with `map`.',
    cwe: 755,
    bad: 'export function save(rows, store) {\n  rows.forEach(async (row) => {\n    await store.put(row);\n  });\n}',
    good: 'export async function save(rows, store) {\n  for (const row of rows) await store.put(row);\n}',
  },
  *check(file): Generator<Found> {
    if (file.isTest) return;
    for (const { tree, names } of file.scripts) {
      for (const call of [...tree.all('CallExpression'), ...tree.all('NewExpression')]) {
        const [first] = call.arguments;
        if (!first || !isFunction(first) || !first.async || !first.body) continue;
        // Without `await` nothing is waited for in it either.
        const text = file.text.slice(first.body.start, first.body.end);
        if (!text.includes('await')) continue;
        if (call.type === 'NewExpression') {
          if (names.pathOf(call.callee) !== 'global:Promise' || /\btry\b/.test(text)) continue;
          yield {
            at: { start: first.start, end: first.start + 5 },
            message:
              'What this executor throws is lost, because nobody waits for it: the promise stays pending. Leave out `new Promise`, and await inside an async function.',
          };
          continue;
        }
        if (
          call.callee.type !== 'MemberExpression' ||
          call.callee.computed ||
          call.callee.property.type !== 'Identifier'
        )
          continue;
        const { name } = call.callee.property;
        if (name === 'forEach' && call.arguments.length === 1 && !/\btry\b/.test(text)) {
          yield {
            at: { start: first.start, end: first.start + 5 },
            message:
              '`forEach` does not wait for an async function, and what it throws ends the process. Use `for … of` with `await`, or `Promise.all` with `map`.',
          };
        } else if (
          /^(?:filter|some|every|find|findIndex|findLast)$/.test(name) &&
          call.arguments.length === 1 &&
          !isOwnMethod(names.pathOf(call.callee.object))
        ) {
          yield {
            at: { start: first.start, end: first.start + 5 },
            message: `\`${name}\` gets a promise, which is always true. Await the answers first.`,
          };
        }
      }
    }
  },
};

/** Streams, locators and the like have methods of those names that do wait. */
function isOwnMethod(path: string): boolean {
  return /stream|Readable|locator|page|async|Async|bluebird|pipeline|iter|collection|effect|flow/i.test(path);
}
