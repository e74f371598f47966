import { flowRule, type Call } from '../flow/flow-rule.ts';
import type { Trace } from '../flow/trace.ts';
import type { Script } from '../../../rules/source-file.ts';
import type { Node, Tree } from '../../../rules/tree.ts';

export const rule = flowRule({
  meta: {
    name: 'xss-reflected',
    severity: 'error',
    description: 'Data of a request that a server sends back as HTML.',
    why: 'A link with `<script>` in it then runs code as your site, with the visitor’s session. Escape the text, render it with a template that does, or send JSON.',
    cwe: 79,
    confidence: 'medium',
    bad: "import express from 'express';\n\nexpress().get('/hello', (req, res) => {\n  res.send(`<h1>Hello ${req.query.name}</h1>`);\n});",
    good: "import express from 'express';\nimport escapeHtml from 'escape-html';\n\nexpress().get('/hello', (req, res) => {\n  res.send(`<h1>Hello ${escapeHtml(req.query.name)}</h1>`);\n});",
  },
  sinks: [
    { callee: /(?:^|[.?])(?:res|response|reply|rep)(?:\.\w+\(\))*\.(?:send|end|write)$/, arguments: [0], accepts: isHtml },
    { callee: /(?:^|[.?])(?:c|ctx|param:context)\.html$/, arguments: [0] },
  ],
  *others({ tree, names }) {
    for (const { left, right } of tree.all('AssignmentExpression')) {
      if (left.type !== 'MemberExpression') continue;
      if (/^(?:param:context|\?ctx)(?:\.response)?\.body$/.test(names.pathOf(left))) {
        if (names.valueOf(right).type === 'ObjectExpression') continue;
        yield { value: right, what: '`ctx.body`', accepts: (trace) => trace.source.kind === 'request' && (HTML.test(trace.around) || isText(trace)) };
      }
    }
  },
  advice: 'A browser runs the HTML in it. Escape it, use a template that does, or send JSON.',
}); // prettier-ignore

const HTML = /<[a-z!/]/i;

/** Express sends texts as HTML, and objects as JSON. */
function isHtml(trace: Trace, call: Call, { names, tree }: Script): boolean {
  if (trace.source.kind !== 'request' || trace.isJson) return false;
  if (HTML.test(trace.around)) return true;
  const value = call.arguments[0] && names.valueOf(call.arguments[0]);
  if (!value || value.type === 'ObjectExpression' || !isText(trace)) return false;
  const { callee } = call;
  if (callee.type !== 'MemberExpression') return false;
  // Whoever sets the type of the content, or a JSON answer, does not send HTML.
  if (/(?:type|set|setHeader|header|contentType)\(\)/.test(names.pathOf(callee.object))) return false;
  const around = new Set<Node>(tree.ancestors(call));
  for (const other of tree.all('CallExpression')) {
    if (other.start > call.start) break;
    const block = blockOf(other, tree);
    // What is set on another branch does not count.
    if (!block || !around.has(block)) continue;
    if (!/\.(?:type|set|setHeader|header|writeHead|contentType)$/.test(names.pathOf(other.callee))) continue;
    const text = other.arguments
      .map((one) => names.stringOf(one) ?? (one.type === 'ObjectExpression' ? 'content-type' : ''))
      .join(' ');
    if (/content-type|json|plain|text\//i.test(text) && !/html/i.test(text)) return false;
  }
  return names.pathOf(callee).endsWith('.send') || !trace.isWhole;
}

function blockOf(node: Node, tree: Tree): Node | undefined {
  for (const at of tree.ancestors(node))
    if (/^(?:BlockStatement|SwitchCase|Program|ArrowFunctionExpression)$/.test(at.type)) return at;
  return undefined;
}

/** A member of a body or a query may be an object, which is sent as JSON; all of it surely is. */
function isText({ source, isWhole }: Trace): boolean {
  return (
    !isWhole ||
    (!/\.(?:body|files?|headers|cookies|json\(\)|payload|query|params)$/.test(source.label) &&
      !/\.(?:body|json\(\))/.test(source.label))
  );
}
