import type { Found, Rule } from '../../../rules/rule.ts';
import type { Node } from '../../../rules/tree.ts';
import { callsIn } from '../flow/flow-rule.ts';

export const rule: Rule = {
  meta: {
    name: 'jwt-misuse',
    severity: 'error',
    description:
      'A JSON Web Token that is not verified, accepts the algorithm `none`, or is signed with a secret in the code.',
    why: 'Everyone can then make tokens for every user. Verify each token with a secret from the environment, and name the algorithms that you accept.',
    cwe: 347,
    confidence: 'high',
    bad: "import jwt from 'jsonwebtoken';\n\nexport const token = (user) => jwt.sign({ user }, 'kittens-are-cute');",
    good: "import jwt from 'jsonwebtoken';\n\nexport const token = (user) => jwt.sign({ user }, process.env.JWT_SECRET, { algorithm: 'HS256' });",
  },
  *check(file): Generator<Found> {
    if (file.isTest || !/jsonwebtoken|jose|jwt/i.test(file.text)) return;
    for (const script of file.scripts) {
      const { names } = script;
      for (const call of callsIn(script)) {
        const path = names.pathOf(call.callee);
        const list = call.arguments;
        if (/^jsonwebtoken\.(?:sign|verify)$/.test(path)) {
          const [, secret, options] = list;
          const text = secret && names.stringOf(secret);
          if (secret && text !== undefined && !/-----BEGIN (?:PUBLIC|CERT)/.test(text)) {
            yield text === '' || /^none$/i.test(text)
              ? { at: secret, message: 'Without a secret everyone can make such tokens.' }
              : { at: secret, message: 'The secret that signs tokens is in the code. Read it from the environment.' };
          }
          yield* none(options, script.names);
        } else if (/^(?:jwt-simple|jwt)\.(?:encode|decode)$/.test(path)) {
          const [, secret, skips] = list;
          if (secret && names.stringOf(secret) !== undefined) {
            yield { at: secret, message: 'The secret that signs tokens is in the code. Read it from the environment.' };
          }
          if (path.endsWith('decode') && skips && names.constantOf(skips) === true) {
            yield { at: skips, message: 'The token is decoded without being verified. Leave the third argument out.' };
          }
        } else if (/^jose\.JWT\.(?:sign|verify)$/.test(path)) {
          const [, secret] = list;
          const key = secret && names.valueOf(secret);
          // `JWK.asKey('…')`
          const text =
            key?.type === 'CallExpression' && names.pathOf(key.callee) === 'jose.JWK.asKey' ? key.arguments[0] : secret;
          if (secret && names.stringOf(text) !== undefined)
            yield { at: secret, message: 'The secret that signs tokens is in the code. Read it from the environment.' };
          if (secret && names.pathOf(secret) === 'jose.JWK.None')
            yield { at: secret, message: 'Without a key everyone can make such tokens.' };
        } else if (
          /^(?:express-jwt(?:\.expressjwt|\.jwt)?|koa-jwt|passport-jwt\.Strategy|@fastify\/jwt|fastify-jwt)$/.test(path)
        ) {
          for (const key of ['secret', 'secretOrKey']) {
            const secret = names.property(list[0], key);
            if (secret !== undefined && secret !== 'unclear' && names.stringOf(secret) !== undefined)
              yield {
                at: secret,
                message: 'The secret that signs tokens is in the code. Read it from the environment.',
              };
          }
        } else if (/(?:^|[.:?])JwtModule\.register$/.test(path)) {
          const secret = names.property(list[0], 'secret');
          if (secret !== undefined && secret !== 'unclear' && names.stringOf(secret) !== undefined)
            yield { at: secret, message: 'The secret that signs tokens is in the code. Read it from the environment.' };
        }
      }
    }

    function* none(options: Node | undefined, names: (typeof file.scripts)[number]['names']): Generator<Found> {
      for (const key of ['algorithm', 'algorithms']) {
        const value = names.property(options, key);
        if (value === undefined || value === 'unclear') continue;
        const list = value.type === 'ArrayExpression' ? value.elements : [value];
        for (const one of list) {
          if (one && /^none$/i.test(names.stringOf(one) ?? ''))
            yield {
              at: one,
              message: 'The algorithm `none` lets everyone make tokens. Name the one that you sign with.',
            };
        }
      }
    }
  },
};
