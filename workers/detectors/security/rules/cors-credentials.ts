import type { Found, Rule } from '../../../rules/rule.ts';
import type { Node } from '../../../rules/tree.ts';
import { flowOf } from '../flow/flow.ts';
import { callsIn } from '../flow/flow-rule.ts';

export const rule: Rule = {
  meta: {
    name: 'cors-credentials',
    severity: 'warning',
    description: 'CORS that allows every site to send requests with the cookies of the user.',
    why: 'Every page that the user opens can then read what only the user may read. Name the origins that you trust.',
    cwe: 942,
    confidence: 'high',
    bad: "import cors from 'cors';\nimport express from 'express';\n\nexpress().use(cors({ origin: true, credentials: true }));",
    good: "import cors from 'cors';\nimport express from 'express';\n\nexpress().use(cors({ origin: ['https://app.example.com'], credentials: true }));",
  },
  *check(file): Generator<Found> {
    if (file.isTest) return;
    for (const script of file.scripts) {
      const { names, tree } = script;
      const flow = flowOf(file, script);
      for (const call of callsIn(script)) {
        const path = names.pathOf(call.callee);
        if (
          /^(?:cors|@koa\/cors|koa2?-cors|@fastify\/cors|hono\/cors\.cors|fastify-cors)$/.test(path) ||
          /\.enableCors$/.test(path)
        ) {
          yield* ofOptions(call.arguments[0]);
        } else if (
          /\.register$/.test(path) &&
          call.arguments[0] &&
          /^(?:@fastify\/cors|fastify-cors)$/.test(names.pathOf(call.arguments[0]))
        ) {
          yield* ofOptions(call.arguments[1]);
        } else if (/(?:^|[.?])(?:res|response|reply|ctx|context)\.(?:setHeader|header|set|append)$/.test(path)) {
          const [name, value] = call.arguments;
          if (!value || names.stringOf(name)?.toLowerCase() !== 'access-control-allow-origin') continue;
          if (flow.isChecked(value)) continue;
          const trace = flow.trace(value) ?? originHeader(value);
          if (trace === undefined || !allowsCredentials(call)) continue;
          yield {
            at: value,
            message:
              'Every origin is allowed, with the cookies of the user: the header repeats what the request says. Compare it with a list.',
          };
        }
      }

      function originHeader(value: Node): true | undefined {
        return /\.headers\.origin$|\.(?:get|header)\(\)$/.test(names.pathOf(value)) &&
          /^param:/.test(names.pathOf(value))
          ? true
          : undefined;
      }

      function allowsCredentials(call: Node): boolean {
        const around = tree.functionAround(call) ?? tree.program;
        return /access-control-allow-credentials/i.test(file.text.slice(around.start, around.end));
      }

      function* ofOptions(options: Node | undefined): Generator<Found> {
        const origin = names.property(options, 'origin');
        const credentials = names.property(options, 'credentials');
        if (origin === undefined || origin === 'unclear' || credentials === undefined || credentials === 'unclear')
          return;
        if (names.constantOf(credentials) !== true) return;
        const value = names.constantOf(origin);
        if (value !== true && value !== '*' && !reflects(origin)) return;
        yield {
          at: origin,
          message: 'Every origin is allowed, with the cookies of the user. Name the origins that you trust.',
        };
      }

      /** `origin: (origin, done) => done(null, true)` */
      function reflects(origin: Node): boolean {
        const value = names.valueOf(origin);
        if (value.type === 'Literal' && 'regex' in value) return /^\.[*+]$/.test(value.regex.pattern);
        if (value.type !== 'ArrowFunctionExpression' && value.type !== 'FunctionExpression') return false;
        const text = file.text.slice(value.start, value.end);
        return (
          text.length < 120 &&
          /\(\s*null\s*,\s*(?:true|origin)\s*\)/.test(text) &&
          !/\bif\b|\?|&&|includes|test\(/.test(text)
        );
      }
    }
  },
};
