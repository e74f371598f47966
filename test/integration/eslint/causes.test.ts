/** Findings of ESLint that follow from something else name it, so that it is one issue. */
import assert from 'node:assert/strict';
import { detector } from '../../../workers/detectors/eslint/index.ts';
import type { Finding } from '../../../workers/protocol/detector-protocol.ts';
import { LintConsequences } from '../../../workers/detectors/eslint/consequences.ts';
import { runDetector } from '../../support/run-detector.ts';
import { makeWorkspace, removeWorkspaces } from './workspaces.ts';

const SOURCES = { 'src/a.js': 'a;\n', 'src/b.js': 'b;\n' };
const FAILING = `const local = { rules: { needs: { create() { throw new Error('needs type information'); } } } };
module.exports = [{ files: ['src/*.js'], plugins: { local }, rules: { 'local/needs': 'error' } }];
`;

describe('eslint: causes', function () {
  this.timeout(60_000);
  afterEach(() => detector.dispose?.());
  after(removeWorkspaces);

  for (const alias of ['eslint8', 'eslint9', 'eslint'] as const) {
    it(`a rule that fails wherever it runs, in ${alias}: the configuration that turns it on`, async () => {
      const { issues } = await runDetector(detector, makeWorkspace({ 'eslint.config.js': FAILING, ...SOURCES }, alias));
      assert.deepEqual(
        issues.map(({ rule }) => rule),
        ['rule-error', 'rule-error'],
      );
      const [first, second] = issues.map(({ cause }) => cause);
      assert.ok(first && first.key === second?.key);
      assert.deepEqual([first.file, first.range.start.line, first.ifShared], ['eslint.config.js', 1, true]);
      assert.match(
        first.message,
        /^The rule local\/needs fails wherever it runs.*needs type information\. Turn it off/,
      );
    });
  }

  it('a rule that does not exist, and a parser that cannot use its options', async () => {
    const unknown = { '.eslintrc.json': '{ "root": true, "rules": { "no-such-rule": 2 } }', ...SOURCES };
    const { issues } = await runDetector(detector, makeWorkspace(unknown, 'eslint8'));
    assert.deepEqual([issues.length, new Set(issues.map(({ cause }) => cause?.key)).size], [2, 1]);
    assert.equal(issues[0]?.cause?.file, '.eslintrc.json');
    await detector.dispose?.();
    const parser = `module.exports = [{ files: ['src/*.js'], languageOptions: { parser: require('@typescript-eslint/parser'),
      parserOptions: { project: './tsconfig.json', tsconfigRootDir: __dirname } } }];\n`;
    const files = { 'eslint.config.js': parser, 'tsconfig.json': '{ "include": ["other"] }', ...SOURCES };
    const typed = await runDetector(
      detector,
      makeWorkspace(files, 'eslint', ['@typescript-eslint/parser', 'typescript']),
    );
    const causes = typed.issues.map(({ cause }) => cause);
    assert.deepEqual([causes.length, new Set(causes.map((cause) => cause?.key)).size], [2, 1]);
    assert.match(causes[0]?.message ?? '', /^ESLint cannot parse files as this configuration says: /);
  });

  it('a syntax error is the fault of its file', async () => {
    const files = { 'eslint.config.js': 'module.exports = [];\n', 'a.js': '}\n', 'b.js': '}\n' };
    const { issues } = await runDetector(detector, makeWorkspace(files, 'eslint'));
    assert.deepEqual(
      issues.map(({ rule, cause }) => [rule, cause]),
      [
        ['parse-error', undefined],
        ['parse-error', undefined],
      ],
    );
  });

  it('ESLint or a plugin that is declared and not installed', async () => {
    const manifest = '{ "devDependencies": { "eslint": "*", "eslint-plugin-x": "*", "other": "*" } }';
    const config = {
      'eslint.config.js': "require('eslint-plugin-x');\nmodule.exports = [];\n",
      'package.json': manifest,
    };
    const bare = await runDetector(detector, makeWorkspace({ ...config, 'package-lock.json': '{}', ...SOURCES }));
    assert.deepEqual(
      bare.problems.map(({ cause }) => [cause?.file, cause?.message]),
      [['package.json', "Nothing is installed, so answers are missing. Run 'npm ci'."]],
    );
    assert.match(bare.problems[0]?.message ?? '', /ESLint is not installed\.\nNothing is installed.*'npm ci'\.$/);
    await detector.dispose?.();
    const partly = await runDetector(detector, makeWorkspace({ ...config, ...SOURCES }, 'eslint'));
    assert.equal(
      partly.problems[0]?.cause?.message,
      "'eslint-plugin-x' is declared but not installed. Run 'npm install'.",
    );
  });

  it('what typed rules and rules about imports say of packages that are not installed', () => {
    const root = makeWorkspace({ 'package.json': '{ "dependencies": { "a": "*", "b": "*" } }' });
    const consequences = new LintConsequences(root);
    const causeOf = (rule: string, message: string): string | undefined => {
      const range = { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } };
      const finding: Finding = { rule, message, severity: 'error', range };
      return consequences.of(finding, `${root}/src/a.ts`)?.rule;
    };
    const unsafe = '@typescript-eslint/no-unsafe-call';
    assert.equal(causeOf(unsafe, 'Unsafe call of a type that could not be resolved.'), 'not-installed');
    assert.equal(causeOf(unsafe, 'Unsafe call of a(n) `any` typed value.'), undefined);
    assert.equal(causeOf('import/no-unresolved', "Unable to resolve path to module 'a'."), 'not-installed');
    assert.equal(causeOf('import/no-unresolved', "Unable to resolve path to module './a'."), undefined);
    assert.equal(causeOf('eqeqeq', 'Expected === and saw ==.'), undefined);
  });

  it('names the extensions that the configuration is about, also before there is such a file', async () => {
    const config = "module.exports = [{ files: ['**/*.{gql,graphql}', '*.js'], rules: {} }];\n";
    const { plan } = await runDetector(detector, makeWorkspace({ 'eslint.config.js': config, ...SOURCES }, 'eslint'));
    assert.deepEqual(plan.extensions, ['gql', 'graphql', 'js']);
  });
});
