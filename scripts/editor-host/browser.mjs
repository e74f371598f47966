// A Chromium that shows the workbench of one VS Code.
import { chromium } from 'playwright-core';
import { installChromium } from './install.mjs';

// These flags also work as root and without network access.
const flags = [
  '--headless=new',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-dev-shm-usage',
];

/** Only guards against hanging, milliseconds: on a busy machine everything takes many times as long. */
const patienceMs = 180_000;

/**
 * Opens a folder, or a workspace of several folders, in the workbench.
 * @param {object} options
 * @param {string} options.origin  origin of the VS Code server
 * @param {string} options.workspace  absolute path of the folder or of the .code-workspace file
 * @param {[string, string][]} [options.payload]  parameters of the workbench, for example for extension development
 * @param {Record<string, (...values: any[]) => void>} [options.functions]  functions that the workbench can call on `window`
 */
export async function openWorkbench({ origin, workspace, payload = [], functions = {} }) {
  const browser = await chromium.launch({ executablePath: installChromium(), args: flags, timeout: patienceMs });
  try {
    return { page: await openPage(), close: () => browser.close() };
  } catch (error) {
    await browser.close();
    throw error;
  }

  async function openPage() {
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    page.setDefaultTimeout(patienceMs);
    for (const [name, call] of Object.entries(functions)) await page.exposeFunction(name, call);
    const address = new URL(origin);
    const kind = workspace.endsWith('.code-workspace') ? 'workspace' : 'folder';
    address.searchParams.set(kind, workspace.replaceAll('\\', '/'));
    if (payload.length > 0) address.searchParams.set('payload', JSON.stringify(payload));
    await page.goto(address.href);
    return page;
  }
}
