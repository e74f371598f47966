// `npm test [-- part …]`: builds, then runs the default parts, or only the named ones, and ends with one line of counts. A part that
// hangs is killed and counts as failed, so the counts always appear. Parts that do not disturb each other run side by side.
import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { ensureFreshBuild } from './fresh-build.mjs';
import { ownTarget } from './vsix/targets.mjs';

const root = path.resolve(import.meta.dirname, '..');
const results = path.join(root, 'out', 'test-results');
const editorResults = path.join(root, 'out', 'editor-results.json');
const node = process.execPath;
/** Time limit of one part. On a slow machine a part takes a third of this. */
const deadlineMs = 30 * 60_000;
/** Time that a part has to exit after it has written its counts. */
const graceMs = 30_000;

/** Packages that a real VS Code tries. */
const vsixes = [ownTarget(), 'universal'];

/** By part, as they end. */
const outcomeOf = new Map();

/**
 * Each part returns how many of its checks passed and failed. A part that ends without counts has failed. It writes to
 * `output`, in the words of `stdio`.
 */
const parts = {
  build: (output) => oneCheck([path.join(root, 'esbuild.mjs')], output),
  unit: (output) => mocha('unit', 'test/unit/**/*.test.ts', output),
  types: (output) => oneCheck(['node_modules/typescript7/bin/tsc', '-b'], output),
  lint: (output) => oneCheck(['scripts/lint.mjs'], output),
  packed: (output) => mocha('packed', 'test/packed/**/*.test.ts', output),
  integration: (output) => mocha('integration', 'test/integration/**/*.test.ts', output),
  chaos: (output) => mocha('chaos', 'test/chaos/**/*.test.ts', output),
  self: (output) => oneCheck(['dist/cli.mjs', 'check', '.', '--fail-on', 'info', '--no-cache'], output),
  editor: (output) => counted(editorResults, ['scripts/editor-host/run.mjs'], output),
  package: (output) => oneCheck(['scripts/package.mjs', ...vsixes.flatMap((name) => ['--target', name])], output),
  // The whole suite with the package of this platform; with the universal one, whether everything in it works.
  vsix: async (output) => {
    const outcomes = outcomeOf.has('package') ? [] : [await parts.package(output)];
    for (const name of vsixes) {
      const vsix = path.join(root, 'out', `bulkhead-${name}.vsix`);
      const scenarios = name === 'universal' ? ['--scenario', 'workspace', '--scenario', 'restricted'] : [];
      outcomes.push(
        await counted(editorResults, ['scripts/editor-host/run.mjs', '--vsix', vsix, ...scenarios], output),
      );
    }
    return sum(outcomes);
  },
};

/**
 * One stage after the other; within a stage, its lanes side by side. `packed` and `package` make a build for production in
 * dist/, which the parts of the next stage use as it is in development.
 */
const stages = [
  [['build']],
  [['unit'], ['types', 'lint', 'packed', 'package']],
  [['integration'], ['chaos', 'self', 'vsix', 'editor']],
];

/** `vsix` runs the same suite as `editor`, from the installed package: whoever changes the client runs `editor`, which needs no packages. */
const byDefault = Object.keys(parts).filter((name) => name !== 'editor');

const wanted = process.argv.slice(2);
for (const name of wanted) {
  if (!Object.hasOwn(parts, name)) {
    console.error(`Unknown part "${name}". Known are ${Object.keys(parts).join(', ')}.`);
    process.exit(2);
  }
}

mkdirSync(results, { recursive: true });

for (const lanes of stages) {
  const chosen = lanes.map((lane) => lane.filter((name) => (wanted.length === 0 ? byDefault : wanted).includes(name)));
  const filled = chosen.filter((lane) => lane.length > 0);
  if (filled.some((lane) => lane.some((name) => ['integration', 'self', 'editor'].includes(name)))) ensureFreshBuild();
  await Promise.all(filled.map((lane, index) => runLane(lane, index === 0)));
}

