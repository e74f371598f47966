/**
 * Prints precision and recall of each class of `security`, and what is missed or wrong with `--verbose`. `--write` keeps
 * the figures in precision.json, below which a test does not let them fall: node bench/precision/precision.ts
 */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { classes, measure, ratesOf } from './measure.ts';

const scores = classes.map(measure);
const percent = (thousandths: number): string => `${(thousandths / 10).toFixed(1)} %`;
console.log('| rule | vulnerable | safe | precision | recall |\n| --- | --- | --- | --- | --- |');
for (const score of scores) {
  const { precision, recall } = ratesOf(score);
  console.log(
    `| ${score.rule} | ${String(score.vulnerable)} | ${String(score.safe)} | ${percent(precision)} | ${percent(recall)} |`,
  );
}
if (process.argv.includes('--verbose')) {
  for (const { rule, missed, wrong } of scores) {
    for (const line of missed) console.log(`${rule} misses: ${line}`);
    for (const line of wrong) console.log(`${rule} is wrong: ${line}`);
  }
}
if (process.argv.includes('--write')) {
  const figures = Object.fromEntries(scores.map((score) => [score.rule, ratesOf(score)]));
  writeFileSync(path.join(import.meta.dirname, 'precision.json'), `${JSON.stringify(figures, undefined, 2)}\n`);
}
