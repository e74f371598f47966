// Builds dist/: the client as CommonJS (the editor loads it so), everything else as ES modules that share chunks.
// Native packages stay outside; they are found in node_modules at run time.
import { rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { build } from 'esbuild';
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
  outdir: 'dist',
  // jsonc-parser's `main` is UMD, which a bundler cannot follow.
  mainFields: ['module', 'main'],
  external: ['vscode', 'typescript', 'typescript7', 'eslint', 'oxc-parser', 'oxc-resolver'],
};

// CommonJS dependencies inside an ES module bundle expect these three.
const banner = [
  "import { createRequire as __createRequire } from 'node:module';",
  'const require = __createRequire(import.meta.url);',
  'const __filename = import.meta.filename;',
  'const __dirname = import.meta.dirname;',
].join('\n');

await rm('dist', { recursive: true, force: true });
await Promise.all([
  build({
    ...common,
    format: 'cjs',
    entryPoints: { client: 'client/extension.ts' },
    outExtension: { '.js': '.cjs' },
  }),
  build({
    ...common,
    format: 'esm',
    splitting: true,
    // Flat: a module finds its neighbours (the compartment's entry) beside it, in a chunk too.
    chunkNames: '[name]-[hash]',
    entryPoints: {
      server: 'server/lsp/main.ts',
      cli: 'server/cli/main.ts',
      host: 'workers/host.ts',
      metrics: 'workers/metrics.ts',
      'store-thread': 'server/store/store-thread.ts',
      index: 'server/engine/index.ts',
      workers: 'workers/ipc/index.ts',
      'drivers/child-process': 'workers/ipc/drivers/child-process.ts',
      'drivers/worker-threads': 'workers/ipc/drivers/worker-threads.ts',
    },
    outExtension: { '.js': '.mjs' },
    banner: { js: banner },
    plugins: [compiledValidators],
  }),
]);
if (!existsSync('dist/cli.mjs')) throw new Error('dist/cli.mjs was not built');
