import type { Found, Rule } from '../../../rules/rule.ts';
import { callsIn } from '../flow/flow-rule.ts';

export const rule: Rule = {
  meta: {
    name: 'weak-cipher',
    severity: 'error',
    description:
      'A cipher that is broken (DES, RC4, RC2, Blowfish, ECB mode), that derives its key badly (`createCipher`), or that always starts from the same vector.',
    why: 'What it encrypts can be read or guessed. Use `aes-256-gcm` with a vector from `randomBytes` for every message.',
    cwe: 327,
    confidence: 'high',
    bad: "import { createCipheriv } from 'node:crypto';\n\nexport const cipher = (key, vector) => createCipheriv('des-ede3-cbc', key, vector);",
    good: "import { createCipheriv, randomBytes } from 'node:crypto';\n\nexport const cipher = (key) => createCipheriv('aes-256-gcm', key, randomBytes(12));",
  },
  *check(file): Generator<Found> {
    if (file.isTest) return;
    for (const script of file.scripts) {
      const { names } = script;
      for (const call of callsIn(script)) {
        const path = names.pathOf(call.callee);
        const [algorithm, , vector] = call.arguments;
        if (/^crypto\.create(?:C|Dec)ipher$/.test(path)) {
          yield {
            at: call.callee,
            message:
              '`createCipher` derives its key with MD5 and without a salt, and is gone from Node.js 22. Use `createCipheriv`.',
          };
        } else if (/^crypto\.create(?:C|Dec)ipheriv$/.test(path)) {
          const name = names.stringOf(algorithm);
          if (algorithm && name !== undefined && WEAK.test(name)) {
            yield { at: algorithm, message: `\`${name}\` is broken. Use \`aes-256-gcm\`.` };
          } else if (path.endsWith('createCipheriv') && vector && isConstant(vector)) {
            yield {
              at: vector,
              message:
                'The vector is always the same, so equal texts give equal ciphers. Take `randomBytes(12)` for every message.',
            };
          }
        } else if (/^crypto-js\.(?:DES|TripleDES|RC4|RC4Drop|Rabbit)\.(?:en|de)crypt$/.test(path)) {
          yield {
            at: call.callee,
            message: `\`${path.slice('crypto-js.'.length)}\` uses a broken cipher. Use AES in GCM mode.`,
          };
        } else if (/^crypto-js\.AES\.(?:en|de)crypt$/.test(path)) {
          const mode = names.property(call.arguments[2], 'mode');
          if (mode !== undefined && mode !== 'unclear' && /\.mode\.ECB$/.test(names.pathOf(mode)))
            yield { at: mode, message: 'ECB shows which blocks are equal. Use GCM.' };
        }
      }

      function isConstant(node: Parameters<typeof names.pathOf>[0]): boolean {
        if (names.stringOf(node) !== undefined && names.stringOf(node) !== '') return true;
        const value = names.valueOf(node);
        if (value.type !== 'CallExpression' && value.type !== 'NewExpression') return false;
        const path = names.pathOf(value.callee);
        if (/^global:Buffer\.alloc$/.test(path)) return !isFilled(node, file.text);
        return /^global:Buffer(?:\.from)?$/.test(path) && names.stringOf(value.arguments[0]) !== undefined;
      }
    }
  },
};

const WEAK = /^(?:des|des3|des-|rc2|rc4|bf|blowfish|cast|idea|seed)|(?:^|-)ecb$/i;

function isFilled(node: { readonly start: number; readonly end: number }, text: string): boolean {
  return /randomFill|getRandomValues/.test(text) || node.end === node.start;
}
