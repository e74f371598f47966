import type { Found, Rule } from '../../../rules/rule.ts';
import { callsIn } from '../flow/flow-rule.ts';

/** By option: the value that opens the door. */
const UNSAFE: Readonly<Record<string, boolean>> = {
  nodeIntegration: true,
  nodeIntegrationInWorker: true,
  nodeIntegrationInSubFrames: true,
  contextIsolation: false,
  webSecurity: false,
  allowRunningInsecureContent: true,
  experimentalFeatures: true,
  enableRemoteModule: true,
  sandbox: false,
};
/** They may be needed, and are safe while the page is trusted. */
const MILD: ReadonlySet<string> = new Set(['sandbox', 'experimentalFeatures']);

export const rule: Rule = {
  meta: {
    name: 'electron-preferences',
    severity: 'warning',
    description:
      'A window of Electron whose pages get the powers of Node.js, or that ignores the origin of what it loads.',
    why: 'One script from elsewhere in the page then owns the machine of the user. Leave the defaults, and hand single functions to the page in a preload script.',
    cwe: 1188,
    confidence: 'high',
    bad: "import { BrowserWindow } from 'electron';\n\nexport const open = () => new BrowserWindow({ webPreferences: { nodeIntegration: true, contextIsolation: false } });",
    good: "import { BrowserWindow } from 'electron';\n\nexport const open = () => new BrowserWindow({ webPreferences: { preload } });",
  },
  *check(file): Generator<Found> {
    for (const script of file.scripts) {
      const { names } = script;
      for (const call of callsIn(script)) {
        if (!/(?:^|[.?:])(?:BrowserWindow|BrowserView|WebContentsView)$/.test(names.pathOf(call.callee))) continue;
        const preferences = names.property(call.arguments[0], 'webPreferences');
        if (preferences === undefined || preferences === 'unclear') continue;
        for (const [name, unsafe] of Object.entries(UNSAFE)) {
          const value = names.property(preferences, name);
          if (MILD.has(name) || value === undefined || value === 'unclear' || names.constantOf(value) !== unsafe)
            continue;
          yield {
            at: value,
            message: `With \`${name}: ${String(unsafe)}\`, a script in the page gets powers that only the program should have. Leave the default.`,
            fixes: [
              {
                title: `Set ${name} to ${String(!unsafe)}`,
                kind: 'suggestion',
                edits: [{ at: value, text: String(!unsafe) }],
              },
            ],
          };
        }
      }
    }
  },
};
