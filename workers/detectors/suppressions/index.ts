/**
 * Answers with the edits that insert a comment which suppresses an issue: findings with one fix each, whose rule is the
 * scope. A query, because only a parser knows where a comment is a comment, and parsers run in workers.
 */
import path from 'node:path';
import type { Detector } from '../../protocol/detector.ts';
import type { DetectorOptions, Finding } from '../../protocol/detector-protocol.ts';
import { readText } from '../../protocol/read-file.ts';
import { suppressionEdits, type Suppressed } from './comments.ts';

export const detector: Detector = {
  name: 'suppressions',
  version: '1',
  plan: () => Promise.resolve({ status: 'not-applicable', units: [], problems: [], configFiles: [] }),
  /** `options`: a {@link Suppressed}, the issue. The unit's file is the file to edit; an overlay is its text. */
  async check({ root, options, overlays, units: [unit] }, context) {
    const startedAt = performance.now();
    const suppressed = suppressedOf(options);
    if (!unit || !suppressed) return { durationMs: 0, files: 0, issues: 0 };
    const { file } = unit;
    context.begin(unit, file);
    const text = overlays.find((overlay) => overlay.file === file)?.text ?? (await readText(path.resolve(root, file)));
    const edits = Object.entries(suppressionEdits(file, text, suppressed));
    const start = { line: suppressed.line, character: 0 };
    const findings = edits.map(([scope, edit]): Finding => {
      const fix = { title: 'Suppress it', kind: 'suggestion', edits: [edit] } as const;
      return { rule: scope, severity: 'hint', message: fix.title, range: { start, end: start }, fixes: [fix] };
    });
    context.report(unit, file, findings);
    await context.done(unit, file);
    return { durationMs: performance.now() - startedAt, files: 1, issues: findings.length };
  },
};

function suppressedOf({ detector, rule, line, withReason }: DetectorOptions): Suppressed | undefined {
  const isValid = typeof detector === 'string' && typeof rule === 'string' && typeof line === 'number';
  return isValid ? { detector, rule, line, withReason: withReason === true } : undefined;
}
