// One running browser-served VS Code: its server process, from start to end.
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { installVSCodeServer } from './install.mjs';

const startDeadlineMs = 60_000;

/**
 * @param {object} options
 * @param {string} options.dataDir  folder for user data, settings and extensions; made when missing
 * @param {Record<string, unknown>} [options.settings]  of the machine
 * @param {boolean} [options.trustAll]  no workspace trust: every folder is trusted
 * @param {boolean} [options.testDriver]  obeys the parameters of extension development in the address
 * @param {string} [options.token]  asked of whoever connects
 * @param {Record<string, string>} [options.env]
 * @param {string} [options.vsix]  extension to install first
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
  // It would serve on without us.
  process.once('exit', () => server.kill('SIGKILL'));
  const port = await listeningPort(server);
  return {
    pid: server.pid,
    origin: `http://127.0.0.1:${port}`,
    authority: `127.0.0.1:${port}`,
    ended: new Promise((resolve) => server.once('exit', resolve)),
    /** Ends it the hard way, as a machine that goes down would. */
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

/** The server says on stdout where it listens; without that line within the deadline it did not start. */
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
    // Read to the end: a full pipe would stop the server.
    server.stdout.setEncoding('utf8').on('data', read);
    server.stderr.setEncoding('utf8').on('data', read);
    server.once('error', (error) => fail(`could not be started (${error.message})`));
    server.once('exit', (code) => fail(`ended with ${code}`));
  });
}
