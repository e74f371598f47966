import { flowRule } from '../flow/flow-rule.ts';

export const rule = flowRule({
  meta: {
    name: 'unsafe-deserialization',
    severity: 'error',
    description: 'Data from outside that a parser turns into objects with code.',
    why: '`node-serialize` runs functions that the text contains, and so do the full schemas of `js-yaml` before version 4 and `v8.deserialize` crashes on crafted input. Read JSON, or YAML with its safe schema.',
    cwe: 502,
    confidence: 'high',
    bad: "import express from 'express';\nimport { unserialize } from 'node-serialize';\n\nexpress().get('/profile', (req, res) => {\n  res.json(unserialize(req.cookies.profile));\n});",
    good: "import express from 'express';\n\nexpress().get('/profile', (req, res) => {\n  res.json(JSON.parse(req.cookies.profile));\n});",
  },
  sinks: [
    { callee: /^(?:node-serialize|serialize-to-js|funcster|cryo|serialijse)\.(?:unserialize|deserialize|deepDeserialize|parse)$/, arguments: [0] },
    { callee: /^v8\.deserialize$|^v8\.(?:Default)?Deserializer$/, arguments: [0] },
    { callee: /^js-yaml\.(?:load|loadAll)$/, arguments: [0], accepts: (_, call, { names }) => { const schema = names.property(call.arguments[1], 'schema'); return schema !== undefined && schema !== 'unclear' && /FULL|UNSAFE/i.test(names.pathOf(schema)); } },
    { callee: /^js-yaml\.(?:unsafeLoad|unsafeLoadAll)$/, arguments: [0] },
  ],
  advice: 'It may contain code, which runs. Read JSON, or YAML with its safe schema.',
}); // prettier-ignore
