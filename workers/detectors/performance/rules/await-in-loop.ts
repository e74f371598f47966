import type { Found, Rule } from '../../../rules/rule.ts';
import { childrenOf } from '../../../graph/syntax.ts';
import { isFunction, type Node, type NodeOf } from '../../../rules/tree.ts';

export const rule: Rule = {
  meta: {
    name: 'await-in-loop',
    severity: 'hint',
    description: 'Requests in a `for … of` loop that wait for each other, although no round needs the one before.',
    why: 'The loop takes as long as all of them together. `Promise.all` takes as long as the slowest. Leave it as it is if the other side cannot serve them at once.',
    bad: 'export async function load(ids) {\n  const users = [];\n  for (const id of ids) users.push(await fetch(`/users/${id}`));\n  return users;\n}',
    good: 'export async function load(ids) {\n  return Promise.all(ids.map((id) => fetch(`/users/${id}`)));\n}',
  },
  *check(file): Generator<Found> {
    if (file.isTest || file.isTool) return;
    for (const { tree, names } of file.scripts) {
      for (const loop of tree.all('ForOfStatement')) {
        if (loop.await) continue;
        const awaited = awaitsIn(loop.body);
        const [first] = awaited;
        if (awaited.length !== 1 || !first || !isRequest(first)) continue;
        if (leaves(loop.body) || carries(loop)) continue;
        yield {
          at: { start: first.start, end: first.start + 'await'.length },
          message:
            'The rounds wait for each other, although none needs the one before. `Promise.all` sends all requests at once.',
        };
      }

      function isRequest({ argument }: NodeOf<'AwaitExpression'>): boolean {
        return (
          argument.type === 'CallExpression' &&
          /^(?:global:fetch|axios(?:\.\w+)?|got(?:\.\w+)?|undici\.\w+|fs\/promises\.(?:readFile|stat)|fs\.promises\.(?:readFile|stat))$/.test(
            names.pathOf(argument.callee),
          )
        );
      }

      /** What a round assigns and another may read. */
      function carries(loop: NodeOf<'ForOfStatement'>): boolean {
        return tree.all('AssignmentExpression').some((one) => {
          if (one.start < loop.body.start || one.end > loop.body.end || one.left.type !== 'Identifier') return false;
          const scope = tree.binding(one.left)?.scope.node;
          return scope === undefined || scope.start < loop.body.start;
        });
      }
    }
  },
};

function awaitsIn(body: Node): readonly NodeOf<'AwaitExpression'>[] {
  const found: NodeOf<'AwaitExpression'>[] = [];
  const pending: Node[] = [body];
  for (let node = pending.pop(); node; node = pending.pop()) {
    if (node !== body && isFunction(node)) continue;
    if (node.type === 'AwaitExpression') found.push(node);
    pending.push(...childrenOf(node));
  }
  return found;
}

function leaves(body: Node): boolean {
  const pending: Node[] = [body];
  for (let node = pending.pop(); node; node = pending.pop()) {
    if (/^(?:Break|Return|Continue|Throw|Try)Statement$/.test(node.type)) return true;
    if (node !== body && isFunction(node)) continue;
    pending.push(...childrenOf(node));
  }
  return false;
}
