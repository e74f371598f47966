/** Cases of `package` that its pages do not show: what the fixtures of depcheck and other linters taught. */
import assert from 'node:assert/strict';
import { symlinkSync } from 'node:fs';
import path from 'node:path';
import { programsIn } from '../../../workers/detectors/package/binaries.ts';
import { detector } from '../../../workers/detectors/package/index.ts';
import { runDetector } from '../../support/run-detector.ts';
import { workspaceOf } from '../graph/workspace.ts';

type Files = Readonly<Record<string, string | object>>;

/** Names that a rule speaks of. */
async function named(rule: string, files: Files): Promise<readonly (string | undefined)[]> {
  using workspace = workspaceOf(files);
  const { issues, problems } = await runDetector(detector, workspace.root, { rules: { [rule]: 'warning' } });
  assert.deepEqual(problems, []);
  return issues.filter((issue) => issue.rule === rule).map(({ message }) => /'([^']+)'/.exec(message)?.[1]);
}

const installed = (name: string, more: object = {}): Files => ({
  [`node_modules/${name}/package.json`]: { name, version: '1.0.0', main: 'index.js', ...more },
  [`node_modules/${name}/index.js`]: '',
});

describe('package', () => {
  it('takes bundled dependencies as declared', async () => {
    const files = {
      'package.json': { name: 'p', bundledDependencies: ['b'] },
      'src/a.js': "import 'b';\nimport 'c';\n",
    };
    assert.deepEqual(await named('unlisted-dependency', files), ['c']);
  });

  it('takes a name for that of a package unless the folder that it names lies below baseUrl', async () => {
    const files = (compilerOptions: object): Files => ({
      'package.json': { name: 'p' },
      'tsconfig.json': { compilerOptions },
      'src/parts/query/client.ts': '',
      '.gitignore': '/src/made\n',
      'src/a.ts': "import 'query';\nimport 'query/client';\nimport 'parts/query/client';\nimport 'parts/gone';\nimport 'made/code';\n", // prettier-ignore
    });
    assert.deepEqual(await named('unlisted-dependency', files({ baseUrl: 'src' })), ['query']);
    assert.deepEqual(await named('unlisted-dependency', files({ baseUrl: 'src/parts' })), ['parts', 'made']);
    assert.deepEqual(await named('unlisted-dependency', files({})), ['query', 'parts', 'made']);
  });

  it('takes types alone as declared only for types, or for what the host provides', async () => {
    const manifest = { name: 'p', devDependencies: { '@types/there': '*', '@types/host': '*' } };
    const text = "import { a } from 'there';\nimport { b } from 'host';\nexport const c = [a, b];\n";
    const files = { 'package.json': manifest, 'src/a.ts': text, ...installed('there') };
    assert.deepEqual(await named('unlisted-dependency', files), ['there']);
    const types = { ...files, 'src/a.ts': "import { a } from 'there';\nexport let c: a;\n" };
    assert.deepEqual(await named('unlisted-dependency', types), []);
  });

  it('takes what another package declares for tests that its scripts run, and for nothing else', async () => {
    const files = (script: string): Files => ({
      'package.json': { name: 'root', private: true, workspaces: ['app', 'suite', 'suite-of-app'] },
      'app/package.json': { name: 'app', scripts: { test: script }, dependencies: { given: '*' } },
      'suite/package.json': { name: 'suite', private: true },
      'suite/src/a.spec.js': "import 'given';\nimport 'other';\n",
      'suite/src/a.js': "import 'given';\n",
    });
    assert.deepEqual(await named('unlisted-dependency', files('run --spec=../suite/**/*.spec.js')), ['given', 'other']);
    assert.deepEqual(await named('unlisted-dependency', files("run '../suite/src'")), ['given', 'other']);
    const all = ['given', 'other'];
    assert.deepEqual(await named('unlisted-dependency', files('run ../suite-of-app/**/*.spec.js')), all);
    assert.deepEqual(await named('unlisted-dependency', files('tsc -p ../suite')), all, 'a build runs nothing');
  });

  it('reports a package that only its types are declared for, where the code runs it', async () => {
    const files = {
      'package.json': { name: 'p', private: true, devDependencies: { '@types/express': '*', '@types/shapes': '*' } },
      ...installed('@types/express', { types: 'index.d.ts' }),
      ...installed('@types/shapes', { types: 'index.d.ts' }),
      'node_modules/@types/express/index.d.ts': 'export default function f(): void;',
      'node_modules/@types/shapes/index.d.ts': 'export interface Shape {}',
      'src/a.ts': "import express from 'express';\nimport { Shape } from 'shapes';\nexport let s: Shape;\nexpress();\n",
    };
    assert.deepEqual(await named('unlisted-dependency', files), ['express']);
  });

  it('reports a fact once, with its other places; a suppressed place is none', async () => {
    const files = {
      'package.json': { name: 'root', private: true, workspaces: ['p/*'] },
      'p/one/package.json': { name: 'one' },
      'p/one/src/a.js': "// bulkhead-ignore-next-line unlisted-dependency -- meant\nimport 'x';\n",
      'p/one/src/b.js': "import 'y';\nimport 'x';\n",
      'p/one/src/c.js': "import 'x';\n",
      'p/two/package.json': { name: 'two' },
      'p/two/src/a.js': "import 'x';\n",
      ...installed('x'),
      ...installed('y'),
    };
    using workspace = workspaceOf(files);
    const { issues } = await runDetector(detector, workspace.root);
    const places = issues
      .filter(({ rule }) => rule === 'unlisted-dependency')
      .map(({ file, range, related = [] }) => [
        `${file}:${range.start.line}`,
        ...related.map((place) => `${place.file}:${place.range.start.line}`),
      ]);
    assert.deepEqual(places, [['p/one/src/b.js:0'], ['p/one/src/b.js:1', 'p/one/src/c.js:0'], ['p/two/src/a.js:0']]);
  });

  it('reports what packages of a workspace say alike of an installed one once', async () => {
    const uses = (name: string): object => ({ name, engines: { node: '>=18' }, dependencies: { d: '1.0.0' } });
    const files = {
      'package.json': { name: 'root', private: true, workspaces: ['p/*'] },
      ...{ 'p/one/package.json': uses('one'), 'p/two/package.json': uses('two'), 'p/six/package.json': uses('six') },
      ...installed('d', { engines: { node: '>=22' }, peerDependencies: { peer: '^2.0.0' } }),
      ...installed('peer'),
    };
    using workspace = workspaceOf(files);
    const { issues } = await runDetector(detector, workspace.root);
    for (const rule of ['engines-unsatisfied', 'peer-conflict']) {
      const found = issues.filter((issue) => issue.rule === rule);
      assert.deepEqual(
        found.map(({ file, related = [] }) => [file, related.map((place) => place.file)]),
        [['p/one/package.json', ['p/six/package.json', 'p/two/package.json']]],
      );
    }
  });

  it('reports a package of the workspace of which nothing is installed once, and a single dependency at its line', async () => {
    const files = {
      'package.json': { name: 'root', private: true, workspaces: ['p/*'], devDependencies: { d: '1' } },
      'package-lock.json': '{}',
      'p/new/package.json': { name: 'new', dependencies: { a: '*', b: '*', c: '*' } },
      'p/old/package.json': { name: 'old', dependencies: { d: '1', e: '*' }, devDependencies: { e: '*' } },
      ...installed('d'),
    };
    using workspace = workspaceOf(files);
    const { issues } = await runDetector(detector, workspace.root);
    const found = issues.filter(({ rule }) => rule === 'not-installed');
    assert.deepEqual(
      found.map(({ file, message, related = [] }) => [file, message, related.length]),
      [
        ['p/new/package.json', "Nothing of p/new is installed, so answers are missing. Run 'npm ci'.", 0],
        ['p/old/package.json', "'e' is declared but not installed. Run 'npm install'.", 1],
      ],
    );
  });

  it('reports once that nothing of a whole workspace is installed, as after an installation that broke off', async () => {
    const files = {
      'package.json': { name: 'root', private: true, workspaces: ['a/*'], devDependencies: { d: '1', e: '1' } },
      ...{ 'package-lock.json': '{}', 'node_modules/.pnpm/lock.yaml': '' },
      'a/one/package.json': { name: 'one', dependencies: { a: '*', b: '*', c: '*' } },
      'a/two/package.json': { name: 'two', dependencies: { a: '*' } },
    };
    using workspace = workspaceOf(files);
    const { issues } = await runDetector(detector, workspace.root);
    assert.deepEqual(
      issues.flatMap(({ rule, file, message }) => (rule === 'not-installed' ? [[file, message]] : [])),
      [['package.json', "Nothing is installed, so answers are missing. Run 'npm ci'."]],
    );
  });

  it('takes what a package around a private one declares, and not what one beside it does', async () => {
    const files = {
      'package.json': { name: 'root', private: true, workspaces: ['**'] },
      'one/package.json': { name: 'one', devDependencies: { given: '*' } },
      'one/inner/package.json': { name: 'inner', private: true },
      'one/inner/src/a.js': "import 'given';\nimport 'other';\n",
      'two/package.json': { name: 'two', private: true },
      'two/src/a.js': "import 'given';\n",
    };
    assert.deepEqual(await named('unlisted-dependency', files), ['other', 'given']);
  });

  it('takes no alias for a package where a lockfile says what there is', async () => {
    const text =
      "import '@components/a';\nimport 'helperName';\nimport '@scope/b';\nimport 'absent';\nimport 'there';\n";
    const files = { 'package.json': { name: 'p' }, 'src/a.js': text };
    const unknown = ['@components/a', 'helperName', '@scope/b', 'absent', 'there'];
    assert.deepEqual(await named('unlisted-dependency', files), unknown, 'nothing says what there is');
    const locks: Files = {
      'package-lock.json': '{ "packages": {\n"node_modules/@scope/c": {},\n"node_modules/there": {} } }\n',
      'yarn.lock': '"@scope/c@^1.0.0":\n  version "1.0.0"\n\nthere@^1.0.0:\n  version "1.0.0"\n',
      'pnpm-lock.yaml': "packages:\n\n  '@scope/c@1.0.0':\n    x: {}\n\n  there@1.0.0:\n    x: {}\n",
    };
    for (const [name, lock] of Object.entries(locks)) {
      using workspace = workspaceOf({ ...files, [name]: lock });
      const { issues } = await runDetector(detector, workspace.root, {});
      const messages = issues.filter(({ rule }) => rule === 'unlisted-dependency').map(({ message }) => message);
      assert.equal(messages.length, 3, name);
      assert.match(messages[0] ?? '', /^'@scope\/b'.*and the lockfile does not contain it/);
      assert.match(messages[1] ?? '', /^'absent'.*and the lockfile does not contain it/);
      assert.match(messages[2] ?? '', /^'there'.*works only as long as another package installs it/);
    }
  });

  it('counts what the framework itself depends on as used by what it generates', async () => {
    const files = (framework: string): Files => ({
      'package.json': { name: 'p', private: true, dependencies: { [framework]: '*', '@own/runtime': '*', other: '*' } },
      'src/a.js': `import '${framework}';\n`,
      ...installed(framework, { dependencies: { '@own/runtime': '*' } }),
      ...installed('@own/runtime'),
      ...installed('other'),
    });
    assert.deepEqual(await named('unused-dependency', files('@ice/app')), ['other']);
    assert.deepEqual(await named('unused-dependency', files('library')), ['@own/runtime', 'other']);
  });

  it('counts what lockfiles know as a peer as used where nothing is installed', async () => {
    const files = {
      'package.json': { name: 'p', dependencies: { peer: '*', '@s/peer': '*', alone: '*' } },
      'a.js': '',
    };
    const locks: Files = {
      'package-lock.json':
        '{\n "packages": {\n  "node_modules/d": {\n   "peerDependencies": {\n    "peer": "*",\n    "@s/peer": "*"\n   },\n   "engines": {\n    "alone": "*"\n   }\n  }\n }\n}\n',
      'yarn.lock': '"d@npm:1":\n  peerDependencies:\n    peer: "*"\n    "@s/peer": "*"\n  bin:\n    alone: x\n',
      'pnpm-lock.yaml':
        "packages:\n  d@1:\n    peerDependencies:\n      peer: '*'\n      '@s/peer': '*'\n    engines:\n      alone: '*'\n",
      'bun.lock': '{ "packages": {\n "d": ["d@1", "", { "peerDependencies": { "peer": "*", "@s/peer": "*" }, "bin": { "alone": "x" } }],\n} }\n',
    }; // prettier-ignore
    const silent: Files = {
      'yarn.lock': '# yarn lockfile v1\n\nd@^1.0.0:\n  version "1.0.0"\n',
      'bun.lockb': 'binary',
    };
    assert.deepEqual(await named('unused-dependency', files), [], 'any of them may be a peer');
    for (const [name, lock] of Object.entries(silent))
      assert.deepEqual(await named('unused-dependency', { ...files, [name]: lock }), [], name);
    for (const [name, lock] of Object.entries(locks))
      assert.deepEqual(await named('unused-dependency', { ...files, [name]: lock }), ['alone'], name);
  });

  it('takes an empty version for none where nobody publishes, and icons for used', async () => {
    const files = (version: string, isPrivate: boolean): Files => ({
      'package.json': { name: 'p', version, private: isPrivate, dependencies: { '@iconify-json/mdi': '*', idle: '*' } },
      ...installed('idle'),
    });
    assert.deepEqual(await named('unused-dependency', files('', true)), ['idle']);
    const counts = [files('', true), files('', false), files('one', true)].map((each) => named('invalid-field', each));
    assert.deepEqual(
      (await Promise.all(counts)).map(({ length }) => length),
      [0, 1, 1],
    );
  });

  it('names the submodule that is not checked out as the cause where it may hold the package', async () => {
    using workspace = workspaceOf({
      'package.json': { name: 'root', private: true, workspaces: ['packages/*'] },
      'package-lock.json': {},
      '.gitmodules': '[submodule "common"]\n\tpath = packages/common\n',
      'packages/app/package.json': { name: 'app', dependencies: { common: 'workspace:*' } },
      'packages/app/a.js': "import 'common';\nimport 'more-of-it';\n",
    });
    const { issues } = await runDetector(detector, workspace.root, {});
    assert.deepEqual(
      issues.map(({ rule, cause }) => [rule, cause?.rule]),
      [
        ['unlisted-dependency', 'submodule-missing'],
        ['invalid-range', 'submodule-missing'],
      ],
    );
  });

  it('misses no lockfile before the first installation, which creates it', async () => {
    const files = {
      'package.json': { name: 'p', dependencies: { dep: '*' } },
      'a.js': "import 'dep';\n",
      '.git/HEAD': '',
    };
    const count = async (more: Files): Promise<number> =>
      (await named('lockfile-missing', { ...files, ...more })).length;
    assert.deepEqual([await count({}), await count(installed('dep'))], [0, 1]);
  });

  it('asks for no package of the workspace that a configuration redirects', async () => {
    const files = (config: string): Files => ({
      'package.json': { name: 'root', private: true, workspaces: ['*'] },
      'lib/package.json': { name: '@s/lib' },
      'lib/index.js': '',
      'app/package.json': { name: 'app' },
      'app/vite.config.js': config,
      'app/src/a.js': "import '@s/lib';\n",
    });
    const alias = "export default { resolve: { alias: { '@s/lib': '../lib/index.js' } } };\n";
    assert.deepEqual(await named('unlisted-dependency', files(alias)), []);
    const mention = "export default { optimizeDeps: { include: ['@s/lib'] } };\n";
    assert.deepEqual(await named('unlisted-dependency', files(mention)), ['@s/lib']);
  });

  it('asks for no package that bundlers replace', async () => {
    const files = {
      'package.json': { name: 'p', browser: { jsdom: false, './a.js': './b.js' } },
      'src/a.js': "import 'jsdom';\nimport 'other';\n",
    };
    assert.deepEqual(await named('unlisted-dependency', files), ['other']);
  });

  it('lets packages differ whose folders say which version they try', async () => {
    const app = (name: string, range: string): object => ({ name, dependencies: { framework: range } });
    const files = {
      'package.json': { name: 'root', private: true, workspaces: ['*'] },
      'app-14/package.json': app('app-14', '^14.0.0'),
      'app-15/package.json': app('app-15', '^15.0.0'),
    };
    assert.deepEqual(await named('version-mismatch', files), []);
    const others = { ...files, 'other/package.json': app('o', '^13.0.0'), 'es6/package.json': app('e', '^12.0.0') };
    assert.deepEqual(await named('version-mismatch', others), ['framework'], 'a number alone says nothing');
  });

  it('lets a private package have any name that its package manager takes', async () => {
    const names = async (lock: string): Promise<readonly (string | undefined)[]> =>
      named('invalid-field', {
        'package.json': { name: 'Published_Name' },
        [lock]: '',
        'a/package.json': { name: 'camelCase', private: true },
        'b/package.json': { name: 'with space', private: true },
        'c/package.json': { name: '$dollar', private: true },
      });
    assert.deepEqual(await names('package-lock.json'), ['with space', '$dollar', 'Published_Name']);
    assert.deepEqual(await names('yarn.lock'), ['Published_Name']);
  });

  it('ignores manifests of fixtures like every other file of theirs', async () => {
    const files = {
      'package.json': { name: 'p' },
      'test/fixtures/a/package.json': '{ no',
      'test/a/package.json': '{ no',
    };
    using workspace = workspaceOf(files);
    const { issues } = await runDetector(detector, workspace.root, {});
    const broken = issues.filter(({ rule }) => rule === 'invalid-json').map(({ file }) => file);
    assert.deepEqual(broken, ['test/a/package.json']);
  });

  it('asks for the package of the types where nothing else is installed', async () => {
    using workspace = workspaceOf({
      'package.json': { name: 'p' },
      'src/a.ts': "import type { A } from 'there';\nexport let a: A;\n",
      'node_modules/@types/there/package.json': { name: '@types/there', version: '1.0.0', types: 'index.d.ts' },
      'node_modules/@types/there/index.d.ts': 'export type A = 1;\n',
    });
    const { issues } = await runDetector(detector, workspace.root, {});
    const [issue] = issues.filter(({ rule }) => rule === 'unlisted-dependency');
    assert.match(issue?.message ?? '', /Add '@types\/there' to "devDependencies"/);
    assert.equal(issue?.fixes?.[0]?.title, `Add '@types/there' to "devDependencies" of package.json`);
  });

  it('counts inline loaders, optional dependencies of others, and what runs components as used', async () => {
    const files = {
      'package.json': { name: 'p', dependencies: { loader: '*', 'some-style': '*', host: '*', optional: '*', svelte: '*', unused: '*' } },
      'src/a.js': "import '!loader?x=1!some-style/a.css';\nimport 'host';\n",
      'src/b.svelte': '<p></p>\n',
      ...installed('host', { optionalDependencies: { optional: '*' } }),
    }; // prettier-ignore
    assert.deepEqual(await named('unused-dependency', files), ['unused']);
  });

  it('of an app for Expo: its entry is a module of a package, and native modules are used by being declared', async () => {
    const dependencies = { expo: '*', 'expo-router': '*', 'expo-font': '*', 'react-native-screens': '*', unused: '*' };
    const files = {
      'package.json': { name: 'p', main: 'expo-router/entry', dependencies },
      'package-lock.json': {},
      'src/a.js': "import 'expo';",
    };
    assert.deepEqual(await named('unused-dependency', files), ['unused']);
    assert.deepEqual(await named('missing-entry', files), []);
    const plain = { 'package.json': { name: 'p', main: 'router/entry', dependencies: { 'expo-font': '*' } } };
    assert.deepEqual(await named('unused-dependency', { ...plain, 'package-lock.json': {}, 'src/a.js': '' }), [
      'expo-font',
    ]);
    assert.equal((await named('missing-entry', plain)).length, 1);
  });

  it('compares engines by the versions that people stay on', async () => {
    const engines = (own: string, theirs: string): Files => ({
      'package.json': { name: 'p', engines: { node: own }, dependencies: { d: '*' } },
      ...installed('d', { engines: { node: theirs } }),
    });
    assert.deepEqual(await named('engines-unsatisfied', engines('>=22.22.0', '^22.13.0 || >=24')), []);
    assert.deepEqual(await named('engines-unsatisfied', engines('^20.9.0 || ^22.11.0 || >=24', '>=18')), []);
    assert.deepEqual(await named('engines-unsatisfied', engines('>=22', '^22.0.0 || ^24.0.0 || >=26')), []);
    assert.deepEqual(await named('engines-unsatisfied', engines('>=20', '^22.13.0 || >=24')), ['d']);
    assert.deepEqual(await named('engines-unsatisfied', engines('>=22', '^22.13.0 || >=24')), ['d']);
  });

  it('finds a peer beside the place that a link of pnpm leads to', async () => {
    const store = 'node_modules/.pnpm/d@1/node_modules';
    using workspace = workspaceOf({
      'package.json': { name: 'p', dependencies: { d: '*' } },
      [`${store}/d/package.json`]: { name: 'd', version: '1.0.0', peerDependencies: { peer: '^2.0.0', absent: '*' } },
      [`${store}/peer/package.json`]: { name: 'peer', version: '2.0.0' },
    });
    symlinkSync(path.join(workspace.root, store, 'd'), path.join(workspace.root, 'node_modules/d'), 'junction');
    const { issues } = await runDetector(detector, workspace.root);
    assert.deepEqual(
      issues.filter(({ rule }) => rule === 'peer-conflict').map(({ message }) => message),
      ["'d' needs the peer dependency 'absent' *, which is not installed. Add it to this package."],
    );
  });

  it('does not compare engines that are not version ranges', async () => {
    const issuesFor = async (node: string): Promise<readonly string[]> => {
      using workspace = workspaceOf({
        'package.json': { name: 'p', version: '1.0.0', engines: { node }, dependencies: { d: '*' } },
        'node_modules/d/package.json': { name: 'd', version: '1.0.0', engines: { node: '>=20' } },
      });
      const { issues } = await runDetector(detector, workspace.root);
      return issues.map(({ rule }) => rule).filter((rule) => rule === 'engines-unsatisfied');
    };
    assert.deepEqual(await issuesFor('lts/*'), []);
    assert.deepEqual(await issuesFor('>=18'), ['engines-unsatisfied']);
  });

  it('lets samples of a workspace want other versions', async () => {
    const files = {
      'package.json': { name: 'root', private: true, workspaces: ['packages/*', 'examples/*'] },
      'packages/one/package.json': { name: 'one', dependencies: { d: '^2.0.0' } },
      'packages/two/package.json': { name: 'two', dependencies: { d: '^1.0.0' } },
      'packages/three/package.json': { name: 'three', dependencies: { d: '^2.0.0' } },
      'examples/four/package.json': { name: 'four', dependencies: { d: '^0.1.0' } },
    };
    using workspace = workspaceOf(files);
    const { issues } = await runDetector(detector, workspace.root);
    assert.deepEqual(
      issues.filter(({ rule }) => rule === 'version-mismatch').map(({ file }) => file),
      ['packages/two/package.json'],
    );
  });

  describe('unlisted-binary', () => {
    it('reads the programs out of a script', () => {
      const programs = {
        'tsc -p . && node build.js': ['tsc', 'node'],
        'NODE_ENV=x FOO="a b" cross-env A=1 mocha "test/**" | tee log': ['cross-env', 'mocha', 'tee'],
        '(cd sub; ./run.sh) || $(which x) || bin/y': ['cd'],
        'echo "a && b"; exit 1': ['echo', 'exit'],
      };
      for (const [script, expected] of Object.entries(programs)) assert.deepEqual(programsIn(script), expected, script);
    });

    it('knows what the root, the workspace and the package itself bring', async () => {
      const files = {
        'package.json': { name: 'root', private: true, workspaces: ['packages/*'], devDependencies: { tool: '*' } },
        'packages/one/package.json': { name: 'one', bin: { own: './own.js' }, scripts: { a: 'tool && own && git status && two-cli', b: 'missing' }, devDependencies: { two: '*' } },
        'packages/two/package.json': { name: 'two', bin: { 'two-cli': './cli.js' } },
        ...installed('tool', { bin: './cli.js' }),
      }; // prettier-ignore
      assert.deepEqual(await named('unlisted-binary', files), ['b']);
      const without = { ...files, 'node_modules/tool/package.json': 'not there' };
      assert.deepEqual(await named('unlisted-binary', without), [], 'what is not installed may bring anything');
    });
  });
});

