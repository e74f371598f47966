import { flowRule } from '../flow/flow-rule.ts';

export const rule = flowRule({
  meta: {
    name: 'regex-injection',
    severity: 'warning',
    description: 'Data from outside as the source of a regular expression.',
    why: 'A pattern such as `(a+)+$` keeps the process busy for years with one request. Escape the text, or look for it with `includes`.',
    cwe: 730,
    confidence: 'high',
    bad: "import express from 'express';\n\nexpress().get('/search', (req, res) => {\n  const pattern = new RegExp(req.query.q);\n  res.json(names.filter((name) => pattern.test(name)));\n});",
    good: "import express from 'express';\n\nexpress().get('/search', (req, res) => {\n  const text = String(req.query.q);\n  res.json(names.filter((name) => name.includes(text)));\n});",
  },
  sinks: [
    { callee: /^global:RegExp$/, arguments: [0], accepts: ({ source }) => source.kind === 'request' },
  ],
  // `'text'.match(x)` makes a pattern of it.
  *others({ tree, names }) {
    for (const { callee, arguments: [first] } of tree.all('CallExpression')) {
      if (!first || callee.type !== 'MemberExpression' || callee.computed) continue;
      if (!/^(?:match|matchAll|search)$/.test(callee.property.type === 'Identifier' ? callee.property.name : '')) continue;
      if (names.stringOf(callee.object) === undefined) continue;
      yield { value: first, what: '`match`', accepts: ({ source }) => source.kind === 'request' };
    }
  },
  advice: 'A pattern can keep the process busy for years. Escape it, or use `includes`.',
}); // prettier-ignore
