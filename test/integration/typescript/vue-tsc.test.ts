import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { detector } from '../../../workers/detectors/typescript/index.ts';
import { runDetector } from '../../support/run-detector.ts';
import { makeProject, options, vueTsc, type Files } from './checkers-support.ts';
import { Asker, cleanUp, codesOf, linesByUnit, unitsNamed } from './support.ts';

const files: Files = {
  'tsconfig.json':
    '{ "files": [], "references": [{ "path": "./tsconfig.app.json" }, { "path": "./tsconfig.node.json" }] }',
  'tsconfig.app.json': JSON.stringify({
    compilerOptions: { ...options, paths: { '@/*': ['./src/*'] } },
    include: ['src/**/*.ts', 'src/**/*.vue'],
  }),
  'tsconfig.node.json': JSON.stringify({ compilerOptions: options, include: ['*.config.ts'] }),
  'vite.config.ts': 'export const port: number = "80";\n',
  'src/main.ts': `import { createApp } from 'vue';
import App from './App.vue';
import Counter from '@/components/Counter.vue';
import Nowhere from './Nowhere.vue';
createApp(App).mount('#app');
export const c: InstanceType<typeof Counter>['start'] = 'no number';
export const text = '😀'; void Nowhere;
`,
  'src/App.vue': `<script setup lang="ts">
import Counter from './components/Counter.vue';
import { limit } from './components/Counter.vue';
const emoji = '😀'; const n: string = 5;
const text: number = limit;
</script>

<template>
  <Counter :start="n" @done="(value) => value.nope" />
  <p>{{ missing }} 😀 {{ emoji.nope }}</p>
  <Counter />
</template>

<style scoped>
p { color: red; }
</style>
`,
  'src/components/Counter.vue': `<script lang="ts">
export const limit = 'ten';
</script>
<script setup lang="ts">
const { start } = defineProps<{ start: number }>();
defineEmits<{ done: [value: string] }>();
</script>
<template><p>{{ start.toFixed(limit) }}</p></template>
`,
  'src/Plain.vue': '<script>\nexport default { data: () => ({ a: 1 }) };\n</script>\n<template>{{ a.b }}</template>\n',
  'src/windows.vue':
    '<script setup lang="ts">\r\nconst a = 1;\r\nconst b: string = a;\r\n</script>\r\n<template>{{ b.c }}</template>\r\n',
  'src/TwoNames.vue': '<script setup lang="ts">\nconst a: string = 1;\n</script>\n<template>{{ a }}</template>\n',
  'src/TwoNames.ts': 'export const b: string = 1;\n',
};

for (const [name, alias] of Object.entries({ 'vue-tsc 3': 'vue-tsc', 'vue-tsc 2': 'vue-tsc2' })) {
  describe(`${name} in place of tsc`, function () {
    this.timeout(120_000);
    after(cleanUp);
    const packages = { vue: 'vue', 'vue-tsc': alias, typescript: 'typescript' };

    it('finds what vue-tsc prints, in components too, project by project', async () => {
      await using workspace = await makeProject(files, packages);
      const { root } = workspace;
      const found = await runDetector(detector, root);
      assert.deepEqual(found.problems, []);
      assert.equal(found.plan.note, undefined);
      // vue-tsc 2 writes its global types there.
      assert.equal(existsSync(path.join(root, 'node_modules/.vue-global-types')), false);
      assert.match(String(found.plan.engine), /^vue-tsc \d\S+ \(typescript 6\S+\)$/);
      assert.deepEqual(unitsNamed(found), ['tsconfig.app.json', 'tsconfig.node.json']);
      const all: string[] = [];
      for (const [unit, lines] of linesByUnit(found)) {
        assert.deepEqual(lines, await vueTsc(root, unit), unit);
        all.push(...lines);
      }
      assert.deepEqual(all.sort(), await vueTsc(root, 'tsconfig.json', ['--build']));
      for (const code of ['TS2307', 'TS2322', 'TS2339', 'TS2345']) assert.ok(codesOf(all).includes(code), code);
      for (const place of ['src/App.vue(9', 'src/App.vue(10', 'src/components/Counter.vue(8', 'src/windows.vue(3'])
        assert.ok(
          all.some((line) => line.startsWith(place)),
          place,
        );
    });

    it('follows edits, unsaved ones too, to the components that they concern', async () => {
      await using workspace = await makeProject(files, packages);
      const asker = new Asker({ root: workspace.root, write: workspace.write, remove: () => Promise.resolve() });
      await asker.ask();
      const file = 'src/components/Counter.vue';
      const text = String(files[file]).replace('start: number', 'start: string; other: boolean');
      const overlays = [{ file, text, version: 1 }];
      const { files: answered, kept } = await asker.ask({ overlays, changed: [file] });
      assert.equal(kept['tsconfig.app.json'], 'affected');
      assert.equal(kept['tsconfig.node.json'], 'unchanged');
      assert.ok(answered.includes(file) && answered.includes('src/App.vue') && answered.includes('src/main.ts'));
      assert.ok(!answered.includes('src/Plain.vue'));
      const soon = asker.linesOf('tsconfig.app.json');
      await asker.confirm({ overlays });
      await writeFile(path.join(workspace.root, file), text);
      const saved = await vueTsc(workspace.root, 'tsconfig.app.json');
      assert.deepEqual(asker.linesOf('tsconfig.app.json'), saved);
      assert.deepEqual(soon, saved);
      // Discarded, a component goes, and another comes.
      await writeFile(path.join(workspace.root, file), String(files[file]));
      await workspace.write({ 'src/Nowhere.vue': '<template><p /></template>\n' });
      await asker.ask({ changed: [file, 'src/Nowhere.vue'] });
      assert.deepEqual(asker.linesOf('tsconfig.app.json'), await vueTsc(workspace.root, 'tsconfig.app.json'));
      assert.ok(!asker.linesOf('tsconfig.app.json').some((line) => line.includes('TS2307')));
    });
  });
}
