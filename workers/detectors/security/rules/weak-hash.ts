import type { Found, Rule } from '../../../rules/rule.ts';
import type { Node } from '../../../rules/tree.ts';
import { callsIn } from '../flow/flow-rule.ts';

export const rule: Rule = {
  meta: {
    name: 'weak-hash',
    severity: 'warning',
    description: 'MD5, SHA-1 or MD4 for a password, a token or a signature.',
    why: 'Two texts with the same hash can be made, and passwords can be tried by the billion. Use `scrypt` or `argon2` for passwords, and SHA-256 for the rest. A checksum or a key of a cache may use MD5: it is not reported.',
    cwe: 328,
    confidence: 'medium',
    bad: "import { createHash } from 'node:crypto';\n\nexport const hashPassword = (password) => createHash('md5').update(password).digest('hex');",
    good: "import { createHash } from 'node:crypto';\n\nexport const cacheKey = (text) => createHash('md5').update(text).digest('hex');",
  },
  *check(file): Generator<Found> {
    if (file.isTest) return;
    for (const script of file.scripts) {
      const { names, tree } = script;
      for (const call of callsIn(script)) {
        const path = names.pathOf(call.callee);
        const isPlain =
          /^(?:md5|sha1|blueimp-md5|js-md5|js-sha1)(?:\.\w+)?$/.test(path) ||
          /^crypto-js\.(?:MD5|SHA1|HmacMD5)$/.test(path);
        const isNode = /^crypto\.(?:createHash|createSign|createVerify)$/.test(path);
        if (!isPlain && !isNode) continue;
        const [algorithm] = call.arguments;
        const name = isPlain ? path : (names.stringOf(algorithm) ?? '');
        if (isNode && !/^(?:rsa-)?(?:md[245]|sha-?1|ripemd\w*)$/i.test(name)) continue;
        const isSignature = /create(?:Sign|Verify)$/.test(path);
        if (!isSignature && !isSensitive(call)) continue;
        yield {
          at: isNode && algorithm ? algorithm : call.callee,
          message: `\`${name}\` is too weak for ${isSignature ? 'a signature' : 'what it protects here'}. Use \`scrypt\` for passwords and SHA-256 for the rest.`,
          ...(isNode && algorithm?.type === 'Literal'
            ? {
                fixes: [
                  { title: 'Use sha256', kind: 'suggestion' as const, edits: [{ at: algorithm, text: "'sha256'" }] },
                ],
              }
            : {}),
        };
      }

      /** The statement, or the names of what it is in, speak of a secret. */
      function isSensitive(call: Node): boolean {
        let statement: Node = call;
        let name = '';
        for (const at of tree.ancestors(call)) {
          if (/Statement$|Declaration$/.test(at.type) && statement === call) statement = at;
          if (at.type === 'VariableDeclarator' && at.id.type === 'Identifier') name += ` ${at.id.name}`;
          if ((at.type === 'FunctionDeclaration' || at.type === 'FunctionExpression') && at.id)
            name += ` ${at.id.name}`;
          if ((at.type === 'MethodDefinition' || at.type === 'Property') && at.key.type === 'Identifier')
            name += ` ${at.key.name}`;
        }
        const text = file.text.slice(statement.start, Math.min(statement.end, statement.start + 400));
        return SENSITIVE.test(text) || SENSITIVE.test(name);
      }
    }
  },
};

const SENSITIVE =
  /pass(?:word|wd|phrase)|pwd|\btoken|[a-z]Token|secret|signature|credential|\bsalt|session_?id|api_?key/i;
