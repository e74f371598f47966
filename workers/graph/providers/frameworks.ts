/**
 * The frameworks, tools and hosts that give names to modules: one table for all detectors. A framework with rules of its
 * own has a file of its own.
 */
import type { Framework } from './framework.ts';
import { nuxt } from './nuxt.ts';
import { svelteKit } from './sveltekit.ts';
import { joined } from '../projects.ts';

const PLATFORMS = ['.ios', '.android', '.native', '.web', '.windows', '.macos', '.visionos', '.tvos'];

export const FRAMEWORKS: readonly Framework[] = [
  nuxt,
  svelteKit,
  {
    name: 'Nitro',
    packages: ['nitropack', 'nitro'],
    configFile: /^nitro\.config\.[cm]?[jt]s$/,
    names: ['#imports', '#internal/*', '#nitro', '#nitro/*', '#nitro-internal-*', '#tasks', 'h3', 'ofetch'],
    open: ['#'],
    aliases: ({ directory, config }) => {
      const source = joined(directory, config?.sourceDirectory ?? '');
      return { '~': source, '@': source, '~~': directory, '@@': directory };
    },
  },
  {
    name: 'Astro',
    packages: ['astro'],
    configFile: /^astro\.config\.[cm]?[jt]s$/,
    names: [
      'astro:actions', 'astro:assets', 'astro:components', 'astro:config/client', 'astro:config/server', 'astro:container',
      'astro:content', 'astro:db', 'astro:env/client', 'astro:env/server', 'astro:env/setup', 'astro:i18n',
      'astro:middleware', 'astro:prefetch', 'astro:schema', 'astro:ssr-manifest', 'astro:transitions',
      'astro:transitions/client', 'astro:zod',
    ], // prettier-ignore
    open: ['astro:'],
  },
  {
    name: 'Starlight',
    packages: ['@astrojs/starlight'],
    names: ['virtual:starlight/*'],
  },
  {
    name: 'Next.js',
    packages: ['next'],
    configFile: /^next\.config\.[cm]?[jt]s$/,
    names: [
      'server-only', 'client-only', 'styled-jsx', 'styled-jsx/*', 'next/dist/compiled/*', 'next-server-only',
      'react-server-dom-webpack/*', 'react-server-dom-turbopack/*', 'private-next-*', 'next-mdx-import-source-file',
    ], // prettier-ignore
  },
  {
    name: 'React Router',
    packages: ['@react-router/dev', '@remix-run/dev'],
    configFile: /^react-router\.config\.[jt]s$/,
    names: ['./+types/*', '../*+types/*', 'virtual:react-router/*', 'virtual:remix/*', '@remix-run/dev/server-build'],
  },
  {
    name: 'React Native',
    packages: ['react-native', 'expo', 'react-native-web', 'react-native-windows', 'react-native-macos'],
    configFile: /^metro\.config\.[cm]?[jt]s$/,
    suffixes: PLATFORMS,
  },
  { name: 'Expo', packages: ['expo'], names: ['@expo/vector-icons', '@expo/vector-icons/*', 'expo-router/_*'] },
  {
    name: 'WordPress',
    packages: ['@wordpress/scripts', '@wordpress/dependency-extraction-webpack-plugin'],
    names: [
      '@wordpress/*', 'react', 'react-dom', 'react/jsx-runtime', 'react/jsx-dev-runtime', 'jquery', 'lodash', 'lodash-es',
      'moment', 'backbone', 'underscore',
    ], // prettier-ignore
  },
  {
    name: 'Bun',
    packages: ['bun-types', '@types/bun', 'bun'],
    configFile: /^(bunfig\.toml|bun\.lockb?)$/,
    names: [
      'bun', 'bun:bundle', 'bun:ffi', 'bun:internal-for-testing', 'bun:jsc', 'bun:main', 'bun:sqlite', 'bun:test', 'bun:wrap',
    ], // prettier-ignore
    open: ['bun:'],
  },
  {
    name: 'Cloudflare Workers',
    packages: ['wrangler', '@cloudflare/workers-types', '@cloudflare/vite-plugin', '@cloudflare/vitest-pool-workers'],
    configFile: /^wrangler\.(toml|jsonc?)$/,
    names: [
      '__STATIC_CONTENT_MANIFEST', 'cloudflare:email', 'cloudflare:node', 'cloudflare:pipelines', 'cloudflare:sockets',
      'cloudflare:test', 'cloudflare:workers', 'cloudflare:workflows',
    ], // prettier-ignore
    open: ['cloudflare:'],
  },
  {
    name: 'UnoCSS',
    packages: ['unocss', '@unocss/*'],
    configFile: /^uno(css)?\.config\.[cm]?[jt]s$/,
    names: ['uno.css', 'uno:*', 'virtual:uno.css'],
  },
  { name: 'Windi CSS', packages: ['*windicss'], names: ['windi.css', 'windi-*.css', 'virtual:windi*'] },
  {
    name: 'unplugin-vue-router',
    packages: ['unplugin-vue-router', 'vue-router'],
    names: ['vue-router/auto', 'vue-router/auto-routes', 'vue-router/auto-resolver'],
  },
  { name: 'unplugin-icons', packages: ['unplugin-icons'], names: ['~icons/*'] },
  { name: 'unplugin-info', packages: ['unplugin-info'], names: ['~build/*'] },
  {
    name: 'vite-plugin-pages',
    packages: ['vite-plugin-pages', 'vite-plugin-vue-layouts', 'vite-plugin-vue-meta-layouts', '@generouted/*'],
    names: ['~pages', '~react-pages', '~solid-pages', 'pages-generated', 'layouts-generated', 'virtual:generated-*'],
  },
  {
    name: 'Vue CLI',
    packages: ['@vue/cli-service'],
    configFile: /^vue\.config\.[cm]?[jt]s$/,
    aliases: ({ directory }) => ({ '@': joined(directory, 'src') }),
  },
  {
    name: 'Quasar',
    packages: ['@quasar/app-vite', '@quasar/app-webpack', '@quasar/app'],
    configFile: /^quasar\.(config|conf)\.[cm]?[jt]s$/,
    names: ['#q-app', '#q-app/*'],
    aliases: ({ directory }) => ({
      src: joined(directory, 'src'),
      app: directory,
      ...Object.fromEntries(
        ['components', 'layouts', 'pages', 'assets', 'boot', 'stores'].map((name) => [
          name,
          joined(directory, `src/${name}`),
        ]),
      ),
    }),
  },
  {
    name: 'WXT',
    packages: ['wxt'],
    configFile: /^wxt\.config\.[cm]?[jt]s$/,
    names: ['#imports'],
    aliases: ({ directory, config }) => {
      const source = joined(directory, config?.sourceDirectory ?? '');
      return { '~': source, '@': source, '~~': directory, '@@': directory };
    },
  },
  {
    name: 'Plasmo',
    packages: ['plasmo'],
    aliases: ({ directory, hasDirectory }) => {
      const source = joined(directory, 'src');
      return { '~': hasDirectory(source) ? source : directory };
    },
  },
  {
    name: 'Umi',
    packages: ['umi', '@umijs/*'],
    configFile: /^\.umirc\.[jt]s$/,
    names: ['umi', '@@/*', '@umijs/max'],
    aliases: ({ directory }) => ({ '@': joined(directory, 'src') }),
  },
  {
    name: 'ice.js',
    packages: ['@ice/app'],
    configFile: /^ice\.config\.[cm]?[jt]s$/,
    names: ['ice', 'ice/*'],
    aliases: ({ directory }) => ({ '@': joined(directory, 'src') }),
  },
  {
    name: 'Modern.js',
    packages: ['@modern-js/app-tools'],
    configFile: /^modern\.config\.[cm]?[jt]s$/,
    aliases: ({ directory }) => ({ '@': joined(directory, 'src'), '@shared': joined(directory, 'shared') }),
  },
  {
    name: 'Laravel',
    packages: ['laravel-vite-plugin'],
    aliases: ({ directory }) => ({ '@': joined(directory, 'resources/js') }),
  },
  {
    name: 'Vite Ruby',
    packages: ['vite-plugin-ruby', 'vite-plugin-rails'],
    aliases: ({ directory }) => {
      const folders = ['app/frontend', 'app/javascript'].map((folder) => joined(directory, folder));
      return { '~': folders, '@': folders };
    },
  },
  {
    name: 'VitePress',
    packages: ['vitepress'],
    names: ['@theme', '@theme/*', '@siteData', '@localSearchIndex', '@localSearchIndex*'],
  },
  {
    name: 'VuePress',
    packages: ['vuepress', '@vuepress/*'],
    names: ['@internal/*', '@temp/*', '@source/*', '@theme/*', '@dynamic/*', '@theme-hope/*', '@alias/*'],
  },
  {
    name: 'Docusaurus',
    packages: ['@docusaurus/*'],
    configFile: /^docusaurus\.config\.[cm]?[jt]s$/,
    names: ['@theme/*', '@theme-original/*', '@theme-init/*', '@generated/*', '@docusaurus/*'],
    aliases: ({ directory }) => ({ '@site': directory }),
  },
  {
    name: 'Qwik',
    packages: ['@builder.io/qwik-city', '@qwik.dev/router'],
    names: ['@qwik-city-*', '@qwik-router-*', '@qwik-client-manifest'],
  },
  { name: 'SolidStart', packages: ['@solidjs/start', 'vinxi'], names: ['vinxi/routes', '#start/*', '$vinxi/*'] },
  {
    name: 'TanStack Router',
    packages: ['@tanstack/router-plugin', '@tanstack/router-vite-plugin', '@tanstack/router-cli', '@tanstack/*-start'],
    names: ['./routeTree.gen', './routeTree.gen.ts', '../*routeTree.gen', '../*routeTree.gen.ts'],
  },
  { name: 'TanStack Start', packages: ['@tanstack/*start*'], names: ['tanstack-start-*', '#tanstack-*'] },
  {
    name: 'Ember',
    packages: ['ember-source', 'ember-cli'],
    configFile: /^ember-cli-build\.[cm]?js$/,
    names: ['@ember/*', '@glimmer/tracking', '@glimmer/env', 'ember', 'rsvp'],
  },
  { name: 'Meteor', packages: ['meteor-node-stubs'], names: ['meteor/*'] },
  { name: 'Gatsby', packages: ['gatsby'], names: ['$virtual/*', 'gatsby-page-utils/*'] },
  { name: 'Obsidian', packages: ['obsidian'], names: ['electron', '@codemirror/*', '@lezer/*'] },
  // Modules that only exist inside the host that runs the code, and are never installed.
  {
    name: 'the host that runs the code',
    packages: [],
    names: ['vscode', '@jest/globals', 'k6', 'k6/*', 'atom', 'photoshop', 'uxp', 'N/*'],
  },
];
