/** Precision and recall of `security` on its samples do not fall below what bench/precision/precision.json says. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { classes, measure, ratesOf } from '../../../bench/precision/measure.ts';
import { repository } from '../../support/workspace.ts';

const kept = JSON.parse(readFileSync(path.join(repository, 'bench/precision/precision.json'), 'utf8')) as Readonly<
  Record<string, { readonly precision: number; readonly recall: number }>
>;

describe('precision of security', () => {
  for (const rule of classes) {
    it(rule, () => {
      const score = measure(rule);
      assert.ok(score.vulnerable >= 15 && score.safe >= 15, 'a class has fifteen samples of each kind');
      const { precision, recall } = ratesOf(score);
      const { precision: lowest, recall: least } = kept[rule] ?? { precision: 800, recall: 600 };
      assert.ok(precision >= lowest, `precision fell below ${String(lowest)} ‰: ${score.wrong.join('\n')}`);
      assert.ok(recall >= least, `recall fell below ${String(least)} ‰: ${score.missed.join('\n')}`);
    });
  }
});
