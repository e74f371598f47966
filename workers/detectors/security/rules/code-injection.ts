import type { NodeOf, Tree } from '../../../rules/tree.ts';
import { flowRule, type FlowRule, type Sink } from '../flow/flow-rule.ts';

/** What runs its argument, whatever it is. */
export const runners: readonly Sink[] = [
  { callee: /^global:(?:(?:window|globalThis|global|self)\.)?(?:eval|Function|execScript)$/ },
  { callee: /^(?:vm|vm2|isolated-vm)(?:\.\w+)?(?:\(\))?\.(?:SourceTextModule|VMScript|runInContext|runInNewContext|runInThisContext|compileFunction|Script|run|eval|compileScript)$|^vm\.Script$|^\?vm\.run(?:InContext|InNewContext|InThisContext)?$/, arguments: [0] },
]; // prettier-ignore

export const table: FlowRule = {
  meta: {
    name: 'code-injection',
    severity: 'error',
    description: 'Data from outside that is run as code or compiled as a template.',
    why: '`eval`, `new Function`, `vm` and template engines run what they are given. `vm` is no sandbox. Look the value up in a table, or parse it as data.',
    cwe: 94,
    confidence: 'high',
    bad: "import express from 'express';\n\nexpress().get('/sum', (req, res) => {\n  res.json({ sum: eval(req.query.expression) });\n});",
    good: "import express from 'express';\n\nexpress().get('/sum', (req, res) => {\n  res.json({ sum: Number(req.query.a) + Number(req.query.b) });\n});",
  },
  sinks: [
    ...runners,
    { callee: /^global:(?:(?:window|globalThis|self)\.)?(?:setTimeout|setInterval|setImmediate)$/, arguments: [0] },
    { callee: /^(?:ejs|pug|jade|handlebars|nunjucks|mustache|dot|doT|eta|lodash|underscore|hogan\.js|swig|twig|velocityjs|art-template|dustjs-linkedin|squirrelly|liquidjs)(?:\(\))?(?:\.\w+(?:\(\))?)?\.(?:render|compile|renderString|template|parse|to_html|parseAndRender|compileFromString|precompile)$|^lodash\/template$/, arguments: [0] },
    { callee: /^(?:node-serialize|serialize-to-js|funcster|cryo)\.(?:unserialize|deserialize|deepDeserialize|parse)$/, arguments: [0] },
    { callee: /^global:require$/, arguments: [0], accepts: ({ isStart }) => isStart },
    { callee: /(?:^\?\w*[pP]age|newPage\(\)|createPage\(\)|\?frame)\.(?:evaluate|evaluateOnNewDocument|evaluateHandle|addInitScript|evaluateJavaScript|evaluateAsync)$/, arguments: [0] },
    { callee: /(?:^|[.?])Runtime\.(?:evaluate|compileScript)$/, arguments: [0], properties: ['expression'] },
    { callee: /^(?:module\.Module\(\)|module\(\)|global:module|\?\w*[mM]odule)\._compile$/, arguments: [0] },
    { callee: /^jsdom\.JSDOM$/, arguments: [0], accepts: (_, call, { names }) => { const runs = names.property(call.arguments[1], 'runScripts'); return runs !== undefined && runs !== 'unclear' && names.stringOf(runs) === 'dangerously'; } },
    { callee: /^global:(?:self\.)?importScripts$/, accepts: ({ isStart }) => isStart },
    // AngularJS compiles expressions.
    { callee: /\.\$(?:eval|evalAsync|apply|applyAsync|watch|watchCollection|watchGroup)$/, arguments: [0] },
    { callee: /^\?\$(?:compile|parse|interpolate)$/, arguments: [0] },
    { callee: /^sandbox\(\)\.run$/, arguments: [0] },
  ],
  *others({ tree, names }) {
    // `window[name](…)` may call `eval`.
    for (const { callee } of callsOfMembers(tree)) {
      if (/^global:(?:window|globalThis|self|global)$/.test(names.pathOf(callee.object)))
        yield { value: callee.property, what: 'the name of a global function' };
    }
    for (const { source } of tree.all('ImportExpression')) {
      yield { value: source, what: '`import()`', accepts: ({ isStart }) => isStart };
    }
  },
  advice: 'It runs as code. Look it up in a table, or parse it as data.',
}; // prettier-ignore

export const rule = flowRule(table);

function* callsOfMembers(tree: Tree): Generator<{ readonly callee: NodeOf<'MemberExpression'> }> {
  for (const { callee } of [...tree.all('CallExpression'), ...tree.all('NewExpression')])
    if (callee.type === 'MemberExpression' && callee.computed) yield { callee };
}
