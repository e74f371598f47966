/** `bulkhead doctor`, as a user runs it: what would not run is named with the way out, and is never taken for health. */
import assert from 'node:assert/strict';
import type { DoctorReport } from '../../../server/cli/doctor-report.ts';
import { cli, startCli } from '../../support/cli.ts';
import { makeWorkspace } from '../../support/workspace.ts';

describe('bulkhead doctor', function () {
  this.timeout(60_000);

  it('names what is in force, where it stands, and what would not run', async () => {
    await using workspace = await makeWorkspace({
      'package.json': '{ "name": "ill", "private": true, "workspaces": ["p/*"] }',
      'package-lock.json': '{ "name": "ill", "lockfileVersion": 3, "packages": {} }',
      'p/q/package.json': '{ "name": "q", "dependencies": { "no-such-package": "*" } }',
      'tsconfig.json':
        '{ "compilerOptions": { "strict": true, "lib": ["es2023"], "types": [], "skipLibCheck": true } }',
      'src/a.ts': 'export const a = 1;\n',
      'src/left-out.ts': 'export const b = 1;\n',
      'eslint.config.mjs': 'export default [];\n',
      'bulkhead.config.json':
        '{\n  "exclude": ["src/left-*", "eslint.config.mjs"],\n  "detectors": {\n    "complexity": { "maximumDepth": 3, "maximumDept": 4 },\n    "runtime": false\n  },\n' +
        '  "external": {\n    "ship": { "command": ["no-such-ship"], "install": "Run: make ship" }\n  }\n}\n',
      'bulkhead-baseline.json': '{ "format": 1, "issues": [] }',
      '.vscode/settings.json': '{\n  "bulkhead.maxWorkers": 2\n}\n',
    });
    const env = { ...process.env, CI: 'true' };
    const { code, stdout, stderr } = await startCli(['doctor', workspace.root, '--json'], { env }).result;
    assert.equal(stderr, '');
    const report = JSON.parse(stdout) as DoctorReport;
    assert.deepEqual([code, report.exitCode], [3, 3]);
    const stateOf = (wanted: string): unknown => report.detectors.find(({ name }) => name === wanted)?.state;
    assert.deepEqual(['typescript', 'complexity', 'runtime', 'eslint', 'knip', 'ship'].map(stateOf), [
      'ready',
      'ready',
      'off',
      'failed',
      'not-applicable',
      'failed',
    ]);
    const complexity = report.detectors.find(({ name }) => name === 'complexity');
    assert.equal(complexity?.units, 1, 'without what is excluded');
    assert.match(report.detectors[0]?.tool ?? '', /^typescript \d/);
    assert.deepEqual(
      report.configuration.map(({ name, from }) => `${name} ${from}`),
      [
        'exclude bulkhead.config.json:2',
        'detectors.complexity.maximumDepth bulkhead.config.json:4',
        'detectors.runtime bulkhead.config.json:5',
        'external.ship bulkhead.config.json:8',
        'cache --no-cache',
        'baseline bulkhead-baseline.json',
        'frozen CI (environment)',
      ],
    );
    assert.deepEqual(
      report.editor.map(({ name, value, from }) => [name, value, from]),
      [['bulkhead.maxWorkers', 2, '.vscode/settings.json:2']],
    );
    const troubles = report.troubles.join('\n');
    assert.match(troubles, /^(?:p\/q\/)?package\.json:1: .*(?:Run|run) 'npm /m);
    assert.match(troubles, /^eslint: .*ESLint is not installed/m);
    assert.match(troubles, /^ship: .*no-such-ship.*Run: make ship$/m);
    assert.match(troubles, /^bulkhead\.config\.json:4: Unknown option: "maximumDept"/m);

    // Options override what it says; a tool that is declared wrongly is not in force.
    await workspace.write({
      'bulkhead.config.json':
        '{ "detectors": { "runtime": false, "complexity": { "maximumDepth": 3 } }, "external": { "bad": {}, "import": { "command": ["x"] } } }',
    });
    const chosen = await cli('doctor', workspace.root, '--json', '--detectors', 'runtime');
    const second = JSON.parse(chosen.stdout) as DoctorReport;
    assert.deepEqual(
      second.configuration.map(({ name }) => name).filter((name) => name.includes('.') || name === 'detectors'),
      ['detectors'],
    );
    assert.equal(second.detectors.find(({ name }) => name === 'runtime')?.state, 'ready');
    assert.match(second.troubles.join('\n'), /import is a name of Bulkhead's own/);

    // A configuration that cannot be read hides nothing else.
    await workspace.write({ 'bulkhead.config.json': '{ "detectors": ' });
    const broken = await cli('doctor', workspace.root, '--untrusted', '--detectors', 'complexity,package');
    assert.equal(broken.code, 2, broken.stderr);
    assert.match(broken.stdout, /^complexity +ready +3$/m);
    assert.match(broken.stdout, /^eslint +off +- +not named by --detectors$/m);
    assert.match(broken.stdout, /^ {2}trusted = false {2}\(--untrusted\)$/m);
    assert.match(
      broken.stdout,
      /What is wrong, and what to do:\n {2}.*bulkhead\.config\.json:1:\d+: .*JSON syntax\.\n/,
    );
    assert.match(broken.stdout, /Exit code 2: bulkhead check would refuse this configuration\n$/);
  });
});
