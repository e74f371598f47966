import type { Found, Rule } from '../../../rules/rule.ts';
import type { Script, SourceFile } from '../../../rules/source-file.ts';
import { requestsIn, type Request } from '../requests.ts';

export const rule: Rule = {
  meta: {
    name: 'no-timeout',
    severity: 'info',
    description: 'A request of a server that waits for an answer forever.',
    why: 'When the other side hangs, so do those who wait for you, until nothing is left to answer with. Pass `signal: AbortSignal.timeout(10_000)`, or the `timeout` of the client.',
    cwe: 400,
    bad: "import axios from 'axios';\nimport express from 'express';\n\nexpress().get('/users', async (req, res) => {\n  res.json((await axios.get('https://api.acme.io/users')).data);\n});",
    good: "import axios from 'axios';\nimport express from 'express';\n\nexpress().get('/users', async (req, res) => {\n  res.json((await axios.get('https://api.acme.io/users', { timeout: 5000 })).data);\n});",
  },
  *check(file): Generator<Found> {
    if (file.isTest || file.isTool || !isServer(file)) return;
    if (/\b(?:axios\.defaults|defaults)\.timeout\b|setGlobalDispatcher|\bsetTimeout\s*\([^)]*abort/i.test(file.text))
      return;
    for (const script of file.scripts) {
      for (const request of requestsIn(script)) {
        const what = verdict(request, script);
        if (what === undefined) continue;
        yield {
          at: request.call.callee,
          message: `${what} Pass ${request.client === 'axios' || request.client === 'got' || request.client === 'request' ? '`timeout`' : '`signal: AbortSignal.timeout(10_000)`'}.`,
        };
      }
    }
  },
};

/** Undefined: it has a limit, or one cannot tell. */
function verdict({ client, call, options, path }: Request, { names, tree }: Script): string | undefined {
  if (path.includes('.create()')) return undefined;
  if (client === 'http') return undefined;
  if (call.arguments.some((one) => one.type === 'SpreadElement')) return undefined;
  if (options !== undefined && !names.objectOf(options)) return undefined;
  for (const name of [
    'timeout',
    'signal',
    'headersTimeout',
    'bodyTimeout',
    'dispatcher',
    'agent',
    'httpAgent',
    'httpsAgent',
    'cancelToken',
  ]) {
    const value = names.property(options, name);
    if (value === 'unclear') return undefined;
    if (value === undefined) continue;
    const limit = names.constantOf(value);
    const isForever = name === 'timeout' && (limit === 0 || names.pathOf(value) === 'global:Infinity');
    return isForever ? 'This timeout means forever.' : undefined;
  }
  // `Promise.race([fetch(…), deadline])`
  for (const at of tree.ancestors(call)) {
    if (at.type === 'CallExpression' && /Promise\.race$|timeout|retry|abort/i.test(names.pathOf(at.callee)))
      return undefined;
  }
  // An object of options that was passed in.
  const [first] = call.arguments;
  if (
    first &&
    options === first &&
    first.type !== 'ObjectExpression' &&
    names.stringOf(first) === undefined &&
    first.type !== 'TemplateLiteral'
  )
    return undefined;
  return 'This request waits for an answer forever.';
}

/** In a browser the user sees that a page hangs, and can go. */
function isServer({ text, file }: SourceFile): boolean {
  if (/\.(?:vue|svelte|astro|[jt]sx)$/.test(file) || /^['"]use client['"]/.test(text)) return false;
  return /\b(?:from|require\()\s*\(?['"](?:node:\w+|express|fastify|koa|hono|@nestjs\/\w+|@hapi\/hapi|next\/server|h3|@sveltejs\/kit|aws-lambda|fs|http|https|child_process)['"]/.test(
    text,
  );
}
