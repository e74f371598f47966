// `npm run screenshots`: takes the pictures of the READMEs from the packaged extension, in a real VS Code on the sample. The
// page of the extension shows the Problems panel as a table (scripts/vsix/readme.mjs says why).
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openWorkbench } from './editor-host/browser.mjs';
import { startVSCodeServer } from './editor-host/server.mjs';
import { packageExtensions } from './package.mjs';
import { problemsAsText } from './vsix/problems-as-text.mjs';
import { ownTarget } from './vsix/targets.mjs';

const root = path.resolve(import.meta.dirname, '..');
const images = path.join(root, 'docs', 'images');
const settings = {
  'workbench.startupEditor': 'none',
  'workbench.colorTheme': 'Default Dark Modern',
  'workbench.tips.enabled': false,
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'chat.disableAIFeatures': true,
  'telemetry.telemetryLevel': 'off',
  'git.enabled': false,
  'explorer.autoReveal': false,
};

const [vsix] = await packageExtensions([ownTarget()]);
mkdirSync(images, { recursive: true });
const dataDir = mkdtempSync(path.join(tmpdir(), 'bulkhead-screenshots-'));
const server = await startVSCodeServer({
  dataDir,
  settings,
  trustAll: true,
  vsix,
  env: { XDG_CACHE_HOME: path.join(dataDir, 'cache'), LOCALAPPDATA: path.join(dataDir, 'cache') },
});
try {
  const { page, close } = await openWorkbench({
    origin: server.origin,
    workspace: path.join(root, 'samples', 'harbour'),
  });
  await page.setViewportSize({ width: 1280, height: 720 });

  /** Runs a command of the palette, which closes when a view that opens late takes the focus: then it is opened again. */
  const command = async (title, tries = 5) => {
    try {
      await page.keyboard.press('F1');
      await page.locator('.quick-input-widget input').first().fill(`>${title}`, { timeout: 5_000 });
      await page.locator('.quick-input-list .monaco-list-row', { hasText: title }).first().click({ timeout: 5_000 });
    } catch (error) {
      if (tries === 0) throw error;
      await command(title, tries - 1);
    }
  };
  const take = async (name) => {
    // Where it shows no tooltip.
    await page.mouse.move(800, 600);
    await page.waitForTimeout(1_500);
    const file = path.join(images, `${name}.png`);
    await page.screenshot({ path: file });
    console.log(path.relative(root, file));
  };

  const upToDate = () => page.locator('.statusbar-item[aria-label*="Bulkhead"][aria-label*="p to date"]').waitFor();

  await upToDate();
  await command('Problems: Focus on Problems View');
  await command('View: Toggle Maximized Panel');
  await take('problems');
  writeFileSync(path.join(images, 'problems.md'), problemsAsText(await page.evaluate(rowsOfProblems)));

  await command('View: Hide Panel');
  await command('Bulkhead: Open Health');
  // The charts fill while workers are at work.
  await command('Bulkhead: Restart Workers');
  await command('Bulkhead: Analyse Workspace');
  await command('Bulkhead: Open Health Dashboard');
  await page.waitForTimeout(5_000);
  await upToDate();
  await take('dashboard');
  await close();
} finally {
  server.kill();
  await server.ended;
  rmSync(dataDir, { recursive: true, force: true, maxRetries: 5 });
}
process.exit(0);

/* global document -- It runs in the workbench. */
/** @returns {import('./vsix/problems-as-text.mjs').Row[]} */
function rowsOfProblems() {
  const rows = [...document.querySelectorAll('.markers-panel .monaco-list-row')];
  const textIn = (row, selector) => row.querySelector(selector)?.textContent ?? '';
  return rows.map((row) => ({
    level: Number(row.getAttribute('aria-level')),
    severity: ['error', 'warning', 'info'].find((name) => row.querySelector(`.marker-icon.${name}`) !== null),
    file: textIn(row, '.label-name'),
    message: textIn(row, '.marker-message'),
    source: textIn(row, '.marker-source'),
    code: textIn(row, '.marker-code'),
  }));
}
