/* global require, module -- mocha loads reporters as CommonJS */
// Mocha's own reporter, and a file with the counts, the failures and the time of each test file for scripts/test.mjs. It says
// what keeps the process alive when it does not end after the last test.
const fs = require('node:fs');
const path = require('node:path');
const { reporters, Runner } = require('mocha');

module.exports = class CountingReporter extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    const file = options.reporterOptions?.output;
    this.pendingNames = [];
    /** Milliseconds by test file, hooks included. */
    const durations = {};
    const startedAt = new Map();
    runner.on(Runner.constants.EVENT_SUITE_BEGIN, (suite) => startedAt.set(suite, performance.now()));
    runner.on(Runner.constants.EVENT_SUITE_END, (suite) => {
      if (!suite.parent?.root) return;
      const name = path.relative(process.cwd(), suite.file);
      durations[name] = Math.round((durations[name] ?? 0) + performance.now() - startedAt.get(suite));
    });
    runner.on(Runner.constants.EVENT_TEST_PENDING, (test) => this.pendingNames.push(test.fullTitle()));
    runner.once(Runner.constants.EVENT_RUN_END, () => {
      if (!file) return;
      fs.mkdirSync(path.dirname(file), { recursive: true });
      // A test that is pending was skipped: here that is a failure.
      const { passes, failures, pending } = this.stats;
      const failing = this.failures.map((test) => ({
        name: test.fullTitle(),
        error: String(test.err?.stack ?? test.err),
      }));
      for (const name of this.pendingNames) failing.push({ name, error: 'was skipped' });
      fs.writeFileSync(file, JSON.stringify({ passed: passes, failed: failures + pending, failing, durations }));
      // Does not keep the process alive itself.
      setTimeout(() => console.error(`Still open after the last test:\n${openHandles().join('\n')}`), 10_000).unref();
    });
  }
};

/** What the event loop waits for, one line each. The list of handles is internal to Node, but nothing else names a child process. */
function openHandles() {
  const handles = process._getActiveHandles().map((handle) => {
    const { spawnargs, pid, localAddress, localPort, remotePort, fd } = handle;
    const path = handle.address?.() ?? handle._handle?.getsockname?.();
    return `${handle.constructor.name} ${JSON.stringify({ pid, spawnargs, localAddress, localPort, remotePort, fd, path })}`;
  });
  return [...handles, ...process.getActiveResourcesInfo()];
}
