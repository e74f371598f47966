/**
 * Compares the `eslint` detector with `eslint . -f json` on a real folder: the linted files and every message.
 *
 *     node bench/eslint/parity.ts <folder> [--batch N]
 *
 * The folder's dependencies must be installed. The exit code is 0 if there is no difference; otherwise it is 1, and the first
 * differences are printed. The command line runs in each ESLint root that the detector found (the folder itself, if it has a
 * configuration).
 */
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { parseArgs } from 'node:util';
import type { CheckContext } from '../../workers/protocol/detector.ts';
import { detector } from '../../workers/detectors/eslint/index.ts';
import { IssueCompleter } from '../../workers/protocol/fingerprint.ts';
import type { DetectorProblem, Issue, Unit } from '../../workers/protocol/detector-protocol.ts';
import { compare, runEslint } from '../../test/integration/eslint/oracle.ts';

const SHOWN = 20;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { batch: { type: 'string', default: '50' } },
});
const [folder] = positionals;
if (folder === undefined) {
  console.error('usage: node bench/eslint/parity.ts <folder> [--batch N]');
  process.exit(2);
}
const root = path.resolve(folder);
const { signal } = new AbortController();
const options = {};
const log = (): void => {};
const problems: DetectorProblem[] = [];
const issues: Issue[] = [];

const planStart = performance.now();
const plan = await detector.plan({ detector: detector.name, root, options }, { signal, log });
const planMs = performance.now() - planStart;
problems.push(...plan.problems);

const context: CheckContext = {
  signal,
  log,
  begin: () => {},
  report: (_unit, file, findings) => {
    const completer = new IssueCompleter(detector.name, file, '');
    for (const finding of findings) issues.push(completer.complete(finding));
  },
  done: () => Promise.resolve(),
  progress: () => {},
  problem: (problem) => problems.push(problem),
};
const checkStart = performance.now();
let revision = 0;
for (const units of batches(plan.units, Number(values.batch))) {
  revision += 1;
  const changed = revision === 1 ? {} : { changed: [] };
  await detector.check(
    { detector: detector.name, root, options, revision, units, overlays: [], first: [], ...changed },
    context,
  );
}
const checkMs = performance.now() - checkStart;
const rss = process.memoryUsage.rss();

let oracleMs = 0;
const oracle = [];
for (const place of new Set(plan.units.map((unit) => unit.group.slice(unit.group.indexOf(' in ') + 4)))) {
  const run = await runEslint(root, place);
  oracleMs += run.durationMs;
  oracle.push(...run.results);
  if (run.results.length === 0) console.log(`eslint . in ${place} gave up: ${run.stderr.slice(0, 500)}`);
}
const comparison = compare(root, plan.units, issues, oracle);

const heavy = plan.units.filter((unit) => unit.lane === 'heavy').length;
console.log(`${root}: ${plan.engine ?? plan.status}, Node ${process.version}${commitOf(root)}`);
console.log(`units ${plan.units.length} (${heavy} heavy), issues ${issues.length}, problems ${problems.length}`);
console.log(`command line: files ${comparison.files}, messages ${comparison.messages}`);
console.log(
  `plan ${planMs.toFixed(0)} ms, check ${checkMs.toFixed(0)} ms, RSS after ${(rss / 2 ** 20).toFixed(0)} MB; ` +
    `command line ${oracleMs.toFixed(0)} ms`,
);
for (const problem of problems.slice(0, SHOWN)) console.log(`problem: ${JSON.stringify(problem)}`);
console.log(`differences: ${comparison.differences.length}`);
for (const difference of comparison.differences.slice(0, SHOWN)) console.log(`  ${difference}`);
process.exitCode = comparison.differences.length === 0 && oracle.length > 0 ? 0 : 1;

function* batches(units: readonly Unit[], size: number): Generator<readonly Unit[]> {
  for (const group of Map.groupBy(units, (unit) => unit.group).values()) {
    for (let start = 0; start < group.length; start += size) yield group.slice(start, start + size);
  }
}

function commitOf(place: string): string {
  const { stdout, status } = spawnSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: place, encoding: 'utf8' });
  return status === 0 ? `, commit ${stdout.trim()}` : '';
}
