/** The workers of the benchmark. */
import path from 'node:path';
import { bundle } from '../bundle.ts';

/** Returns the path of a worker's bundle. */
export async function bundleWorkers(): Promise<(name: string) => string> {
  const names = ['raw', 'ours', 'pool-task', 'workerpool-task'];
  const scripts = names.map((name) => path.join(import.meta.dirname, 'workers', `${name}.ts`));
  const folder = await bundle(scripts, 'ipc');
  return (name) => path.join(folder, `${name}.mjs`);
}
