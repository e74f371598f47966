/** What the editor suite opens: each scenario is one window on one workspace. Read by the host and by the tests. */
import { generateWorkspace, writeWorkspace } from './support/workspaces.ts';
import type { GeneratedWorkspace } from './support/workspaces.ts';

export interface Scenario {
  readonly name: string;
  readonly title: string;
  /** False: the window opens in Restricted Mode. */
  readonly trusted: boolean;
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Fills the folder before the window opens. */
  create(folder: string): Promise<void>;
}

/** ESLint's process is gone as soon as it reads its configuration. */
const deadlyEslintConfig = `process.kill(process.pid, 'SIGKILL');\nexport default [];\n`;

/** Leaves a file behind wherever it is executed. */
const tellingEslintConfig = [
  `import { writeFileSync } from 'node:fs';`,
  `writeFileSync(new URL('./executed.txt', import.meta.url), 'yes');`,
  `export default [{ rules: { 'no-debugger': 'error' } }];`,
  '',
].join('\n');

/** The workspaces by the name of their scenario. */
export const workspaces = {
  workspace: () => generateWorkspace({ size: 1000 }),
  fault: () => generateWorkspace({ size: 100, eslintConfig: deadlyEslintConfig }),
  restricted: () => generateWorkspace({ size: 100, eslintConfig: tellingEslintConfig }),
} as const satisfies Record<string, () => GeneratedWorkspace>;

export const scenarios: readonly Scenario[] = [
  {
    name: 'workspace',
    title: 'a folder of 1,000 files',
    trusted: true,
    create: (folder) => writeWorkspace(folder, workspaces.workspace()),
  },
  {
    name: 'fault',
    title: 'an ESLint configuration that kills its process',
    trusted: true,
    create: (folder) => writeWorkspace(folder, workspaces.fault()),
  },
  {
    name: 'restricted',
    title: 'a workspace that is not trusted',
    trusted: false,
    settings: { 'security.workspace.trust.startupPrompt': 'never', 'security.workspace.trust.banner': 'always' },
    create: (folder) => writeWorkspace(folder, workspaces.restricted()),
  },
];
