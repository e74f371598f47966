/** Who is compared, with rules about the same things where the others have them. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { bundle } from '../bundle.ts';

export interface Contender {
  readonly name: string;
  /** Of Node.js. */
  readonly argv: readonly string[];
  /** What it writes if its rules ran: one that refuses its configuration is fast, too. */
  readonly proof: RegExp;
}

/** Rules of ESLint's core that look at what ours do: complexity, eval, promises, loops, what slows down or leaks. */
const CORE = [
  'complexity', 'max-depth', 'max-params', 'max-nested-callbacks', 'no-eval', 'no-implied-eval', 'no-new-func',
  'no-script-url', 'no-await-in-loop', 'no-async-promise-executor', 'no-promise-executor-return', 'no-unsafe-finally',
  'require-atomic-updates', 'array-callback-return', 'no-loop-func', 'no-constant-condition', 'no-unreachable-loop',
  'no-misleading-character-class', 'no-control-regex', 'no-prototype-builtins', 'no-extend-native',
]; // prettier-ignore

/** As a product would bundle its worker. */
export async function bundleOurs(): Promise<string> {
  const folder = await bundle([path.join(import.meta.dirname, 'ours.ts')], 'rules');
  return path.join(folder, 'ours.mjs');
}

/** Writes their configurations into the folder that they check. */
export function contendersIn(work: string, ours: string): readonly Contender[] {
  const write = (file: string, text: string): void => {
    writeFileSync(path.join(work, file), text);
  };
  const core = Object.fromEntries(CORE.map((rule) => [rule, 'warn']));
  write('package.json', '{ "type": "module" }\n');
  write(
    'eslint.config.mjs',
    `import security from 'eslint-plugin-security';
import unsanitized from 'eslint-plugin-no-unsanitized';
import { parser } from 'typescript-eslint';

export default [
  { linterOptions: { reportUnusedDisableDirectives: 'off', noInlineConfig: true } },
  {
    files: ['**/*.{js,mjs,cjs,jsx,ts,mts,cts,tsx}'],
    languageOptions: { parser, parserOptions: { ecmaFeatures: { jsx: true } } },
    plugins: { security, 'no-unsanitized': unsanitized },
    rules: {
      ...security.configs.recommended.rules,
      ...unsanitized.configs.recommended.rules,
      ...${JSON.stringify(core)},
    },
  },
];
`,
  );
  // oxlint refuses rules that it does not have.
  const { 'require-atomic-updates': _missing, ...known } = core;
  write(
    'oxlint.json',
    JSON.stringify({
      plugins: ['promise', 'oxc', 'unicorn'],
      categories: { correctness: 'off', perf: 'warn' },
      rules: known,
    }),
  );
  write(
    'biome.json',
    JSON.stringify({
      vcs: { enabled: false },
      files: { maxSize: 5_000_000 },
      formatter: { enabled: false },
      assist: { enabled: false },
      linter: {
        enabled: true,
        rules: {
          recommended: false,
          security: 'warn',
          performance: 'warn',
          complexity: { noExcessiveCognitiveComplexity: 'warn' },
          suspicious: {
            noAsyncPromiseExecutor: 'warn',
            noMisleadingCharacterClass: 'warn',
            useIterableCallbackReturn: 'warn',
          },
        },
      },
    }),
  );
  const bin = (...parts: readonly string[]): string => path.join(work, 'node_modules', ...parts);
  return [
    { name: 'Bulkhead, all rules of five detectors', argv: [ours, path.join(work, 'src')], proof: /^[1-9]\d* findings/m },
    { name: 'ESLint with eslint-plugin-security, no-unsanitized and core rules', argv: [bin('eslint/bin/eslint.js'), 'src', '-f', 'json'], proof: /"ruleId":"complexity"/ },
    { name: 'oxlint, the same core rules and its `perf`', argv: [bin('oxlint/bin/oxlint'), '-c', 'oxlint.json', 'src', '--silent'], proof: /Found [1-9]\d* warnings/ },
    { name: 'Biome, `security`, `performance` and cognitive complexity', argv: [bin('@biomejs/biome/bin/biome'), 'lint', 'src', '--max-diagnostics=none', '--reporter=summary'], proof: /Found [1-9]\d* warnings/ },
  ]; // prettier-ignore
}
