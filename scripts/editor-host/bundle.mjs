// Bundles the editor suite into the CommonJS module that both hosts load into the extension host.
import path from 'node:path';
import { build } from 'esbuild';

const root = path.resolve(import.meta.dirname, '..', '..');

/** @returns {Promise<string>} the path of the module */
export async function bundleSuite() {
  const outfile = path.join(root, 'out', 'editor', 'index.cjs');
  await build({
    entryPoints: [path.join(root, 'test', 'editor', 'index.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node22.13',
    sourcemap: 'inline',
    // Mocha looks for its own files next to itself.
    external: ['vscode', 'mocha'],
    logLevel: 'warning',
  });
  return outfile;
}
