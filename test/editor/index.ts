/** The entry that both hosts load into the extension host: runs the tests of one scenario and reports to the driver. */
import Mocha from 'mocha';
import { driver } from './support/driver.ts';

const suites: Readonly<Record<string, () => Promise<unknown>>> = {
  workspace: () => import('./workspace.test.ts'),
  fault: () => import('./fault.test.ts'),
  restricted: () => import('./restricted.test.ts'),
};

interface TestResult {
  readonly title: string;
  readonly state: 'passed' | 'failed' | 'pending';
  readonly durationMs: number;
  readonly error?: string;
}

/** @throws when a test failed */
export async function run(): Promise<void> {
  const name = process.env['BULKHEAD_EDITOR_SCENARIO'] ?? '';
  const load = suites[name];
  if (!load) {
    throw new Error(`There is no suite for the scenario "${name}".`);
  }
  const grep = process.env['BULKHEAD_EDITOR_GREP'];
  // Tests of a scenario share one window and go on from each other: after a failure the rest would only repeat it.
  const mocha = new Mocha({ ui: 'bdd', color: false, timeout: 90_000, bail: true, ...(grep && { fgrep: grep }) });
  mocha.suite.emit('pre-require', globalThis, '', mocha);
  await load();

  const tests: TestResult[] = [];
  const runner = await new Promise<Mocha.Runner>((resolve) => {
    const running = mocha.run(() => resolve(running));
    running.on('pass', (test) => tests.push(resultOf(test, 'passed')));
    running.on('pending', (test) => tests.push(resultOf(test, 'pending')));
    running.on('fail', (test, error: Error) => {
      tests.push({ ...resultOf(test, 'failed'), error: error.stack ?? error.message });
    });
  });
  const count = (state: TestResult['state']) => tests.filter((test) => test.state === state).length;
  await driver.report({ passed: count('passed'), failed: count('failed'), pending: count('pending'), tests });
  if (runner.failures > 0) {
    throw new Error(`${runner.failures} tests failed.`);
  }
}

function resultOf(test: Mocha.Runnable, state: TestResult['state']): TestResult {
  return { title: test.fullTitle(), state, durationMs: test.duration ?? 0 };
}