describe('package: what runs or loads it', () => {
  it('does not ask for packages whose absence the code handles', async () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f'];
    const files = {
      'package.json': { name: 'p', private: true, type: 'module' },
      'src/i.js': [
        "await import('a').catch(() => null);",
        "await import('b').then((m) => m.x, () => undefined);",
        "try { await import('c'); } catch {}",
        "await Promise.allSettled([import('d')]);",
        "await import('e').then((m) => m.x);",
        "try { await import('f'); } finally { g(); }",
      ].join('\n'),
      ...Object.fromEntries(names.flatMap((name) => Object.entries(installed(name)))),
    };
    assert.deepEqual(await named('unlisted-dependency', files), ['e', 'f']);
  });

  it('counts what a library loads by name as used', async () => {
    const names = ['pino-pretty', '@scope/reporter', 'tedious', 'debug', 'prisma-erd-generator', 'open', 'not-used'];
    const files = {
      'package.json': { name: 'p', private: true, dependencies: Object.fromEntries(names.map((name) => [name, '1'])) },
      'package-lock.json': {},
      'schema.prisma': 'generator erd {\n  provider = "prisma-erd-generator"\n}',
      'src/a.js': [
        "pino({ transport: { targets: [{ target: 'pino-pretty/file' }] } });",
        'load(`@scope/reporter`);',
        "knex({ client: 'tedious' });",
        "log.level = 'debug';",
        "const mode = 'open';",
      ].join('\n'),
    };
    assert.deepEqual(await named('unused-dependency', files), ['debug', 'open', 'not-used']);
  });

  it('counts what generated code imports as used, and does not ask generated code for more', async () => {
    const files = {
      'package.json': { name: 'p', private: true, dependencies: { runtime: '1' } },
      'src/api.generated.ts': "import 'runtime';\nimport 'other';",
      ...installed('runtime'),
      ...installed('other'),
    };
    assert.deepEqual(await named('unused-dependency', files), []);
    assert.deepEqual(await named('unlisted-dependency', files), []);
  });

  it('counts entries of catalogs that replace dependencies as used', async () => {
    const catalog = [
      'own',
      'resolved',
      'overridden',
      'nested',
      'versioned',
      '"@s/scoped"',
      'extended',
      'listed',
      'npm-only',
      'unused',
    ];
    const files = {
      'package.json': {
        name: 'root',
        private: true,
        dependencies: { own: 'catalog:' },
        resolutions: { resolved: 'catalog:', '**/@s/scoped': 'catalog:default' },
        overrides: { 'npm-only': 'catalog:' },
        pnpm: {
          overrides: { 'parent@1>nested': 'catalog:', 'versioned@^2': 'catalog:' },
          packageExtensions: { parent: { dependencies: { extended: 'catalog:' } } },
        },
      },
      'pnpm-workspace.yaml': `packages: ['packages/*']\noverrides:\n  overridden: 'catalog:'\n  'a>listed': 'catalog:'\ncatalog:\n${catalog.map((name) => `  ${name}: 1.0.0`).join('\n')}\n`,
      'pnpm-lock.yaml': "lockfileVersion: '9.0'\n",
    };
    assert.deepEqual(await named('unused-catalog-entry', files), ['npm-only', 'unused']);
  });
});
