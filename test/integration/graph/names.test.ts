/** Names that frameworks give and tools define: none of them is reported, and what they do not give is. */
import assert from 'node:assert/strict';
import { detector as circular } from '../../../workers/detectors/circular/index.ts';
import { detector as imports } from '../../../workers/detectors/import/index.ts';
import { detector as packages } from '../../../workers/detectors/package/index.ts';
import type { DetectorOptions } from '../../../workers/protocol/detector-protocol.ts';
import { runDetector } from '../../support/run-detector.ts';
import { workspaceOf } from './workspace.ts';

type Files = Readonly<Record<string, string | object>>;

/** Specifiers with an issue, each with its severity, sorted. `node_modules/x` makes packages of the tests installed. */
async function told(files: Files, options: DetectorOptions = {}): Promise<readonly string[]> {
  using workspace = workspaceOf({ 'package.json': { name: 'root', private: true }, ...INSTALLED, ...files });
  const found: string[] = [];
  for (const detector of [imports, packages]) {
    const { issues, problems } = await runDetector(detector, workspace.root, options);
    assert.deepEqual(problems, []);
    for (const { rule, severity, message } of issues) {
      if (!['unresolved', 'unresolved-package', 'unlisted-dependency', 'exports-blocked'].includes(rule)) continue;
      found.push(`${severity} ${/'([^']+)'/.exec(message)?.[1] ?? message}`);
    }
  }
  return found.sort();
}

/** Something is installed, so packages are checked. */
const INSTALLED: Files = { 'node_modules/x/package.json': { name: 'x', version: '1.0.0' } };

function importing(...specifiers: readonly string[]): string {
  return specifiers.map((specifier) => `import '${specifier}';\n`).join('');
}

const declaring = (...names: readonly string[]): object => ({
  name: 'root',
  private: true,
  devDependencies: Object.fromEntries(names.map((name) => [name, '*'])),
});

