import { propertyOf } from '../../../rules/names.ts';
import type { Found, Rule } from '../../../rules/rule.ts';
import { isFunction } from '../../../rules/tree.ts';

export const rule: Rule = {
  meta: {
    name: 'remove-listener',
    severity: 'error',
    description: 'A `removeEventListener` with a function that was made for the call.',
    why: 'It is never the one that was added, so nothing is removed. Keep the function that was added in a name.',
    bad: "element.removeEventListener('click', () => close());",
    good: "element.addEventListener('click', close);\nelement.removeEventListener('click', close);",
  },
  *check(file): Generator<Found> {
    if (!/removeEventListener|removeListener/.test(file.text)) return;
    for (const { tree } of file.scripts) {
      for (const call of tree.all('CallExpression')) {
        const { callee } = call;
        const name =
          callee.type === 'MemberExpression'
            ? propertyOf(callee)
            : callee.type === 'Identifier'
              ? callee.name
              : undefined;
        if (name !== 'removeEventListener' && name !== 'removeListener') continue;
        const [, listener] = call.arguments;
        if (!listener) continue;
        const isBound =
          listener.type === 'CallExpression' &&
          listener.callee.type === 'MemberExpression' &&
          propertyOf(listener.callee) === 'bind';
        if (!isFunction(listener) && !isBound) continue;
        yield {
          at: listener,
          message:
            'This function was never added, because it is made here, so nothing is removed. Keep the function that was added in a name.',
        };
      }
    }
  },
};
