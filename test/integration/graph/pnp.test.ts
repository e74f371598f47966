/** Yarn's Plug'n'Play: what may be asked for is read from its state, which is never executed. */
import assert from 'node:assert/strict';
import { ModuleGraph } from '../../../workers/graph/graph.ts';
import { detector as imports } from '../../../workers/detectors/import/index.ts';
import { detector as packages } from '../../../workers/detectors/package/index.ts';
import { runDetector } from '../../support/run-detector.ts';
import { workspaceOf } from './workspace.ts';

const STATE = {
  __info: ["It's generated."],
  enableTopLevelFallback: true,
  fallbackExclusionList: [['one', ['workspace:packages/one']]],
  fallbackPool: [['pooled', 'npm:1.0.0']],
  packageRegistryData: [
    [null, [[null, { packageLocation: './', packageDependencies: [['semver', 'npm:7.6.0']] }]]],
    [
      'one',
      [
        [
          'workspace:packages/one',
          {
            packageLocation: './packages/one/',
            packageDependencies: [
              ['ms', 'npm:2.1.3'],
              ['aliased', ['other', 'npm:1.0.0']],
              ['@types/typed', 'npm:1.0.0'],
              ['peer', null],
            ],
            linkType: 'SOFT',
          },
        ],
      ],
    ],
    [
      'two',
      [
        ['workspace:packages/two', { packageLocation: './packages/two/', packageDependencies: [] }],
        ['virtual:1#workspace:packages/two', { packageLocation: './.yarn/__virtual__/two/1/packages/two/', packageDependencies: [] }],
      ],
    ],
  ],
}; // prettier-ignore

const ASKED = ['ms', 'ms/deep', 'aliased', 'typed', 'peer', 'semver', 'pooled', 'two', 'absent'];
const text = ASKED.map((name) => `import '${name}';`).join('\n');

const FILES = {
  'package.json': { name: 'root', private: true, workspaces: ['packages/*'] },
  'packages/one/package.json': { name: 'one', dependencies: { ms: '*', aliased: '*', two: 'workspace:*', semver: '*', gone: '*' } },
  'packages/one/index.mjs': text,
  'packages/two/package.json': { name: 'two', main: 'index.mjs' },
  'packages/two/index.mjs': text,
}; // prettier-ignore

const quoted = `'${JSON.stringify(STATE, undefined, 2).replace(/[\\']/g, '\\$&').replaceAll('\n', '\\\n')}'`;

const forms: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'a data file': { '.pnp.cjs': 'throw new Error();', '.pnp.data.json': JSON.stringify(STATE) },
  'a script of Yarn 4': { '.pnp.cjs': `throw new Error();\nconst RAW_RUNTIME_STATE =\n${quoted};\n` },
  'a script of Yarn 3': {
    '.pnp.cjs': `throw new Error();\nreturn hydrateRuntimeState(${JSON.stringify(STATE)}, {basePath: basePath || __dirname});`,
  },
};

async function meanings(files: Readonly<Record<string, string | object>>, file: string): Promise<object> {
  using workspace = workspaceOf({ ...FILES, ...files });
  const graph = new ModuleGraph(workspace.root);
  await graph.update({ overlays: [] });
  const module = graph.modules.get(file);
  return Object.fromEntries(
    ASKED.map((name, index) => {
      const resolution = module?.resolutions[index];
      const isTypes = resolution?.kind === 'package' && resolution.typesOnly;
      return [name, isTypes ? 'types' : resolution?.kind];
    }),
  );
}

describe("Yarn's Plug'n'Play", () => {
  for (const [form, files] of Object.entries(forms)) {
    it(`is read from ${form}`, async () => {
      assert.deepEqual(await meanings(files, 'packages/one/index.mjs'), {
        ms: 'package',
        'ms/deep': 'package',
        aliased: 'package',
        typed: 'types',
        peer: 'missing',
        semver: 'missing',
        pooled: 'missing',
        two: 'file',
        absent: 'missing',
      });
      const { semver, pooled, ms } = (await meanings(files, 'packages/two/index.mjs')) as Record<string, string>;
      assert.deepEqual([semver, pooled, ms], ['package', 'package', 'missing'], 'packages that may fall back do');
    });
  }

  it('gives findings as node_modules do', async () => {
    using workspace = workspaceOf({ ...FILES, ...forms['a script of Yarn 4'] });
    const unresolved = await runDetector(imports, workspace.root);
    const lines = unresolved.issues.filter(({ file }) => file === 'packages/one/index.mjs');
    assert.deepEqual(
      lines.map(({ rule, range }) => `${rule} ${ASKED[range.start.line] ?? ''}`),
      ['unresolved-package peer', 'unresolved-package pooled', 'unresolved-package absent'],
    );
    const { issues } = await runDetector(packages, workspace.root);
    assert.deepEqual(
      issues.filter(({ rule }) => rule === 'not-installed').map(({ message }) => /'([^']+)'/.exec(message)?.[1]),
      ['semver', 'gone'],
    );
  });

  it('that cannot be read is as good as none', async () => {
    const { ms } = (await meanings({ '.pnp.cjs': 'not what it was' }, 'packages/one/index.mjs')) as {
      readonly ms: string;
    };
    assert.equal(ms, 'missing');
  });
});
