// `npm test [-- part …]`: builds, then runs the default parts, or only the named ones, and ends with one line of counts. A part that
// hangs is killed and counts as failed, so the counts always appear. Parts that do not disturb each other run side by side.
import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';
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

/** Tests start thousands of processes of the same code. Compiling it once saves a third of the time of the unit tests. */
const env = { ...process.env, NODE_COMPILE_CACHE: path.join(root, 'out', 'compile-cache') };

/** Packages that a real VS Code tries. */
const vsixes = [ownTarget(), 'universal'];

/** Folders whose tests take minutes, the longest first. */
const long = ['lsp', 'clients', 'cli', 'typescript', 'ipc', 'eslint', 'sharing', 'replay', 'store'];

/** By part: the sum of its jobs. */
const outcomeOf = new Map();

/**
 * Each part is a list of jobs, and each job is a process that is counted. It returns how many of its checks passed and failed,
 * and writes to `output`, in the words of `stdio`. A job that ends without counts has failed.
 */
const parts = {
  build: [oneCheck('build', [path.join(root, 'esbuild.mjs')])],
  unit: mochaJobs('test/unit'),
  lint: [oneCheck('lint', ['scripts/lint.mjs'])],
  format: [oneCheck('format', ['node_modules/prettier/bin/prettier.cjs', '--check', '--log-level', 'warn', '.'])],
  packed: [mocha('packed', 'test/packed/**/*.test.ts')],
  types: [oneCheck('types', ['node_modules/typescript7/bin/tsc', '-b'])],
  package: [oneCheck('package', ['scripts/package.mjs', ...vsixes.flatMap((name) => ['--target', name])])],
  vsix: [{ name: 'vsix', run: editorWithPackages }],
  chaos: [mocha('chaos', 'test/chaos/**/*.test.ts')],
  integration: mochaJobs('test/integration'),
  self: [oneCheck('self', ['dist/cli.mjs', 'check', '.', '--fail-on', 'info', '--no-cache'])],
  editor: [{ name: 'editor', run: (output) => counted(editorResults, ['scripts/editor-host/run.mjs'], output) }],
};

/**
 * One stage after the other. `package` and `packed` make a build for production in dist/, so they have stages of their own; the
 * last stage uses dist/ as it is in development. Within a stage the jobs run side by side, in this order: long ones come first, so that no
 * lane is left with a long one at the end.
 */
const stages = [
  ['build'],
  ['package', 'types'],
  ['packed', 'unit', 'format', 'lint'],
  ['vsix', 'self', 'chaos', 'integration', 'editor'],
];

/**
 * Jobs at a time. Two keep two cores busy: a third one made each of them slower, and the whole no faster. A job needs up to
 * 4 GB.
 */
const lanes = Math.max(1, Math.min(availableParallelism(), Math.floor(totalmem() / 2 ** 32)));

/**
 * `vsix` runs the same suite as `editor`, from the installed package: whoever changes the client runs `editor`, which needs no
 * packages. `self` runs the same ESLint as `lint`, as one of its detectors.
 */
const byDefault = Object.keys(parts).filter((name) => name !== 'editor' && name !== 'lint');

const wanted = process.argv.slice(2);
for (const name of wanted) {
  if (!Object.hasOwn(parts, name)) {
    console.error(`Unknown part "${name}". Known are ${Object.keys(parts).join(', ')}.`);
    process.exit(2);
  }
}
const chosen = wanted.length === 0 ? byDefault : wanted;
// The suite of the editor in a package needs that package.
if (chosen.includes('vsix') && !chosen.includes('package')) chosen.push('package');

mkdirSync(results, { recursive: true });

for (const stage of stages) {
  const queue = stage
    .filter((part) => chosen.includes(part))
    .flatMap((part) => parts[part].map((job) => ({ part, ...job })));
  if (stage.includes('integration') && queue.length > 0) ensureFreshBuild();
  await Promise.all(
    Array.from({ length: lanes }, async () => {
      for (let job = queue.shift(); job !== undefined; job = queue.shift()) await runJob(job);
    }),
  );
}

