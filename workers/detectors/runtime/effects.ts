/** The effects of components: code that runs each time a component is shown. Pure. */
import type { Names } from '../../rules/names.ts';
import type { SourceFile } from '../../rules/source-file.ts';
import { isFunction, keyOf, type FunctionNode, type Tree } from '../../rules/tree.ts';

export interface Effect {
  readonly body: FunctionNode;
  /** The text in which what it starts may be ended. */
  readonly scope: string;
}

const REACT = /(?:^|[.:?])(?:useEffect|useLayoutEffect|useInsertionEffect)$/;
const MOUNTED = /(?:^|[.:?])(?:onMounted|onBeforeMount|onMount)$/;

export function* effectsIn(tree: Tree, names: Names, file: SourceFile): Generator<Effect> {
  for (const call of tree.all('CallExpression')) {
    const path = names.pathOf(call.callee);
    const [body] = call.arguments;
    if (!body || !isFunction(body)) continue;
    if (REACT.test(path)) yield { body, scope: file.text.slice(body.start, body.end) };
    // Vue and Svelte have other functions for the end.
    else if (MOUNTED.test(path)) yield { body, scope: file.text };
  }
  for (const method of [...tree.all('MethodDefinition'), ...tree.all('Property')]) {
    const name = keyOf(method);
    if (name !== 'componentDidMount' && name !== 'connectedCallback') continue;
    const { value } = method;
    if (!value || !isFunction(value)) continue;
    for (const at of tree.ancestors(method)) {
      if (at.type !== 'ClassBody' && at.type !== 'ObjectExpression') continue;
      yield { body: value, scope: file.text.slice(at.start, at.end) };
      break;
    }
  }
}
