/**
 * Quick fixes of the graph's rules on the way an editor takes: the code action's edit is applied to the files, its
 * finding is gone then, and nothing else has come.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TextEdit } from 'vscode-languageserver/node';
import { codeActionsOf } from '../../../server/lsp/code-actions.ts';
import { uriOf } from '../../../server/lsp/uris.ts';
import { diagnosticOf } from '../../../server/lsp/diagnostics.ts';
import type { Detector } from '../../../workers/protocol/detector.ts';
import { detector as circular } from '../../../workers/detectors/circular/index.ts';
import { detector as imports } from '../../../workers/detectors/import/index.ts';
import { detector as isolation } from '../../../workers/detectors/isolation/index.ts';
import { detector as packages } from '../../../workers/detectors/package/index.ts';
import { runDetector } from '../../support/run-detector.ts';
import { workspaceOf, type TestWorkspace } from '../graph/workspace.ts';

interface FixCase {
  readonly detector: Detector;
  readonly rule: string;
  readonly files: Readonly<Record<string, string | object>>;
  readonly title: RegExp;
  /** What files hold afterwards, of those that change. */
  readonly fixed: Readonly<Record<string, string>>;
  /** Applied without looking, on save too. */
  readonly isSafe: boolean;
}

const manifest = (data: object): string => JSON.stringify(data, undefined, 2);
const lock = { 'package-lock.json': '{}' };
const installed = {
  'node_modules/d/package.json': { name: 'd', version: '1.2.3', main: 'index.js' },
  'node_modules/d/index.js': '',
};

const cases: Readonly<Record<string, FixCase>> = {
  'import type': {
    detector: circular,
    rule: 'import-cycle',
    files: {
      'tsconfig.json': { compilerOptions: { verbatimModuleSyntax: true } },
      'a.ts': "import { B } from './b';\nexport const a = 1;\nexport type A = B;\n",
      'b.ts': "import { a } from './a';\nexport type B = typeof a;\nexport const b = a;\n",
    },
    title: /types only/,
    fixed: { 'a.ts': "import type { B } from './b';\nexport const a = 1;\nexport type A = B;\n" },
    isSafe: true,
  },
  'the nearest spelling of a path': {
    detector: imports,
    rule: 'unresolved',
    files: { 'a.js': "import './lib/numbres.js';\n", 'lib/numbers.js': '' },
    title: /numbers/,
    fixed: { 'a.js': "import './lib/numbers.js';\n" },
    isSafe: false,
  },
  'the nearest spelling of a name': {
    detector: imports,
    rule: 'missing-export',
    files: { 'a.js': "import { numbres } from './b.js';\nnumbres;\n", 'b.js': 'export const numbers = 1;\n' },
    title: /numbers/,
    fixed: { 'a.js': "import { numbers as numbres } from './b.js';\nnumbres;\n" },
    isSafe: false,
  },
  'the right case': {
    detector: imports,
    rule: 'case-mismatch',
    files: { 'a.js': "import './Lib/B.js';\n", 'lib/b.js': '' },
    title: /lib\/b/,
    fixed: { 'a.js': "import './lib/b.js';\n" },
    isSafe: true,
  },
  'an extension': {
    detector: imports,
    rule: 'missing-extension-esm',
    files: { 'package.json': { type: 'module' }, 'a.js': "import './b';\nimport './c';\n", 'b.js': '', 'c/index.js': '' },
    title: /b\.js/,
    fixed: { 'a.js': "import './b.js';\nimport './c';\n" },
    isSafe: true,
  },
  'one import of two': {
    detector: imports,
    rule: 'duplicate-import',
    files: { 'a.js': "import { b } from './b.js';\nimport { c } from './b.js';\nb(c);\n", 'b.js': 'export const b = 1, c = 1;\n' },
    title: /Merge/,
    fixed: { 'a.js': "import { b, c } from './b.js';\nb(c);\n" },
    isSafe: true,
  },
  'a relative path': {
    detector: imports,
    rule: 'absolute-path',
    files: { 'src/a.js': "import '{root}/lib/b.js';\n", 'lib/b.js': '' },
    title: /lib\/b/,
    fixed: { 'src/a.js': "import '../lib/b.js';\n" },
    isSafe: true,
  },
  'the module that a deprecated one was renamed to': {
    detector: imports,
    rule: 'deprecated-builtin',
    files: { 'a.js': "import sys from 'sys';\nsys.inspect(1);\n" },
    title: /node:util/,
    fixed: { 'a.js': "import sys from 'node:util';\nsys.inspect(1);\n" },
    isSafe: true,
  },
  'the public entry instead of a path into another package': {
    detector: isolation,
    rule: 'cross-package-relative-import',
    files: {
      'package.json': { name: 'root', private: true, workspaces: ['packages/*'] },
      'packages/one/package.json': { name: 'one', main: 'src/index.ts' },
      'packages/one/src/index.ts': "export * from './inner';\n",
      'packages/one/src/inner.ts': 'export const inner = 1;\n',
      'packages/two/package.json': { name: 'two', dependencies: { one: '*' } },
      'packages/two/src/index.ts': "import { inner } from '../../one/src/inner';\nexport const two = inner;\n",
    },
    title: /'one'/,
    fixed: { 'packages/two/src/index.ts': "import { inner } from 'one';\nexport const two = inner;\n" },
    isSafe: false,
  },
  'a dependency to add': {
    detector: packages,
    rule: 'unlisted-dependency',
    files: { 'package.json': manifest({ name: 'p', dependencies: {} }), 'src/a.js': "import 'd';\n", ...lock, ...installed },
    title: /Add 'd' to "dependencies"/,
    fixed: { 'package.json': manifest({ name: 'p', dependencies: { d: '^1.2.3' } }) },
    isSafe: false,
  },
  'a dependency to move': {
    detector: packages,
    rule: 'misplaced-dependency',
    files: {
      'package.json': manifest({ name: 'p', version: '1.0.0', main: 'src/a.js', dependencies: { c: '*' }, devDependencies: { b: '*', d: '^1.0.0' } }),
      'src/a.js': "import 'c';\nimport 'd';\n",
      ...lock,
    },
    title: /Move it/,
    fixed: { 'package.json': manifest({ name: 'p', version: '1.0.0', main: 'src/a.js', dependencies: { c: '*', d: '^1.0.0' }, devDependencies: { b: '*' } }) },
    isSafe: true,
  },
  'a dependency to remove': {
    detector: packages,
    rule: 'unused-dependency',
    files: { 'package.json': manifest({ name: 'p', dependencies: { c: '*', d: '*' } }), 'src/a.js': "import 'c';\n", ...lock },
    title: /Remove 'd'/,
    fixed: { 'package.json': manifest({ name: 'p', dependencies: { c: '*' } }) },
    isSafe: false,
  },
  'a dependency that stands twice': {
    detector: packages,
    rule: 'duplicate-dependency',
    files: {
      'package.json': manifest({ name: 'p', dependencies: { d: '*' }, devDependencies: { c: '*', d: '*' } }),
      'src/a.js': "import 'd';\n",
      ...lock,
    },
    title: /Remove it from "devDependencies"/,
    fixed: { 'package.json': manifest({ name: 'p', dependencies: { d: '*' }, devDependencies: { c: '*' } }) },
    isSafe: false,
  },
  'the version of the rest of the workspace': {
    detector: packages,
    rule: 'version-mismatch',
    files: {
      'package.json': manifest({ name: 'root', private: true, workspaces: ['packages/*'], dependencies: { d: '^2.0.0' } }),
      'packages/one/package.json': manifest({ name: 'one', dependencies: { d: '^2.0.0' } }),
      'packages/one/a.js': "import 'd';\n",
      'packages/two/package.json': manifest({ name: 'two', dependencies: { d: '^1.0.0' } }),
      'packages/two/a.js': "import 'd';\n",
      'a.js': "import 'd';\n",
      ...lock,
    },
    title: /Use \^2/,
    fixed: { 'packages/two/package.json': manifest({ name: 'two', dependencies: { d: '^2.0.0' } }) },
    isSafe: false,
  },
}; // prettier-ignore

