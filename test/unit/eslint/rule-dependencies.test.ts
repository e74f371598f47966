import assert from 'node:assert/strict';
import { RuleDependencies } from '../../../workers/detectors/eslint/rule-dependencies.ts';

const typed = { languageOptions: { parser: { meta: { name: 'x' } }, parserOptions: { projectService: true } } };
const named = (namespace: string, name: string): object => ({ [namespace]: { meta: { name } } });

describe('eslint: what rules look at beyond their file', () => {
  const cases: readonly (readonly [what: string, config: object, reach: readonly string[]])[] = [
    ['rules of ESLint itself', { rules: { eqeqeq: [2], semi: 2 } }, []],
    ['plugins that look at the file only', { rules: { '@typescript-eslint/no-var': [2], 'react-hooks/x': [1] } }, []],
    ['type information', { ...typed, rules: { eqeqeq: [2] } }, ['types']],
    ['rules that follow imports', { rules: { 'import/named': [2], 'n/no-missing-import': [2] } }, ['modules']],
    ['rules of the same plugins that do not', { rules: { 'import/first': [2], 'n/no-path-concat': [2] } }, []],
    ['rules that are off', { rules: { 'import/named': [0], 'x/y': ['off'] } }, []],
    ['rules that look anywhere', { rules: { 'import/no-unused-modules': [2] } }, ['workspace']],
    ['plugins that nobody knows', { rules: { 'local/rule': [2] } }, ['workspace']],
    ['both', { ...typed, rules: { 'local/rule': [2], 'import/order': [1] } }, ['types', 'workspace', 'modules']],
    [
      'a plugin under another name',
      { plugins: named('i', 'eslint-plugin-import-x'), rules: { 'i/no-cycle': [2] } },
      ['modules'],
    ],
    [
      'a scoped plugin under another name',
      { plugins: named('ts', '@typescript-eslint/eslint-plugin'), rules: { 'ts/no-floating-promises': [2] } },
      [],
    ],
    ['a namespace of a scope', { rules: { '@angular-eslint/template/eqeqeq': [2] } }, []],
    ['an eslintrc configuration', { plugins: ['import'], rules: { 'import/no-unresolved': [2] } }, ['modules']],
  ];
  for (const [what, config, reach] of cases) {
    it(what, () => assert.deepEqual(new RuleDependencies().of(config), reach));
  }

  it('an ignored file', () => assert.deepEqual(new RuleDependencies().of(undefined), []));

  it('a plugin that the user vouches for', () => {
    assert.deepEqual(new RuleDependencies(['local']).of({ rules: { 'local/rule': [2], 'other/rule': [0] } }), []);
  });
});
