import { keyOf, type Node } from '../../../rules/tree.ts';
import type { Found, Rule } from '../../../rules/rule.ts';
import { callsIn } from '../flow/flow-rule.ts';

const SECRET =
  /(?:^|_)(?:token|secret|password|passwd|pwd|salt|nonce|otp|csrf|session_?id|session_?key|api_?key|reset_?code|verification_?code|auth_?code|pin_?code|private_?key|encryption_?key|access_?key|iv|credential)s?(?:_(?:value|string|hex|key|id|code|hash|bytes|data|text))?$/i;
const NOT_SECRET = /cancel|design|syntax|css|color|lexer|parser|placeholder|mock|fake|demo|sample/i;

export const rule: Rule = {
  meta: {
    name: 'insecure-random',
    severity: 'warning',
    description: '`Math.random()` for a token, a password, a salt or the like.',
    why: 'Whoever sees some of its values can compute the next ones. Use `crypto.randomBytes`, `crypto.randomUUID` or `crypto.getRandomValues`.',
    cwe: 338,
    confidence: 'high',
    bad: 'export const resetToken = Math.random().toString(36).slice(2);',
    good: "import { randomBytes } from 'node:crypto';\n\nexport const resetToken = randomBytes(24).toString('hex');",
  },
  *check(file): Generator<Found> {
    if (file.isTest || !/random/i.test(file.text)) return;
    for (const script of file.scripts) {
      const { names, tree } = script;
      for (const call of callsIn(script)) {
        const path = names.pathOf(call.callee);
        if (path !== 'global:Math.random' && path !== 'crypto.pseudoRandomBytes') continue;
        const name = purposeOf(call);
        if (name === undefined && path === 'global:Math.random') continue;
        yield {
          at: call,
          message: `${name === undefined ? 'This' : `\`${name}\``} can be guessed, because \`${path.replace('global:', '')}\` is no source of secrets. Use \`crypto.randomBytes\` or \`crypto.randomUUID\`.`,
        };
      }

      function purposeOf(call: Node): string | undefined {
        for (const at of tree.ancestors(call)) {
          let name: string | undefined;
          if (at.type === 'VariableDeclarator' && at.id.type === 'Identifier') name = at.id.name;
          else if (at.type === 'AssignmentExpression' && at.left.type === 'Identifier') name = at.left.name;
          else if (
            at.type === 'AssignmentExpression' &&
            at.left.type === 'MemberExpression' &&
            at.left.property.type === 'Identifier'
          )
            name = at.left.property.name;
          else if (at.type === 'Property' || at.type === 'PropertyDefinition' || at.type === 'MethodDefinition')
            name = keyOf(at);
          else if ((at.type === 'FunctionDeclaration' || at.type === 'FunctionExpression') && at.id) name = at.id.name;
          if (name === undefined) continue;
          const snake = name.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toLowerCase();
          if (SECRET.test(snake) && !NOT_SECRET.test(snake)) return name;
        }
        return undefined;
      }
    }
  },
};
