/** The workspaces the editor suite opens, with the issues they must give. Read by the host and by the tests. */

/** One issue that must be shown: `<file> <detector> <rule>`; of a cycle only the folder, for it has many places. */
export type ExpectedIssue = string;

export interface GeneratedWorkspace {
  /** Of a workspace of several folders; their ESLint is linked into each. */
  readonly folders?: readonly string[];
  readonly files: ReadonlyMap<string, string>;
  readonly issues: readonly ExpectedIssue[];
}

/** Calls up the trap of the scenario `poison`. */
export const trapWord = 'spring the trap';
export const trappedFile = 'src/plain/trapped.js';

const debuggerRule = `'no-debugger': 'error'`;

const eslintConfigs = {
  plain: `export default [{ rules: { ${debuggerRule} } }];\n`,
  /** ESLint's process is gone as soon as it reads its configuration. */
  deadly: `process.kill(process.pid, 'SIGKILL');\nexport default [];\n`,
  /** Leaves a file behind wherever it is executed. */
  telling: [
    `import { writeFileSync } from 'node:fs';`,
    `writeFileSync(new URL('./executed.txt', import.meta.url), 'yes');`,
    `export default [{ rules: { ${debuggerRule} } }];`,
    '',
  ].join('\n'),
  /** One rule ends the process on a file with a certain text. */
  trap: [
    // Not as it stands: this file is linted too.
    `const word = ${JSON.stringify(trapWord.split(' '))}.join(' ');`,
    `const spring = { create: ({ sourceCode }) => ({`,
    `  Program: () => { if (sourceCode.text.includes(word)) process.kill(process.pid, 'SIGKILL'); },`,
    `}) };`,
    `export default [{ plugins: { trap: { rules: { spring } } }, rules: { 'trap/spring': 'error', ${debuggerRule} } }];`,
    '',
  ].join('\n'),
} as const;

/** The workspaces by the name of their scenario. */
export const workspaces = {
  workspace: () => generate(1000),
  fault: () => generate(100, eslintConfigs.deadly),
  poison: () => {
    const { files, issues } = generate(100, eslintConfigs.trap);
    return {
      files: new Map([...files, [trappedFile, `// ${trapWord}\n`]]),
      issues: [...issues, `${trappedFile} eslint quarantined`].toSorted(),
    };
  },
  restricted: () => generate(100, eslintConfigs.telling),
  windows: () => generate(100),
  beside: () => generate(20),
  folders: () => {
    const folders = ['first', 'second'];
    const generated = generate(50);
    return {
      folders,
      files: new Map(folders.flatMap((name) => [...generated.files].map(([file, text]) => [`${name}/${file}`, text]))),
      issues: folders.flatMap((name) => generated.issues.map((issue) => `${name}/${issue}`)).toSorted(),
    };
  },
} as const satisfies Record<string, () => GeneratedWorkspace>;

/**
 * A TypeScript and JavaScript project of which every hundredth file has a known issue of one of the detectors.
 * @param size files in all, without the configuration
 */
function generate(size: number, eslintConfig: string = eslintConfigs.plain): GeneratedWorkspace {
  const files = new Map<string, string>([
    ['package.json', `${JSON.stringify({ name: 'generated', private: true, type: 'module' }, null, 2)}\n`],
    ['.gitignore', 'node_modules/\n'],
    ['eslint.config.mjs', eslintConfig],
    ['tsconfig.json', `${JSON.stringify(tsconfig, null, 2)}\n`],
    ['src/ring/first.ts', `import { second } from './second.js';\nexport const first = () => second;\n`],
    ['src/ring/second.ts', `import { first } from './first.js';\nexport const second = () => first;\n`],
  ]);
  const issues: ExpectedIssue[] = ['src/ring circular import-cycle'];
  for (let index = 0; index < size - 2; index++) {
    const name = `module-${String(index).padStart(4, '0')}`;
    const broken = index % 200 < 2;
    if (index % 2 === 0) {
      files.set(`src/typed/${name}.ts`, `export const value: number = ${broken ? `'${index}'` : index};\n`);
      if (broken) {
        issues.push(`src/typed/${name}.ts typescript TS2322`);
      }
    } else {
      files.set(`src/plain/${name}.js`, `export function value() {\n${broken ? '  debugger;\n' : ''}  return 1;\n}\n`);
      if (broken) {
        issues.push(`src/plain/${name}.js eslint no-debugger`);
      }
    }
  }
  return { files, issues: issues.toSorted() };
}

const tsconfig = {
  compilerOptions: {
    strict: true,
    noEmit: true,
    module: 'nodenext',
    target: 'es2022',
    lib: ['es2022'],
    types: [],
    skipLibCheck: true,
  },
  include: ['src/**/*.ts'],
};
