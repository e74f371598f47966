import type { Found, Rule } from '../../../rules/rule.ts';

const BEGIN = /-----BEGIN (?:(?:RSA|EC|DSA|OPENSSH|ENCRYPTED|PGP) )?PRIVATE KEY(?: BLOCK)?-----/;
/** A heading alone is a text about keys. */
const BODY =
  /PRIVATE KEY(?: BLOCK)?-----(?:\\n|\\r|\s|\\)*(?:[\w-]+: [^\n]*(?:\\n|\s)+)*(?:["'`+\s]|\\n)*[A-Za-z0-9+/]{24}/;

export const rule: Rule = {
  meta: {
    name: 'private-key',
    severity: 'error',
    description: 'A private key in the code.',
    why: 'Everyone who can read the repository, now or later, can sign and decrypt as its owner. Replace the key, and read the new one from a file or a secret store.',
    cwe: 321,
    confidence: 'high',
    // bulkhead-ignore-next-line private-key -- the example of the page
    bad: 'export const key = `-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj\n-----END PRIVATE KEY-----`;',
    good: "import { readFileSync } from 'node:fs';\n\nexport const key = readFileSync(process.env.KEY_FILE, 'utf8');",
  },
  *check(file): Generator<Found> {
    if (!BEGIN.test(file.text) || file.isTest) return;
    for (const { tree, names } of file.scripts) {
      for (const node of [...tree.all('Literal'), ...tree.all('TemplateLiteral'), ...tree.all('BinaryExpression')]) {
        if (tree.parent(node)?.type === 'BinaryExpression') continue;
        const text = names.stringOf(node);
        if (text === undefined || !BODY.test(text)) continue;
        yield {
          at: { start: node.start, end: Math.min(node.end, node.start + 40) },
          message: 'A private key is in the code. Replace it, and read the new one from a file or a secret store.',
        };
      }
    }
  },
};
