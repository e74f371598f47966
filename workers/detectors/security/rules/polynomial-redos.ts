import { propertyOf, unwrapped } from '../../../rules/names.ts';
import type { Found, Rule, Span } from '../../../rules/rule.ts';
import type { Script, SourceFile } from '../../../rules/source-file.ts';
import type { Node } from '../../../rules/tree.ts';
import { backtrackingOf, patternOf, stepsOf, type Pattern } from '../backtracking.ts';
import { callsIn } from '../flow/flow-rule.ts';
import { flowOf } from '../flow/flow.ts';

export const rule: Rule = {
  meta: {
    name: 'polynomial-redos',
    severity: 'warning',
    description:
      'Data of a request that is matched by a regular expression whose time grows with the square of the text, or faster.',
    why: 'A request of a megabyte keeps the process busy for minutes. Refuse texts that are too long before they are matched, or rewrite the pattern: `text.trimEnd()` instead of `text.replace(/\\s+$/, "")`. A pattern that is as slow, but of which nobody knows what it is given, is not reported; `redos` reports one that takes exponentially long whatever it is given.',
    cwe: 1333,
    confidence: 'medium',
    bad: "import express from 'express';\n\nexpress().post('/comments', (req, res) => {\n  res.json(req.body.text.replace(/\\s+$/, ''));\n});",
    good: "import express from 'express';\n\nexpress().post('/comments', (req, res) => {\n  res.json(req.body.text.trimEnd());\n});",
  },
  *check(file): Generator<Found> {
    if (file.isTest || file.isTool) return;
    for (const script of file.scripts) {
      for (const { pattern, text } of matchesIn(script)) {
        file.step();
        // Most ways end soon, and a pattern may take long: the way first.
        const trace = flowOf(file, script).trace(text);
        if (trace?.source.kind !== 'request' || trace.isShort === true) continue;
        if (isLimited(file, script, [text, trace.origin, ...trace.steps.map(({ at }) => at)])) continue;
        const found = backtrackingOf(pattern, file);
        if (found?.growth !== 'polynomial') continue;
        const { source } = pattern;
        const shown = source.length > 60 ? `${source.slice(0, 59)}…` : source;
        yield {
          at: text,
          message: `\`${trace.source.label}\`, which others choose, is matched by \`/${shown}/\`, which takes ${found.steps} steps for n characters such as \`${found.attack}\`. Limit the length of the text first, or rewrite the pattern.`,
          steps: [...trace.steps, ...stepsOf(pattern, found)].slice(-12),
        };
      }
    }
  },
};

/** `pattern.test(text)` and `text.replace(pattern, …)` */
function* matchesIn(script: Script): Generator<{ readonly pattern: Pattern; readonly text: Node }> {
  for (const call of callsIn(script)) {
    if (call.callee.type !== 'MemberExpression') continue;
    const { object } = call.callee;
    const method = propertyOf(call.callee) ?? '';
    const [first] = call.arguments;
    if (first === undefined) continue;
    const isOfPattern = /^(?:test|exec)$/.test(method);
    if (!isOfPattern && !/^(?:match|matchAll|replace|replaceAll|search|split)$/.test(method)) continue;
    const pattern = patternOf(script, isOfPattern ? object : first);
    if (pattern) yield { pattern, text: isOfPattern ? first : object };
  }
}

/** Whether the length of one of these is compared: `if (text.length > 100) return`. */
function isLimited(file: SourceFile, { tree }: Script, values: readonly (Node | Span)[]): boolean {
  const texts = new Set(values.map(({ start, end }) => file.text.slice(start, end)));
  return tree.all('BinaryExpression').some(
    ({ operator, left, right }) =>
      /^[<>]=?$/.test(operator) &&
      [left, right].some((side) => {
        const length = unwrapped(side);
        if (length.type !== 'MemberExpression' || propertyOf(length) !== 'length') return false;
        return texts.has(file.text.slice(length.object.start, length.object.end));
      }),
  );
}
