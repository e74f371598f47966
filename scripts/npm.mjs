// Runs npm: the one that runs this script, else the one on the PATH.
import { spawnSync } from 'node:child_process';

/**
 * @param {readonly string[]} argv
 * @param {import('node:child_process').SpawnSyncOptions} options  output goes to stderr unless `stdio` says otherwise
 * @throws Error with the output, where it was captured
 */
export function npm(argv, options) {
  const all = [...argv, '--no-audit', '--no-fund', '--loglevel=error'];
  const settings = { stdio: ['ignore', 2, 2], encoding: 'utf8', ...options };
  const script = process.env.npm_execpath;
  const result =
    script && /\.[cm]?js$/.test(script)
      ? spawnSync(process.execPath, [script, ...all], settings)
      : spawnSync('npm', all, { ...settings, shell: process.platform === 'win32' });
  if (result.status !== 0) {
    const output = [result.error, result.stdout, result.stderr].filter(Boolean).join('\n');
    throw new Error(
      `npm ${argv[0]} failed in ${settings.cwd}: ${output || 'see above. Is the npm registry within reach?'}`,
    );
  }
  return result.stdout;
}
