/** The entry that both hosts load into the extension host: runs the tests of one scenario and reports to the driver. */
import Mocha from 'mocha';
import * as vscode from 'vscode';
import { driver } from './support/driver.ts';

const suites: Readonly<Record<string, () => Promise<unknown>>> = {
  workspace: () => import('./workspace.test.ts'),
  fault: () => import('./fault.test.ts'),
  poison: async () => [await import('./poison.test.ts'), await import('./tools.test.ts')],
  folders: () => import('./folders.test.ts'),
  restricted: () => import('./restricted.test.ts'),
  beside: async () => [await import('./beside.test.ts'), await import('./agents.test.ts')],
  windows: () => import('./windows.test.ts'),
};

interface TestResult {
  readonly title: string;
  readonly state: 'passed' | 'failed' | 'pending';
  readonly durationMs: number;
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
  const mocha = new Mocha({ ui: 'bdd', timeout: 150_000, bail: true, ...(grep && { fgrep: grep }) });
  mocha.suite.emit('pre-require', globalThis, '', mocha);
  const tests: TestResult[] = [];
  mocha.suite.afterEach(async function () {
    if (this.currentTest) {
      tests.push(await tell(this.currentTest, name));
    }
  });
  await load();
  const failures: string[] = [];
  await new Promise<void>((resolve) => {
    const runner = mocha.run(() => resolve());
    runner.on('pending', (test) => tests.push({ title: test.fullTitle(), state: 'pending', durationMs: 0 }));
    // Hooks fail too.
    runner.on('fail', (test, error: Error) => failures.push(`${test.fullTitle()}\n${error.stack ?? error.message}`));
  });
  const passed = tests.filter(({ state }) => state === 'passed').length;
  const pending = tests.filter(({ state }) => state === 'pending').length;
  for (const failure of failures) {
    await driver.print(`\n  ${failure.replaceAll('\n', '\n  ')}`);
  }
  await driver.report({ passed, failed: failures.length, pending, tests, errors: failures });
  if (failures.length > 0) {
    throw new Error(`${failures.length} tests failed.`);
  }
}

/** Prints one test's result at once, and keeps what a failed one left on the screen. */
async function tell(test: Mocha.Test, scenario: string): Promise<TestResult> {
  const state = test.isPassed() ? 'passed' : 'failed';
  const durationMs = test.duration ?? 0;
  await driver.print(`  ${state === 'passed' ? '✔' : '✖'} ${test.title} (${durationMs} ms)`);
  if (state === 'failed') {
    await vscode.commands.executeCommand('bulkhead.showOutput').then(undefined, () => undefined);
    await driver.screenshot(`${scenario}-failed`).catch((error: unknown) => driver.print(`  ${String(error)}`));
  }
  return { title: test.fullTitle(), state, durationMs };
}
