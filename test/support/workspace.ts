/** Workspaces made for a test and removed after it. */
import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';

export const repository = path.resolve(import.meta.dirname, '../..');

export interface TestWorkspace extends AsyncDisposable {
  readonly root: string;
  write(files: Readonly<Record<string, string>>): Promise<void>;
  /** Makes packages of this repository's node_modules resolvable: `{ typescript: 'typescript5' }`. */
  link(packages: Readonly<Record<string, string>>): Promise<void>;
}

/** @param name part of the folder's name, for tests of unusual paths */
export async function makeWorkspace(
  files: Readonly<Record<string, string>> = {},
  name = 'workspace',
): Promise<TestWorkspace> {
  const base = await realpath(await mkdtemp(path.join(os.tmpdir(), 'bulkhead-test-')));
  const root = path.join(base, name);
  await mkdir(root);
  const workspace: TestWorkspace = {
    root,
    write: async (more) => {
      for (const [file, text] of Object.entries(more)) {
        const absolute = path.join(root, file);
        await mkdir(path.dirname(absolute), { recursive: true });
        await writeFile(absolute, text);
      }
    },
    link: async (packages) => {
      for (const [as, from] of Object.entries(packages)) {
        const target = path.join(root, 'node_modules', as);
        await mkdir(path.dirname(target), { recursive: true });
        await symlink(path.join(repository, 'node_modules', from), target, 'junction');
      }
    },
    [Symbol.asyncDispose]: () => rm(base, { recursive: true, force: true, maxRetries: 5 }),
  };
  await workspace.write(files);
  return workspace;
}

/** All issues of {@link makeBrokenWorkspace}, as `file rule`. */
export const brokenIssues: readonly string[] = [
  'src/b.ts import-cycle',
  'src/loose.js eqeqeq',
  'src/loose.js no-var',
  'src/types.ts TS2322',
];

/** A workspace in which each of the three first detectors finds something, and one file is clean. */
export async function makeBrokenWorkspace(name?: string): Promise<TestWorkspace> {
  const workspace = await makeWorkspace(
    {
      'package.json': '{ "name": "broken", "private": true, "type": "module" }\n',
      'tsconfig.json':
        '{ "compilerOptions": { "strict": true, "module": "nodenext", "noEmit": true, "lib": ["es2023"], "types": [], "skipLibCheck": true }, "include": ["src"] }\n',
      'eslint.config.js': "export default [{ files: ['**/*.js'], rules: { eqeqeq: 'error', 'no-var': 'warn' } }];\n",
      'src/types.ts': "export const count: number = 'three';\n",
      'src/a.ts': "import { b } from './b.js';\nexport const a = (): number => b();\n",
      'src/b.ts': "import { a } from './a.js';\nexport const b = (): number => a();\n",
      'src/loose.js': 'var loose = 1;\nif (loose == 2) loose = 3;\n',
      'src/clean.ts': 'export const clean = true;\n',
    },
    name,
  );
  await workspace.link({ typescript: 'typescript', eslint: 'eslint' });
  return workspace;
}
