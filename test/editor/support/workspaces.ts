/** The workspaces the editor suite opens, with the issues they must give. Read by the host and by the tests. */

/** The workspaces by the name of their scenario. */
export const workspaces = {
  workspace: () => generateWorkspace({ size: 1000 }),
  fault: () => generateWorkspace({ size: 100, eslintConfig: deadlyEslintConfig }),
  restricted: () => generateWorkspace({ size: 100, eslintConfig: tellingEslintConfig }),
} as const satisfies Record<string, () => GeneratedWorkspace>;

/** One issue that must be shown: `<file> <detector> <rule>`; of a cycle only the folder, for it has many places. */
export type ExpectedIssue = string;

export interface GeneratedWorkspace {
  readonly files: ReadonlyMap<string, string>;
  readonly issues: readonly ExpectedIssue[];
}

export interface WorkspaceOptions {
  /** Files in all, without the configuration. */
  readonly size: number;
  /** Source of eslint.config.mjs. */
  readonly eslintConfig?: string;
}

const plainEslintConfig = `export default [{ rules: { 'no-debugger': 'error' } }];\n`;

/** ESLint's process is gone as soon as it reads its configuration. */
const deadlyEslintConfig = `process.kill(process.pid, 'SIGKILL');\nexport default [];\n`;

/** Leaves a file behind wherever it is executed. */
const tellingEslintConfig = [
  `import { writeFileSync } from 'node:fs';`,
  `writeFileSync(new URL('./executed.txt', import.meta.url), 'yes');`,
  `export default [{ rules: { 'no-debugger': 'error' } }];`,
  '',
].join('\n');

/** A TypeScript and JavaScript project of which every hundredth file has a known issue of one of the detectors. */
export function generateWorkspace({ size, eslintConfig = plainEslintConfig }: WorkspaceOptions): GeneratedWorkspace {
  const files = new Map<string, string>([
    ['package.json', `${JSON.stringify({ name: 'generated', private: true, type: 'module' }, null, 2)}\n`],
    ['.gitignore', 'node_modules/\n'],
    ['eslint.config.mjs', eslintConfig],
    ['tsconfig.json', `${JSON.stringify(tsconfig, null, 2)}\n`],
  ]);
  const issues: ExpectedIssue[] = [];
  for (let index = 0; index < size - 2; index++) {
    const number = String(index).padStart(4, '0');
    if (index % 2 === 0) {
      const file = `src/typed/module-${number}.ts`;
      const broken = index % 200 === 0;
      files.set(
        file,
        `export const value${number}: number = ${broken ? `'${number}'` : number.replace(/^0+(?=\d)/, '')};\n`,
      );
      if (broken) {
        issues.push(`${file} typescript TS2322`);
      }
    } else {
      const file = `src/plain/module-${number}.js`;
      const broken = index % 200 === 1;
      files.set(file, `export function value${number}() {\n${broken ? '  debugger;\n' : ''}  return ${index};\n}\n`);
      if (broken) {
        issues.push(`${file} eslint no-debugger`);
      }
    }
  }
  files.set('src/ring/first.ts', `import { second } from './second.js';\nexport const first = () => second;\n`);
  files.set('src/ring/second.ts', `import { first } from './first.js';\nexport const second = () => first;\n`);
  issues.push('src/ring circular import-cycle');
  return { files, issues: issues.toSorted() };
}

const tsconfig = {
  compilerOptions: { strict: true, noEmit: true, module: 'nodenext', target: 'es2022', types: [] },
  include: ['src/**/*.ts'],
};
