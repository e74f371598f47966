// `npm test [-- part …]`: builds, then runs every part, or only the named ones, and ends with one line of counts. A part that
// hangs is killed and counts as failed, so the counts always appear.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { ownTarget } from './vsix/targets.mjs';

const root = path.resolve(import.meta.dirname, '..');
const results = path.join(root, 'out', 'test-results');
const editorResults = path.join(root, 'out', 'editor-results.json');
const node = process.execPath;
/** Time limit of one part. On a slow machine a part takes a third of this. */
const deadlineMs = 30 * 60_000;
/** Time that a part has to exit after it has written its counts. */
const graceMs = 30_000;

/** Each part returns how many of its checks passed and failed. A part that ends without counts has failed. */
const parts = {
  build: () => oneCheck([path.join(root, 'esbuild.mjs')]),
  types: () => oneCheck(['node_modules/typescript7/bin/tsc', '-b']),
  lint: () => oneCheck(['scripts/lint.mjs']),
  unit: () => mocha('unit', 'test/unit/**/*.test.ts'),
  integration: () => mocha('integration', 'test/integration/**/*.test.ts'),
  chaos: () => mocha('chaos', 'test/chaos/**/*.test.ts'),
  self: () => oneCheck(['dist/cli.mjs', 'check', '.', '--fail-on', 'info', '--no-cache']),
  packed: () => mocha('packed', 'test/packed/**/*.test.ts'),
  editor: () => counted(editorResults, ['scripts/editor-host/run.mjs']),
  // The whole suite with the package of this platform; with the universal one, whether everything in it works.
  vsix: async () => {
    const scenarios = { [ownTarget()]: [], universal: ['--scenario', 'workspace', '--scenario', 'restricted'] };
    const names = Object.keys(scenarios);
    const outcomes = [await oneCheck(['scripts/package.mjs', ...names.flatMap((name) => ['--target', name])])];
    for (const name of names) {
      const vsix = path.join(root, 'out', `bulkhead-${name}.vsix`);
      outcomes.push(await counted(editorResults, ['scripts/editor-host/run.mjs', '--vsix', vsix, ...scenarios[name]]));
    }
    return sum(outcomes);
  },
};

const wanted = process.argv.slice(2);
for (const name of wanted) {
  if (!Object.hasOwn(parts, name)) {
    console.error(`Unknown part "${name}". Known are ${Object.keys(parts).join(', ')}.`);
    process.exit(2);
  }
}

mkdirSync(results, { recursive: true });
const names = wanted.length > 0 ? wanted : Object.keys(parts);
const outcomes = new Map();
for (const name of names) {
  console.log(`\n=== ${name} ===`);
  const startedAt = performance.now();
  outcomes.set(name, { ...(await parts[name]()), seconds: Math.round((performance.now() - startedAt) / 1000) });
}

// Repeats the failures at the end, because the names are far above in a long log.
for (const [name, { failing = [] }] of outcomes) {
  for (const { name: test, error } of failing) console.log(`\nFAILED in ${name}: ${test}\n${error}`);
}
console.log('\npart         passed  failed  seconds');
for (const [name, { passed, failed, seconds }] of outcomes) {
  console.log(
    `${name.padEnd(11)}  ${String(passed).padStart(6)}  ${String(failed).padStart(6)}  ${String(seconds).padStart(7)}`,
  );
}
const { passed, failed } = sum([...outcomes.values()]);
console.log(`\n${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);

function mocha(name, pattern) {
  const file = path.join(results, `${name}.json`);
  const reporter = ['--reporter', './test/support/reporter.cjs', '--reporter-option', `output=${file}`];
  return counted(file, ['node_modules/mocha/bin/mocha.js', ...reporter, pattern]);
}

async function oneCheck(argv) {
  const { status } = await run(argv);
  return status === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

/** @param file where the part writes its final counts */
async function counted(file, argv) {
  rmSync(file, { force: true });
  const { status, trouble } = await run(argv, () => existsSync(file));
  if (!existsSync(file))
    return { passed: 0, failed: 1, failing: [{ name: 'to count', error: trouble ?? 'no counts' }] };
  const { passed, failed, failing = [] } = JSON.parse(readFileSync(file, 'utf8'));
  if (trouble) return { passed, failed: failed + 1, failing: [...failing, { name: 'to end', error: trouble }] };
  // A runner has also failed if it exits with an error although no test failed (a late crash), or if it ran nothing.
  const broken = (status !== 0 && failed === 0) || passed + failed === 0;
  return { passed, failed: failed + (broken ? 1 : 0), failing };
}

/** @param isCounted whether the part has only to exit. An open handle may keep it from doing so. */
function run(argv, isCounted = () => false) {
  const child = spawn(node, argv, { cwd: root, stdio: 'inherit' });
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
