import type { Found, Rule } from '../../../rules/rule.ts';
import { addressOf, beginningOf, type Call } from '../requests.ts';

const SENDS =
  /^(?:global:(?:(?:window|globalThis|self)\.)?(?:fetch|WebSocket|EventSource)|node-fetch|undici\.(?:fetch|request|stream)|cross-fetch|axios(?:\.create|\.create\(\))?(?:\.\w+)?|got(?:\.\w+)?|superagent(?:\.\w+)?|request(?:\.\w+)?|needle(?:\.\w+)?|ky(?:\.\w+)?|https?\.(?:get|request)|ws(?:\.WebSocket)?|(?:global:\$|jquery)\.(?:ajax|get|post|getJSON)|socket\.io-client(?:\.io)?)$|(?:global:XMLHttpRequest\(\)|\?xhr|\?request)\.open$/;

export const rule: Rule = {
  meta: {
    name: 'insecure-url',
    severity: 'warning',
    description: 'A request without encryption (`http:`, `ws:`, `ftp:`) to a host that is not a local one.',
    why: 'Everyone on the way can read and change what is sent, tokens among it. Use `https:` or `wss:`.',
    cwe: 319,
    bad: "export const load = () => fetch('http://api.acme.io/users');",
    good: "export const load = () => fetch('https://api.acme.io/users');\nexport const own = () => fetch('http://localhost:3000/users');",
  },
  *check(file): Generator<Found> {
    if (file.isTest || !/\b(?:http|ws|ftp):\/\//.test(file.text)) return;
    for (const script of file.scripts) {
      const { tree, names } = script;
      const calls: readonly Call[] = [...tree.all('CallExpression'), ...tree.all('NewExpression')];
      for (const call of calls) {
        const path = names.pathOf(call.callee);
        if (!SENDS.test(path)) continue;
        const address = /\.open$/.test(path) ? call.arguments[1] : addressOf(call, script);
        const text = beginningOf(address, script);
        if (!address || text === undefined) continue;
        const [, scheme = '', host = ''] = /^(http|ws|ftp):\/\/([^/?#]*)/i.exec(text) ?? [];
        if (scheme === '' || isLocal(host)) continue;
        const secure = scheme === 'ws' ? 'wss' : scheme === 'ftp' ? 'sftp' : 'https';
        const literal =
          address.type === 'Literal' &&
          file.text.slice(address.start + 1, address.start + 1 + scheme.length) === scheme;
        yield {
          at: address,
          message: `This request to \`${host}\` is not encrypted: everyone on the way can read and change it. Use \`${secure}:\`.`,
          ...(literal && scheme !== 'ftp'
            ? {
                fixes: [
                  {
                    title: `Use ${secure}:`,
                    kind: 'suggestion' as const,
                    edits: [{ at: { start: address.start + 1, end: address.start + 1 + scheme.length }, text: secure }],
                  },
                ],
              }
            : {}),
        };
      }
    }
  },
};

function isLocal(host: string): boolean {
  const name = host
    .replace(/^[^@]*@/, '')
    .replace(/:\d+$/, '')
    .toLowerCase();
  return (
    // A name without a dot is one of the own network, or made of parts.
    !name.includes('.') && name !== '[::1]'
      ? true
      : name === '[::1]' ||
          /^(?:127\.|0\.0\.0\.0|10\.|192\.168\.|169\.254\.|172\.(?:1[6-9]|2\d|3[01])\.)/.test(name) ||
          /(?:^|\.)(?:localhost|local|test|internal|invalid|example|example\.(?:com|org|net)|svc|cluster\.local|lan|home\.arpa)$/.test(
            name,
          ) ||
          /\$\{|^\d+$/.test(name)
  );
}