describe('names of frameworks', () => {
  it('knows those of Nuxt 4 before anything is generated', async () => {
    const files = {
      'package.json': declaring('nuxt'),
      'nuxt.config.ts': 'export default defineNuxtConfig({});\n',
      'app/composables/a.ts': 'export const a = 1;\n',
      'shared/types.ts': 'export type T = 1;\n',
      'server/utils/db.ts': '',
      'layers/base/nuxt.config.ts': '',
      'layers/base/app/utils/u.ts': importing('~/utils/u', '~~/nuxt.config', '~/composables/a'),
      'app/app.vue': `<script setup>\n${importing(
        '#imports', '#components', '#app', '#app/nuxt', '#build/x', '#shared/types', '#server/utils/db',
        '~/composables/a', '@/composables/a', '~~/app/composables/a', '@@/shared/types', '#layers/base/utils/u', 'vue',
        '#ui/colors', '#componentz', '~/composables/gone', '#shared/gone',
      )}</script>\n`, // prettier-ignore
    };
    assert.deepEqual(await told(files), [
      'error #componentz', 'error #shared/gone', 'error ~/composables/gone', 'hint #ui/colors',
    ]); // prettier-ignore
  });

  it('follows the source folder of Nuxt: its own, `app`, or the one that the configuration names', async () => {
    const page = `<script>\n${importing('~/utils/u', '~/utils/gone')}</script>\n`;
    for (const [folder, config] of [
      ['', 'export default defineNuxtConfig({ vite: { plugins: [pwa({ srcDir: "worker" })] } });'],
      ['app/', ''],
      ['client/', 'export default defineNuxtConfig({ srcDir: "client/" });'],
    ]) {
      const files = { 'package.json': declaring('nuxt'), 'nuxt.config.ts': config ?? '', [`${folder ?? ''}utils/u.ts`]: '', [`${folder ?? ''}app.vue`]: page }; // prettier-ignore
      assert.deepEqual(await told(files), ['error ~/utils/gone'], folder);
    }
  });

  it('knows those of SvelteKit, and what it does not give', async () => {
    const names = [
      '$app/state', '$app/stores', '$env/dynamic/public', '$env/static/private', '$lib/there', '$lib', '$comp/C.svelte', './$types',
      './$types.js', '$service-worker', '$app/storess', '$env/static/secret', '$lib/gone', '$comp/Gone.svelte',
    ]; // prettier-ignore
    const files = {
      'package.json': declaring('@sveltejs/kit', 'svelte'),
      'svelte.config.js': "export default { kit: { alias: { $comp: 'src/comp' } } };\n",
      'src/lib/there.ts': '',
      'src/lib/index.ts': '',
      'src/comp/C.svelte': '',
      'src/routes/+page.svelte': `<script>\n${importing(...names)}</script>\n`,
    };
    const expected = ['error $app/storess', 'error $comp/Gone.svelte', 'error $env/static/secret', 'error $lib/gone'];
    assert.deepEqual(await told(files), expected);
    // An installed version may give more.
    const installed = { 'node_modules/@sveltejs/kit/types/index.d.ts': "declare module '$app/storess' {\n}\n" };
    assert.deepEqual(await told({ ...files, ...installed }), expected.slice(1));
  });

  it('knows those of Astro, Next.js, UnoCSS, WordPress, Bun, Cloudflare and plug-ins of Vite', async () => {
    const cases: readonly (readonly [packages: readonly string[], names: readonly string[], wrong: readonly string[]])[] = [
      [['astro'], ['astro:content', 'astro:transitions/client', 'astro:new-one'], ['astro:contents']],
      [['next'], ['server-only', 'client-only', 'styled-jsx/css', 'next/dist/compiled/ws'], []],
      [['unocss'], ['uno.css', 'virtual:uno.css'], []],
      [['@wordpress/scripts'], ['@wordpress/blocks', '@wordpress/i18n', 'jquery'], []],
      [['@types/bun'], ['bun', 'bun:test', 'bun:sqlite'], ['bun:tset']],
      [['wrangler'], ['cloudflare:workers', 'cloudflare:sockets', '__STATIC_CONTENT_MANIFEST'], ['cloudflare:worker']],
      [['vite', 'unplugin-icons'], ['~icons/mdi/home', 'virtual:anything', 'virtual:a/b'], []],
      [['@docusaurus/core'], ['@theme/Layout', '@generated/x', '@docusaurus/Link'], []],
      [['@react-router/dev'], ['./+types/root', 'virtual:react-router/server-build'], []],
    ]; // prettier-ignore
    for (const [names, right, wrong] of cases) {
      const files = { 'package.json': declaring(...names), 'app/a.js': importing(...right, ...wrong) };
      assert.deepEqual(
        await told(files),
        wrong.map((name) => `error ${name}`),
        names.join(),
      );
    }
  });

  it('knows the aliases that come with a framework', async () => {
    const cases: readonly (readonly [name: string, file: string, alias: string])[] = [
      ['@ice/app', 'src/a.js', '@'],
      ['@modern-js/app-tools', 'shared/a.js', '@shared'],
      ['laravel-vite-plugin', 'resources/js/a.js', '@'],
      ['vite-plugin-ruby', 'app/javascript/a.js', '~'],
    ];
    for (const [name, file, alias] of cases) {
      const files = { 'package.json': declaring(name), [file]: '', 'b.js': importing(`${alias}/a`, `${alias}/gone`) };
      assert.deepEqual(await told(files), [`error ${alias}/gone`], name);
    }
    assert.deepEqual(await told({ 'package.json': declaring('@ice/app'), 'a.js': importing('ice', 'ice/types') }), []);
  });

  it('reports the same names where nothing gives them', async () => {
    const names = ['server-only', 'uno.css', '@wordpress/blocks', 'bun', '$lib/x'];
    const found = await told({ 'a.js': importing(...names) });
    assert.deepEqual(found, [
      'error @wordpress/blocks',
      'error bun',
      'error server-only',
      'error uno.css',
      'hint $lib/x',
    ]);
  });

  it('takes the framework of the nearest package', async () => {
    const files = {
      'package.json': { name: 'root', private: true, workspaces: ['apps/*'] },
      'apps/web/package.json': { name: 'web', private: true, dependencies: { next: '*' } },
      'apps/web/a.js': importing('server-only'),
      'apps/api/package.json': { name: 'api', private: true },
      'apps/api/a.js': importing('server-only'),
    };
    assert.deepEqual(await told(files), ['error server-only']);
  });
});

