// Lets the tests use the workbench in ways that the extension API does not offer. The driver holds the workbench page and runs
// an HTTP server on the loopback address for the length of a run; test/editor/support/driver.ts is its client.
import { createServer } from 'node:http';
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '..', '..');
const screenshots = path.join(root, 'out', 'screenshots');
/** Only guards against hanging. */
const actionTimeout = { timeout: 120_000 };

/** Each takes the workbench page and the request's body, and returns the response. */
const actions = {
  async screenshot(page, { name }) {
    mkdirSync(screenshots, { recursive: true });
    const file = path.join(screenshots, `${name}.png`);
    await page.screenshot({ path: file });
    return { file };
  },
  /** In a webview, which is a frame in a frame. */
  async readWebview(page, { selector, pattern, flags }) {
    const frame = await webviewOf(page);
    return actions.read(frame, { selector, pattern, flags });
  },
  async clickWebview(page, { selector }) {
    await (await webviewOf(page)).click(selector, actionTimeout);
    return {};
  },
  /** What axe-core finds wrong in a webview. */
  async auditWebview(page) {
    const frame = await webviewOf(page);
    await frame.evaluate(readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8'));
    const violations = await frame.evaluate(async () => (await globalThis.axe.run()).violations);
    return {
      violations: violations.map(({ id, impact, help, nodes }) => ({
        id,
        impact,
        help,
        targets: nodes.map(({ html }) => html),
      })),
    };
  },
  async type(page, { text }) {
    await page.keyboard.type(text);
    return {};
  },
  async hover(page, { selector }) {
    await page.hover(selector, actionTimeout);
    return {};
  },
  async click(page, { selector }) {
    // The tooltip of what the mouse rests on may cover the target: it goes when the mouse does.
    await page.mouse.move(400, 2);
    await page.click(selector, actionTimeout);
    return {};
  },
  async press(page, { keys }) {
    await page.keyboard.press(keys);
    return {};
  },
  /** Waits until the element exists and its text, label or title matches. */
  async read(page, { selector, pattern, flags, patienceMs: timeout = actionTimeout.timeout }) {
    const element = page.locator(selector).first();
    await element.waitFor({ state: 'attached', timeout });
    const deadline = Date.now() + timeout;
    for (;;) {
      const text = (await element.innerText(actionTimeout)).trim();
      const label = (await element.getAttribute('aria-label', actionTimeout)) ?? '';
      if (!pattern || new RegExp(pattern, flags).test(`${text}\n${label}`)) return { text, label };
      if (Date.now() > deadline) throw new Error(`${selector} is "${text}" (${label}), expected ${pattern}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  },
};

/** Waits for a frame with a page of ours. */
async function webviewOf(page) {
  const deadline = Date.now() + actionTimeout.timeout;
  for (;;) {
    for (const frame of page.frames()) {
      if (
        (await frame
          .locator('main h1')
          .count()
          .catch(() => 0)) > 0
      )
        return frame;
    }
    if (Date.now() > deadline) throw new Error('There is no webview.');
    await page.waitForTimeout(50);
  }
}

/**
 * @param {() => import('playwright-core').Page | undefined} currentPage  returns undefined if the host has no page
 * @param {(result: unknown) => void} onResult  receives the final report of the tests
 * @param {() => Promise<import('playwright-core').Page | undefined>} openSecond  opens a second window
 */
export async function serveUserInterface(currentPage, onResult, openSecond) {
  let second;
  const pageOf = (window) => (window === 'second' ? second : currentPage());
  const server = createServer((request, response) => {
    const answer = (status, body) => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(body));
    };
    const openWindow = async () => (second = await openSecond());
    handle(request, { pageOf, onResult, openWindow }).then(
      (body) => answer(200, body),
      (error) => answer(500, { error: error.message }),
    );
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function handle(request, { pageOf, onResult, openWindow }) {
  let text = '';
  for await (const chunk of request) text += chunk;
  const { action, window, ...parameters } = JSON.parse(text);
  if (action === 'result') {
    onResult(parameters.result);
    return {};
  }
  if (action === 'print') {
    console.log(parameters.line);
    return {};
  }
  if (action === 'openWindow') {
    await openWindow();
    return {};
  }
  const page = pageOf(window);
  if (!page) throw new Error('This host shows no workbench to the driver.');
  if (!Object.hasOwn(actions, action)) throw new Error(`Unknown action ${action}`);
  return actions[action](page, parameters);
}
