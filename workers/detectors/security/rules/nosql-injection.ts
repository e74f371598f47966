import { flowRule } from '../flow/flow-rule.ts';
import type { Trace } from '../flow/trace.ts';

const FINDERS =
  'find|findOne|findOneAndUpdate|findOneAndDelete|findOneAndRemove|findOneAndReplace|findAndModify|updateOne|updateMany|update|deleteOne|deleteMany|remove|replaceOne|countDocuments|count|distinct|exists|aggregate|findById|findByIdAndUpdate|findByIdAndDelete|geoSearch|where|and|or|nor';

export const rule = flowRule({
  meta: {
    name: 'nosql-injection',
    severity: 'warning',
    description: 'A query of MongoDB with a value from outside that may be an object with operators.',
    why: 'Parsers of requests make objects: `?password[$ne]=x` becomes `{ $ne: "x" }`, which matches every password. Make the value a string with `String()`, compare with `{ $eq: value }`, or check its type.',
    cwe: 943,
    confidence: 'medium',
    bad: "import express from 'express';\nimport { User } from './user.js';\n\nexpress().post('/login', async (req, res) => {\n  const user = await User.findOne({ name: req.body.name, password: req.body.password });\n  res.json({ ok: user !== null });\n});",
    good: "import express from 'express';\nimport { User } from './user.js';\n\nexpress().post('/login', async (req, res) => {\n  const user = await User.findOne({ name: { $eq: req.body.name }, hash: hashOf(req.body.password) });\n  res.json({ ok: user !== null });\n});",
  },
  sinks: [],
  *others({ tree, names }) {
    for (const call of tree.all('CallExpression')) {
      const { callee, arguments: list } = call;
      if (callee.type !== 'MemberExpression' || callee.property.type !== 'Identifier') continue;
      const method = callee.property.name;
      const path = names.pathOf(names.valueOf(callee.object));
      const what = `\`${method}\` of a database`;
      if (method === '$where' && list[0]) yield { value: list[0], what };
      if (REDIS.test(path) && /^h?m?(?:get|set)(?:nx|ex)?(?:Async)?$/i.test(method) && list[0])
        yield { value: list[0], what, accepts: isObject };
      if (!FINDER.test(method) || !isCollection(path)) continue;
      const [first, second] = list;
      if (!first) continue;
      // What is set may be an object of operators, too.
      const isSecond = /^(?:distinct|findByIdAndUpdate|findOneAndUpdate|update|updateOne|updateMany)$/.test(method);
      if (second && isSecond && !names.objectOf(second)) yield { value: second, what, accepts: isObject };
      const query = names.objectOf(first);
      if (first.type === 'Identifier' && query) yield { value: first, what, accepts: isObject };
      if (!query) {
        // Of an array: `list.find((one) => …)`.
        if (first.type === 'ArrowFunctionExpression' || first.type === 'FunctionExpression') continue;
        yield { value: first, what, accepts: isObject };
        continue;
      }
      for (const property of query.properties) {
        if (property.type === 'SpreadElement' || property.value.type === 'ObjectExpression') continue;
        const isWhere = property.key.type === 'Identifier' && property.key.name === '$where';
        yield {
          value: property.value,
          what,
          accepts: (trace) => isWhere || isObject(trace),
        };
      }
    }
  },
  advice: 'It may be an object with operators such as `$ne`. Make it a string, or compare with `$eq`.',
});

/** It may be an object, because a parser makes it. */
function isObject({ source, isWhole, isText }: Trace): boolean {
  return source.isStructured && isWhole && !isText;
}

const FINDER = new RegExp(`^(?:${FINDERS})$`);

/** Takes a list for the arguments of its command. */
const REDIS = /^(?:redis\.createClient|ioredis)\(\)/;

/** Models are named like classes; collections are asked for by name. */
function isCollection(path: string): boolean {
  return (
    /(?:^|[.?:/])(?:[A-Z]\w*|\w*[Mm]odel|\w*[Cc]ollection|users?|db)$|^mongoose\b.*\.model\(\)|^mongodb\b|\.(?:collection|model)\(\)$|\bcollection\(\)|\bmodel\(\)/.test(
      path,
    ) && !/prisma/i.test(path)
  );
}
