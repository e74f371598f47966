import { flowRule } from '../flow/flow-rule.ts';
import { choosesHost as leadsAnywhere, type Trace } from '../flow/trace.ts';

const choosesHost = (trace: Trace): boolean => leadsAnywhere(trace) && trace.source.kind === 'request';

export const rule = flowRule({
  meta: {
    name: 'ssrf',
    severity: 'warning',
    description: 'A request of the server to an address that comes from outside.',
    why: 'The server reaches what its callers cannot: internal services, and the metadata of the cloud that it runs in. Choose the host yourself, or compare it with a list.',
    cwe: 918,
    confidence: 'high',
    bad: "import express from 'express';\n\nexpress().get('/preview', async (req, res) => {\n  const page = await fetch(req.query.url);\n  res.json({ ok: page.ok });\n});",
    good: "import express from 'express';\n\nexpress().get('/preview', async (req, res) => {\n  const page = await fetch(`https://preview.example.com/${encodeURIComponent(req.query.page)}`);\n  res.json({ ok: page.ok });\n});",
  },
  sinks: [
    { callee: /^(?:global:fetch|node-fetch|undici(?:\.(?:fetch|request|stream))?|cross-fetch(?:\.fetch)?|isomorphic-fetch|axios(?:\.create\(\))?(?:\.(?:get|post|put|patch|delete|head|options|request))?|got(?:\.\w+)?|superagent(?:\.\w+)?|needle(?:\.\w+)?|request(?:\.\w+)?|request-promise(?:\.\w+)?|ky(?:\.\w+)?|ofetch(?:\.\w+)?|https?\.(?:get|request)|bent|phin|urllib\.request|@nestjs\/axios\b.*)$/, arguments: [0], accepts: choosesHost },
    { callee: /^needle$|^\?(?:axios|httpService|http|httpClient)\.(?:get|post|put|patch|delete|head|request|axiosRef\.get)$/, arguments: [0, 1], accepts: choosesHost },
    { callee: /^(?:axios(?:\.request)?|request(?:\.\w+)?|request-promise|got|https?\.(?:get|request)|superagent)$/, arguments: [0], properties: ['url', 'uri', 'baseURL', 'host', 'hostname', 'href'], accepts: choosesHost },
    { callee: /(?:^\?\w*[pP]age|newPage\(\)|createPage\(\))\.(?:goto|openUrl|open)$/, arguments: [0], accepts: choosesHost },
    // The browser of a server loads what the page names.
    { callee: /(?:^\?\w*[pP]age|newPage\(\)|createPage\(\))\.(?:setContent|property)$/ },
    { callee: /^(?:wkhtmltopdf|wkhtmltoimage\.generate|html-pdf\.create)$/, arguments: [0] },
    { callee: /^https?\.(?:get|request)$/, arguments: [1], properties: ['host', 'hostname'], accepts: choosesHost },
    { callee: /^jsdom\.JSDOM\.fromURL$/, arguments: [0], accepts: choosesHost },
    // The Chrome DevTools protocol.
    { callee: /(?:^|[.?])Page\.navigate$/, arguments: [0], properties: ['url'], accepts: choosesHost },
    { callee: /^(?:net|tls)\.(?:connect|createConnection)$/, arguments: [0, 1], accepts: choosesHost },
  ],
  advice: 'Whoever chooses the host makes the server ask internal services. Choose it from a list of your own.',
}); // prettier-ignore
