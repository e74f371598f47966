import type { Found, Rule } from '../../../rules/rule.ts';
import { isFunction } from '../../../rules/tree.ts';

const SYNC = /^(?:fs|fs-extra|graceful-fs|child_process|zlib|crypto)\.(\w+Sync)$/;
/** They take microseconds, or happen once. */
const CHEAP = /^(?:existsSync|accessSync|randomFillSync|closeSync|fsyncSync|generateKeyPairSync)$/;

export const rule: Rule = {
  meta: {
    name: 'sync-io',
    severity: 'warning',
    description:
      'A synchronous call of Node.js (`readFileSync`, `execSync`, `scryptSync` and others) in the handler of a request.',
    why: 'The process serves nobody else until it returns. Await the asynchronous function of the same name.',
    bad: "import { readFileSync } from 'node:fs';\nimport express from 'express';\n\nexpress().get('/', (req, res) => {\n  res.type('html').send(readFileSync('index.html', 'utf8'));\n});",
    good: "import { readFile } from 'node:fs/promises';\nimport express from 'express';\n\nexpress().get('/', async (req, res) => {\n  res.type('html').send(await readFile('index.html', 'utf8'));\n});",
  },
  *check(file): Generator<Found> {
    if (file.isTest || file.isTool || !file.text.includes('Sync')) return;
    for (const { tree, names } of file.scripts) {
      for (const call of tree.all('CallExpression')) {
        const [, name] = SYNC.exec(names.pathOf(call.callee)) ?? [];
        if (name === undefined || CHEAP.test(name)) continue;
        let isHandler = false;
        for (const at of tree.ancestors(call)) {
          if (!isFunction(at)) continue;
          // A request alone may be any: an answer says that it is one of a server.
          const answers = at.params.some(
            (one) => one.type === 'Identifier' && /^(?:res|response|reply|rep)$/.test(one.name),
          );
          if (!answers && tree.parent(at)?.type !== 'CallExpression') continue;
          isHandler = at.params.some(
            (parameter) =>
              parameter.type === 'Identifier' && /^param:(?:request|context)$/.test(names.pathOf(parameter)),
          );
          if (isHandler) break;
        }
        if (!isHandler) continue;
        const other = name.replace(/Sync$/, '');
        yield {
          at: call.callee,
          message: `\`${name}\` stops the whole server until it returns. Await \`${other}\` instead.`,
        };
      }
    }
  },
};
