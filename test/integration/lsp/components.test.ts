/** Errors in components, as an editor shows them while they are edited, through a language server and its workers. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { Editor } from '../../support/lsp-client.ts';
import { makeWorkspace } from '../../support/workspace.ts';

const config = JSON.stringify({
  compilerOptions: {
    module: 'esnext',
    moduleResolution: 'bundler',
    strict: true,
    noEmit: true,
    types: [],
    skipLibCheck: true,
  },
  include: ['src'],
});

const counter =
  '<script setup lang="ts">\ndefineProps<{ start: number }>();\n</script>\n<template><p>{{ start }}</p></template>\n';
const app = `<script setup lang="ts">
import Counter from './Counter.vue';
</script>
<template><Counter :start="1" /></template>
`;

describe('components over stdio', function () {
  this.timeout(120_000);

  it('shows what an unsaved edit means to other components, also after its checker was killed', async () => {
    await using workspace = await makeWorkspace({
      'package.json': '{ "private": true, "devDependencies": { "vue": "*", "vue-tsc": "*", "svelte-check": "*" } }',
      'app/package.json': '{ "private": true, "devDependencies": { "vue-tsc": "*" } }',
      'app/tsconfig.json': config,
      'app/src/Counter.vue': counter,
      'app/src/App.vue': app,
      'site/package.json': '{ "private": true, "scripts": { "check": "svelte-check" } }',
      'site/tsconfig.json': config,
      'site/src/index.ts': 'export const port: number = 80;\n',
    });
    await workspace.link({
      vue: 'vue',
      'vue-tsc': 'vue-tsc',
      svelte: 'svelte',
      'svelte-check': 'svelte-check',
      typescript: 'typescript',
    });
    const { root } = workspace;
    await using editor = new Editor();
    await editor.open([root]);
    const first = await editor.settled();
    const { engine } = first.detectors.find(({ name }) => name === 'typescript') ?? {};
    assert.match(String(engine), /^typescript 6\S+ \(workspace\), vue-tsc 3\S+ \(typescript 6\S+\)$/);
    assert.deepEqual(editor.rules(root, 'app/src/App.vue'), []);

    const uri = pathToFileURL(path.join(root, 'app/src/Counter.vue')).href;
    const type = (version: number, text: string): Promise<void> =>
      editor.connection.sendNotification('textDocument/didChange', {
        textDocument: { uri, version },
        contentChanges: [{ text }],
      });
    await editor.connection.sendNotification('textDocument/didOpen', {
      textDocument: { uri, languageId: 'vue', version: 1, text: counter },
    });
    await type(2, counter.replace('number', 'string'));
    await editor.until('the other component has an error', () =>
      editor.rules(root, 'app/src/App.vue').includes('TS2322'),
    );

    const worker = editor.statuses.at(-1)?.workers.find(({ name }) => name.startsWith('typescript'));
    assert.ok(worker?.pid !== undefined);
    process.kill(worker.pid, 'SIGKILL');
    await type(3, counter.replace('start:', 'begin:'));
    await editor.until('the error is another one', () => editor.rules(root, 'app/src/App.vue').includes('TS2345'));

    // The first component of a project brings its checker.
    await workspace.write({ 'site/src/One.svelte': '<script lang="ts">\n  const a: number = "x";\n</script>\n{a}\n' });
    await editor.watched(root, { 'site/src/One.svelte': 1 });
    await editor.until('svelte-check runs', () => editor.rules(root, 'site/src/One.svelte').includes('TS2322'));
  });
});
