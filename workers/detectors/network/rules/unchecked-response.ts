import type { Found, Rule } from '../../../rules/rule.ts';
import { requestsIn } from '../requests.ts';

export const rule: Rule = {
  meta: {
    name: 'unchecked-response',
    severity: 'hint',
    description: 'The body of an answer of `fetch` that is read without a look at `ok` or `status`.',
    why: '`fetch` does not reject for `404` or `500`: the text of the error is then read as data. Check `response.ok` first.',
    cwe: 252,
    confidence: 'medium',
    bad: "export async function load() {\n  const response = await fetch('/users');\n  return response.json();\n}",
    good: "export async function load() {\n  const response = await fetch('/users');\n  if (!response.ok) throw new Error(`HTTP ${response.status}`);\n  return response.json();\n}",
  },
  *check(file): Generator<Found> {
    if (file.isTest || !file.text.includes('fetch')) return;
    for (const script of file.scripts) {
      const { tree, names } = script;
      for (const { client, call } of requestsIn(script)) {
        if (client !== 'fetch') continue;
        let at = tree.parent(call);
        if (at?.type === 'AwaitExpression') at = tree.parent(at);
        if (at?.type !== 'VariableDeclarator' || at.id.type !== 'Identifier') continue;
        const references = tree.binding(at.id)?.references ?? [];
        const members = references.map((one) => tree.parent(one));
        if (members.some((one) => one?.type !== 'MemberExpression')) continue;
        const used = members.map((one) => one && names.pathOf(one).split('.').at(-1));
        if (used.some((name) => name === 'ok' || name === 'status' || name === 'statusText')) continue;
        const read = members.find((_, index) => /^(?:json|text|blob|arrayBuffer|formData)$/.test(used[index] ?? ''));
        if (read)
          yield {
            at: read,
            message: '`fetch` does not reject for `404` or `500`. Check `ok` before the body is read.',
          };
      }
    }
  },
};
