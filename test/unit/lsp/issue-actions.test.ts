/** What an editor offers for an issue: a table of rules and actions, over every rule of every detector. */
import assert from 'node:assert/strict';
import path from 'node:path';
import type { Diagnostic } from 'vscode-languageserver/node';
import type { ClientAbilities } from '../../../server/lsp/client-abilities.ts';
import { codeActionsOf } from '../../../server/lsp/code-actions.ts';
import { diagnosticOf } from '../../../server/lsp/diagnostics.ts';
import { issueActionsOf, type ActionContext } from '../../../server/lsp/issue-actions.ts';
import { actionCommands } from '../../../workers/protocol/issue-requests.ts';
import type { Issue } from '../../../workers/protocol/detector-protocol.ts';
import { manifests } from '../../../workers/detectors/manifests.ts';

const root = path.resolve('root');
const start = { line: 3, character: 0 };

const abilities: ClientAbilities = {
  checksVersions: true,
  previews: true,
  deletesFiles: true,
  resolvesEdits: true,
  fillsIn: true,
  commands: new Set(actionCommands),
};
const context: ActionContext = { uri: 'file:///root/src/a.ts', abilities, hasBaseline: true, trusted: true };

function issueOf(detector: string, rule: string, more: Partial<Issue> = {}): Issue {
  const file = detector === 'package' ? 'package.json' : 'src/a.ts';
  const range = { start, end: { line: 3, character: 5 } };
  const found = { detector, rule, file, range, severity: 'error', message: 'Wrong.', fixable: false } as const;
  return { ...found, fingerprint: 'f', ...more };
}

function titlesOf(issue: Issue, change: Partial<ActionContext> = {}): readonly string[] {
  const diagnostic: Diagnostic = diagnosticOf(root, issue);
  return [
    ...codeActionsOf({ root, issue }, diagnostic, undefined, true),
    ...issueActionsOf({ root, issue }, diagnostic, { ...context, ...change }),
  ].map(({ title }) => title);
}

/** Rules that the manifests do not list, because other tools define them. */
const others: Readonly<Record<string, readonly string[]>> = {
  eslint: [
    'no-debugger',
    '@typescript-eslint/no-explicit-any',
    'parse-error',
    'unused-directive',
    'directive',
    'rule-error',
  ],
  typescript: ['TS1005', 'TS2307', 'TS2322', 'TS6133', 'TS7022', 'TS18003'],
  bulkhead: ['unknown-option', 'invalid-value'],
};
const ofEach = ['config-error', 'tool-missing', 'tool-error', 'unreadable', 'invalid-result', 'quarantined'];

