import type { Found, Rule } from '../../../rules/rule.ts';
import type { Node } from '../../../rules/tree.ts';

const EMITS = /^(?:https?\.(?:get|request)|net\.(?:connect|createConnection)|tls\.connect|ws(?:\.WebSocket)?)$/;

export const rule: Rule = {
  meta: {
    name: 'unhandled-request-error',
    severity: 'warning',
    description: 'A request or a socket of Node.js without a listener for `error`.',
    why: 'When the connection fails, the emitter throws, and the process ends. Listen for `error`.',
    cwe: 248,
    bad: "import https from 'node:https';\n\nhttps.get('https://acme.io', (response) => response.resume());",
    good: "import https from 'node:https';\n\nhttps.get('https://acme.io', (response) => response.resume()).on('error', report);",
  },
  *check(file): Generator<Found> {
    if (file.isTest) return;
    for (const { tree, names } of file.scripts) {
      for (const call of [...tree.all('CallExpression'), ...tree.all('NewExpression')]) {
        const path = names.pathOf(call.callee);
        if (!EMITS.test(path)) continue;
        const receiver = receiverOf(call);
        if (receiver === undefined) continue;
        yield {
          at: call.callee,
          message: `Nothing listens for \`error\` of \`${path}\`, so a failed connection ends the process. Add \`.on('error', …)\`.`,
        };
      }

      /** Undefined: something listens, or it goes where this cannot see. */
      function receiverOf(call: Node): Node | undefined {
        let at = call;
        for (;;) {
          const member = tree.parent(at);
          if (member?.type !== 'MemberExpression' || member.object !== at) break;
          const outer = tree.parent(member);
          if (outer?.type !== 'CallExpression' || outer.callee !== member) return undefined;
          if (listens(outer)) return undefined;
          at = outer;
        }
        const parent = tree.parent(at);
        if (parent?.type === 'ExpressionStatement') return call;
        if (parent?.type !== 'VariableDeclarator' || parent.id.type !== 'Identifier') return undefined;
        const binding = tree.binding(parent.id);
        for (const reference of binding?.references ?? []) {
          const member = tree.parent(reference);
          if (member?.type !== 'MemberExpression' || member.object !== reference) return undefined;
          const outer = tree.parent(member);
          if (outer?.type === 'AssignmentExpression') {
            if (names.pathOf(member).endsWith('.onerror')) return undefined;
            continue;
          }
          if (outer?.type === 'CallExpression' && outer.callee === member && listens(outer)) return undefined;
        }
        return call;
      }

      function listens(call: Node): boolean {
        if (call.type !== 'CallExpression' || call.callee.type !== 'MemberExpression') return false;
        const [event] = call.arguments;
        const text = names.stringOf(event);
        return (
          text === 'error' ||
          (event !== undefined && text === undefined) ||
          /\.(?:pipe|pipeThrough)$/.test(names.pathOf(call.callee))
        );
      }
    }
  },
};
