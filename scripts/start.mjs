// `npm start [-- folder and options]`: builds, then runs `bulkhead check` on the given folder or the bundled sample.
import { spawn } from 'node:child_process';
import path from 'node:path';
import { build } from './build.mjs';

const root = path.resolve(import.meta.dirname, '..');
const given = process.argv.slice(2);
const sample = path.join(root, 'samples', 'harbour');
// npm runs scripts in the project; INIT_CWD is where the user called npm.
const from = process.env.INIT_CWD ?? process.cwd();
// The sample is broken on purpose: its issues should not make the command fail.
const argv = given.length > 0 ? given : [sample, '--fail-on', 'never'];

await build();
const child = spawn(process.execPath, [path.join(root, 'dist', 'cli.mjs'), 'check', ...argv], {
  cwd: from,
  stdio: 'inherit',
});
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
child.on('exit', (code, signal) => process.exit(code ?? (signal ? 1 : 0)));
