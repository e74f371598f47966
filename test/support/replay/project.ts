/** A small project for replays: each detector has something to say about it, and types go through all of it. */
import { makeWorkspace, type TestWorkspace } from '../workspace.ts';

export async function makeReplayProject(): Promise<TestWorkspace> {
  const workspace = await makeWorkspace(project());
  await workspace.link({ typescript: 'typescript', eslint: 'eslint', 'typescript-eslint': 'typescript-eslint' });
  return workspace;
}

/** Modules in a row, each using the one before. */
function project(): Readonly<Record<string, string>> {
  const modules = Array.from({ length: 10 }, (_, index): [string, string] => [
    `src/${index % 3 === 0 ? 'deep/' : ''}m${index}.ts`,
    moduleText(index),
  ]);
  return {
    'package.json': '{ "name": "replayed", "version": "1.0.0", "private": true, "type": "module" }\n',
    'tsconfig.json':
      '{\n  // Edited by the replay.\n  "compilerOptions": { "strict": true, "module": "esnext", "moduleResolution": "bundler", "allowJs": true, "noEmit": true, "lib": ["es2023"], "types": [], "skipLibCheck": true },\n  "include": ["src"]\n}\n',
    'eslint.config.js': [
      "import tseslint from 'typescript-eslint';",
      'export default [',
      "  { ignores: ['*.config.js'] },",
      "  { rules: { eqeqeq: 'error', 'no-var': 'warn', 'prefer-const': 'error' } },",
      "  { files: ['**/*.ts'], ...tseslint.configs.base, languageOptions: { parser: tseslint.parser, parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },",
      "    rules: { '@typescript-eslint/no-floating-promises': 'error', '@typescript-eslint/no-unnecessary-condition': 'warn' } },",
      '];\n',
    ].join('\n'),
    ...Object.fromEntries(modules),
    'src/script.js': 'export const twice = (value) => value + value;\n',
    'src/index.ts': "export * from './deep/m9.ts';\nexport * from './script.js';\n".replaceAll('.ts', ''),
  };
}

function moduleText(index: number): string {
  const own = index % 3 === 0 ? '../' : './';
  const before = index - 1;
  const place = before % 3 === 0 ? `${own}deep/` : own;
  const head =
    index === 0 ? '' : `import { value${before}, later${before}, type Kind${before} } from '${place}m${before}';\n`;
  const value = index === 0 ? '1' : `value${before} + 1`;
  const kind = index === 0 ? "'a' | 'b'" : `Kind${before} | 'c${index}'`;
  const body = index === 0 ? 'return kind.length;' : `return (await later${before}('a')) + kind.length;`;
  return `${head}export const value${index}: number = ${value};\nexport type Kind${index} = ${kind};\nexport async function later${index}(kind: Kind${index}): Promise<number> {\n  ${body}\n}\n`;
}