describe('quick fixes of rules on the graph', () => {
  for (const [name, { detector, rule, files, title, fixed, isSafe }] of Object.entries(cases)) {
    it(`${detector.name}/${rule}: ${name}`, async () => {
      using workspace = workspaceOf(files);
      for (const [file, text] of Object.entries(files)) {
        if (typeof text === 'string' && text.includes('{root}'))
          workspace.write(file, text.replaceAll('{root}', workspace.root.replaceAll('\\', '/')));
      }
      const options = { dedupeWithTypescript: false };
      const { issues } = await runDetector(detector, workspace.root, options);
      const actions = issues
        .filter((issue) => issue.rule === rule)
        .flatMap((issue) =>
          codeActionsOf({ root: workspace.root, issue }, diagnosticOf(workspace.root, issue), (name) => ({
            uri: uriOf(workspace.root, name),
            version: undefined,
          })),
        );
      const action = actions.find((one) => title.test(one.title)) ?? assert.fail(`none of ${JSON.stringify(issues)}`);
      assert.equal(action.isPreferred, isSafe);
      const before = new Set(issues.map(({ fingerprint }) => fingerprint));
      const changed = Object.entries(action.edit?.changes ?? {}).map(([uri, edits]) => apply(workspace, uri, edits));
      for (const file of changed)
        assert.equal(readFileSync(path.join(workspace.root, file), 'utf8'), fixed[file], file);
      assert.deepEqual(changed.toSorted(), Object.keys(fixed).toSorted());
      const after = await runDetector(detector, workspace.root, options, { changed });
      assert.ok(after.issues.length < issues.length, JSON.stringify(after.issues));
      assert.ok(
        after.issues.every(({ fingerprint }) => before.has(fingerprint)),
        JSON.stringify(after.issues),
      );
    });
  }
});

function apply(workspace: TestWorkspace, uri: string, edits: readonly TextEdit[]): string {
  const file = path.relative(workspace.root, fileURLToPath(uri)).split(path.sep).join('/');
  const text = readFileSync(path.join(workspace.root, file), 'utf8');
  const starts = [0, ...Array.from(text.matchAll(/\n/g), ({ index }) => index + 1)];
  const offset = ({ line, character }: TextEdit['range']['start']): number => (starts[line] ?? text.length) + character;
  const fromTheEnd = edits.toSorted((one, other) => offset(other.range.start) - offset(one.range.start));
  const result = fromTheEnd.reduce(
    (edited, { range, newText }) => edited.slice(0, offset(range.start)) + newText + edited.slice(offset(range.end)),
    text,
  );
  workspace.write(file, result);
  return file;
}
