import type { Found, Rule } from '../../../rules/rule.ts';
import { requestsIn } from '../requests.ts';

export const rule: Rule = {
  meta: {
    name: 'body-on-get',
    severity: 'error',
    description: 'A `fetch` with a body and the method `GET` or `HEAD`.',
    why: '`fetch` throws a `TypeError`. Send the data in the address, or use `POST`.',
    bad: "export const find = (query) => fetch('/find', { body: JSON.stringify(query) });",
    good: "export const find = (query) => fetch('/find', { method: 'POST', body: JSON.stringify(query) });",
  },
  *check(file): Generator<Found> {
    if (!file.text.includes('fetch')) return;
    for (const script of file.scripts) {
      const { names } = script;
      for (const { client, options } of requestsIn(script)) {
        if (client !== 'fetch' || !names.objectOf(options)) continue;
        const body = names.property(options, 'body');
        const method = names.property(options, 'method');
        if (body === undefined || body === 'unclear' || method === 'unclear') continue;
        if (
          (body.type === 'Identifier' && body.name === 'undefined') ||
          (body.type === 'Literal' && body.value === null)
        )
          continue;
        const name = method === undefined ? 'GET' : names.stringOf(method);
        if (name === undefined || !/^(?:get|head)$/i.test(name)) continue;
        yield {
          at: body,
          message: `\`fetch\` throws a \`TypeError\` for a body with the method \`${name.toUpperCase()}\`. Use \`POST\`, or send the data in the address.`,
        };
      }
    }
  },
};
