import type { Found, Rule } from '../../../rules/rule.ts';
import { isFunction, type Binding, type Node } from '../../../rules/tree.ts';
import { unwrapped } from '../../../rules/names.ts';

/** By what acquires a resource: the members that release it. */
const ACQUIRES: readonly {
  readonly callee: RegExp;
  readonly releases: RegExp;
  readonly what: string;
  readonly way: string;
}[] = [
  {
    callee: /^(?:fs\/promises|fs\.promises)\.open$/,
    releases: /^(?:close|readableWebStream)$/,
    what: 'The file',
    way: 'close()',
  },
  { callee: /^fs\.openSync$/, releases: /^$/, what: 'The file', way: 'closeSync()' },
  { callee: /^pg\.Client\(\)$|^pg\.Client$/, releases: /^end$/, what: 'The connection', way: 'end()' },
  {
    callee: /^(?:pg\b.*Pool\(\)|\?pool|\?this\.pool)\.connect$/,
    releases: /^release$/,
    what: 'The connection of the pool',
    way: 'release()',
  },
  {
    callee: /^(?:mysql2?(?:\/promise)?\.createPool\(\)|\?pool|\?this\.pool)\.getConnection$/,
    releases: /^(?:release|destroy|end)$/,
    what: 'The connection of the pool',
    way: 'release()',
  },
  {
    callee: /^mysql2?(?:\/promise)?\.createConnection$/,
    releases: /^(?:end|destroy)$/,
    what: 'The connection',
    way: 'end()',
  },
  {
    callee: /^mongodb\.MongoClient$|^mongodb\.MongoClient\.connect$/,
    releases: /^close$/,
    what: 'The connection',
    way: 'close()',
  },
  { callee: /(?:^|\.)createQueryRunner$/, releases: /^release$/, what: 'The query runner', way: 'release()' },
  {
    callee: /^(?:puppeteer(?:-core)?|playwright(?:-core)?\.\w+)\.launch$/,
    releases: /^(?:close|disconnect|kill)$/,
    what: 'The browser',
    way: 'close()',
  },
  {
    callee: /^global:URL\.createObjectURL$/,
    releases: /^$/,
    what: 'The address of the object',
    way: 'URL.revokeObjectURL()',
  },
];

export const rule: Rule = {
  meta: {
    name: 'leaked-resource',
    severity: 'warning',
    description: 'A file, a connection or a browser that a function opens and never closes.',
    why: 'Each call takes one more, until none is left: the pool hangs, or the process has too many open files. Close it in `finally`, or declare it with `await using`.',
    cwe: 772,
    bad: "import { open } from 'node:fs/promises';\n\nexport async function first(path) {\n  const file = await open(path);\n  const { buffer } = await file.read();\n  return buffer.toString();\n}",
    good: "import { open } from 'node:fs/promises';\n\nexport async function first(path) {\n  const file = await open(path);\n  try {\n    const { buffer } = await file.read();\n    return buffer.toString();\n  } finally {\n    await file.close();\n  }\n}",
  },
  *check(file): Generator<Found> {
    if (file.isTest || file.isTool) return;
    for (const { tree, names } of file.scripts) {
      for (const declarator of tree.all('VariableDeclarator')) {
        const { id, init } = declarator;
        if (!init || id.type !== 'Identifier') continue;
        const declaration = tree.parent(declarator);
        if (declaration?.type === 'VariableDeclaration' && /using/.test(declaration.kind)) continue;
        // What a module opens, it keeps.
        const around = tree.functionAround(declarator);
        if (!around) continue;
        const value = unwrapped(init);
        if (value.type !== 'CallExpression' && value.type !== 'NewExpression') continue;
        const path = names.pathOf(value.callee);
        const kind = ACQUIRES.find(({ callee }) => callee.test(path));
        const binding = kind && tree.binding(id);
        if (!kind || !binding) continue;
        const use = usesOf(binding, kind.releases);
        if (use.escapes || use.isReleased) continue;
        yield {
          at: id,
          message: `${kind.what} that is opened here is never closed. Call \`${kind.way}\` in \`finally\`, or declare it with \`await using\`.`,
        };
      }

      function usesOf(
        { references }: Binding,
        releases: RegExp,
      ): { readonly escapes: boolean; readonly isReleased: boolean } {
        let escapes = false;
        let isReleased = false;
        for (const reference of references) {
          const parent = tree.parent(reference);
          if (parent?.type === 'MemberExpression' && parent.object === reference) {
            const name = names.pathOf(parent).split('.').at(-1) ?? '';
            if (releases.test(name)) isReleased = true;
            // `const { close } = file`, `on('end', file.close)`
            else if (tree.parent(parent)?.type !== 'CallExpression' && /close|end|release|dispose/i.test(name))
              isReleased = true;
            continue;
          }
          // Returned, stored, or handed to another function: whoever has it may close it.
          if (parent && !isTest(parent, reference)) escapes = true;
        }
        return { escapes, isReleased };
      }

      function isTest(parent: Node, child: Node): boolean {
        return (
          (parent.type === 'IfStatement' && parent.test === child) ||
          parent.type === 'UnaryExpression' ||
          (parent.type === 'BinaryExpression' && parent.operator !== 'in') ||
          (parent.type === 'ExpressionStatement' && !isFunction(parent))
        );
      }
    }
  },
};
