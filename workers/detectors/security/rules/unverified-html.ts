import type { Found, Rule } from '../../../rules/rule.ts';
import type { Node } from '../../../rules/tree.ts';
import type { Script } from '../../../rules/source-file.ts';

export const rule: Rule = {
  meta: {
    name: 'unverified-html',
    severity: 'off',
    description:
      'HTML that is not constant and that nothing cleans: `innerHTML`, `document.write`, `dangerouslySetInnerHTML`. Where it comes from is not known.',
    why: 'If a user can write it, its scripts run. Set `textContent`, or clean it with a library such as DOMPurify.',
    cwe: 79,
    confidence: 'low',
    bad: 'export function show(element, text) {\n  element.innerHTML = text;\n}',
    good: 'export function show(element, text) {\n  element.textContent = text;\n}',
  },
  *check(file): Generator<Found> {
    for (const script of file.scripts) {
      const { tree, names } = script;
      for (const { left, right } of tree.all('AssignmentExpression')) {
        if (left.type !== 'MemberExpression' || left.computed) continue;
        if ((left.property.name === 'innerHTML' || left.property.name === 'outerHTML') && isUnclear(right, script))
          yield found(right, left.property.name);
      }
      for (const call of tree.all('CallExpression')) {
        const path = names.pathOf(call.callee);
        if (
          /^global:(?:window\.)?document\.write(?:ln)?$/.test(path) &&
          call.arguments[0] &&
          isUnclear(call.arguments[0], script)
        )
          yield found(call.arguments[0], 'document.write');
        if (/\.insertAdjacentHTML$/.test(path) && call.arguments[1] && isUnclear(call.arguments[1], script))
          yield found(call.arguments[1], 'insertAdjacentHTML');
      }
      for (const attribute of tree.all('JSXAttribute')) {
        if (attribute.name.type !== 'JSXIdentifier' || attribute.name.name !== 'dangerouslySetInnerHTML') continue;
        if (attribute.value?.type !== 'JSXExpressionContainer') continue;
        const html = names.property(attribute.value.expression, '__html');
        if (html !== undefined && html !== 'unclear' && isUnclear(html, script))
          yield found(html, 'dangerouslySetInnerHTML');
      }
    }
  },
};

function found(at: Node, what: string): Found {
  return {
    at,
    message: `\`${what}\` gets a text that is not constant and that nothing cleans. Set \`textContent\`, or clean it.`,
  };
}

function isUnclear(node: Node, { names }: Script): boolean {
  if (names.constantOf(node) !== undefined) return false;
  const value = names.valueOf(node);
  if (value.type === 'CallExpression' || value.type === 'TaggedTemplateExpression')
    return !/saniti|escape|purif|clean|stringify|\bhtml\b|render|i18n|\bt\b|toSvg|svg/i.test(
      names.pathOf(value.type === 'CallExpression' ? value.callee : value.tag),
    );
  return (
    value.type !== 'ConditionalExpression' ||
    [value.consequent, value.alternate].some((one) => names.constantOf(one) === undefined)
  );
}