/** Only one lane writes while it runs; the output of a part in another one follows when the part has ended. */
async function runLane(lane, writes) {
  for (const name of lane) {
    if (writes) console.log(`\n=== ${name} ===`);
    const startedAt = performance.now();
    const log = path.join(results, `${name}.log`);
    const file = writes ? undefined : openSync(log, 'w');
    const outcome = await parts[name](file ?? 'inherit');
    outcomeOf.set(name, { ...outcome, seconds: Math.round((performance.now() - startedAt) / 1000) });
    if (file === undefined) continue;
    closeSync(file);
    console.log(`\n=== ${name} ===\n${readFileSync(log, 'utf8')}`);
  }
}

// Repeats the failures at the end, because the names are far above in a long log.
for (const [name, { failing = [] }] of outcomeOf) {
  for (const { name: test, error } of failing) console.log(`\nFAILED in ${name}: ${test}\n${error}`);
}
const slowest = [...outcomeOf.values()]
  .flatMap(({ durations = {} }) => Object.entries(durations))
  .sort(([, one], [, other]) => other - one)
  .slice(0, 15);
if (slowest.length > 0) console.log('\nslowest test files, in seconds');
for (const [file, ms] of slowest) console.log(`${String(Math.round(ms / 1000)).padStart(4)}  ${file}`);
console.log('\npart         passed  failed  seconds');
for (const [name, { passed, failed, seconds }] of outcomeOf) {
  console.log(
    `${name.padEnd(11)}  ${String(passed).padStart(6)}  ${String(failed).padStart(6)}  ${String(seconds).padStart(7)}`,
  );
}
const { passed, failed } = sum([...outcomeOf.values()]);
console.log(`\n${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);

function mocha(name, pattern, output) {
  const file = path.join(results, `${name}.json`);
  const reporter = ['--reporter', './test/support/reporter.cjs', '--reporter-option', `output=${file}`];
  return counted(file, ['node_modules/mocha/bin/mocha.js', ...reporter, pattern], output);
}

async function oneCheck(argv, output) {
  const { status } = await run(argv, output);
  return status === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

/** @param file where the part writes its final counts */
async function counted(file, argv, output) {
  rmSync(file, { force: true });
  const { status, trouble } = await run(argv, output, () => existsSync(file));
  if (!existsSync(file))
    return { passed: 0, failed: 1, failing: [{ name: 'to count', error: trouble ?? 'no counts' }] };
  const { passed, failed, failing = [], durations } = JSON.parse(readFileSync(file, 'utf8'));
  if (trouble)
    return { passed, failed: failed + 1, failing: [...failing, { name: 'to end', error: trouble }], durations };
  // A runner has also failed if it exits with an error although no test failed (a late crash), or if it ran nothing.
  const broken = (status !== 0 && failed === 0) || passed + failed === 0;
  return { passed, failed: failed + (broken ? 1 : 0), failing, durations };
}

/** @param isCounted whether the part has only to exit. An open handle may keep it from doing so. */
function run(argv, output, isCounted = () => false) {
  const child = spawn(node, argv, { cwd: root, stdio: ['ignore', output, output] });
  let trouble;
  const giveUp = (why) => {
    trouble = why;
    console.error(why);
    child.kill('SIGKILL');
  };
  const deadline = setTimeout(() => giveUp(`Not ended after ${deadlineMs / 60_000} minutes.`), deadlineMs);
  let countedAt;
  const look = setInterval(() => {
    if (!isCounted()) return;
    countedAt ??= performance.now();
    if (performance.now() - countedAt > graceMs) giveUp('Everything is counted, but something keeps it from ending.');
  }, 1_000);
  return new Promise((resolve) => {
    const end = (status) => {
      clearTimeout(deadline);
      clearInterval(look);
      resolve({ status, trouble });
    };
    child.once('error', (error) => {
      trouble = String(error);
      console.error(trouble);
      end(1);
    });
    child.once('exit', (code) => end(code ?? 1));
  });
}

function sum(counts) {
  return {
    passed: counts.reduce((total, each) => total + each.passed, 0),
    failed: counts.reduce((total, each) => total + each.failed, 0),
    failing: counts.flatMap((each) => each.failing ?? []),
  };
}
