// `npm run open -- folder`: opens a real VS Code with this tree's extension on that folder. It uses the installed `code` if
// there is one; otherwise it serves VS Code to a browser until Ctrl+C. BULKHEAD_EDITOR_HOST=desktop|web overrides this.
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { build } from './build.mjs';

const root = path.resolve(import.meta.dirname, '..');
// npm runs scripts in the project; INIT_CWD is where the user called npm.
const from = process.env.INIT_CWD ?? process.cwd();
const folder = path.resolve(from, process.argv[2] ?? path.join(root, 'samples', 'harbour'));
if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) fail(`${folder} is not a folder.`);

const wanted = process.env.BULKHEAD_EDITOR_HOST ?? 'auto';
if (!['auto', 'desktop', 'web'].includes(wanted))
  fail(`BULKHEAD_EDITOR_HOST is ${wanted}; it can be desktop, web or auto.`);
const code = wanted === 'web' ? undefined : installedCode();
if (wanted === 'desktop' && !code) fail('There is no `code` on the PATH. VSCODE_EXECUTABLE may name one.');

if (code) {
  await build();
  openDesktop(code);
} else {
  await openWeb();
}

function installedCode() {
  const command = process.env.VSCODE_EXECUTABLE ?? 'code';
  const shell = process.platform === 'win32';
  return spawnSync(command, ['--version'], { stdio: 'ignore', shell }).status === 0 ? command : undefined;
}

function openDesktop(command) {
  const shell = process.platform === 'win32';
  const quote = (text) => (shell ? `"${text}"` : text);
  const argv = ['--new-window', `--extensionDevelopmentPath=${root}`, folder].map(quote);
  const { status } = spawnSync(command, argv, { stdio: 'inherit', shell });
  if (status !== 0) fail(`${command} could not be started.`);
  console.log(`Opened ${folder} in VS Code with Bulkhead.`);
}

/** Installs the packaged extension, so that the address stays short and you see what users get. */
async function openWeb() {
  const { packageExtensions } = await import('./package.mjs');
  const { ownTarget } = await import('./vsix/targets.mjs');
  const { startVSCodeServer } = await import('./editor-host/server.mjs');
  const [vsix] = await packageExtensions([ownTarget()]);
  const dataDir = path.join(root, '.vscode-test', 'open');
  mkdirSync(dataDir, { recursive: true });
  // Other users of the machine can reach the port, but they cannot guess this token.
  const token = randomBytes(16).toString('hex');
  // The user named the folder on the command line, so it is trusted, as with `npm start`.
  const settings = { 'workbench.startupEditor': 'none', 'chat.disableAIFeatures': true };
  const server = await startVSCodeServer({ dataDir, vsix, token, settings, trustAll: true });
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => server.stop());
  const address = new URL(server.origin);
  address.searchParams.set('tkn', token);
  address.searchParams.set('folder', folder.replaceAll('\\', '/'));
  console.log(`\nVS Code with Bulkhead on ${folder}:\n\n  ${address.href}\n\nCtrl+C ends it.`);
  await server.ended;
}

function fail(message) {
  console.error(`open: ${message}`);
  process.exit(1);
}
