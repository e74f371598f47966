import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { detector } from '../../../workers/detectors/typescript/index.ts';
import { runDetector } from '../../support/run-detector.ts';
import { makeWorkspace } from '../../support/workspace.ts';
import { makeProject, options, type Files } from './checkers-support.ts';
import { cleanUp, VERSIONS } from './support.ts';

const files: Files = {
  'tsconfig.json': JSON.stringify({ compilerOptions: { ...options, paths: { '@/*': ['./src/*'] } }, include: ['src'] }),
  'src/App.vue': '<template><p /></template>\n',
  'src/Button.svelte': '<script module>export const variants = {};</script>\n',
  'src/pages/index.astro': '<p />\n',
  'src/shim.d.ts':
    "declare module '*.svelte' { const component: { readonly name: string }; export default component; }\n",
  'node_modules/ui/package.json': '{ "name": "ui", "version": "1.0.0", "exports": { "./*": "./src/*" } }',
  'node_modules/ui/src/Menu.vue': '<template><p /></template>\n',
  'src/main.ts': `import App from './App.vue';
import Again from '@/App.vue';
import Menu from 'ui/Menu.vue';
import raw from './App.vue?raw';
import index from './pages/index.astro';
import Button, { variants } from './Button.svelte';
export { variants as again } from '@/Button.svelte';
export const lazy = () => import('./App.vue');
import './App.vue';
export { App, Again, Menu, raw, index, Button, variants };
`,
  'src/wrong.ts': `import Missing from './Missing.vue';
import Gone from '@/Gone.vue';
import None from 'ui/None.vue';
import { nothing } from './nothing';
import { absent } from './main';
export { Missing, Gone, None, nothing, absent };
`,
};

describe('components without their checker', function () {
  this.timeout(60_000);
  after(cleanUp);

  for (const [version, alias] of Object.entries(VERSIONS)) {
    it(`${version} reports an import of a component only if the file is not there`, async () => {
      await using workspace = await makeWorkspace({ ...files, 'package.json': '{ "name": "project" }' });
      await workspace.link({ typescript: alias });
      const { root } = workspace;
      const say = async (changed?: readonly string[]): Promise<readonly string[]> => {
        const found = await runDetector(detector, root, {}, changed ? { changed } : {});
        assert.deepEqual(found.problems, []);
        return found.issues.map(({ file, rule, range }) => `${file}:${String(range.start.line + 1)} ${rule}`);
      };
      const wrong = [1, 2, 3, 4].map((line) => `src/wrong.ts:${String(line)} TS2307`);
      assert.deepEqual(await say(), [...wrong, 'src/wrong.ts:5 TS2305']);
      await workspace.write({ 'src/Missing.vue': '<template><p /></template>\n' });
      assert.deepEqual(await say(['src/Missing.vue']), [...wrong.slice(1), 'src/wrong.ts:5 TS2305']);
      await rm(path.join(root, 'src/App.vue'));
      // Side effects are imports that TypeScript looks at from version 6 on.
      const gone = version === 'TypeScript 5.9' ? [1, 2, 4, 8] : [1, 2, 4, 8, 9];
      const now = (await say(['src/App.vue'])).filter((line) => line.startsWith('src/main.ts'));
      assert.deepEqual(
        now.map((line) => line.split(' ')[0]),
        gone.map((line) => `src/main.ts:${String(line)}`),
      );
    });
  }

  it('one note for each package and kind says what would check them', async () => {
    const config = JSON.stringify({ compilerOptions: options });
    await using workspace = await makeWorkspace({
      'package.json': '{ "name": "root", "private": true, "workspaces": ["packages/*"] }',
      'pnpm-lock.yaml': '',
      'packages/a/package.json': '{ "name": "a" }',
      'packages/a/tsconfig.json': config,
      'packages/a/tsconfig.test.json': config,
      'packages/a/One.vue': '<template><p /></template>\n',
      'packages/a/sub/Two.vue': '<template><p /></template>\n',
      'packages/a/index.ts': 'export {};\n',
      'packages/b/package.json': '{ "name": "b", "scripts": { "check": "svelte-check" } }',
      'packages/b/tsconfig.json': config,
      'packages/b/One.svelte': '<p />\n',
      'packages/b/index.ts': 'export {};\n',
      'packages/c/package.json': '{ "name": "c", "devDependencies": { "vue-tsc": "*", "@astrojs/check": "*" } }',
      'packages/c/tsconfig.json': config,
      'packages/c/index.ts': 'export {};\n',
    });
    const { plan } = await runDetector(detector, workspace.root, {}, { units: [] });
    assert.equal(
      plan.note,
      '2 .vue files of packages/a are not checked, because vue-tsc is not among its packages. ' +
        'Add it: pnpm add --save-dev vue-tsc. ' +
        '1 .svelte file of packages/b is not checked, because svelte-check is not installed. ' +
        'Install the packages of the project.',
    );
    assert.deepEqual(plan.problems, []);
  });

  it('no checker runs where code of the workspace may not, and the note says so', async () => {
    await using workspace = await makeProject(files, { vue: 'vue', 'vue-tsc': 'vue-tsc', typescript: 'typescript' });
    const { plan } = await runDetector(detector, workspace.root, { engine: 'native' }, { units: [] });
    assert.match(String(plan.engine), /^typescript 7\S+ \(bundled\)$/);
    assert.match(String(plan.note), /^1 \.vue file is not checked, because vue-tsc runs only in trusted workspaces/);
  });

  it('a checker that is too old, or has no TypeScript that it can use, is named', async () => {
    await using workspace = await makeWorkspace({
      ...files,
      'package.json': '{ "name": "project", "devDependencies": { "vue-tsc": "*", "svelte-check": "*" } }',
      'node_modules/vue-tsc/package.json': '{ "name": "vue-tsc", "version": "1.8.27" }',
      'node_modules/svelte-check/package.json': '{ "name": "svelte-check", "version": "4.4.0" }',
    });
    await workspace.link({ typescript: 'typescript7' });
    const { plan } = await runDetector(detector, workspace.root, {}, { units: [] });
    assert.match(String(plan.note), /vue-tsc 1\.8\.27 is too old\. Update it to 2\.0\.0 or later\./);
    assert.match(String(plan.note), /svelte-check 4\.4\.0 needs TypeScript 5 or 6, and there is only TypeScript 7\./);
    assert.match(String(plan.engine), /^typescript 7/);
  });

  it('TypeScript checks a project without components, whatever checker is installed', async () => {
    await using workspace = await makeWorkspace({
      'package.json': '{ "name": "project", "devDependencies": { "vue-tsc": "*" }, "scripts": { "check": "vue-tsc" } }',
      'tsconfig.json': JSON.stringify({ compilerOptions: options }),
      'main.ts': 'export {};\n',
    });
    await workspace.link({ typescript: 'typescript', 'vue-tsc': 'vue-tsc' });
    const engine = async (): Promise<string> =>
      String((await runDetector(detector, workspace.root, {}, { units: [] })).plan.engine);
    assert.match(await engine(), /^typescript 6/);
    await workspace.write({ 'App.vue': '<template><p /></template>\n' });
    assert.match(await engine(), /^vue-tsc 3/);
  });
});
