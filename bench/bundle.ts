/** Bundles scripts of a benchmark, as a product would bundle its own workers. */
import path from 'node:path';
import { build } from 'esbuild';

const root = path.resolve(import.meta.dirname, '..');

/**
 * @param scripts absolute paths
 * @param name of the benchmark
 * @returns the absolute path of the folder with the bundles, each named as its script, with the extension `.mjs`
 */
export async function bundle(scripts: readonly string[], name: string): Promise<string> {
  const outdir = path.join(root, 'out', 'bench', name);
  await build({
    entryPoints: [...scripts],
    outdir,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node22',
    logLevel: 'warning',
  });
  return outdir;
}