describe('aliases of tools', () => {
  const sources = { 'src/there.js': 'export const a = 1;\n', 'src/lib/x.js': 'export const a = 1;\n' };
  const asks = { 'src/main.js': importing('@/there', '@/gone') };

  const forms: Readonly<Record<string, Files>> = {
    'path.resolve in CommonJS': {
      'webpack.config.js': "const path = require('path');\nmodule.exports = { resolve: { alias: { '@': path.resolve(__dirname, 'src') } } };",
    },
    'path.join imported by name': {
      'rspack.config.mjs': "import { join } from 'node:path';\nexport default { resolve: { alias: { '@': join(import.meta.dirname, 'src') } } };",
    },
    'fileURLToPath(new URL())': {
      'vite.config.ts': "import { fileURLToPath, URL } from 'node:url';\nimport { defineConfig } from 'vite';\nexport default defineConfig({ resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } } });",
    },
    'new URL().pathname': {
      'vite.config.js': "export default { resolve: { alias: { '@': new URL('./src', import.meta.url).pathname } } };",
    },
    'a path from the root of the project': { 'vite.config.js': "export default { resolve: { alias: { '@/': '/src/' } } };" },
    'a list of find and replacement': {
      'vitest.config.ts': "import path from 'path';\nexport default { test: { alias: [{ find: /^@\\//, replacement: path.resolve('src') + '/' }] } };",
    },
    'a list with a text to find': {
      'rollup.config.js': "import alias from '@rollup/plugin-alias';\nexport default { plugins: [alias({ entries: [{ find: '@', replacement: './src' }] })] };",
    },
    'a function that returns the configuration': {
      'vite.config.ts': "import path from 'node:path';\nexport default defineConfig(({ mode }) => {\n  const root = path.resolve(__dirname, 'src');\n  return { plugins: [a()], resolve: { alias: { '@': root } } };\n});",
    },
    'a function of its own': {
      'vue.config.js': "const path = require('path');\nfunction resolve(dir) { return path.join(__dirname, dir); }\nmodule.exports = { chainWebpack: (config) => { config.resolve.alias.set('@', resolve('src')).set('~', resolve('other')); } };",
    },
    'a function with any number of parts': {
      'webpack.config.js': "const path = require('path');\nconst at = (...parts) => path.join(__dirname, ...parts);\nmodule.exports = { resolve: { alias: { '@': at('.', 'src') } } };",
    },
    'a reduction, and slashes put right': {
      'vite.config.js': "import path from 'path';\nconst src = path.resolve('src').replace(/\\\\/g, '/');\nexport default { resolve: { alias: ['@'].reduce((all, name) => ({ ...all, [name]: src }), {}) } };",
    },
    'customize-cra': {
      'config-overrides.js': "const { override, addWebpackAlias } = require('customize-cra');\nconst path = require('path');\nmodule.exports = override(addWebpackAlias({ '@': path.resolve(__dirname, 'src') }));",
    },
    'Turbopack': { 'next.config.mjs': "export default { turbopack: { resolveAlias: { '@': './src' } } };" },
    'a spread of another object': {
      'webpack.common.js': "const path = require('path');\nconst base = { '@': path.resolve(__dirname, './src') };\nmodule.exports = { resolve: { alias: { ...base, 'x$': 'y' } } };",
    },
    'another file': {
      'vite.config.ts': "import { alias } from './build/alias';\nexport default { resolve: { alias } };",
      'build/alias.ts': "import { resolve } from 'path';\nexport const alias = { '@': resolve(__dirname, '../src') };",
    },
    'a function of another file': {
      'webpack.config.ts':
        "import aliases from './tools/aliases';\nexport default { resolve: { alias: aliases(__dirname) } };",
      'tools/aliases.ts':
        "import path from 'path';\nexport default function aliases(root: string) { return { '@': path.join(root, 'src') }; }",
    },
    'mergeConfig': {
      'vite.config.ts': "import base from './vite.base';\nexport default mergeConfig(base, defineConfig({}));",
      'vite.base.ts': "import { resolve } from 'path';\nexport default defineConfig({ resolve: { alias: { '@': resolve('src') } } });",
    },
    'an assignment': {
      'next.config.mjs': "import path from 'path';\nexport default { webpack: (config) => { config.resolve.alias['@'] = path.join(process.cwd(), 'src'); return config; } };",
    },
    'entries made from a list': {
      'vite.config.js': "import { resolve } from 'path';\nexport default { resolve: { alias: Object.fromEntries(['@', '#'].map((name) => [name, resolve('src')])) } };",
    },
    'entries made from a file': {
      'aliases.json': { '@': './src' },
      'vite.config.js': "import path from 'path';\nimport aliases from './aliases.json';\nexport default { resolve: { alias: Object.fromEntries(Object.entries(aliases).map(([name, to]) => [name, path.resolve(__dirname, to)])) } };",
    },
    'a loop': {
      'webpack.config.js': "const path = require('path');\nmodule.exports = (config) => { for (const name of ['@', 'x']) config.resolve.alias[name] = path.resolve('src'); };",
    },
    'a condition': {
      'webpack.config.js': "const path = require('path');\nmodule.exports = (env) => env.a ? { resolve: { alias: { '@': path.resolve('src') } } } : {};",
    },
    'a configuration in a folder': {
      'config/webpack.base.js': "const path = require('path');\nmodule.exports = { resolve: { alias: { '@': path.resolve(__dirname, '../src') } } };",
    },
    'Jest in package.json': {
      'package.json': { name: 'root', private: true, jest: { rootDir: 'src', moduleNameMapper: { '^@/(.*)$': '<rootDir>/$1' } } },
    },
    'Jest in a file of its own': {
      'jest.config.js': "module.exports = { moduleNameMapper: { '^@/(.*)\\\\.svg$': '<rootDir>/x.js', '^@/(.*)$': ['<rootDir>/src/$1'] } };",
    },
    'module-resolver of Babel': {
      '.babelrc': { plugins: [['module-resolver', { alias: { '^@/(.+)': './src/\\1' } }]] },
    },
    'module-resolver in a script': {
      'babel.config.js': "module.exports = (api) => ({ plugins: [['babel-plugin-module-resolver', { alias: { '@': './src' } }]] });",
    },
    'Metro': {
      'metro.config.js': "const path = require('path');\nmodule.exports = { resolver: { extraNodeModules: { '@': path.resolve(__dirname, 'src') } } };",
    },
    'imports of Deno': { 'deno.json': { imports: { '@/': './src/' } } },
    'an import map': { 'deno.jsonc': '{ // comment\n "importMap": "./import_map.json" }', 'import_map.json': { imports: { '@/': './src/' } } },
    'Storybook': {
      '.storybook/main.ts': "import path from 'path';\nexport default { viteFinal: async (config) => mergeConfig(config, { resolve: { alias: { '@': path.resolve(__dirname, '../src') } } }) };",
    },
  }; // prettier-ignore

  for (const [form, files] of Object.entries(forms)) {
    it(`reads ${form}`, async () => {
      const found = await told({ ...sources, ...asks, ...files });
      assert.deepEqual(
        found.filter((one) => one.includes('@/')),
        ['error @/gone'],
      );
    });
  }

  it('reads exact names, names without quotes, other packages and what stands for nothing', async () => {
    const files = {
      ...sources,
      'node_modules/lodash/package.json': { name: 'lodash', version: '4.0.0', main: 'index.js' },
      'node_modules/lodash/index.js': '',
      'package.json': declaring('lodash'),
      'webpack.config.js': `
        const path = require('path');
        module.exports = { resolve: { alias: {
          lib: path.resolve(__dirname, 'src/lib'), exact$: path.resolve(__dirname, 'src/there.js'), underscore: 'lodash',
          nothing: false, made: require.resolve('made-elsewhere'), 'w/*': path.resolve(__dirname, 'src/*'),
        } } };`,
      'src/main.js': importing(
        'lib/x', 'exact', 'underscore', 'nothing', 'made', 'w/there', 'lib/gone', 'exact/x', 'w/gone', 'left-pad',
      ), // prettier-ignore
    };
    assert.deepEqual(await told(files), ['error exact', 'error left-pad', 'error lib/gone', 'error w/gone']);
  });

  it('takes the target of a pattern of Jest for the whole name', async () => {
    const jest = { moduleNameMapper: { '\\.data$': 'x', '^lib-(.*)$': '<rootDir>/src/lib/$1.js' } };
    const files = { ...sources, 'package.json': { name: 'root', private: true, devDependencies: { x: '*' }, jest }, 'src/a.js': importing('some.data', 'lib-x', 'lib-y') }; // prettier-ignore
    assert.deepEqual(await told(files), ['error lib-y']);
  });

  it('reads folders in which names are looked up, remotes and externals', async () => {
    const files = {
      ...sources,
      'webpack.config.js': `
        module.exports = {
          externals: { jquery: 'jQuery' },
          resolve: { modules: ['src', 'node_modules'] },
          plugins: [new ModuleFederationPlugin({ remotes: { shop: 'shop@http://x/remoteEntry.js' } })],
        };`,
      'src/main.js': importing('lib/x', 'there', 'jquery', 'shop/Button', 'lib/gone', 'left-pad'),
    };
    assert.deepEqual(await told(files), ['error left-pad', 'error lib/gone']);
  });

  it('gives a hint, and one only, where only running the configuration tells', async () => {
    for (const config of [
      "import { make } from '@acme/vite-config';\nexport default make({ name: 'app' });",
      "import { aliases } from '@acme/aliases';\nexport default { resolve: { alias: aliases } };",
      "import { aliases } from '@acme/aliases';\nexport default { resolve: { alias: { a: '/a', ...aliases } } };",
      'export default { resolve: { alias: await load() } };',
      'export default { resolve: { alias: {',
    ]) {
      const files = {
        'vite.config.ts': config,
        'src/a.js': importing('@/one', './gone'),
        'src/b.js': importing('@/two'),
      };
      const found = await told(files);
      assert.deepEqual(
        found.filter((one) => !one.includes('@acme')),
        ['error ./gone', 'hint @/one'],
        config,
      );
    }
  });

  it('takes no hint from plug-ins, wrappers of a framework or functions that read the tsconfig', async () => {
    const configs = {
      'vite.config.ts': "import react from '@vitejs/plugin-react';\nexport default defineConfig({ plugins: [react()] });",
      'next.config.js': "module.exports = require('@next/mdx')()({ reactStrictMode: true });",
      'metro.config.js': "module.exports = require('expo/metro-config').getDefaultConfig(__dirname);",
      'jest.config.js': "const { pathsToModuleNameMapper } = require('ts-jest');\nmodule.exports = { moduleNameMapper: pathsToModuleNameMapper(paths) };",
    }; // prettier-ignore
    const found = await told({ ...configs, 'src/a.js': importing('left-pad') });
    assert.deepEqual(
      found.filter((one) => one.includes('left-pad')),
      ['error left-pad'],
    );
  });

  it('survives configurations that would never end', async () => {
    const double = `const f = (x) => x + x;\nexport default { resolve: { alias: { '@': ${'f('.repeat(60)}'x'${')'.repeat(60)} } } };`;
    const endless = 'const a = { ...b }; const b = { ...a }; export default { resolve: { alias: a } };';
    const recursive = 'const f = (x) => f(f(x)); export default { resolve: { alias: f({}) } };';
    const pattern = "export default { resolve: { alias: [{ find: /^(a+)+$/, replacement: './src' }] } };";
    for (const config of [double, endless, recursive, pattern]) {
      const found = await told({
        'vite.config.js': config,
        'src/a.js': importing(`${'a'.repeat(60)}!`, '@/x', './gone'),
      });
      assert.ok(found.includes('error ./gone'));
    }
  });

  it('takes effect when the configuration changes', async () => {
    const text = (folder: string): string => `export default { resolve: { alias: { '@': '/${folder}' } } };`;
    using workspace = workspaceOf({
      'package.json': { name: 'root', private: true },
      'vite.config.js': text('other'),
      'src/there.js': '',
      'src/main.js': importing('@/there'),
    });
    const count = async (changed?: readonly string[]): Promise<number> =>
      (await runDetector(imports, workspace.root, {}, changed ? { changed } : {})).issues.length;
    assert.equal(await count(), 1);
    workspace.write('vite.config.js', text('src'));
    assert.equal(await count(['vite.config.js']), 0);
  });
});

