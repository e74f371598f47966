// Runs one scenario of the editor suite in a desktop VS Code: the one named by VSCODE_EXECUTABLE, or a downloaded one.
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { downloadAndUnzipVSCode, resolveCliArgsFromVSCodeExecutablePath, runTests } from '@vscode/test-electron';
import { chromium } from 'playwright-core';

export const name = 'electron';

const downloads = 'https://update.code.visualstudio.com/api/releases/stable';

/** Whether a desktop VS Code is available here. Without network access there may be no answer, so it waits three seconds. */
export async function available() {
  if (process.platform === 'linux' && !process.env.DISPLAY && !process.env.WAYLAND_DISPLAY) return false;
  if (process.env.VSCODE_EXECUTABLE) return true;
  try {
    const response = await fetch(downloads, { signal: AbortSignal.timeout(3000) });
    return response.ok;
  } catch {
    return false;
  }
}

/** @param {import('./run.mjs').ScenarioRun} run */
export async function runScenario(run) {
  const executable = process.env.VSCODE_EXECUTABLE ?? (await downloadAndUnzipVSCode('stable'));
  const userData = path.join(run.dataDir, 'user-data');
  const folders = [`--user-data-dir=${userData}`, `--extensions-dir=${path.join(run.dataDir, 'extensions')}`];
  mkdirSync(path.join(userData, 'User'), { recursive: true });
  writeFileSync(path.join(userData, 'User', 'settings.json'), JSON.stringify(run.settings, null, 2));
  if (run.vsix) installExtension(executable, folders, run.vsix);

  const port = await freePort();
  const tests = runTests({
    vscodeExecutablePath: executable,
    extensionDevelopmentPath: run.extension,
    extensionTestsPath: run.tests,
    extensionTestsEnv: run.env,
    launchArgs: [
      run.workspace,
      ...folders,
      '--disable-gpu',
      '--skip-welcome',
      `--remote-debugging-port=${port}`,
      ...(run.trusted ? ['--disable-workspace-trust'] : []),
      ...(run.vsix ? [] : ['--disable-extensions']),
    ],
  });
  const browser = await connect(port, tests);
  let second;
  let secondBrowser;
  try {
    run.show(browser?.contexts()[0]?.pages()[0]);
    run.more(async () => {
      // One editor shows a folder in only one window, so the second window belongs to another editor with its own settings.
      const otherData = path.join(run.dataDir, 'second-user-data');
      mkdirSync(path.join(otherData, 'User'), { recursive: true });
      writeFileSync(path.join(otherData, 'User', 'settings.json'), JSON.stringify(run.settings, null, 2));
      const otherPort = await freePort();
      second = spawn(
        executable,
        [
          run.workspace,
          `--user-data-dir=${otherData}`,
          folders[1],
          '--disable-gpu',
          '--skip-welcome',
          '--no-sandbox',
          `--remote-debugging-port=${otherPort}`,
          `--extensionDevelopmentPath=${run.extension}`,
          ...(run.trusted ? ['--disable-workspace-trust'] : []),
        ],
        { env: { ...process.env, ...run.env }, stdio: 'ignore' },
      );
      secondBrowser = await connect(otherPort, new Promise((resolve) => second.once('exit', resolve)));
      return secondBrowser?.contexts()[0]?.pages()[0];
    });
    const aborted = new Promise((_, reject) => run.signal.addEventListener('abort', () => reject(run.signal.reason)));
    return await Promise.race([tests, aborted]);
  } finally {
    await Promise.all([browser?.close(), secondBrowser?.close()]);
    second?.kill();
  }
}

function installExtension(executable, folders, vsix) {
  const [cli, ...argv] = resolveCliArgsFromVSCodeExecutablePath(executable);
  const result = spawnSync(cli, [...argv, ...folders, '--install-extension', vsix, '--force'], {
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  });
  if (result.status !== 0) throw new Error(`${vsix} could not be installed: see above.`);
}

/** The window responds shortly after its process has started. */
async function connect(port, tests) {
  let ended = false;
  tests.then(
    () => (ended = true),
    () => (ended = true),
  );
  while (!ended) {
    try {
      return await chromium.connectOverCDP(`http://127.0.0.1:${port}`);
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
  return undefined;
}

async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}
