import { keyOf } from '../../../rules/tree.ts';
import type { Found, Rule } from '../../../rules/rule.ts';

export const rule: Rule = {
  meta: {
    name: 'weak-tls',
    severity: 'error',
    description: 'A version of TLS or SSL that is broken: everything before TLS 1.2.',
    why: 'What it encrypts can be read. Ask for `TLSv1.2` or `TLSv1.3`, or leave the default of Node.js.',
    cwe: 326,
    bad: "import https from 'node:https';\n\nhttps.request({ host: 'acme.io', minVersion: 'TLSv1' }).on('error', report).end();",
    good: "import https from 'node:https';\n\nhttps.request({ host: 'acme.io', minVersion: 'TLSv1.2' }).on('error', report).end();",
  },
  *check(file): Generator<Found> {
    if (file.isTest || !/TLSv1|SSLv|TLS1|tlsv1/i.test(file.text)) return;
    for (const { tree, names } of file.scripts) {
      for (const property of tree.all('Property')) {
        const name = keyOf(property);
        if (name !== 'minVersion' && name !== 'maxVersion' && name !== 'secureProtocol') continue;
        const text = names.stringOf(property.value);
        if (
          text === undefined ||
          !(
            name === 'secureProtocol'
              ? /^(?:SSLv[23]|TLSv1(?:_1)?)(?:_(?:client|server))?_method$/
              : /^(?:TLSv1|TLSv1\.1|SSLv3)$/
          ).test(text)
        )
          continue;
        yield {
          at: property.value,
          message: `\`${text}\` is broken. Ask for \`TLSv1.2\` or later, or leave the default.`,
        };
      }
    }
  },
};