/** Prints the output when the job has ended, because another one writes at the same time. */
async function runJob({ part, name, run: start }) {
  console.log(`… ${name}`);
  const startedAt = performance.now();
  const log = path.join(results, `${name.replaceAll('/', '-')}.log`);
  const output = openSync(log, 'w');
  const outcome = await start(output);
  closeSync(output);
  const seconds = (performance.now() - startedAt) / 1000;
  outcomeOf.set(part, sum([outcomeOf.get(part), { ...outcome, seconds }]));
  console.log(`\n=== ${name}, ${Math.round(seconds)} s ===\n${readFileSync(log, 'utf8')}`);
}

// Repeats the failures at the end, because the names are far above in a long log.
for (const [name, { failing }] of outcomeOf) {
  for (const { name: test, error } of failing) console.log(`\nFAILED in ${name}: ${test}\n${error}`);
}
const slowest = Object.entries(sum([...outcomeOf.values()]).durations)
  .sort(([, one], [, other]) => other - one)
  .slice(0, 15);
if (slowest.length > 0) console.log('\nslowest test files, in seconds');
for (const [file, ms] of slowest) console.log(`${String(Math.round(ms / 1000)).padStart(4)}  ${file}`);
console.log('\npart         passed  failed  seconds');
for (const [name, { passed, failed, seconds }] of outcomeOf) {
  console.log(
    `${name.padEnd(11)}  ${String(passed).padStart(6)}  ${String(failed).padStart(6)}  ${String(Math.round(seconds)).padStart(7)}`,
  );
}
const { passed, failed } = sum([...outcomeOf.values()]);
console.log(`\n${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);

/** A job for each folder in `folder`, the {@link long} ones first, and one for the files that lie beside them. */
function mochaJobs(folder) {
  const suite = path.basename(folder);
  const entries = readdirSync(path.join(root, folder), { withFileTypes: true });
  const folders = entries.filter((entry) => entry.isDirectory() && entry.name !== 'support').map(({ name }) => name);
  const rankOf = (name) => (long.includes(name) ? long.indexOf(name) : long.length);
  folders.sort((one, other) => rankOf(one) - rankOf(other));
  const jobs = folders.map((name) => mocha(`${suite}/${name}`, `${folder}/${name}/**/*.test.ts`));
  const hasFiles = entries.some((entry) => entry.isFile() && entry.name.endsWith('.test.ts'));
  return hasFiles ? [...jobs, mocha(suite, `${folder}/*.test.ts`)] : jobs;
}

function mocha(name, pattern) {
  const file = path.join(results, `${name.replaceAll('/', '-')}.json`);
  const reporter = ['--reporter', './test/support/reporter.cjs', '--reporter-option', `output=${file}`];
  return { name, run: (output) => counted(file, ['node_modules/mocha/bin/mocha.js', ...reporter, pattern], output) };
}

function oneCheck(name, argv) {
  return {
    name,
    run: async (output) => {
      const { status } = await run(argv, output);
      return status === 0
        ? { passed: 1, failed: 0 }
        : { passed: 0, failed: 1, failing: [{ name, error: 'see above' }] };
    },
  };
}

/** The whole suite with the package of this platform; with the universal one, whether everything in it works. */
async function editorWithPackages(output) {
  const outcomes = [];
  for (const name of vsixes) {
    const vsix = path.join(root, 'out', `bulkhead-${name}.vsix`);
    const scenarios = name === 'universal' ? ['--scenario', 'folders', '--scenario', 'restricted'] : [];
    outcomes.push(await counted(editorResults, ['scripts/editor-host/run.mjs', '--vsix', vsix, ...scenarios], output));
  }
  return sum(outcomes);
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
  const child = spawn(node, argv, { cwd: root, stdio: ['ignore', output, output], env });
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

function sum(outcomes) {
  const known = outcomes.filter((outcome) => outcome !== undefined);
  return {
    passed: known.reduce((total, { passed }) => total + passed, 0),
    failed: known.reduce((total, { failed }) => total + failed, 0),
    seconds: known.reduce((total, { seconds }) => total + seconds, 0),
    failing: known.flatMap(({ failing = [] }) => failing),
    durations: Object.assign({}, ...known.map(({ durations }) => durations)),
  };
}
