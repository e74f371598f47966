/** Calls that send requests, and what their options say. Pure. */
import type { Script } from '../../rules/source-file.ts';
import type { Node, NodeOf } from '../../rules/tree.ts';

export type Call = NodeOf<'CallExpression' | 'NewExpression'>;

/** By client: its calls, and which argument may hold its options. */
const CLIENTS: readonly { readonly name: string; readonly callee: RegExp; readonly options: (call: Call) => number }[] =
  [
    {
      name: 'fetch',
      callee:
        /^(?:global:(?:(?:window|globalThis|self)\.)?fetch|node-fetch|undici\.fetch|cross-fetch(?:\.fetch)?|isomorphic-fetch)$/,
      options: () => 1,
    },
    { name: 'axios', callee: /^axios(?:\.create\(\))?(?:\.(?:get|delete|head|options))$/, options: () => 1 },
    { name: 'axios', callee: /^axios(?:\.create\(\))?(?:\.(?:post|put|patch|postForm|putForm))$/, options: () => 2 },
    {
      name: 'axios',
      callee: /^axios(?:\.create\(\))?(?:\.request)?$/,
      options: (call) => (call.arguments.length > 1 ? 1 : 0),
    },
    { name: 'got', callee: /^got(?:\.(?:get|post|put|patch|delete|head|stream))?$/, options: () => 1 },
    { name: 'undici', callee: /^undici\.(?:request|stream)$/, options: () => 1 },
    {
      name: 'http',
      callee: /^https?\.(?:get|request)$/,
      options: (call) => (call.arguments[0]?.type === 'ObjectExpression' ? 0 : 1),
    },
    {
      name: 'request',
      callee: /^request(?:\.(?:get|post|put|patch|delete|head))?$/,
      options: (call) => (call.arguments[0]?.type === 'ObjectExpression' ? 0 : 1),
    },
  ];

export interface Request {
  readonly client: string;
  readonly call: Call;
  /** The argument where the options are or would be. */
  readonly options: Node | undefined;
  readonly path: string;
}

export function* requestsIn({ tree, names }: Script): Generator<Request> {
  for (const call of tree.all('CallExpression')) {
    const path = names.pathOf(call.callee);
    for (const { name, callee, options } of CLIENTS) {
      if (!callee.test(path)) continue;
      yield { client: name, call, options: call.arguments[options(call)], path };
      break;
    }
  }
}

/** Where an address is expected: the first argument, or members of the options. */
export function addressOf(call: Call, { names }: Script): Node | undefined {
  const [first] = call.arguments;
  for (const name of ['url', 'uri', 'baseURL']) {
    const value = names.property(first, name) ?? names.property(call.arguments[1], name);
    if (value !== undefined && value !== 'unclear') return value;
  }
  return first;
}

/** The constant text that an address begins with. */
export function beginningOf(node: Node | undefined, script: Script): string | undefined {
  const { names } = script;
  if (!node) return undefined;
  const whole = names.stringOf(node);
  if (whole !== undefined) return whole;
  const value = names.valueOf(node);
  if (value.type === 'TemplateLiteral') {
    const [first] = value.quasis;
    const [expression] = value.expressions;
    if (first && first.value.raw !== '') return first.value.raw;
    return expression && beginningOf(expression, script);
  }
  if (value.type === 'BinaryExpression' && value.operator === '+') return beginningOf(value.left, script);
  if (value.type === 'NewExpression' && /^global:URL$|^url\.URL$/.test(names.pathOf(value.callee)))
    return beginningOf(value.arguments.at(-1), script);
  return undefined;
}
