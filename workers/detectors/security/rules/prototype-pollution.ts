import type { Found, Rule } from '../../../rules/rule.ts';
import type { Node, NodeOf } from '../../../rules/tree.ts';
import type { Script } from '../../../rules/source-file.ts';
import { flowOf } from '../flow/flow.ts';

export const rule: Rule = {
  meta: {
    name: 'prototype-pollution',
    severity: 'warning',
    description:
      'An assignment to a member of a member, both of which others name, or a recursive merge that does not refuse `__proto__`.',
    why: 'With the names `__proto__` and `isAdmin`, the assignment changes every object of the process. Use a `Map`, an object without a prototype, or refuse `__proto__`, `constructor` and `prototype`.',
    cwe: 1321,
    confidence: 'medium',
    bad: "import express from 'express';\n\nconst settings = {};\nexpress().post('/set', (req, res) => {\n  settings[req.body.section][req.body.key] = req.body.value;\n  res.end();\n});",
    good: "import express from 'express';\n\nconst settings = new Map();\nexpress().post('/set', (req, res) => {\n  settings.get(req.body.section).set(req.body.key, req.body.value);\n  res.end();\n});",
  },
  *check(file): Generator<Found> {
    for (const script of file.scripts) {
      const flow = flowOf(file, script);
      const merges = new Set<Node>();
      for (const assignment of script.tree.all('AssignmentExpression')) {
        const { left } = assignment;
        if (left.type !== 'MemberExpression' || !left.computed) continue;
        const outer = outerKey(left.object, script);
        if (outer) {
          const trace = flow.trace(outer);
          if (trace && flow.trace(left.property)) {
            yield {
              at: left,
              message: `\`${trace.source.label}\` names the object and the member that are set; \`__proto__\` changes every object. Use a \`Map\`, or refuse that name.`,
              steps: trace.steps,
            };
            continue;
          }
        }
        const merge = file.isTool || file.isTest ? undefined : recursiveCopy(assignment, left, script);
        if (merge && !merges.has(merge) && !refusesPrototype(file.text.slice(merge.start, merge.end), file.text)) {
          merges.add(merge);
          yield {
            at: left,
            message:
              'This merge copies `__proto__` too, if the source has been parsed from JSON, and so changes every object. Skip `__proto__`, `constructor` and `prototype`.',
          };
        }
      }
    }
  },
};

/** The key in `object[key]`, also if it was stored in a name before. */
function outerKey(object: Node, { names }: Script): Node | undefined {
  const value = names.valueOf(object);
  return value.type === 'MemberExpression' && value.computed && value.property.type !== 'Literal'
    ? value.property
    : undefined;
}

/** The function around `target[key] = source[key]` in a loop over keys, if it calls itself with members by that key. */
function recursiveCopy(
  assignment: NodeOf<'AssignmentExpression'>,
  left: NodeOf<'MemberExpression'>,
  script: Script,
): Node | undefined {
  const { tree } = script;
  const key = left.property;
  if (key.type !== 'Identifier' || left.object.type !== 'Identifier') return undefined;
  let loop: Node | undefined;
  let around: Node | undefined;
  for (const at of tree.ancestors(assignment)) {
    if (at.type === 'ForInStatement' || at.type === 'ForOfStatement') loop ??= at;
    const isCallback = at.type === 'ArrowFunctionExpression' || at.type === 'FunctionExpression';
    if (isCallback && tree.parent(at)?.type === 'CallExpression') {
      loop ??= at;
      continue;
    }
    if (/Function/.test(at.type)) {
      around = at;
      break;
    }
  }
  if (!loop || !around) return undefined;
  const name = nameOfFunction(around, script);
  if (name === undefined) return undefined;
  for (const call of tree.all('CallExpression')) {
    if (call.start < loop.start || call.end > loop.end) continue;
    const { callee } = call;
    const called =
      callee.type === 'Identifier'
        ? callee.name
        : callee.type === 'MemberExpression' && !callee.computed && callee.property.type === 'Identifier'
          ? callee.property.name
          : undefined;
    if (called !== name) continue;
    const byKey = call.arguments.filter(
      (one) =>
        one.type === 'MemberExpression' &&
        one.computed &&
        one.property.type === 'Identifier' &&
        one.property.name === key.name,
    );
    // Both the target and the source go on by the key: what `__proto__` names in the target is changed.
    if (
      byKey.length >= 2 &&
      byKey.some(
        (one) =>
          one.type === 'MemberExpression' &&
          one.object.type === 'Identifier' &&
          one.object.name === (left.object as NodeOf<'Identifier'>).name,
      )
    )
      return around;
  }
  return undefined;
}

function nameOfFunction(node: Node, { tree }: Script): string | undefined {
  if ((node.type === 'FunctionDeclaration' || node.type === 'FunctionExpression') && node.id) return node.id.name;
  const parent = tree.parent(node);
  if (parent?.type === 'VariableDeclarator' && parent.id.type === 'Identifier') return parent.id.name;
  if ((parent?.type === 'MethodDefinition' || parent?.type === 'Property') && parent.key.type === 'Identifier')
    return parent.key.name;
  return undefined;
}

function refusesPrototype(text: string, all: string): boolean {
  return (
    /__proto__|Object\.create\(null\)|\b(?:isSafe|isUnsafe|isForbidden|isPrototype|blocked|forbidden|unsafe|DANGEROUS|hasOwn\w*)\b/i.test(
      text,
    ) || /__proto__/.test(all)
  );
}
