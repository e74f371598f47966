import type { Found, Rule } from '../../../rules/rule.ts';
import { isFunction } from '../../../rules/tree.ts';

export const rule: Rule = {
  meta: {
    name: 'nested-callbacks',
    severity: 'warning',
    description: 'Callbacks inside callbacks, deeper than `maximumCallbacks`.',
    why: 'Neither the order in which they run nor where an error goes can be seen. Use `await`, or give the inner callbacks names.',
    options: {
      maximumCallbacks: {
        type: 'integer',
        minimum: 1,
        default: 4,
        description: 'Callbacks that may be inside each other.',
      },
    },
    bad: 'a((b) => {\n  b((c) => {\n    c((d) => {\n      d((e) => {\n        e((f) => f);\n      });\n    });\n  });\n});',
    good: 'const e = await d(await c(await b(await a())));',
  },
  *check(file, options): Generator<Found> {
    const maximum = Number(options['maximumCallbacks'] ?? 4);
    // Suites of tests are nested, and read well.
    if (file.isTest) return;
    for (const { tree } of file.scripts) {
      for (const node of [...tree.all('ArrowFunctionExpression'), ...tree.all('FunctionExpression')]) {
        if (tree.parent(node)?.type !== 'CallExpression') continue;
        let depth = 1;
        for (const at of tree.ancestors(node))
          if (isFunction(at) && tree.parent(at)?.type === 'CallExpression') depth++;
        if (depth !== maximum + 1) continue;
        yield {
          at: { start: node.start, end: Math.min(node.end, node.start + 40) },
          message: `This is the ${String(depth)}th callback inside another; ${String(maximum)} are allowed. Use \`await\`, or give the inner ones names.`,
        };
      }
    }
  },
};