describe('files under other names', () => {
  it('completes platform suffixes and `moduleSuffixes`, and sees cycles through any of them', async () => {
    const files = {
      'package.json': { name: 'root', private: true, dependencies: { 'react-native': '*' } },
      'App.js':
        "import a from './Button';\nimport './Card';\nimport './Only';\nimport './Gone';\nexport default () => a;\n",
      'Button.ios.js': 'export default 1;\n',
      'Button.android.js': "import App from './App';\nexport default () => App;\n",
      'Card/index.native.js': '',
      'Only.windows.js': '',
    };
    assert.deepEqual(await told(files), ['error ./Gone']);
    assert.deepEqual(await cyclesIn(files), ['Button.android.js → App.js → Button.android.js']);
    const suffixes = {
      'tsconfig.json': { compilerOptions: { moduleSuffixes: ['.web', ''] } },
      'a.js': importing('./b', './gone'),
      'b.web.ts': '',
    };
    assert.deepEqual(await told(suffixes), ['error ./gone']);
  });

  it('follows `rootDirs`', async () => {
    const files = {
      'tsconfig.json': { compilerOptions: { rootDirs: ['.', '.gen/types'] } },
      'src/a.js': importing('./made', './gone'),
      '.gen/types/src/made.ts': "import '../../../src/a.js';\n",
    };
    assert.deepEqual(await told(files), ['error ./gone']);
    assert.equal((await cyclesIn(files)).length, 1);
  });

  it('sees eager globs as imports', async () => {
    const files = {
      'src/router.js': [
        "export const pages = import.meta.glob(['./pages/*.js', '!**/no.js'], { eager: true });",
        "export const texts = import.meta.glob('./raw/*.js', { query: '?raw', eager: true });",
        "export const context = require.context('./context', true, /\\.page\\.js$/);",
      ].join('\n'),
      'src/pages/a.js': "import '../router.js';\n",
      'src/pages/no.js': "import '../router.js';\n",
      'src/raw/b.js': "import '../router.js';\n",
      'src/context/deep/c.page.js': "import '../../router.js';\n",
      'src/context/d.js': "import '../router.js';\n",
    };
    const [cycle = ''] = await cyclesIn(files);
    assert.match(cycle, /router/);
    const { inCycle } = await cycleMembers(files);
    assert.deepEqual(inCycle, ['src/context/deep/c.page.js', 'src/pages/a.js', 'src/router.js']);
    assert.deepEqual(await told({ 'a.js': "require.context('./gone', true, /x/);\n" }), ['error ./gone']);
  });

  it('reads the imports of MDX, not its examples', async () => {
    const files = {
      'docs/a.mdx': [
        '---', 'title: x', '---', "import B from './b'", "import C from './gone'", '', 'import taxes are high.', '', '# Title',
        '', '```js', "import x from './example'", '```', '', '<B/>', 'export const a = 1;', '',
      ].join('\n'),
      'docs/b.js': "import A from './a.mdx';\nexport default () => A;\n",
    }; // prettier-ignore
    assert.deepEqual(await told(files), ['error ./gone']);
    assert.equal((await cyclesIn(files)).length, 1);
  });

  it('is silent about generated files that git ignores by a part of their name', async () => {
    const files = {
      '.gitignore': '*.generated.ts\ngen-*.ts\n__generated__/\n*.d.ts\n',
      'src/a.js': importing(
        './x.generated',
        './x.generated.js',
        './x.generated.ts',
        './gen-y',
        './__generated__/z',
        './gone',
      ),
    };
    assert.deepEqual(await told(files), ['error ./gone']);
  });
});

