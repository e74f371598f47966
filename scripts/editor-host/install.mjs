// Installs what the browser-served VS Code needs, once. The npm package `code-server` contains a whole VS Code; its inner
// server runs directly, and a Chromium shows the workbench. Everything goes to the git-ignored .vscode-test/.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { npm } from '../npm.mjs';

const root = path.resolve(import.meta.dirname, '..', '..');
const codeServerVersion = '4.139.1';
const folder = path.join(root, '.vscode-test', `code-server-${codeServerVersion}`);
const inner = path.join(folder, 'node_modules', 'code-server', 'lib', 'vscode');
const stamp = path.join(folder, 'installed');
/** The compiler of the built-in TypeScript features, which the package leaves out. */
const compiler = path.join(inner, 'extensions', 'node_modules', 'typescript', 'lib', 'tsserver.js');

/**
 * Installs the browser-served VS Code if it is missing (about 20 s and 600 MB).
 * @returns {string} the path of its `server-main.js`
 */
export function installVSCodeServer() {
  const [major] = process.versions.node.split('.').map(Number);
  if (major < 24) {
    throw new Error(
      `The browser-served VS Code needs Node 24 (this is ${process.versions.node}). Start it through npm run.`,
    );
  }
  if (!existsSync(stamp)) {
    console.error(`Setting up: VS Code served to a browser (npm package code-server ${codeServerVersion}, once)`);
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    const manifest = { private: true, dependencies: { 'code-server': codeServerVersion } };
    writeFileSync(path.join(folder, 'package.json'), JSON.stringify(manifest));
    // Without scripts, because its native modules need a compiler and only serve terminals and log files.
    npm(['install', '--ignore-scripts', '--omit=dev', '--no-package-lock'], { cwd: folder });
    npm(['install', '--ignore-scripts', '--omit=dev'], { cwd: inner });
    writeFileSync(stamp, codeServerVersion);
  }
  if (!existsSync(compiler)) {
    console.error('Setting up: the TypeScript of that VS Code (once)');
    npm(['install', '--ignore-scripts', '--omit=dev'], { cwd: path.join(inner, 'extensions') });
  }
  return path.join(inner, 'out', 'server-main.js');
}

/** @returns {string} version of the VS Code in the package */
export function vscodeServerVersion() {
  return JSON.parse(readFileSync(path.join(inner, 'package.json'), 'utf8')).version;
}

/**
 * Finds a Chromium, or installs Debian's if that is possible.
 * @returns {string} the path of its executable
 * @throws if there is none and it cannot be installed from here; the message names the command to run
 */
export function installChromium() {
  const found = findChromium();
  if (found) return found;
  const install = 'apt-get install --yes --no-install-recommends chromium';
  if (process.platform === 'linux' && existsSync('/usr/bin/apt-get') && process.getuid?.() === 0) {
    console.error('Setting up: Debian package chromium (once)');
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    const options = { env, stdio: ['ignore', 2, 2] };
    spawnSync('apt-get', ['update', '-qq'], options);
    spawnSync('apt-get', install.split(' ').slice(1), options);
    const installed = findChromium();
    if (installed) return installed;
  }
  const command =
    process.platform === 'linux' ? `sudo ${install}` : 'install Google Chrome or Chromium from your package manager';
  throw new Error(`The editor tests need a Chromium. Run: ${command}   (or set BULKHEAD_CHROMIUM to its path)`);
}

function findChromium() {
  const named = process.env.BULKHEAD_CHROMIUM;
  if (named) {
    if (!existsSync(named)) throw new Error(`BULKHEAD_CHROMIUM names ${named}, which does not exist.`);
    return named;
  }
  const candidates =
    process.platform === 'darwin'
      ? [
          '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
          '/Applications/Chromium.app/Contents/MacOS/Chromium',
        ]
      : ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome', '/usr/bin/google-chrome-stable'];
  return candidates.find((candidate) => existsSync(candidate));
}
