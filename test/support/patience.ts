/**
 * How long tests wait. A deadline in a test only guards against hanging: on a busy machine everything takes many times as
 * long. So no deadline is short, and a passing test never waits for it.
 */

/** Deadline for an expected event, milliseconds. */
export const patienceMs = 180_000;

/** Deadline for a whole test or hook, milliseconds. */
const testMs = 600_000;

function raise(suite: Mocha.Suite): void {
  suite.timeout(Math.max(suite.timeout(), testMs));
  for (const test of suite.tests) test.timeout(Math.max(test.timeout(), testMs));
  for (const child of suite.suites) raise(child);
}

/** Mocha calls it before the first test, when all tests are defined. */
export const mochaHooks = {
  beforeAll(this: Mocha.Context): void {
    const { parent } = this.test ?? {};
    if (parent) raise(parent);
  },
};
