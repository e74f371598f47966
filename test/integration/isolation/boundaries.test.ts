/** Boundaries drawn for other tools hold here too, as far as their configuration can be read without running it. */
import assert from 'node:assert/strict';
import { detector } from '../../../workers/detectors/isolation/index.ts';
import { runDetector } from '../../support/run-detector.ts';
import { workspaceOf } from '../graph/workspace.ts';

type Files = Readonly<Record<string, string | object>>;

/** `file → what it says`, for every crossing. */
async function crossings(files: Files): Promise<readonly string[]> {
  using workspace = workspaceOf({ 'package.json': { name: 'root', private: true }, ...files });
  const { issues, problems } = await runDetector(detector, workspace.root);
  assert.deepEqual(problems, []);
  return issues.filter(({ rule }) => rule === 'boundary').map(({ file, message }) => `${file}: ${message}`);
}

const project = (name: string, ...tags: readonly string[]): object => ({ name, tags });

describe('boundaries of Nx', () => {
  const constraints = [
    { sourceTag: 'scope:shop', onlyDependOnLibsWithTags: ['scope:shop', 'scope:shared'] },
    { sourceTag: 'scope:shared', onlyDependOnLibsWithTags: ['scope:shared'] },
    { allSourceTags: ['scope:shared', 'type:ui'], notDependOnLibsWithTags: ['type:data'] },
    { sourceTag: 'type:*', onlyDependOnLibsWithTags: ['/^type:/', 'scope:shared', 'scope:shop'] },
  ];
  const workspace: Files = {
    'libs/shop/project.json': project('shop', 'scope:shop'),
    'libs/admin/project.json': project('admin', 'scope:admin'),
    'libs/ui/project.json': project('ui', 'scope:shared', 'type:ui'),
    'libs/data/package.json': { name: 'data', private: true, nx: { tags: ['scope:shared', 'type:data'] } },
    'libs/shop/index.ts': "import '../ui/index';\nimport '../admin/index';\nimport './own';\n",
    'libs/shop/own.ts': '',
    'libs/admin/index.ts': "import '../ui/index';\n",
    'libs/ui/index.ts': "import '../shop/index';\nimport '../data/index';\n",
    'libs/data/index.ts': 'export const data = 1;\n',
  };
  const expected = [
    "libs/admin/index.ts: libs/admin/index.ts must not import libs/ui/index.ts (Nx). No constraint speaks of the tags of admin, so it may depend on no project.",
    "libs/shop/index.ts: libs/shop/index.ts must not import libs/admin/index.ts (Nx). A project tagged 'scope:shop' may depend only on projects tagged 'scope:shop', 'scope:shared'.",
    "libs/ui/index.ts: libs/ui/index.ts must not import libs/shop/index.ts (Nx). A project tagged 'scope:shared' may depend only on projects tagged 'scope:shared'.",
    "libs/ui/index.ts: libs/ui/index.ts must not import libs/data/index.ts (Nx). A project tagged 'scope:shared', 'type:ui' must not depend on projects tagged 'type:data'.",
  ]; // prettier-ignore
  const options = { allow: [], depConstraints: constraints };

  it('come from .eslintrc.json and its overrides', async () => {
    const overrides = [{ files: ['*.ts'], rules: { '@nx/enforce-module-boundaries': ['error', options] } }];
    assert.deepEqual(await crossings({ ...workspace, '.eslintrc.json': { overrides } }), expected);
  });

  it('come from a flat configuration that is written out', async () => {
    const config = [
      `import nx from '@nx/eslint-plugin';`,
      `const options = ${JSON.stringify(options)};`,
      `export default [...nx.configs['flat/base'], { files: ['**/*.ts'], rules: { '@nx/enforce-module-boundaries': ['error', options] } }];`,
    ].join('\n');
    assert.deepEqual(await crossings({ ...workspace, 'eslint.config.mjs': config }), expected);
  });

  it('are left alone where only running the configuration would tell, or where the rule is off', async () => {
    const computed = `export default [{ rules: { '@nx/enforce-module-boundaries': ['error', { depConstraints: make() }] } }];`;
    assert.deepEqual(await crossings({ ...workspace, 'eslint.config.mjs': computed }), []);
    const off = { rules: { '@nx/enforce-module-boundaries': ['off', options] } };
    assert.deepEqual(await crossings({ ...workspace, '.eslintrc.json': off }), []);
  });

  it('let through what is allowed by its specifier', async () => {
    const rules = { '@nx/enforce-module-boundaries': ['error', { ...options, allow: ['../**'] }] };
    assert.deepEqual(await crossings({ ...workspace, '.eslintrc.json': { rules } }), []);
  });
});