describe('actions for an issue', () => {
  const rules = manifests.flatMap(({ name, options }) => [
    ...[...Object.keys(options['rules']?.properties ?? {}), ...(others[name] ?? []), ...ofEach].map((rule) => [name, rule] as const),
  ]); // prettier-ignore

  it('are there for every rule of every detector', () => {
    assert.ok(rules.length > 80, String(rules.length));
    const all = [...rules, ...(others['bulkhead'] ?? []).map((rule) => ['bulkhead', rule] as const)];
    const empty = all.filter(([detector, rule]) => titlesOf(issueOf(detector, rule)).length === 0);
    assert.deepEqual(empty, []);
  });

  it('suppress what a comment can suppress, in the language of the tool', () => {
    const suppress = (issue: Issue): readonly string[] => titlesOf(issue).filter((title) => /Disable|Expect|check the types/.test(title)); // prettier-ignore
    assert.deepEqual(suppress(issueOf('eslint', 'no-debugger')), [
      'Disable no-debugger for this line',
      'Disable no-debugger for this line, with a reason',
      'Disable no-debugger for the entire file',
    ]);
    assert.deepEqual(suppress(issueOf('typescript', 'TS2322')), [
      'Expect this error (@ts-expect-error)',
      'Expect this error (@ts-expect-error), with a reason',
      'Do not check the types of this file (@ts-nocheck)',
    ]);
    assert.equal(suppress(issueOf('circular', 'import-cycle')).length, 3);
    for (const [detector, rule, file] of [
      ['typescript', 'TS1005', 'src/a.ts'],
      ['typescript', 'TS5023', 'tsconfig.json'],
      ['eslint', 'parse-error', 'src/a.ts'],
      ['eslint', 'rule-error', 'src/a.ts'],
      ['eslint', 'no-debugger', 'a.json'],
      ['package', 'unused-dependency', 'package.json'],
      ['knip', 'exports', 'src/a.ts'],
      ['circular', 'config-error', 'src/a.ts'],
    ] as const)
      assert.deepEqual(suppress(issueOf(detector, rule, { file })), [], `${detector}/${rule} in ${file}`);
  });

  it('add it to the baseline only where one is in force, and never what is about work', () => {
    const issue = issueOf('typescript', 'TS2322');
    assert.ok(titlesOf(issue).includes('Add to the baseline'));
    assert.ok(!titlesOf(issue, { hasBaseline: false }).includes('Add to the baseline'));
    for (const rule of ofEach) assert.ok(!titlesOf(issueOf('eslint', rule)).includes('Add to the baseline'), rule);
  });

  it('raise the limit only where memory was the cause', () => {
    const issue = issueOf('eslint', 'quarantined');
    const titles = (ranOutOfMemory: boolean): readonly string[] =>
      codeActionsOf({ root, issue, ranOutOfMemory }, diagnosticOf(root, issue), undefined, true).map(({ title }) => title);
    assert.deepEqual(titles(false), ['Retry']);
    assert.deepEqual(titles(true), ['Retry', 'Raise the Limit']);
  });

  it('install what is missing, and nothing whose name could be more than a name', () => {
    const install = (detector: string, rule: string, message: string, trusted = true): string | undefined =>
      titlesOf(issueOf(detector, rule, { message }), { trusted }).find((title) => title.startsWith('Install'));
    const module = (name: string): string => `Cannot find module '${name}' or its corresponding type declarations.`;
    assert.equal(install('typescript', 'TS2307', module('left-pad')), 'Install it: npm install left-pad');
    assert.equal(install('typescript', 'TS2307', module('@a/b/c.js')), 'Install it: npm install @a/b');
    assert.equal(install('knip', 'unlisted', "'vite' is used here, but no package.json declares it."), 'Install it: npm install vite');
    assert.equal(install('package', 'not-installed', '3 packages are not installed.'), 'Install it: npm install');
    const types = "Could not find a declaration file for module 'x'. Try `npm i --save-dev @types/x` if it exists";
    assert.equal(install('typescript', 'TS7016', types), 'Install it: npm install --save-dev @types/x');
    for (const name of ['./b', '../b', '/b', '#b', '@/b', 'node:fs', 'a;rm -rf .', 'a b', '$(touch x)', '--global', '-g', 'a`b`'])
      assert.equal(install('typescript', 'TS2307', module(name)), undefined, name);
    assert.equal(install('typescript', 'TS2307', module('left-pad'), false), undefined, 'in an untrusted workspace');
  });

  it('ask nothing of an editor that it cannot do', () => {
    const none = { ...abilities, previews: false, deletesFiles: false, fillsIn: false, commands: new Set<string>() };
    const fix = { title: 'Fix', kind: 'fix', edits: [] } as const;
    const issue = issueOf('knip', 'files', { fixes: [fix], url: 'https://knip.dev' });
    assert.deepEqual(titlesOf(issue), ['Delete this file', 'Fix all files problems in the workspace…', 'Add to the baseline', 'Explain files']);
    assert.deepEqual(titlesOf(issue, { abilities: none }), ['Add to the baseline', 'Explain files']);
  });
}); // prettier-ignore
