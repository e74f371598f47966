import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import type { CheckContext } from '../../../workers/protocol/detector.ts';
import { detector } from '../../../workers/detectors/typescript/index.ts';
import { patienceMs } from '../../support/patience.ts';
import { runDetector } from '../../support/run-detector.ts';
import { makeProject, options, svelteCheck, type Files } from './checkers-support.ts';
import { Asker, cleanUp, linesByUnit } from './support.ts';

const packages = { svelte: 'svelte', 'svelte-check': 'svelte-check', typescript: 'typescript' };

const files: Files = {
  'tsconfig.json':
    '{ "files": [], "references": [{ "path": "./tsconfig.app.json" }, { "path": "./tsconfig.node.json" }] }',
  'tsconfig.app.json': JSON.stringify({
    compilerOptions: { ...options, types: ['svelte'] },
    include: ['src/**/*.ts', 'src/**/*.svelte'],
  }),
  'tsconfig.node.json': JSON.stringify({ compilerOptions: options, include: ['*.config.ts'] }),
  'tool.config.ts': 'export const port: number = "80";\n',
  'src/index.ts': `export { default as Button, variants, type Variant } from './Button.svelte';
export const n: number = 'no';
`,
  'src/Button.svelte': `<script module lang="ts">
  export const variants = { a: 1 };
  export type Variant = keyof typeof variants;
</script>
<script lang="ts">
  let { variant }: { variant: Variant } = $props();
  const bad: number = variant;
</script>
<img src="x.png" />
<p class="used">{bad.nope} 😀 {variant.nope}</p>
<style>
  .used { color: red }
  .unused { color: blue }
</style>
`,
  'src/App.svelte': '<script lang="ts">\n  import Button from "./Button.svelte";\n</script>\n<Button variant="b" />\n',
};

describe('svelte-check in place of tsc', function () {
  this.timeout(120_000);
  after(cleanUp);

  it('finds what svelte-check prints where there are components, and tsc keeps the rest', async () => {
    await using workspace = await makeProject(files, packages);
    const { root } = workspace;
    const found = await runDetector(detector, root);
    assert.deepEqual(found.problems, []);
    assert.equal(found.plan.note, undefined);
    assert.match(String(found.plan.engine), /^svelte-check 4\.\S+ \(typescript 6\S+\), typescript 6\S+ \(workspace\)$/);
    const lines = linesByUnit(found);
    const expected = await svelteCheck(root, 'tsconfig.app.json');
    assert.deepEqual(lines.get('tsconfig.app.json'), expected);
    for (const rule of [
      'error TS2322',
      'error TS2339',
      'warning a11y_missing_attribute',
      'warning css_unused_selector',
    ])
      assert.ok(
        expected.some((line) => line.includes(rule)),
        rule,
      );
    assert.ok(expected.some((line) => line.startsWith('src/index.ts')));
    assert.deepEqual(
      lines.get('tsconfig.node.json')?.map((line) => line.slice(0, 14)),
      ['tool.config.ts'],
    );
  });

  it('runs once more when an edit is over, with unsaved texts', async () => {
    await using workspace = await makeProject(
      { ...files, 'tsconfig.json': files['tsconfig.app.json'] ?? '' },
      packages,
    );
    const { root, write } = workspace;
    const asker = new Asker({ root, write, remove: () => Promise.resolve() });
    await asker.ask();
    const file = 'src/Button.svelte';
    const text = String(files[file])
      .replace('{ a: 1 }', '{ a: 1, b: 2 }')
      .replace('const bad: number', 'const bad: string');
    const overlays = [{ file, text, version: 1 }];
    assert.deepEqual(await asker.ask({ overlays, changed: [file] }), {
      files: [],
      kept: { 'tsconfig.json': 'affected' },
    });
    await asker.confirm({ overlays });
    const unsaved = asker.linesOf('tsconfig.json');
    await write({ [file]: text });
    const saved = await svelteCheck(root, 'tsconfig.json');
    assert.deepEqual(unsaved, saved);
    assert.ok(!saved.some((line) => line.startsWith('src/App.svelte')));
    assert.deepEqual((await asker.ask({ overlays, changed: [] })).kept, { 'tsconfig.json': 'unchanged' });
  });

  it('killed in the middle of a run, the check is complete all the same', async () => {
    // Windows has no `pgrep`; what is tested does not depend on the platform.
    if (process.platform === 'win32') return;
    await using workspace = await makeProject(files, packages);
    const { plan } = await runDetector(detector, workspace.root, {}, { units: [] });
    const warnings: string[] = [];
    let issues = 0;
    const context: CheckContext = {
      signal: new AbortController().signal,
      log: (_level, message) => warnings.push(message),
      begin: () => {},
      report: (_unit, _file, findings) => void (issues += findings.length),
      problem: ({ message }) => assert.fail(message),
      progress: () => {},
      done: () => Promise.resolve(),
    };
    const units = plan.units.filter(({ id }) => id === 'tsconfig.app.json');
    const request = { detector: 'typescript', root: workspace.root, options: {}, revision: 1, units };
    const check = detector.check({ ...request, overlays: [], first: [] }, context);
    let [pid] = children();
    for (; pid === undefined; [pid] = children()) await setTimeout(50);
    process.kill(pid, 'SIGKILL');
    await check;
    assert.match(warnings.join('\n'), /svelte-check 4\S+ was killed by another process \(SIGKILL\); trying again/);
    assert.equal(issues, (await svelteCheck(workspace.root, 'tsconfig.app.json')).length);
  });

  it('is gone soon after we are killed', async () => {
    if (process.platform === 'win32') return;
    await using workspace = await makeProject(files, packages);
    const code = `
      const { detector } = await import(process.argv[1]);
      const root = process.argv[2];
      const signal = new AbortController().signal;
      const plan = await detector.plan({ detector: 'typescript', root, options: {} }, { signal, log() {} });
      const quiet = { signal, log() {}, begin() {}, report() {}, problem() {}, progress() {}, done: async () => {} };
      process.send('checking');
      await detector.check({ detector: 'typescript', root, options: {}, revision: 1, units: plan.units, overlays: [], first: [] }, quiet);
    `;
    const module = new URL('../../../workers/detectors/typescript/index.ts', import.meta.url).href;
    const parent = spawn(process.execPath, ['--input-type=module', '-e', code, module, workspace.root], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    await once(parent, 'message');
    let started = children(parent.pid);
    for (; started.length === 0; started = children(parent.pid)) await setTimeout(50);
    parent.kill('SIGKILL');
    await once(parent, 'exit');
    const deadline = Date.now() + patienceMs;
    while (started.some(isAlive) && Date.now() < deadline) await setTimeout(50);
    assert.deepEqual(started.filter(isAlive), []);
  });
});

function children(parent = process.pid): readonly number[] {
  try {
    return execFileSync('pgrep', ['-P', String(parent), '-f', '--', 'svelte-check --workspace'], { encoding: 'utf8' })
      .split('\n')
      .filter(Boolean)
      .map(Number);
  } catch {
    return [];
  }
}

/** A process that has ended and was not waited for is not alive. */
function isAlive(pid: number): boolean {
  try {
    return !execFileSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' }).startsWith('Z');
  } catch {
    return false;
  }
}
