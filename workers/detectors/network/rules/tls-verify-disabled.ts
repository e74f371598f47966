import { keyOf, type Node } from '../../../rules/tree.ts';
import type { Found, Rule } from '../../../rules/rule.ts';

export const rule: Rule = {
  meta: {
    name: 'tls-verify-disabled',
    severity: 'error',
    description: 'Encrypted connections whose certificates are not checked.',
    why: 'Everyone on the way can then answer for the server, which is what encryption should prevent. Add the certificate of your own authority with `ca` instead.',
    cwe: 295,
    bad: "import https from 'node:https';\n\nexport const agent = new https.Agent({ rejectUnauthorized: false });",
    good: "import https from 'node:https';\n\nexport const agent = new https.Agent({ ca: certificate });",
  },
  *check(file): Generator<Found> {
    if (
      file.isTest ||
      !/rejectUnauthorized|NODE_TLS_REJECT_UNAUTHORIZED|strictSSL|checkServerIdentity|insecureSkip|rejectUnauthorised/.test(
        file.text,
      )
    )
      return;
    for (const { tree, names } of file.scripts) {
      for (const property of tree.all('Property')) {
        const name = keyOf(property);
        const { value } = property;
        if ((name === 'rejectUnauthorized' || name === 'strictSSL') && names.constantOf(value) === false)
          yield off(value, `${name}: false`);
        if (name === 'NODE_TLS_REJECT_UNAUTHORIZED' && isZero(names.constantOf(value)))
          yield off(value, 'NODE_TLS_REJECT_UNAUTHORIZED=0');
        if (name === 'checkServerIdentity' && isEmpty(value)) yield off(value, 'checkServerIdentity');
      }
      for (const { left, right } of tree.all('AssignmentExpression')) {
        if (left.type !== 'MemberExpression') continue;
        const path = names.pathOf(left);
        if (/process\.env\.NODE_TLS_REJECT_UNAUTHORIZED$/.test(path) && isZero(names.constantOf(right)))
          yield off(right, 'NODE_TLS_REJECT_UNAUTHORIZED=0');
        if (/\.(?:rejectUnauthorized|strictSSL)$/.test(path) && names.constantOf(right) === false)
          yield off(right, `${path.split('.').at(-1) ?? ''} = false`);
      }
    }
  },
};

function off(at: Node, what: string): Found {
  return {
    at,
    message: `\`${what}\` turns the check of certificates off, so anyone on the way can answer for the server. Add your authority's certificate with \`ca\` instead.`,
  };
}

function isZero(value: unknown): boolean {
  return value === '0' || value === 0;
}

/** A function that lets every name pass. */
function isEmpty(node: Node): boolean {
  if (node.type !== 'ArrowFunctionExpression' && node.type !== 'FunctionExpression') return false;
  const { body } = node;
  if (body?.type !== 'BlockStatement')
    return (
      (body?.type === 'Identifier' && body.name === 'undefined') || (body?.type === 'Literal' && body.value === null)
    );
  return body.body.every(
    (one) =>
      one.type === 'ReturnStatement' &&
      (one.argument === null ||
        (one.argument.type === 'Identifier' && one.argument.name === 'undefined') ||
        (one.argument.type === 'Literal' && one.argument.value === null)),
  );
}