describe('boundaries of eslint-plugin-boundaries', () => {
  const settings = {
    'boundaries/elements': [
      { type: 'helper', pattern: 'helpers/*' },
      { type: 'component', pattern: 'components/*/*', capture: ['family', 'name'] },
      { type: 'module', pattern: 'modules/*' },
    ],
  };
  const workspace: Files = {
    'src/helpers/one/index.js': "import '../../modules/shop/index.js';\nimport '../two/index.js';\n",
    'src/helpers/two/index.js': '',
    'src/components/atoms/a/index.js': "import '../b/index.js';\nimport './inner.js';\n",
    'src/components/atoms/a/inner.js': "import '../../molecules/c/index.js';\nimport '../../../other.js';\n",
    'src/components/atoms/b/index.js': '',
    'src/components/molecules/c/index.js': "import '../../../helpers/one/index.js';\n",
    'src/modules/shop/index.js': "import '../../components/atoms/b/index.js';\n",
    'src/other.js': "import './helpers/one/index.js';\n",
  };
  const rules = [
    { from: 'component', allow: [['component', { family: '${from.family}' }], 'helper'] },
    { from: ['module'], allow: ['module', 'component', 'helper'] },
  ];
  const expected = [
    "src/components/atoms/a/inner.js: src/components/atoms/a/inner.js must not import src/components/molecules/c/index.js (eslint-plugin-boundaries). 'component' may not import 'component'.",
    "src/helpers/one/index.js: src/helpers/one/index.js must not import src/modules/shop/index.js (eslint-plugin-boundaries). 'helper' may not import 'module'.",
    "src/helpers/one/index.js: src/helpers/one/index.js must not import src/helpers/two/index.js (eslint-plugin-boundaries). 'helper' may not import 'helper'.",
  ]; // prettier-ignore

  it('come from .eslintrc.json', async () => {
    const config = { settings, rules: { 'boundaries/element-types': [2, { default: 'disallow', rules }] } };
    assert.deepEqual(await crossings({ ...workspace, '.eslintrc.json': config }), expected);
  });

  it('come from package.json', async () => {
    const eslintConfig = { settings, rules: { 'boundaries/element-types': [2, { default: 'disallow', rules }] } };
    assert.deepEqual(await crossings({ ...workspace, 'package.json': { name: 'root', eslintConfig } }), expected);
  });

  it('come from a flat configuration, in the words of version 6', async () => {
    const newer = [
      { from: { type: 'component' }, allow: { to: [{ type: 'component', captured: { family: '{{ from.captured.family }}' } }, { type: 'helper' }] } },
      { from: { type: 'module' }, allow: { to: { type: ['module', 'component', 'helper'] } } },
    ]; // prettier-ignore
    const options = { default: 'disallow', rules: newer };
    const config = `module.exports = [${JSON.stringify({ settings, rules: { 'boundaries/dependencies': ['error', options] } })}];`;
    assert.deepEqual(await crossings({ ...workspace, 'eslint.config.cjs': config }), expected);
  });
});

describe('boundaries of dependency-cruiser', () => {
  const workspace: Files = {
    'src/features/a/index.js': "import '../b/index.js';\nimport './inner.js';\n",
    'src/features/a/inner.js': '',
    'src/features/b/index.js': '',
  };
  const rule = `{ name: 'apart', comment: 'Features are apart.', from: { path: '^src/features/([^/]+)/' }, to: { path: '^src/features/([^/]+)/', pathNot: '^src/features/$1/' } }`;
  const expected = [
    'src/features/a/index.js: src/features/a/index.js must not import src/features/b/index.js (apart). Features are apart.',
  ];

  it('come from a script that is written out', async () => {
    const config = `/** @type {import('dependency-cruiser').IConfiguration} */\nmodule.exports = { forbidden: [${rule}] };`;
    assert.deepEqual(await crossings({ ...workspace, '.dependency-cruiser.cjs': config }), expected);
  });

  it('leave out a rule that is known in part', async () => {
    const config = `const apart = ${rule};\nmodule.exports = { forbidden: [{ ...apart, ...more }, apart] };`;
    assert.deepEqual(await crossings({ ...workspace, '.dependency-cruiser.cjs': config }), expected);
  });

  it('do not concern what its options leave out', async () => {
    const found = async (options: string): Promise<readonly string[]> =>
      crossings({
        ...workspace,
        '.dependency-cruiser.cjs': `module.exports = { forbidden: [${rule}], options: ${options} };`,
      });
    assert.deepEqual(await found("{ exclude: 'features/c', includeOnly: { path: ['^src'] } }"), expected);
    assert.deepEqual(await found("{ exclude: ['^test', 'features/b'] }"), []);
    assert.deepEqual(await found("{ exclude: { path: 'a/index' } }"), []);
    assert.deepEqual(await found("{ includeOnly: '^src/features/a' }"), []);
    assert.deepEqual(await found('{ exclude: process.env.EXCLUDED }'), []);
  });
});

describe('boundaries of other tools', () => {
  it('follow changes of their configuration', async () => {
    const rules = (tag: string): string =>
      JSON.stringify({ rules: { '@nx/enforce-module-boundaries': ['error', { depConstraints: [{ sourceTag: '*', onlyDependOnLibsWithTags: [tag] }] }] } }); // prettier-ignore
    using workspace = workspaceOf({
      'package.json': { name: 'root' },
      'a/project.json': project('a', 'x'),
      'a/index.js': "import '../b/index.js';\n",
      'b/project.json': project('b', 'y'),
      'b/index.js': '',
      '.eslintrc.json': rules('y'),
    });
    const found = async (...changed: readonly string[]): Promise<number> =>
      (await runDetector(detector, workspace.root, {}, changed.length > 0 ? { changed } : {})).issues.length;
    assert.equal(await found(), 0);
    workspace.write('.eslintrc.json', rules('z'));
    assert.equal(await found('.eslintrc.json'), 1);
    workspace.write('b/project.json', JSON.stringify(project('b', 'z')));
    assert.equal(await found('b/project.json'), 0);
    workspace.remove('.eslintrc.json');
    workspace.write('eslint.config.mjs', `export default [${rules('q')}];`);
    assert.equal(await found('.eslintrc.json', 'eslint.config.mjs'), 1);
    workspace.write('eslint.config.mjs', `export default [${rules('z')}];`);
    assert.equal(await found('eslint.config.mjs'), 0);
  });
});
