/* global require, module -- mocha loads reporters as CommonJS */
// Mocha's own reporter, and the counts in a file for scripts/test.mjs.
const fs = require('node:fs');
const path = require('node:path');
const { reporters, Runner } = require('mocha');

module.exports = class CountingReporter extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    const file = options.reporterOptions?.output;
    runner.once(Runner.constants.EVENT_RUN_END, () => {
      if (!file) return;
      fs.mkdirSync(path.dirname(file), { recursive: true });
      // A test that is pending was skipped: here that is a failure.
      const { passes, failures, pending } = this.stats;
      fs.writeFileSync(file, JSON.stringify({ passed: passes, failed: failures + pending }));
    });
  }
};
