import type { Found, Rule } from '../../../rules/rule.ts';
import { isFunction } from '../../../rules/tree.ts';

export const rule: Rule = {
  meta: {
    name: 'context-value',
    severity: 'info',
    description: 'A React context whose value is a new object each time the component renders.',
    why: 'Everything that uses the context then renders too, although nothing has changed. Keep the value with `useMemo`.',
    bad: "import { createContext } from 'react';\n\nconst Theme = createContext();\n\nexport function App({ color, children }) {\n  return <Theme.Provider value={{ color }}>{children}</Theme.Provider>;\n}",
    good: "import { createContext, useMemo } from 'react';\n\nconst Theme = createContext();\n\nexport function App({ color, children }) {\n  const theme = useMemo(() => ({ color }), [color]);\n  return <Theme.Provider value={theme}>{children}</Theme.Provider>;\n}",
  },
  *check(file): Generator<Found> {
    if (file.isTest || !file.text.includes('Provider') || /react-compiler|use memo/.test(file.text)) return;
    for (const { tree, names } of file.scripts) {
      for (const attribute of tree.all('JSXAttribute')) {
        if (attribute.name.type !== 'JSXIdentifier' || attribute.name.name !== 'value') continue;
        const element = tree.parent(attribute);
        if (element?.type !== 'JSXOpeningElement') continue;
        const { name } = element;
        if (name.type !== 'JSXMemberExpression' || name.property.name !== 'Provider') continue;
        if (attribute.value?.type !== 'JSXExpressionContainer') continue;
        const { expression } = attribute.value;
        const value = expression.type === 'JSXEmptyExpression' ? expression : names.valueOf(expression);
        const isNew = value.type === 'ObjectExpression' || value.type === 'ArrayExpression' || isFunction(value);
        // A constant of the module stays the same.
        if (!isNew || !tree.functionAround(value)) continue;
        yield {
          at: attribute,
          message:
            'The value is new each time this renders, so everything that uses the context renders too. Keep it with `useMemo`.',
        };
      }
    }
  },
};
