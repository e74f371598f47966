/**
 * Answers with the cyclomatic and the cognitive complexity of the functions of a file: a finding for each score, whose rule
 * is the name of the measure and whose message is the number, at the head of the function.
 */
import path from 'node:path';
import { TextDocument } from 'vscode-languageserver-textdocument';
import type { Detector } from '../../protocol/detector.ts';
import type { Finding } from '../../protocol/detector-protocol.ts';
import { readText } from '../../protocol/read-file.ts';
import { cognitiveOf } from '../../rules/cognitive.ts';
import { cyclomaticOf } from '../../rules/cyclomatic.ts';
import { headOf, nameOf } from '../../rules/functions.ts';
import { MAXIMUM_BYTES } from '../../runtime/file-detector.ts';
import { SourceFile } from '../../rules/source-file.ts';
import type { FunctionNode, Tree } from '../../rules/tree.ts';

export const detector: Detector = {
  name: 'scores',
  version: '1',
  plan: () => Promise.resolve({ status: 'not-applicable', units: [], problems: [], configFiles: [] }),
  /** The unit's file is the file to measure; an overlay is its text. `unchanged`: the text cannot be parsed. */
  async check({ root, overlays, units: [unit] }, context) {
    const startedAt = performance.now();
    if (!unit) return { durationMs: 0, files: 0, issues: 0 };
    const { file } = unit;
    context.begin(unit, file);
    const text = overlays.find((overlay) => overlay.file === file)?.text ?? (await readText(path.resolve(root, file)));
    const findings = scoresOf(file, text);
    if (findings !== undefined) context.report(unit, file, findings);
    await context.done(unit, file);
    const result = { durationMs: performance.now() - startedAt, files: 1, issues: findings?.length ?? 0 };
    return findings === undefined ? { ...result, coverage: { [unit.id]: 'unchanged' } } : result;
  },
};

/**
 * Of functions with a name: what is passed to another function counts for the one around it, or is a suite of tests.
 * @returns undefined: the text cannot be parsed, as while somebody types
 */
function scoresOf(file: string, text: string): readonly Finding[] | undefined {
  if (text.length > MAXIMUM_BYTES) return [];
  try {
    return measured(file, text);
  } catch (error) {
    // A tree that is deeper than the stack.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function measured(file: string, text: string): readonly Finding[] | undefined {
  const source = SourceFile.parse(file, text, Number.POSITIVE_INFINITY);
  if (source === undefined) return undefined;
  const document = TextDocument.create('', '', 0, text);
  return source.scripts.flatMap(({ tree }) => {
    const branches = cyclomaticOf(tree);
    return [...cognitiveOf(tree, text)].flatMap(([node, increments]): readonly Finding[] => {
      if (!hasName(tree, node)) return [];
      const { start, end } = headOf(tree, node);
      const range = { start: document.positionAt(start), end: document.positionAt(end) };
      const score = (rule: string, value: number): Finding => {
        return { rule, severity: 'hint', message: String(value), range };
      };
      const cognitive = increments.reduce((sum, { by }) => sum + by, 0);
      return [score('cyclomatic', (branches.get(node)?.length ?? 0) + 1), score('cognitive', cognitive)];
    });
  });
}

function hasName(tree: Tree, node: FunctionNode): boolean {
  return nameOf(tree, node) !== undefined || tree.parent(node)?.type === 'ExportDefaultDeclaration';
}
