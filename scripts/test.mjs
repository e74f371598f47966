// `npm test [-- part …]`: builds, then runs every part and ends with one line of counts. Parts can be named to run only those.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '..');
const results = path.join(root, 'out', 'test-results');
const node = process.execPath;

/** Each part says how many of its checks passed and failed. One that ends without saying so has failed. */
const parts = {
  build: () => asOneCheck(run([path.join(root, 'esbuild.mjs')])),
  types: () => asOneCheck(run(['node_modules/typescript7/bin/tsc', '-b'])),
  lint: () => asOneCheck(run(['scripts/lint.mjs'])),
  unit: () => mocha('unit', 'test/unit/**/*.test.ts'),
  integration: () => mocha('integration', 'test/integration/**/*.test.ts'),
  chaos: () => mocha('chaos', 'test/chaos/**/*.test.ts'),
  self: () => asOneCheck(run(['dist/cli.mjs', 'check', '.', '--fail-on', 'info', '--no-cache'])),
  editor: () => counted(path.join(root, 'out', 'editor-results.json'), () => run(['scripts/editor-host/run.mjs'])),
  vsix: () => {
    const packaged = asOneCheck(run(['scripts/package.mjs']));
    const file = path.join(root, 'out', 'bulkhead.vsix');
    const tested = counted(path.join(root, 'out', 'editor-results.json'), () =>
      run(['scripts/editor-host/run.mjs', '--vsix', file]),
    );
    return sum([packaged, tested]);
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
  outcomes.set(name, { ...parts[name](), seconds: Math.round((performance.now() - startedAt) / 1000) });
}

// Once more at the end, where it is seen: the names are far above in a long log.
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
  return counted(file, () =>
    run([
      'node_modules/mocha/bin/mocha.js',
      '--reporter',
      './test/support/reporter.cjs',
      '--reporter-option',
      `output=${file}`,
      pattern,
    ]),
  );
}

function run(argv) {
  const result = spawnSync(node, argv, { cwd: root, stdio: 'inherit' });
  if (result.error) console.error(String(result.error));
  return result.status ?? 1;
}

function asOneCheck(status) {
  return status === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

function counted(file, work) {
  rmSync(file, { force: true });
  const status = work();
  if (!existsSync(file)) return { passed: 0, failed: 1 };
  const { passed, failed, failing } = JSON.parse(readFileSync(file, 'utf8'));
  // A runner that fails although no test did (a leaked handle, a crash at the end), or that ran nothing, has failed.
  const broken = (status !== 0 && failed === 0) || passed + failed === 0;
  return { passed, failed: failed + (broken ? 1 : 0), failing };
}

function sum(counts) {
  return {
    passed: counts.reduce((total, each) => total + each.passed, 0),
    failed: counts.reduce((total, each) => total + each.failed, 0),
    failing: counts.flatMap((each) => each.failing ?? []),
  };
}
