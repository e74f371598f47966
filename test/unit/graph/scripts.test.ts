/** Expected values are those of the compilers of Vue, Svelte and Astro for the same texts. */
import assert from 'node:assert/strict';
import { readRecord } from '../../../workers/graph/record.ts';
import { scriptsOf } from '../../../workers/graph/scripts.ts';

/** When each script runs, and its code. */
function scripts(file: string, text: string): readonly string[] {
  const found = scriptsOf(file, text);
  assert.ok(found);
  return [
    ...found.scripts.map(({ runs, start, end }) => `${runs} ${text.slice(start, end).trim()}`),
    ...found.external.map(({ specifier }) => `src ${specifier}`),
  ];
}

describe('the scripts of a component', () => {
  const vue: Readonly<Record<string, readonly [text: string, ...scripts: string[]]>> = {
    'both scripts': [
      '<script lang="ts">one</script>\n<script setup lang="ts" generic="T extends Map<a, b>">two</script>',
      'module one',
      'instance two',
    ],
    'templates in templates': [
      '<template><template #a><template v-if="x < y">t</template></template></template><script setup>a</script>',
      'instance a',
    ],
    'a script named in a template': [
      '<template><p v-if="a > b && \'</template>\'">{{ a<b }}</p></template><script>a</script>',
      'module a',
    ],
    'a comment': ["<!-- <script>import 'no'</script> --><script>a</script><!-- open", 'module a'],
    'custom blocks': ["<docs><script>import 'no'</script></docs><i18n>{}</i18n><script>a</script>", 'module a'],
    'another template language': ['<template lang="pug">\nscript.\n  a < b\n</template><script>a</script>', 'module a'],
    'a template elsewhere': ['<template src="./x.html" /><script>a</script>', 'module a'],
    'a stray end': ['</script><script>a</script></script>', 'module a'],
    'code elsewhere': ['<script src="./a.ts" lang="ts"></script><script setup>b</script>', 'instance b', 'src ./a.ts'],
    'another language': ['<script lang="coffee">a</script>'],
  };
  const svelte: typeof vue = {
    'both scripts': [
      '<script context="module">one</script><script lang="ts">two</script>',
      'module one',
      'instance two',
    ],
    'the attribute of Svelte 5': [
      '<script module>one</script>{#if a < b}x{/if}<script>two</script>',
      'module one',
      'instance two',
    ],
    'scripts of the page': [
      '<svelte:head><script>gtag()</script></svelte:head><script>a</script><div><script>no</script></div>',
      'instance a',
    ],
    'a script in an expression': [
      "{@html '<script>no</scr' + 'ipt>'}<p on:click={() => a > b && '<script>'}>it's</p><script>a</script>",
      'instance a',
    ],
    data: ['<script type="application/ld+json">{}</script><script>a</script>', 'instance a'],
    'a comment': [
      "<!-- <script>import 'no'</script> --><style>a { b: '<script>' }</style><script>a</script>",
      'instance a',
    ],
  };
  const astro: typeof vue = {
    'front matter and a client script': [
      '---\none\n---\n<p>{a < 3}</p><script>two</script>',
      'instance one',
      'client two',
    ],
    'what is left to the page': [
      '<script is:inline>no</script><script type="module">no</script><script define:vars={{ a }}>no</script><script>a</script>',
      'client a',
    ],
    comments: [
      '---\none\n---\n<!-- <script>no</script> -->{/* <script>no</script> */}<script>a</script>',
      'instance one',
      'client a',
    ],
    'dashes in code': ["\n---\nconst a = '---'; // --- x\n---\n", "instance const a = '---'; // --- x"],
    files: ['<script src="./a.ts"></script><script src="/public.js"></script>', 'src ./a.ts'],
  };
  for (const [extension, cases] of Object.entries({ vue, svelte, astro })) {
    for (const [name, [text, ...wanted]] of Object.entries(cases)) {
      it(`${extension}: ${name}`, () => {
        assert.deepEqual(scripts(`a.${extension}`, text), wanted);
      });
    }
  }
  it('are found in a time that does not depend on what is open', () => {
    for (const part of [
      '{',
      '<a {',
      "{'",
      '{/*',
      '<b>',
      '<template>',
      '{{',
      '<a x="',
      '<script>',
      '<!--',
      '</script',
      '---\n',
    ]) {
      for (const extension of ['vue', 'svelte', 'astro']) {
        const started = process.cpuUsage();
        scriptsOf(`a.${extension}`, `<template>${part.repeat(50_000)}`);
        const { user } = process.cpuUsage(started);
        assert.ok(user < 5_000_000, `${part} in ${extension}: ${String(user)} µs`);
      }
    }
  }).timeout(60_000);

  it('are none of other files', () => {
    assert.equal(scriptsOf('a.ts', '<script>a</script>'), undefined);
  });
});

describe('the module record of a component', () => {
  it('reads each script in its own language', () => {
    const text =
      '<script lang="ts">\nimport { a } from \'./a\'; const f = <T>(x: T) => x;\n</script>\n<script setup lang="ts">import \'./b\'; await f(a);</script>';
    const { requests, isBroken } = readRecord('a.vue', text);
    assert.equal(isBroken, false);
    assert.deepEqual(
      requests.map(({ specifier, specifierStart }) => [specifier, text.slice(specifierStart + 1, specifierStart + 4)]),
      [['./a', './a'], ['./b', './b']], // prettier-ignore
    );
  });

  it('loses no more than the script that is broken', () => {
    const { requests, isBroken } = readRecord(
      'a.vue',
      "<script>import './a'; const = ;</script><script setup>require('./b'); import './c';</script>",
    );
    assert.equal(isBroken, true);
    assert.deepEqual(requests.map(({ specifier }) => specifier), ['./a', './b', './c']); // prettier-ignore
  });

  it('takes `export` in an instance of Svelte for a property', () => {
    const { exports } = readRecord(
      'a.svelte',
      '<script module>export const a = 1;</script><script>export let b;</script>',
    );
    assert.deepEqual(exports.map(({ name }) => name), ['a']); // prettier-ignore
  });

  it('reads front matter that returns early', () => {
    const { isBroken, requests } = readRecord(
      'a.astro',
      "---\nif (a) return Astro.redirect('/');\nconst b = import('./b');\n---\n",
    );
    assert.deepEqual([isBroken, requests.length], [false, 1]);
  });
});
