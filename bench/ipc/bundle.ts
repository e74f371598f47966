/** Bundles the benchmark's workers into out/bench/ipc, as a product would bundle its own. */
import path from 'node:path';
import { build } from 'esbuild';

export const root = path.resolve(import.meta.dirname, '../..');

/** Returns the path of a worker's bundle. */
export async function bundleWorkers(): Promise<(name: string) => string> {
  const outdir = path.join(root, 'out', 'bench', 'ipc');
  const names = ['raw', 'ours', 'pool-task', 'workerpool-task'];
  await build({
    entryPoints: names.map((name) => path.join(import.meta.dirname, 'workers', `${name}.ts`)),
    outdir,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node22',
    logLevel: 'warning',
  });
  return (name) => path.join(outdir, `${name}.mjs`);
}
