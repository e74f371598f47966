// The server process of a browser-served VS Code, from start to end.
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { installVSCodeServer } from './install.mjs';

const startDeadlineMs = 60_000;

/**
 * @param {object} options
 * @param {string} options.dataDir  folder for user data, settings and extensions; created if missing
 * @param {Record<string, unknown>} [options.settings]  machine settings
 * @param {boolean} [options.trustAll]  turns off workspace trust: every folder is trusted
 * @param {boolean} [options.testDriver]  accepts the parameters of extension development in the address
 * @param {string} [options.token]  required of every connection
 * @param {Record<string, string>} [options.env]
 * @param {string} [options.vsix]  extension to install before the start
 */
export async function startVSCodeServer({ dataDir, settings = {}, trustAll, testDriver, token, env = {}, vsix }) {
  const main = installVSCodeServer();
  const machine = path.join(dataDir, 'data', 'Machine');
  mkdirSync(machine, { recursive: true });
  writeFileSync(path.join(machine, 'settings.json'), JSON.stringify(settings, null, 2));
  const folders = ['--server-data-dir', dataDir, '--extensions-dir', path.join(dataDir, 'extensions')];
  if (vsix) installExtension(main, folders, vsix);

  const argv = [main, '--host', '127.0.0.1', '--port', '0', ...folders, '--accept-server-license-terms'];
  argv.push('--telemetry-level', 'off');
  argv.push(...(token ? ['--connection-token', token] : ['--without-connection-token']));
  if (trustAll) argv.push('--disable-workspace-trust');
  if (testDriver) argv.push('--enable-smoke-test-driver');
  const server = spawn(process.execPath, argv, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  // Otherwise it would keep running after this process.
  process.once('exit', () => server.kill('SIGKILL'));
  const port = await listeningPort(server);
  return {
    pid: server.pid,
    origin: `http://127.0.0.1:${port}`,
    authority: `127.0.0.1:${port}`,
    ended: new Promise((resolve) => server.once('exit', resolve)),
    /** Kills it, as if the machine went down. */
    kill: () => server.kill('SIGKILL'),
    stop: () => server.kill('SIGTERM'),
  };
}

function installExtension(main, folders, vsix) {
  const result = spawnSync(process.execPath, [main, ...folders, '--install-extension', vsix, '--force'], {
    encoding: 'utf8',
  });
  if (result.status !== 0 || !/successfully installed/.test(result.stdout)) {
    throw new Error(`${vsix} could not be installed:\n${result.stdout}${result.stderr}`);
  }
}

/** The server prints its address on stdout. If that line does not arrive in time, the start has failed. */
function listeningPort(server) {
  return new Promise((resolve, reject) => {
    let output = '';
    const fail = (what) => reject(new Error(`The VS Code server ${what}:\n${output}`));
    const deadline = setTimeout(() => {
      server.kill('SIGKILL');
      fail(`did not start within ${startDeadlineMs / 1000} s`);
    }, startDeadlineMs);
    const read = (chunk) => {
      output += chunk;
      const match = /Extension host agent listening on (\d+)/.exec(output);
      if (match) {
        clearTimeout(deadline);
        for (const stream of [server.stdout, server.stderr]) stream.off('data', read).resume();
        resolve(Number(match[1]));
      }
    };
    // Keep reading, because a full pipe would block the server.
    server.stdout.setEncoding('utf8').on('data', read);
    server.stderr.setEncoding('utf8').on('data', read);
    server.once('error', (error) => fail(`could not be started (${error.message})`));
    server.once('exit', (code) => fail(`ended with ${code}`));
  });
}