describe('the option import.known', () => {
  it('stops both detectors, with globs for names', async () => {
    const names = ['@app/a/b', '#x/y', '../gen/deep/x', 'plain', 'plain/sub', 'virtual-one', '~a/b', 'x.css', '@s/p/q'];
    const known = ['@app/*', '#x*', '../gen/**', 'plain', '{virtual,other}-*', '~*', 'x.css', '@s/p'];
    const files = { 'src/a.js': importing(...names, 'left-pad') };
    assert.deepEqual(await told(files, { known }), ['error left-pad']);
    using bare = workspaceOf({
      'package.json': { name: 'p', dependencies: {} },
      'a.js': importing('plain', 'left-pad'),
    });
    const { issues } = await runDetector(packages, bare.root, { known });
    assert.deepEqual(
      issues.filter(({ rule }) => rule === 'unlisted-dependency').map(({ message }) => message.slice(0, 10)),
      ["'left-pad'"],
    );
  });
});

async function cyclesIn(files: Files): Promise<readonly string[]> {
  using workspace = workspaceOf({ 'package.json': { name: 'root', private: true }, ...files });
  const { issues } = await runDetector(circular, workspace.root);
  return issues
    .filter(({ rule }) => rule === 'import-cycle')
    .map(({ message }) => /: (\S+( → \S+)+)\./.exec(message)?.[1] ?? message);
}

async function cycleMembers(files: Files): Promise<{ readonly inCycle: readonly string[] }> {
  using workspace = workspaceOf({ 'package.json': { name: 'root', private: true }, ...files });
  const { issues } = await runDetector(circular, workspace.root);
  const named = issues.filter(({ rule }) => rule === 'import-cycle').flatMap(({ message, related = [] }) => [message, ...related.map(({ file, message: text }) => `${file} ${text}`)]); // prettier-ignore
  const inCycle = Object.keys(files).filter((file) => named.some((one) => one.includes(file)));
  return { inCycle: inCycle.sort() };
}
