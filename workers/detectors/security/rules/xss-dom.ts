import { keyOf } from '../../../rules/tree.ts';
import { flowRule } from '../flow/flow-rule.ts';

export const rule = flowRule({
  meta: {
    name: 'xss-dom',
    severity: 'warning',
    description: 'Data from the address, the messages or the requests of a page that becomes HTML in the browser.',
    why: 'The browser runs the scripts in it. Set `textContent`, let the framework render the text, or clean the HTML with a library such as DOMPurify.',
    cwe: 79,
    confidence: 'high',
    bad: "const query = new URLSearchParams(location.search);\ndocument.querySelector('#title').innerHTML = 'Results for ' + query.get('q');",
    good: "const query = new URLSearchParams(location.search);\ndocument.querySelector('#title').textContent = 'Results for ' + query.get('q');",
  },
  sinks: [
    { callee: /^global:(?:window\.)?document\.(?:write|writeln)$/ },
    { callee: /\.insertAdjacentHTML$/, arguments: [1] },
    { callee: /\.(?:createContextualFragment|setHTMLUnsafe|parseHTMLUnsafe|bypassSecurityTrustHtml|bypassSecurityTrustScript|bypassSecurityTrustUrl|bypassSecurityTrustResourceUrl)$/, arguments: [0] },
    { callee: /^(?:global:(?:\$|jQuery)|jquery)$/, arguments: [0], accepts: ({ around, isPicked }) => /<\w/.test(around) || isPicked === true },
    { callee: /^(?:(?:global:|\?)(?:\$|jQuery)|jquery)\(\)(?:\.\w+\(\))*\.(?:html|append|prepend|after|before|replaceWith|appendTo|wrap|wrapInner|wrapAll|prependTo|insertBefore|insertAfter)$|^\?\$\w*\.(?:html|append|prepend)$/, arguments: [0] },
    { callee: /^\?\$sce\.trustAs\w*$/ },
    { callee: /^(?:global:)?angular\.element\(\)\.(?:html|append|prepend|after|replaceWith)$/, arguments: [0] },
    { callee: /^(?:jquery|(?:global:|\?)(?:\$|jQuery))\.(?:parseHTML|globalEval)$/, arguments: [0] },
  ],
  *others({ tree, names }) {
    for (const { left, right } of tree.all('AssignmentExpression')) {
      if (left.type !== 'MemberExpression' || left.computed) continue;
      const name = left.property.name;
      if (name === 'innerHTML' || name === 'outerHTML' || name === 'srcdoc') yield { value: right, what: `\`${name}\`` };
    }
    for (const attribute of tree.all('JSXAttribute')) {
      if (attribute.name.type !== 'JSXIdentifier') continue;
      const { name } = attribute.name;
      if (attribute.value?.type !== 'JSXExpressionContainer') continue;
      const { expression } = attribute.value;
      if (name === 'dangerouslySetInnerHTML') {
        const html = names.property(expression, '__html');
        if (html !== undefined && html !== 'unclear') yield { value: html, what: '`dangerouslySetInnerHTML`' };
      } else if (name === 'srcDoc') yield { value: expression, what: '`srcDoc`' };
      else if (name === 'href' && expression.type !== 'JSXEmptyExpression') {
        // `javascript:` addresses.
        yield { value: expression, what: '`href`', accepts: ({ isStart, isWhole, source }) => isStart && isWhole && source.kind === 'page' && !/location\.(?:href|pathname)$|location$/.test(source.label) };
      }
    }
    for (const property of tree.all('Property')) {
      const key = keyOf(property);
      if (key === 'innerHTML' || key === 'domProps') yield { value: property.value, what: `\`${key}\`` };
    }
  },
  advice: 'A browser runs the scripts in it. Set `textContent`, or clean it with a library such as DOMPurify.',
}); // prettier-ignore
