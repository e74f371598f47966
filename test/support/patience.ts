/**
 * How long tests wait. A deadline in a test guards against hanging and nothing else: on a machine with other work everything
 * takes many times as long. So no test has a short one, and a test that passes never waits for it.
 */

/** Until something that must happen has happened, milliseconds. */
export const patienceMs = 180_000;

/** For a whole test or hook, milliseconds. */
const testMs = 600_000;

function raise(suite: Mocha.Suite): void {
  suite.timeout(Math.max(suite.timeout(), testMs));
  for (const test of suite.tests) test.timeout(Math.max(test.timeout(), testMs));
  for (const child of suite.suites) raise(child);
}

/** Mocha calls it before the first test, when all are defined. */
export const mochaHooks = {
  beforeAll(this: Mocha.Context): void {
    const { parent } = this.test ?? {};
    if (parent) raise(parent);
  },
};
