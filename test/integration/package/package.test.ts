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

  it('takes types alone as declared only for types, or for what the host provides', async () => {
    const manifest = { name: 'p', devDependencies: { '@types/there': '*', '@types/host': '*' } };
    const text = "import { a } from 'there';\nimport { b } from 'host';\nexport const c = [a, b];\n";
    const files = { 'package.json': manifest, 'src/a.ts': text, ...installed('there') };
    assert.deepEqual(await named('unlisted-dependency', files), ['there']);
    const types = { ...files, 'src/a.ts': "import { a } from 'there';\nexport let c: a;\n" };
    assert.deepEqual(await named('unlisted-dependency', types), []);
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
      ["'d' needs its peer 'absent' *, which is not installed. Add it to this package."],
    );
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
