import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { baselineName, parseBaseline } from '../../../server/store/baseline.ts';
import { checkJson, startCli, type CliResult } from '../../support/cli.ts';
import { makeBrokenWorkspace, type TestWorkspace } from '../../support/workspace.ts';

/** Whoever runs these tests may be a build service; a baseline shrinks only where somebody reviews it. */
const env: NodeJS.ProcessEnv = { ...process.env, CI: '' };
/** With a result cache, because this is about what happens after the analysis. */
const options = { env, cache: true };

describe('bulkhead baseline', function () {
  this.timeout(120_000);
  let workspace: TestWorkspace;
  let file: string;
  let cache: string;
  const run = (...argv: string[]): Promise<CliResult> => startCli(argv, options).result;
  const check = async (...argv: string[]): Promise<string> => {
    const { code, stdout } = await run('check', workspace.root, '--fail-on', 'info', ...argv);
    return `${stdout}exit ${code}`;
  };
  const entries = async (): Promise<readonly string[]> =>
    parseBaseline(await readFile(file, 'utf8'), file).entries.map(({ file: place, rule }) => `${place} ${rule}`);

  before(async () => {
    workspace = await makeBrokenWorkspace();
    file = path.join(workspace.root, baselineName);
    cache = await mkdtemp(path.join(os.tmpdir(), 'bulkhead-baseline-'));
    Object.assign(env, { XDG_CACHE_HOME: cache, LOCALAPPDATA: cache });
  });
  after(async () => {
    await workspace[Symbol.asyncDispose]();
    await rm(cache, { recursive: true });
  });

  it('records all issues, and check shows only new ones', async () => {
    const { report } = await checkJson(workspace.root);
    const written = await run('baseline', workspace.root);
    assert.equal(written.code, 0, written.stderr);
    assert.match(written.stdout, new RegExp(`^${baselineName}: ${report.issues.length} issues\n$`));
    assert.equal((await entries()).length, report.issues.length);
    const text = await readFile(file, 'utf8');
    assert.ok(!text.includes(workspace.root), 'only relative paths');

    assert.match(await check(), /No new issues .*\n.*: \d+ known issues hidden\n[^]*\nexit 0$/);

    // Everything moves down, one old line is touched, and one new issue appears.
    const lines = 'const moved = 1;\nvar loose = moved;\n\nif (loose  ==  2) loose = 3;\nif (loose == 4) loose = 5;\n';
    await workspace.write({ 'src/loose.js': lines });
    const { code, report: after } = await checkJson(workspace.root, '--frozen');
    assert.equal(code, 1);
    assert.deepEqual(
      after.issues.map(({ rule, range }) => `${rule} ${range.start.line}`),
      ['eqeqeq 4'],
    );
    const { baseline } = after.summary;
    assert.deepEqual(baseline, { file: baselineName, known: report.issues.length, fixed: 0, removed: false });

    const { report: all } = await checkJson(workspace.root, '--no-baseline');
    assert.equal(all.issues.length, report.issues.length + 1);
    assert.equal(all.summary.baseline, undefined);
    assert.equal(await readFile(file, 'utf8'), text, 'a new issue never makes it grow');
  });

  it('shrinks when an issue is fixed, unless it is frozen or CI is set', async () => {
    await workspace.write({ 'src/types.ts': 'export const count: number = 3;\n' });
    const before = await entries();
    assert.ok(before.includes('src/types.ts TS2322'));
    const listed = await run('baseline', workspace.root, '--check');
    assert.match(
      listed.stdout,
      /^src\/types\.ts {2}typescript\/TS2322 .*\n.*1 fixed issue\. Run "bulkhead check" to remove it\./,
    );
    assert.equal(listed.code, 1);
    assert.match(await check('--frozen'), /1 fixed issue not removed yet/);
    await startCli(['check', workspace.root], { ...options, env: { ...env, CI: 'true' } }).result;
    await run('check', workspace.root, '--detectors', 'eslint');
    await run('check', workspace.root, '--timeout', '0.05', '--no-cache');
    assert.deepEqual(await entries(), before, 'nobody who did not look everywhere removes anything');

    assert.match(await check(), /1 fixed issue removed/);
    assert.deepEqual(
      await entries(),
      before.filter((entry) => entry !== 'src/types.ts TS2322'),
    );
    assert.equal((await run('baseline', workspace.root, '--check')).code, 0);
  });

  it('is not written by an incomplete analysis', async () => {
    const before = await readFile(file, 'utf8');
    await writeFile(path.join(workspace.root, 'eslint.config.js'), "throw new Error('the anchor is lost');\n");
    const refused = await run('baseline', workspace.root);
    assert.equal(refused.code, 3);
    assert.match(refused.stdout, /baseline was not changed:\n {2}eslint: .*the anchor is lost/);
    await run('check', workspace.root);
    assert.equal(await readFile(file, 'utf8'), before);
  });

  it('says what is wrong and what to do about it', async () => {
    const other = path.join(workspace.root, 'other.json');
    const missing = await run('check', workspace.root, '--baseline', other);
    assert.deepEqual([missing.code, missing.stdout], [2, '']);
    assert.match(missing.stderr, /Baseline not found: .*other\.json\. Create it with: bulkhead baseline --baseline/);
    await writeFile(other, '{"format": 1,\n "issues": [}');
    const broken = await run('check', workspace.root, '--baseline', other);
    assert.deepEqual([broken.code, broken.stdout], [2, '']);
    assert.match(broken.stderr, /other\.json:2:\d+: .*Fix the JSON syntax, or write the file again/);
    const both = await run('check', workspace.root, '--baseline', other, '--no-baseline');
    assert.match(both.stderr, /not both/);
    assert.match((await run('check', workspace.root, '--check')).stderr, /bulkhead check has no option --check/);
    await rm(file);
    assert.match((await run('baseline', workspace.root, '--check')).stderr, /Baseline not found/);
  });
});
