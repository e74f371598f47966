import type { Found, Rule } from '../../../rules/rule.ts';
import { isFunction, type Node } from '../../../rules/tree.ts';

const LEVELS = [
  'IfStatement',
  'ForStatement',
  'ForInStatement',
  'ForOfStatement',
  'WhileStatement',
  'DoWhileStatement',
  'SwitchStatement',
  'TryStatement',
] as const;

export const rule: Rule = {
  meta: {
    name: 'depth',
    severity: 'warning',
    description: 'Statements that are nested deeper than `maximumDepth`.',
    why: 'What holds at such a line is known only to who remembers everything above it. Return early, or move the inner part into a function.',
    options: {
      maximumDepth: {
        type: 'integer',
        minimum: 1,
        default: 5,
        description: 'Levels of statements that a function may have.',
      },
    },
    bad: 'export function f(a) {\n  for (const b of a) {\n    if (b) {\n      for (const c of b) {\n        if (c) {\n          for (const d of c) {\n            if (d) return d;\n          }\n        }\n      }\n    }\n  }\n}',
    good: 'export function f(a) {\n  return a.flat(2).find(Boolean);\n}',
  },
  *check(file, options): Generator<Found> {
    const maximum = Number(options['maximumDepth'] ?? 5);
    for (const { tree } of file.scripts) {
      for (const type of LEVELS) {
        for (const node of tree.all(type)) {
          if (depthOf(node) !== maximum + 1) continue;
          yield {
            at: { start: node.start, end: Math.min(node.end, node.start + 6) },
            message: `This is the ${String(maximum + 1)}th level of statements; ${String(maximum)} are allowed. Return early, or move the inner part into a function.`,
          };
        }
      }

      function depthOf(node: Node): number {
        let depth = isElseIf(node) ? 0 : 1;
        for (const at of tree.ancestors(node)) {
          if (isFunction(at) || at.type === 'StaticBlock') break;
          if (LEVELS.some((level) => level === at.type) && !isElseIf(at)) depth++;
        }
        return depth;
      }

      function isElseIf(node: Node): boolean {
        const parent = tree.parent(node);
        return node.type === 'IfStatement' && parent?.type === 'IfStatement' && parent.alternate === node;
      }
    }
  },
};
