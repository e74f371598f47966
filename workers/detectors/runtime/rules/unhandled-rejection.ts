import type { Found, Rule } from '../../../rules/rule.ts';

export const rule: Rule = {
  meta: {
    name: 'unhandled-rejection',
    severity: 'info',
    description: 'A promise of a request or of a file that is neither awaited, returned, nor caught.',
    why: 'When it rejects, Node.js ends the process. Await it, or add `.catch`.',
    cwe: 755,
    bad: "import { writeFile } from 'node:fs/promises';\n\nexport function save(text) {\n  writeFile('state.json', text);\n}",
    good: "import { writeFile } from 'node:fs/promises';\n\nexport async function save(text) {\n  await writeFile('state.json', text);\n}",
  },
  *check(file): Generator<Found> {
    if (file.isTest) return;
    for (const { tree, names } of file.scripts) {
      for (const { expression } of tree.all('ExpressionStatement')) {
        const call = expression.type === 'ChainExpression' ? expression.expression : expression;
        if (call.type !== 'CallExpression') continue;
        const path = names.pathOf(call.callee);
        if (!isPromise(path)) continue;
        yield {
          at: call.callee,
          message: 'Nobody waits for this promise; if it rejects, Node.js ends the process. Await it, or add `.catch`.',
        };
      }

      function isPromise(path: string): boolean {
        if (/^(?:fs\/promises|fs\.promises)\.(?!watch$|constants)\w+$/.test(path)) return true;
        if (/\.catch$|\.finally$/.test(path)) return false;
        return /^(?:axios(?:\.(?:get|post|put|patch|delete))?|got|node-fetch|undici\.(?:fetch|request))(?:\(\)\.then)?$/.test(
          path,
        );
      }
    }
  },
};
