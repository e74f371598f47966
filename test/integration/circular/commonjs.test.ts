/** CommonJS cycles: what is reported is undefined when Node.js runs it, and nothing else is. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { detector } from '../../../workers/detectors/circular/index.ts';
import { runDetector } from '../../support/run-detector.ts';
import { workspaceOf } from '../graph/workspace.ts';

/** Each with `main.js`, which requires `a.js`, which requires `b.js`, and the lines that are expected of b.js. */
const cases: Readonly<Record<string, { a: string; b: string; lines: readonly number[] }>> = {
  'a replaced module.exports leaves the old object behind': {
    a: "const b = require('./b');\nmodule.exports = { run() { return 1; } };",
    b: "const a = require('./a');\na.run();",
    lines: [2],
  },
  'it stays behind after loading': {
    a: "const b = require('./b');\nmodule.exports = { run: () => 1 };\nb.later();",
    b: "const a = require('./a');\nexports.later = () => a.run();",
    lines: [2],
  },
  'a class extends the old object': {
    a: "require('./b');\nclass A {}\nmodule.exports = A;",
    b: "const A = require('./a');\nclass B extends A {}\nmodule.exports = B;",
    lines: [2],
  },
  'a name is taken before it is assigned': {
    a: "const b = require('./b');\nexports.run = () => 1;\nb.later();",
    b: "const { run } = require('./a');\nexports.later = () => run();",
    lines: [1],
  },
  'a name is called before it is assigned': {
    a: "require('./b');\nexports.run = () => 1;",
    b: "const a = require('./a');\na.run();",
    lines: [2],
  },
  'the exports come first': {
    a: "module.exports = { run: () => 1 };\nrequire('./b');",
    b: "const { run } = require('./a');\nrun();",
    lines: [],
  },
  'a name comes first': {
    a: "exports.run = () => 1;\nrequire('./b');\nexports.other = 1;",
    b: "const a = require('./a');\na.run();",
    lines: [],
  },
  'the object is kept and read later': {
    a: "const b = require('./b');\nexports.run = () => 1;\nb.later();",
    b: "const a = require('./a');\nexports.later = () => a.run();",
    lines: [],
  },
  'exports made by a function are not known': {
    a: "Object.assign(exports, { run: () => 1 });\nrequire('./b');\nmodule.exports.more = 1;",
    b: "const a = require('./a');\na.run();",
    lines: [],
  },
  'a require in a function': {
    a: "const b = require('./b');\nmodule.exports = { run: () => 1 };\nb.later();",
    b: "exports.later = () => require('./a').run();",
    lines: [],
  },
};

describe('circular: CommonJS', () => {
  const names = Object.keys(cases);
  const files = Object.fromEntries(
    Object.values(cases).flatMap(({ a, b }, index) => [
      [`${String(index)}/main.js`, "require('./a');"],
      [`${String(index)}/a.js`, a],
      [`${String(index)}/b.js`, b],
    ]),
  );

  it('agrees with Node.js', async () => {
    using workspace = workspaceOf({
      ...files,
      'run.js': `for (let index = 0; index < ${String(names.length)}; index++) {
        try { require('./' + index + '/main.js'); console.log('works'); }
        catch (error) { console.log(/b\\.js:(\\d+)/.exec(error.stack)?.[1] ?? error.stack); }
      }`,
    });
    const output = execFileSync(process.execPath, ['--no-warnings', 'run.js'], {
      cwd: workspace.root,
      encoding: 'utf8',
    });
    const { issues } = await runDetector(detector, workspace.root);
    const lines = names.map((_, index) =>
      issues
        .filter(({ file, rule }) => rule === 'cycle-uses-at-load' && file.startsWith(`${String(index)}/`))
        .map(({ file, severity, range }) => {
          assert.deepEqual([file, severity], [`${String(index)}/b.js`, 'error']);
          return range.start.line + 1;
        }),
    );
    assert.deepEqual(Object.fromEntries(names.map((name, index) => [name, lines[index]])), Object.fromEntries(Object.entries(cases).map(([name, one]) => [name, one.lines]))); // prettier-ignore
    const fails = output.trim().split('\n').map((line) => line !== 'works'); // prettier-ignore
    assert.deepEqual(fails, lines.map((one) => one.length > 0)); // prettier-ignore
  });

  it('is an info where another way in works', async () => {
    using workspace = workspaceOf({
      'main.js': "require('./a');",
      'other.js': "require('./b');",
      'a.js': "require('./b');\nmodule.exports = { run: () => 1 };",
      'b.js': "const a = require('./a');\na.run();",
    });
    const { issues } = await runDetector(detector, workspace.root);
    const early = issues.filter(({ rule }) => rule === 'cycle-uses-at-load');
    assert.deepEqual(early.map(({ file, severity }) => [file, severity]), [['b.js', 'info']]); // prettier-ignore
  });
});
