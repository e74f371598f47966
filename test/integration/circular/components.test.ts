/** Cycles of single-file components. What works here was built and rendered with the compilers of the frameworks. */
import assert from 'node:assert/strict';
import { detector } from '../../../workers/detectors/circular/index.ts';
import { runDetector } from '../../support/run-detector.ts';
import { workspaceOf } from '../graph/workspace.ts';

type Files = Readonly<Record<string, string | object>>;

/** `file:line rule`, lines from 1. */
async function found(files: Files): Promise<readonly string[]> {
  using workspace = workspaceOf(files);
  const { issues } = await runDetector(detector, workspace.root);
  return issues.map(({ file, rule, range }) => `${file}:${String(range.start.line + 1)} ${rule}`);
}

describe('circular: components', () => {
  it('lets the script of an instance read what its module imports in a cycle', async () => {
    const files = {
      'vue/main.js': "import './P.vue';",
      'vue/P.vue':
        "<script>\nexport const KEY = Symbol();\n</script>\n<script setup>\nimport C from './C.vue';\n</script>",
      'vue/C.vue': "<script setup>\nimport { KEY } from './P.vue';\nconst v = inject(KEY);\n</script>",
      'svelte/main.js': "import './P.svelte';",
      'svelte/P.svelte': "<script module>\nimport C from './C.svelte';\nexport const ctx = {};\n</script>\n<C/>",
      'svelte/C.svelte': "<script>\nimport { ctx } from './P.svelte';\nconst c = ctx.get();\n</script>",
      'astro/main.js': "import './P.astro';",
      'astro/P.astro': "---\nimport { list } from './list';\nconst one = list[0];\n---\n",
      'astro/list.js': "import P from './P.astro';\nexport const list = [() => P];",
    };
    assert.deepEqual(await found(files), [
      'astro/list.js:1 import-cycle',
      'svelte/P.svelte:2 import-cycle',
      'vue/P.vue:5 import-cycle',
    ]);
  });

  it('reports what a component reads while its module loads', async () => {
    const parent =
      "<script>\nimport C from './C.vue';\nexport const KEY = 1;\nexport default { components: { C } };\n</script>";
    for (const [child, line] of [
      ["<script>\nimport { KEY } from './P.vue';\nexport const v = [KEY];\n</script>", 3],
      ["<script setup>\nimport { KEY } from './P.vue';\nconst p = defineProps({ a: { default: KEY } });\n</script>", 3],
      [
        '<script setup lang="ts">\nimport { KEY } from \'./P.vue\';\nwithDefaults(defineProps<{ a?: number }>(), { a: KEY });\n</script>',
        3,
      ],
    ] as const) {
      const files = { 'main.js': "import './P.vue';", 'P.vue': parent, 'C.vue': child };
      assert.ok((await found(files)).includes(`C.vue:${String(line)} cycle-uses-at-load`), child);
    }
    const svelte = {
      'main.js': "import './P.svelte';",
      'P.svelte': "<script module>\nimport { c } from './C.svelte';\nexport const ctx = {};\n</script>",
      'C.svelte': "<script module>\nimport { ctx } from './P.svelte';\nexport const c = [ctx];\n</script>",
    };
    assert.deepEqual(await found(svelte), ['C.svelte:3 cycle-uses-at-load', 'P.svelte:2 import-cycle']);
    const astro = {
      'main.js': "import './P.astro';",
      'P.astro': "---\nimport { c } from './c';\nexport const prerender = [c];\n---\n",
      'c.js': "import { prerender } from './P.astro';\nexport const c = [prerender];",
    };
    assert.deepEqual(await found(astro), ['c.js:1 import-cycle', 'c.js:2 cycle-uses-at-load']);
  });

  it('lets a component contain itself', async () => {
    const files = {
      'Tree.vue': "<script setup>\nimport Tree from './Tree.vue';\n</script>",
      'Tree.svelte': "<script>\nimport Tree from './Tree.svelte';\n</script>",
      'Tree.astro': "---\nimport Tree from './Tree.astro';\n---\n",
      'types/index.d.ts': "import tree = require('./index');\nimport { Tree } from '.';\nexport class Tree {}",
      'Tree.tsx': "import Tree from './Tree.tsx';\nexport default Tree;",
    };
    assert.deepEqual(await found(files), ['Tree.tsx:1 self-import']);
  });

  it('takes a client script of Astro for a module that nothing imports', async () => {
    const files = {
      'page.astro': "---\nimport { a } from './a';\n---\n<script>\nimport './client';\n</script>",
      'a.js': 'export const a = 1;',
      'client.js': "import './page.astro';",
    };
    assert.deepEqual(await found(files), []);
  });

  it('does not look into comments and custom blocks', async () => {
    const files = {
      'a.vue':
        "<!-- <script>import './b.vue'</script> -->\n<docs><script>import './b.vue'</script></docs>\n<script>export default {}</script>",
      'b.vue': "<script>import './a.vue'</script>",
    };
    assert.deepEqual(await found(files), []);
  });
});
