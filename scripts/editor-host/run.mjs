// Runs the editor suite (test/editor) in a real VS Code:
//   node scripts/editor-host/run.mjs [--vsix file] [--scenario name] [--grep text]
// BULKHEAD_EDITOR_HOST=electron|web|auto chooses the host; `auto` (the default) uses a desktop VS Code if one
// is installed or can be downloaded, and the browser-served one otherwise. It never skips tests: it installs what is missing,
// or stops and prints the command to run. Results go to out/editor-results.json, screenshots to out/screenshots/, and the
// editor's own output to out/editor/editor.log.
import { createWriteStream, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { ensureFreshBuild } from '../fresh-build.mjs';
import { bundleSuite } from './bundle.mjs';
import { markVariable, survivors } from './survivors.mjs';
import { serveUserInterface } from './user-interface.mjs';

/**
 * One window on one workspace that runs the tests of one scenario.
 * @typedef {object} ScenarioRun
 * @property {string} workspace  what to open: a folder, or the file of a workspace with several folders
 * @property {string} dataDir  folder for the editor's user data and extensions
 * @property {string} extension  extension under development
 * @property {string} tests  the bundled suite
 * @property {string | undefined} vsix
 * @property {boolean} trusted
 * @property {Record<string, unknown>} settings
 * @property {Record<string, string>} env
 * @property {AbortSignal} signal
 * @property {(page: import('playwright-core').Page | undefined) => void} show
 * @property {(open: () => Promise<import('playwright-core').Page | undefined>) => void} more  opens a second
 *   window on the same workspace, with the extension and without tests
 * @property {(line: string) => void} log  receives the editor's own output
 */

const root = path.resolve(import.meta.dirname, '..', '..');
/** Guards against hanging only: a busy machine takes several times as long as a quiet one. */
const scenarioDeadlineMs = 900_000;
const orphanDeadlineMs = 5000;

/** Nothing else may show notifications, ask questions or repaint while the tests observe the window. */
const quietSettings = {
  'chat.disableAIFeatures': true,
  'workbench.startupEditor': 'none',
  'workbench.reduceMotion': 'on',
  // In the browser VS Code saves automatically after a second, which would break tests of unsaved text.
  'files.autoSave': 'off',
  'workbench.colorTheme': 'Default Dark Modern',
  'workbench.tips.enabled': false,
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'typescript.validate.enable': false,
  'javascript.validate.enable': false,
  'typescript.disableAutomaticTypeAcquisition': true,
  'git.enabled': false,
  'extensions.ignoreRecommendations': true,
  'telemetry.telemetryLevel': 'off',
  'update.mode': 'none',
};

const { values } = parseArgs({
  options: { vsix: { type: 'string' }, scenario: { type: 'string', multiple: true }, grep: { type: 'string' } },
});

if (!values.vsix) ensureFreshBuild();
// So that what was started is ended.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(1));
const { createWorkspace, scenarios } = await import('../../test/editor/scenarios.ts');
const unknown = (values.scenario ?? []).filter((name) => !scenarios.some((scenario) => scenario.name === name));
if (unknown.length > 0) {
  throw new Error(`Unknown scenario ${unknown.join(', ')}. Known are ${scenarios.map(({ name }) => name).join(', ')}.`);
}
const chosen = scenarios.filter(({ name }) => !values.scenario || values.scenario.includes(name));
const host = await chooseHost(process.env.BULKHEAD_EDITOR_HOST ?? 'auto');
const tests = await bundleSuite();
const editorLog = createWriteStream(path.join(root, 'out', 'editor', 'editor.log'));
const results = [];
for (const scenario of chosen) {
  results.push(await runOne(scenario));
}
process.exitCode = report(results);

async function chooseHost(wanted) {
  if (!['electron', 'web', 'auto'].includes(wanted)) {
    throw new Error(`BULKHEAD_EDITOR_HOST is ${wanted}; it can be electron, web or auto.`);
  }
  const web = await import('./web.mjs');
  if (wanted === 'web') return web;
  const electron = await import('./electron.mjs');
  return wanted === 'electron' || (await electron.available()) ? electron : web;
}

async function runOne(scenario) {
  console.log(`\n${scenario.name}: ${scenario.title} (${host.name} host${values.vsix ? ', installed VSIX' : ''})`);
  const temporary = realpathSync(mkdtempSync(path.join(tmpdir(), 'bulkhead-editor-')));
  const mark = path.basename(temporary);
  const folder = path.join(temporary, 'workspace');
  mkdirSync(folder);
  const workspace = await createWorkspace(scenario, folder);
  let page;
  let openSecond;
  let result;
  const driver = await serveUserInterface(
    () => page,
    (value) => (result = value),
    () => openSecond(),
  );
  const abort = new AbortController();
  const deadline = setTimeout(() => {
    // Aborting closes the page, often before its picture is taken.
    page
      ?.screenshot({ path: path.join(root, 'out', 'screenshots', `${scenario.name}-hangs.png`) })
      .catch((error) => console.error(`No screenshot: ${error.message}`));
    abort.abort(new Error(`No end after ${scenarioDeadlineMs / 1000} s.`));
  }, scenarioDeadlineMs);
  const failures = [];
  const dataDir = path.join(temporary, 'editor');
  try {
    const code = await host.runScenario({
      workspace,
      dataDir,
      extension: values.vsix ? harnessExtension() : root,
      tests,
      vsix: values.vsix && path.resolve(values.vsix),
      trusted: scenario.trusted,
      settings: { ...quietSettings, ...scenario.settings },
      env: {
        [markVariable]: mark,
        // Windows and terminals on one folder meet in the cache folder; keep them out of the developer's own.
        XDG_CACHE_HOME: path.join(temporary, 'cache'),
        LOCALAPPDATA: path.join(temporary, 'cache'),
        BULKHEAD_EDITOR_SCENARIO: scenario.name,
        BULKHEAD_EDITOR_DRIVER: driver.url,
        ...(values.vsix && { BULKHEAD_EDITOR_EXTENSIONS: path.join(dataDir, 'extensions') }),
        ...(values.grep && { BULKHEAD_EDITOR_GREP: values.grep }),
      },
      signal: abort.signal,
      show: (value) => (page = value),
      more: (open) => (openSecond = open),
      log: (line) => editorLog.write(`${line}\n`),
    });
    if (code !== 0 && !result) failures.push(`The tests ended with ${code} and no result.`);
  } catch (error) {
    failures.push(error.message);
  } finally {
    clearTimeout(deadline);
    driver.close();
  }
  for (const { pid, command } of await survivors(mark, orphanDeadlineMs)) {
    failures.push(`Process ${pid} outlived the editor: ${command}`);
    process.kill(pid, 'SIGKILL');
  }
  if (!result && failures.length === 0) failures.push('The tests reported nothing.');
  rmSync(temporary, { recursive: true, force: true, maxRetries: 5 });
  return { scenario: scenario.name, ...(result ?? { passed: 0, failed: 0, pending: 0, tests: [] }), failures };
}

/** The test runs the installed extension, so the extension under development is empty. */
function harnessExtension() {
  const folder = path.join(root, 'out', 'editor', 'harness');
  mkdirSync(folder, { recursive: true });
  const manifest = { name: 'editor-suite', publisher: 'bulkhead-tests', version: '0.0.0', engines: { vscode: '*' } };
  writeFileSync(path.join(folder, 'package.json'), JSON.stringify(manifest));
  return folder;
}

function report(all) {
  const sum = (key) => all.reduce((total, result) => total + result[key], 0);
  const failures = all.flatMap(({ scenario, failures }) => failures.map((failure) => `${scenario}: ${failure}`));
  const counts = { passed: sum('passed'), failed: sum('failed') + failures.length, pending: sum('pending') };
  // scripts/test.mjs repeats these names at the end of the whole run.
  const failing = [...all.flatMap(({ errors = [] }) => errors), ...failures].map((text) => ({
    name: text.split('\n', 1)[0],
    error: text,
  }));
  const summary = { host: host.name, vsix: values.vsix ?? null, ...counts, failing, scenarios: all };
  mkdirSync(path.join(root, 'out'), { recursive: true });
  writeFileSync(path.join(root, 'out', 'editor-results.json'), `${JSON.stringify(summary, null, 2)}\n`);
  for (const failure of failures) console.error(failure);
  console.log(JSON.stringify(counts));
  return counts.failed === 0 && counts.passed > 0 && counts.pending === 0 ? 0 : 1;
}
