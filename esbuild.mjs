// Builds dist/:
// - client.cjs: the extension, as CommonJS, because the editor loads it so;
// - *.mjs: the language server and the command line, as ES modules that share chunks, and the worker;
// - index.cjs, workers.cjs, drivers/*.cjs, library/: what programs import, see buildLibrary().
// - dashboard/: the page of the health dashboard, for a browser;
// - typescript7/: what TypeScript 7 needs at run time, except for its native program;
// - recheck/: the part of recheck that is plain JavaScript, beside the bundle because few files need its 3 MB.
// Native packages stay outside; they are found in node_modules at run time.
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { build, transform } from 'esbuild';
import { publicEntries } from './scripts/entries.mjs';
import { compiledValidators } from './scripts/validators.mjs';

const production = process.argv.includes('--production');

const common = {
  bundle: true,
  platform: 'node',
  target: 'node22.13',
  sourcemap: production ? false : 'linked',
  minifySyntax: production,
  minifyWhitespace: production,
  // Identifiers stay: names of classes and functions appear in errors and logs. Not by `keepNames`, whose helper is
  // unknown where a function's source text is evaluated elsewhere (the guard of a worker).
  minifyIdentifiers: false,
  logLevel: 'warning',
  define: { 'import.meta.filename': '__filename', 'import.meta.dirname': '__dirname' },
  outdir: 'dist',
  // jsonc-parser's `main` is UMD, which a bundler cannot follow.
  mainFields: ['module', 'main'],
  external: ['vscode', 'typescript', 'typescript7', 'eslint', 'oxc-parser', 'oxc-resolver'],
};

/**
 * The modules of Node without `require`: bundled into an ES module, CommonJS that requires them throws `Dynamic require is
 * not supported`.
 * @type {import('esbuild').Plugin}
 */
const builtinsWithoutRequire = {
  name: 'builtins-without-require',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^node:/ }, ({ path }) => ({ path, namespace: 'builtin' }));
    onLoad({ filter: /^/, namespace: 'builtin' }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule('${path}');`,
    }));
  },
};

const commonJs = {
  ...common,
  format: 'cjs',
  outExtension: { '.js': '.cjs' },
  logOverride: { 'empty-import-meta': 'error' },
};

// CommonJS dependencies inside an ES module bundle expect these three. A Node.js that is too old must get as far as saying
// so: it may not know `import.meta.dirname`.
const banner = [
  "import { createRequire as __createRequire } from 'node:module';",
  "import { fileURLToPath as __fileURLToPath } from 'node:url';",
  'const require = __createRequire(import.meta.url);',
  'const __filename = __fileURLToPath(import.meta.url);',
  "const __dirname = __fileURLToPath(new URL('.', import.meta.url)).slice(0, -1);",
].join('\n');

/** @type {import('esbuild').BuildOptions} */
const modules = {
  ...common,
  format: 'esm',
  outExtension: { '.js': '.mjs' },
  banner: { js: banner },
  // Its validator for servers of the edge interprets schemas; that for Node.js brings a compiler.
  alias: {
    '@modelcontextprotocol/server/_shims': path.resolve(
      'node_modules/@modelcontextprotocol/server/dist/shimsWorkerd.mjs',
    ),
  },
  plugins: [compiledValidators],
};

await rm('dist', { recursive: true, force: true });
await Promise.all([
  build({ ...commonJs, entryPoints: { client: 'client/extension.ts' } }),
  build({
    ...common,
    platform: 'browser',
    format: 'iife',
    target: 'chrome130',
    // @vscode/l10n reads files elsewhere.
    mainFields: ['browser', 'module', 'main'],
    // Its paths are for the compiler: uPlot does not say where its types are.
    tsconfigRaw: {},
    entryPoints: {
      'dashboard/page': 'client/dashboard/page/main.ts',
      'dashboard/style': 'client/dashboard/page/style.css',
    },
  }),
  build({
    ...modules,
    splitting: true,
    // Flat: a module finds its neighbours (the worker's entry) beside it, in a chunk too.
    chunkNames: '[name]-[hash]',
    entryPoints: {
      server: 'server/lsp/entry.ts',
      cli: 'server/cli/entry.ts',
      metrics: 'workers/metrics.ts',
      'store-thread': 'server/store/store-thread.ts',
    },
  }),
  // Of one piece: a worker that loads sixty chunks instead starts with a tenth more work.
  build({ ...modules, entryPoints: { host: 'workers/host.ts' } }),
  buildLibrary(),
]);
// As a dependency it would bring its command: whoever installs Bulkhead would have another `tsc` than before.
cpSync('node_modules/typescript7', 'dist/typescript7', {
  recursive: true,
  dereference: true,
  filter: (file) => !/[/\\]bin$|\.map$|\.d\.[cm]?ts$|[/\\](?:README|CHANGELOG)\.md$/.test(file),
});
for (const file of ['lib/browser.js', 'LICENSE']) {
  cpSync(`node_modules/recheck/${file}`, `dist/recheck/${path.basename(file)}`);
}

/**
 * The library is CommonJS, for `require` and `import` alike. If each had a build of its own, a process that uses both
 * would have every error class twice, and `instanceof` would fail; an inline worker would not find its startup data.
 * The entries of the isolated workers share chunks, so that a program that is bundled takes only what it uses. The bundler
 * makes chunks of ES modules only; each is converted afterwards.
 */
async function buildLibrary() {
  const [engine, ...workers] = publicEntries();
  const [{ outputFiles }] = await Promise.all([
    build({
      ...commonJs,
      format: 'esm',
      splitting: true,
      sourcemap: false,
      write: false,
      outdir: path.resolve('dist'),
      chunkNames: 'library/[hash]',
      entryPoints: Object.fromEntries(
        workers.map(({ output, source }) => [path.posix.relative('dist', output).replace(/\.cjs$/, ''), source]),
      ),
      plugins: [builtinsWithoutRequire],
    }),
    build({ ...commonJs, entryPoints: { index: engine.source }, plugins: [compiledValidators] }),
  ]);
  const helpers = await helpersOfCommonJs();
  const shared = path.resolve('dist/library/interop.cjs');
  mkdirSync(path.dirname(shared), { recursive: true });
  writeFileSync(shared, `${helpers}module.exports = { __export, __toCommonJS };\n`);
  for (const { path: file, text } of outputFiles) {
    mkdirSync(path.dirname(file), { recursive: true });
    const place = path.relative(path.dirname(file), shared).split(path.sep).join('/');
    const required = `var { __export, __toCommonJS } = require(${JSON.stringify(place.startsWith('.') ? place : `./${place}`)});\n`;
    writeFileSync(
      file,
      (await asCommonJs(text)).replace(helpers, () => required),
    );
  }
}

/** What the bundler writes before each module that it converts. In one file, it costs a program that is bundled once. */
async function helpersOfCommonJs() {
  const sample = await asCommonJs('export const sample = 1;');
  return sample.slice(0, sample.indexOf('var stdin_exports'));
}

/** Lazy parts are required: where tests run in contexts of their own, as in Jest, CommonJS may not import. */
async function asCommonJs(text) {
  const { platform, target, minifySyntax, minifyWhitespace } = common;
  const { code } = await transform(text, { format: 'cjs', platform, target, minifySyntax, minifyWhitespace });
  return code.replaceAll(/\bimport\(("\.{1,2}\/[^"]+")\)/g, 'Promise.resolve().then(() => require($1))');
}
