// Runs one scenario of the editor suite in the browser-served VS Code.
import { format } from 'node:util';
import { startVSCodeServer } from './server.mjs';
import { openWorkbench } from './browser.mjs';

export const name = 'web';

/**
 * @param {import('./run.mjs').ScenarioRun} run
 * @returns {Promise<number>} exit code of the tests
 */
export async function runScenario(run) {
  const server = await startVSCodeServer({
    dataDir: run.dataDir,
    settings: run.settings,
    trustAll: run.trusted,
    testDriver: true,
    env: run.env,
    ...(run.vsix && { vsix: run.vsix }),
  });
  let workbench;
  let second;
  try {
    const remote = (file) => `vscode-remote://${server.authority}${encodeURI(file)}`;
    const exit = Promise.withResolvers();
    workbench = await openWorkbench({
      origin: server.origin,
      workspace: run.workspace,
      payload: [
        ['extensionDevelopmentPath', remote(run.extension)],
        ['extensionTestsPath', remote(run.tests)],
        ['skipWelcome', 'true'],
      ],
      functions: {
        codeAutomationLog: (type, args) => run.log(`${type}: ${format(...args)}`),
        codeAutomationExit: (code) => exit.resolve(code),
      },
    });
    run.show(workbench.page);
    run.more(async () => {
      second = await openWorkbench({
        origin: server.origin,
        workspace: run.workspace,
        payload: [
          ['extensionDevelopmentPath', remote(run.extension)],
          ['skipWelcome', 'true'],
        ],
      });
      return second.page;
    });
    void server.ended.then(() => exit.reject(new Error('The VS Code server ended while the tests ran.')));
    run.signal.addEventListener('abort', () => exit.reject(run.signal.reason));
    return await exit.promise;
  } finally {
    await Promise.all([workbench?.close(), second?.close()]);
    // Killed, not closed: no process of ours may outlive a killed editor.
    server.kill();
    await server.ended;
  }
}
