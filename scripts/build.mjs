// Builds dist/ in a separate process, so that the bundler's memory is freed before anything is measured.
import { spawnSync } from 'node:child_process';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '..');

export async function build(...flags) {
  const result = spawnSync(process.execPath, [path.join(root, 'esbuild.mjs'), ...flags], {
    cwd: root,
    stdio: ['ignore', 2, 2],
  });
  if (result.status !== 0) throw new Error('The build failed: see above.');
}
