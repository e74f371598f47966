import type { Found, Rule } from '../../../rules/rule.ts';
import { callsIn } from '../flow/flow-rule.ts';

const SESSION = /sess|auth|token|jwt|^sid$|login|remember/i;

export const rule: Rule = {
  meta: {
    name: 'insecure-cookie',
    severity: 'info',
    description:
      'A cookie of a session that scripts can read, or that is sent without encryption, because the options say so.',
    why: 'A script that gets into the page can take the session over with `httpOnly: false`; with `secure: false`, everyone on the way can. Leave `httpOnly` on, and turn `secure` on where the site is served over HTTPS.',
    cwe: 614,
    confidence: 'medium',
    bad: "export function login(req, res) {\n  res.cookie('session', sessionOf(req), { httpOnly: false });\n}",
    good: "export function login(req, res) {\n  res.cookie('session', sessionOf(req), { httpOnly: true, secure: true, sameSite: 'lax' });\n}",
  },
  *check(file): Generator<Found> {
    if (file.isTest) return;
    for (const script of file.scripts) {
      const { names } = script;
      for (const call of callsIn(script)) {
        const path = names.pathOf(call.callee);
        const isSession =
          /^(?:express-session|cookie-session|koa-session|@fastify\/session|@fastify\/secure-session)$/.test(path);
        const isCookie =
          /(?:^|[.?])(?:res|response|reply|cookies|param:context\.cookies|ctx\.cookies)\.(?:cookie|set|setCookie)$|^(?:h3|hono\/cookie)\.setCookie$/.test(
            path,
          );
        if (!isSession && !isCookie) continue;
        if (isCookie && !call.arguments.some((one) => SESSION.test(names.stringOf(one) ?? ''))) continue;
        for (const argument of call.arguments) {
          const cookie = isSession ? names.property(argument, 'cookie') : undefined;
          const options = cookie === undefined || cookie === 'unclear' ? argument : cookie;
          for (const name of ['httpOnly', 'secure']) {
            const value = names.property(options, name);
            if (value === undefined || value === 'unclear' || names.constantOf(value) !== false) continue;
            yield {
              at: value,
              message:
                name === 'httpOnly'
                  ? 'Scripts can read this cookie of a session. Leave `httpOnly` on.'
                  : 'This cookie of a session is sent without encryption too. Turn `secure` on.',
              fixes: [{ title: `Set ${name} to true`, kind: 'suggestion', edits: [{ at: value, text: 'true' }] }],
            };
          }
        }
      }
    }
  },
};
