import js from '@eslint/js';
import importX from 'eslint-plugin-import-x';
import tseslint from 'typescript-eslint';
import { hiddenImports, zones } from './scripts/layers.mjs';

export default tseslint.config(
  { ignores: ['dist/', 'out/', 'samples/', '**/fixtures/', '.vscode-test/', 'test/types/', '**/*.d.mts'] },
  js.configs.recommended,
  tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      eqeqeq: 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      // Narrowing does not see that a field or a flag changes while something is awaited: it calls those checks needless.
      '@typescript-eslint/no-unnecessary-condition': 'off',
      // Interfaces of plain functions are written as methods here; none of them uses `this`.
      '@typescript-eslint/unbound-method': 'off',
      // `return settle()` in a function that returns nothing is our way to leave it early.
      '@typescript-eslint/no-confusing-void-expression': 'off',
      // `void expression` says that a value is thrown away on purpose.
      '@typescript-eslint/no-meaningless-void-operator': 'off',
      '@typescript-eslint/no-invalid-void-type': 'off',
      '@typescript-eslint/no-empty-function': 'off',
      '@typescript-eslint/no-dynamic-delete': 'off',
      '@typescript-eslint/no-unnecessary-type-parameters': 'off',
    },
  },
  // The layers, in one object for all folders: of several objects that set the same rule for a file, only the last counts.
  {
    files: ['{client,server,workers}/**/*.ts'],
    plugins: { 'import-x': importX },
    rules: {
      'import-x/no-restricted-paths': ['error', { zones: zones() }],
      'no-restricted-syntax': ['error', ...hiddenImports],
    },
  },
  // A file of a workspace may be a pipe, endless, or half typed: one place reads, and one parses.
  {
    files: [
      'workers/{graph,detectors,protocol,reading,runtime,tools}/**/*.ts',
      'server/configuration/**/*.ts',
      'server/store/baseline.ts',
    ],
    ignores: ['workers/protocol/read-file.ts', 'workers/reading/config-file.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          paths: ['node:fs', 'node:fs/promises'].map((name) => ({
            name,
            importNames: ['readFile', 'readFileSync', 'open', 'openSync', 'createReadStream'],
            message: 'Read it with workers/protocol/read-file.ts, which never waits for a pipe.',
          })),
        },
      ],
      'no-restricted-properties': [
        'error',
        {
          object: 'JSON',
          property: 'parse',
          message: 'Read configurations with workers/reading/config-file.ts, which never throws.',
        },
      ],
    },
  },
  // A test's promise belongs to mocha.
  {
    files: ['test/**/*.ts'],
    rules: { '@typescript-eslint/no-floating-promises': ['error', { allowForKnownSafeCalls: [] }] },
  },
  {
    files: ['**/*.mjs', '**/*.js', '**/*.cjs'],
    extends: [tseslint.configs.disableTypeChecked],
    rules: { '@typescript-eslint/no-require-imports': 'off' },
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        URL: 'readonly',
        Buffer: 'readonly',
        setTimeout: 'readonly',
        clearTimeout: 'readonly',
        setInterval: 'readonly',
        clearInterval: 'readonly',
        fetch: 'readonly',
        setImmediate: 'readonly',
        AbortSignal: 'readonly',
        AbortController: 'readonly',
        performance: 'readonly',
      },
    },
  },
);
