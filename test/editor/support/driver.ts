/** The tests' line to the process that holds the window (scripts/editor-host/user-interface.mjs). */

export interface Seen {
  readonly text: string;
  /** The accessible name. */
  readonly label: string;
}

export interface Violation {
  readonly id: string;
  readonly impact: string;
  readonly help: string;
  /** HTML of the elements. */
  readonly targets: readonly string[];
}

export const driver = {
  /** Keeps the whole window as out/screenshots/<name>.png. */
  screenshot: (name: string) => ask('screenshot', { name }),
  hover: (selector: string) => ask('hover', { selector }),
  click: (selector: string) => ask('click', { selector }),
  press: (keys: string) => ask('press', { keys }),
  type: (text: string) => ask('type', { text }),
  /** Waits until an element's text or label matches; the first match of the selector counts. */
  read: (selector: string, pattern: RegExp) =>
    ask('read', { selector, pattern: pattern.source, flags: pattern.flags }) as Promise<Seen>,
  /** Whether such an element appears soon. */
  appears: (selector: string): Promise<boolean> =>
    ask('read', { selector, pattern: '', flags: '', patienceMs: 5_000 }).then(
      () => true,
      () => false,
    ),
  /** The same in a webview. */
  readWebview: (selector: string, pattern: RegExp) =>
    ask('readWebview', { selector, pattern: pattern.source, flags: pattern.flags }) as Promise<Seen>,
  clickWebview: (selector: string) => ask('clickWebview', { selector }),
  /** What a checker of accessibility finds wrong in a webview. */
  auditWebview: async () => {
    const { violations } = (await ask('auditWebview', {})) as { readonly violations: readonly Violation[] };
    return violations;
  },
  /** The same in the second window, which may have just been opened. */
  readSecond: (selector: string, pattern: RegExp) =>
    ask('read', {
      selector,
      pattern: pattern.source,
      flags: pattern.flags,
      window: 'second',
      patienceMs: 120_000,
    }) as Promise<Seen>,
  /** Opens a second window on the same workspace. */
  openWindow: () => ask('openWindow', {}),
  /** A line for the terminal of whoever runs the tests. */
  print: (line: string) => ask('print', { line }),
  report: (result: object) => ask('result', { result }),
};

async function ask(action: string, parameters: object): Promise<unknown> {
  const url = process.env['BULKHEAD_EDITOR_DRIVER'];
  if (!url) {
    throw new Error('The tests run through scripts/editor-host/run.mjs, which sets BULKHEAD_EDITOR_DRIVER.');
  }
  const response = await fetch(url, { method: 'POST', body: JSON.stringify({ action, ...parameters }) });
  const body = (await response.json()) as { error?: string };
  if (!response.ok) {
    throw new Error(`${action}: ${body.error}`);
  }
  return body;
}
