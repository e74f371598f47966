/** Boundaries drawn for other tools hold here too, as far as their configuration can be read without running it. */
import assert from 'node:assert/strict';
import { detector } from '../../../workers/detectors/isolation/index.ts';
import type { DetectorOptions, Issue } from '../../../workers/protocol/detector-protocol.ts';
import { runDetector } from '../../support/run-detector.ts';
import { workspaceOf } from '../graph/workspace.ts';

type Files = Readonly<Record<string, string | object>>;

async function boundaryIssues(files: Files, options: DetectorOptions = {}): Promise<readonly Issue[]> {
  using workspace = workspaceOf({ 'package.json': { name: 'root', private: true }, ...files });
  const { issues, problems } = await runDetector(detector, workspace.root, options);
  assert.deepEqual(problems, []);
  return issues.filter(({ rule }) => rule === 'boundary');
}

/** `file → what it says`, for every crossing. */
async function crossings(files: Files): Promise<readonly string[]> {
  return (await boundaryIssues(files)).map(({ file, message }) => `${file}: ${message}`);
}

/** Line of the import, severity and name of the boundary, of one file. */
async function found(files: Files, file: string, options: DetectorOptions = {}): Promise<readonly string[]> {
  const issues = (await boundaryIssues(files, options)).filter((issue) => issue.file === file);
  return issues.map(({ range, severity, message }) => `${String(range.start.line)} ${severity} ${/\(([^)]*)\)/.exec(message)?.[1] ?? ''}`); // prettier-ignore
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
    "libs/admin/index.ts: libs/admin/index.ts must not import libs/ui/index.ts (Nx). No constraint matches the tags of admin, so it may not depend on any project.",
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
    assert.deepEqual(await crossings({ ...workspace, 'eslint.config.mjs': computed }), [
      'eslint.config.mjs: Bulkhead does not enforce these rules because it cannot read them: @nx/enforce-module-boundaries (a computed value).',
    ]);
    const off = { rules: { '@nx/enforce-module-boundaries': ['off', options] } };
    assert.deepEqual(await crossings({ ...workspace, '.eslintrc.json': off }), []);
  });

  it('let through what is allowed by its specifier', async () => {
    const rules = { '@nx/enforce-module-boundaries': ['error', { ...options, allow: ['../**'] }] };
    assert.deepEqual(await crossings({ ...workspace, '.eslintrc.json': { rules } }), []);
  });

  describe('mean by their constraints', () => {
    const tags: Readonly<Record<string, readonly string[]>> = {
      api: ['api', 'domain1'],
      impl: ['impl', 'domain1'],
      impl2: ['impl', 'domain1'],
      implDomain2: ['impl', 'domain2'],
      implBoth: ['impl', 'domain1', 'domain2'],
      public: ['public'],
      private: ['private'],
      untagged: [],
      tagged: ['some-tag'],
    };
    const packages = ['npm-package', 'npm-awesome-package', 'npm-package2', '1npm-package'];
    const layers = [
      { sourceTag: 'api', onlyDependOnLibsWithTags: ['api'] },
      { sourceTag: 'impl', onlyDependOnLibsWithTags: ['api', 'impl'] },
      { sourceTag: 'domain1', onlyDependOnLibsWithTags: ['domain1'] },
      { sourceTag: 'domain2', onlyDependOnLibsWithTags: ['domain2'] },
      { sourceTag: 'public', notDependOnLibsWithTags: ['private'] },
      { sourceTag: 'private', onlyDependOnLibsWithTags: [] },
    ];

    /** Which of these a project may not import. */
    async function forbidden(
      constraints: readonly object[],
      source: string,
      specifiers: readonly string[],
    ): Promise<readonly string[]> {
      const files: Record<string, string | object> = {
        'tsconfig.json': { compilerOptions: { paths: { '@my/*': ['./libs/*/src/index.ts'] } } },
        '.eslintrc.json': {
          rules: { '@nx/enforce-module-boundaries': ['error', { depConstraints: constraints }] },
        },
      };
      for (const [name, list] of Object.entries(tags)) {
        files[`libs/${name}/project.json`] = project(name, ...list);
        files[`libs/${name}/src/index.ts`] = 'export {};\n';
      }
      for (const name of packages) {
        files[`node_modules/${name}/package.json`] = { name, version: '1.0.0' };
        for (const module of ['index', 'allowed', 'testing']) files[`node_modules/${name}/${module}.js`] = '';
      }
      files[`libs/${source}/src/main.ts`] = specifiers.map((one) => `import '${one}';`).join('\n');
      const issues = (await boundaryIssues(files)).filter(({ file }) => file === `libs/${source}/src/main.ts`);
      return issues.map(({ range }) => specifiers[range.start.line] ?? '');
    }

    const CASES: readonly (readonly [string, readonly object[], string, readonly string[], readonly string[]])[] = [
      ['a target without the tag', layers, 'api', ['@my/impl'], ['@my/impl']],
      ['a target without tags', layers, 'api', ['@my/untagged'], ['@my/untagged']],
      ['packages, unless they are named', layers, 'api', ['npm-package'], []],
      ['no tags at all, where none are allowed', layers, 'private', ['@my/untagged', '@my/tagged'], ['@my/tagged']],
      ['a tag that is forbidden', layers, 'public', ['@my/private', '@my/api'], ['@my/private']],
      ['a source that no constraint speaks of', layers, 'untagged', ['@my/api', 'npm-package'], ['@my/api']],
      ['every tag of the source', layers, 'impl', ['@my/implDomain2', '@my/implBoth', '@my/impl2'], ['@my/implDomain2']],
      ['a source of two domains', layers, 'implBoth', ['@my/impl'], ['@my/impl']],
      ['stars that stand for all', [{ sourceTag: '*', onlyDependOnLibsWithTags: ['*'] }], 'api', ['@my/impl', '@my/untagged'], []],
      ['stars in a tag', [{ sourceTag: 'p*', onlyDependOnLibsWithTags: ['domain*'] }], 'public', ['@my/implDomain2', '@my/implBoth', '@my/tagged'], ['@my/tagged']],
      ['expressions', [{ sourceTag: '/^p/', onlyDependOnLibsWithTags: ['/^domain\\d$/'] }], 'public', ['@my/impl', '@my/tagged'], ['@my/tagged']],
      ['all of several tags of the source', [{ allSourceTags: ['impl', 'domain1'], onlyDependOnLibsWithTags: ['impl'] }, { sourceTag: 'impl', onlyDependOnLibsWithTags: ['api'] }], 'impl', ['@my/api'], ['@my/api']],
      ['all of several tags, which hold', [{ allSourceTags: ['impl', 'domain1'], onlyDependOnLibsWithTags: ['api'] }], 'impl', ['@my/api'], []],
      ['several tags, of which one is missing', [{ allSourceTags: ['impl', 'domain2'], onlyDependOnLibsWithTags: ['api'] }, { sourceTag: 'impl' }], 'impl', ['@my/tagged'], []],
      ['a banned package', [{ sourceTag: 'api', bannedExternalImports: ['npm-package'] }], 'api', ['npm-package', 'npm-package2'], ['npm-package']],
      ['banned packages by a star', [{ sourceTag: 'api', bannedExternalImports: ['npm-*ge'] }], 'api', packages, ['npm-package', 'npm-awesome-package']],
      ['packages that alone are allowed', [{ sourceTag: 'api', allowedExternalImports: ['npm-package'] }], 'api', ['npm-package', 'npm-awesome-package'], ['npm-awesome-package']],
      ['allowed packages by a star', [{ sourceTag: 'api', allowedExternalImports: ['npm-awesome-*'] }], 'api', ['npm-package', 'npm-awesome-package'], ['npm-package']],
      ['no package at all', [{ sourceTag: 'api', allowedExternalImports: [] }], 'api', ['npm-package', 'node:fs'], ['npm-package']],
      ['parts of a package', [{ sourceTag: 'api', allowedExternalImports: ['npm-package/*'], bannedExternalImports: ['npm-package/testing'] }], 'api', ['npm-package/allowed', 'npm-package/testing'], ['npm-package/testing']],
      ['packages of projects with other tags', [{ sourceTag: 'impl', bannedExternalImports: ['*'] }, { sourceTag: 'api' }], 'api', ['npm-package'], []],
    ]; // prettier-ignore
    for (const [name, constraints, source, specifiers, expected] of CASES) {
      it(name, async () => {
        assert.deepEqual(await forbidden(constraints, source, specifiers), expected);
      });
    }
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

  it('come from a flat configuration with the options of version 6', async () => {
    const newer = [
      { from: { type: 'component' }, allow: { to: [{ type: 'component', captured: { family: '{{ from.captured.family }}' } }, { type: 'helper' }] } },
      { from: { type: 'module' }, allow: { to: { type: ['module', 'component', 'helper'] } } },
    ]; // prettier-ignore
    const options = { default: 'disallow', rules: newer };
    const config = `module.exports = [${JSON.stringify({ settings, rules: { 'boundaries/dependencies': ['error', options] } })}];`;
    assert.deepEqual(await crossings({ ...workspace, 'eslint.config.cjs': config }), expected);
  });

  /** What a file imports and may not, by the plugin's version that the root declares. */
  async function disallowed(options: object, settings: object, version = '^7.2.0'): Promise<readonly string[]> {
    const config = { settings, rules: { 'boundaries/dependencies': ['error', options] } };
    return found(
      {
        ...LAYERS,
        'package.json': { name: 'root', devDependencies: { 'eslint-plugin-boundaries': version } },
        'eslint.config.mjs': `export default [${JSON.stringify(config)}];`,
      },
      'src/features/cart/model/cart.ts',
    ).then((all) => all.map((one) => one.replace(' error eslint-plugin-boundaries', '')));
  }

  const LAYERS: Files = {
    'src/features/cart/model/cart.ts': [
      "import type { Order } from '../../order/order';",
      "import { order } from '../../order/order';",
      "import './price';",
      "import '../cart.test';",
      "import '../../../shared/.hidden/dot';",
      "import '../../../shared/ui/button';",
      "import 'node:fs';",
      "import react from 'react';",
      "export { type Order as Again } from '../../order/order';",
      'order satisfies Order;',
      'react;',
    ].join('\n'),
    'src/features/cart/model/price.ts': '',
    'src/features/cart/cart.test.ts': '',
    'src/features/order/order.ts': 'export type Order = 1;\nexport const order = 1;\n',
    'src/shared/.hidden/dot.ts': '',
    'src/shared/ui/button.ts': '',
  };
  const ELEMENTS = {
    'boundaries/elements': [
      { type: 'model', pattern: 'model' },
      { type: 'feature', pattern: 'src/features/*', capture: ['name'] },
      { type: 'shared', pattern: 'src/shared/*', capture: ['name'] },
    ],
  };

  it('know the elements around an element', async () => {
    const relation = (to: string): object => ({ default: 'allow', policies: [{ from: { element: { type: 'model' } }, disallow: { dependency: { relationship: { to } } } }] }); // prettier-ignore
    assert.deepEqual(await disallowed(relation('parent'), ELEMENTS), ['3']);
    assert.deepEqual(await disallowed({ ...relation('internal'), checkInternals: true }, ELEMENTS), ['2']);
    const parent = { element: { parent: { type: 'feature', captured: { name: '{{ to.element.captured.name }}' } } } };
    const options = {
      default: 'disallow',
      policies: [{ from: parent, allow: { to: { element: { type: 'feature' } } } }],
    };
    assert.deepEqual(await disallowed(options, ELEMENTS), ['0', '1', '5', '8']);
  });

  it('distinguish types from values by the statement, and match imported names', async () => {
    const with_ = (dependency: object): object => ({ default: 'allow', policies: [{ from: { element: { type: 'model' } }, disallow: { to: { element: { type: 'feature' } }, dependency } }] }); // prettier-ignore
    assert.deepEqual(await disallowed(with_({ kind: 'type' }), ELEMENTS), ['0']);
    assert.deepEqual(await disallowed(with_({ kind: 'value' }), ELEMENTS), ['1', '3', '8']);
    assert.deepEqual(await disallowed(with_({ specifiers: ['ord*'] }), ELEMENTS), ['1']);
    assert.deepEqual(await disallowed(with_({ nodeKind: 'export' }), ELEMENTS), ['8']);
    assert.deepEqual(await disallowed(with_({ source: '../../order/*' }), ELEMENTS), ['0', '1', '8']);
  });

  it('apply to packages and Node only if configured', async () => {
    const policies = [
      { from: { element: { type: '*' } }, disallow: { to: { module: { origin: ['external', 'core'] } } } },
    ];
    assert.deepEqual(await disallowed({ default: 'allow', policies }, ELEMENTS), []);
    assert.deepEqual(await disallowed({ default: 'allow', checkAllOrigins: true, policies }, ELEMENTS), ['6', '7']);
    const rules = [{ from: { type: '*' }, disallow: { to: { origin: 'external' }, dependency: { module: 'rea*' } } }];
    assert.deepEqual(await disallowed({ default: 'allow', checkAllOrigins: true, rules }, ELEMENTS, '6.0.2'), ['7']);
  });

  it('know categories of files', async () => {
    const settings = { ...ELEMENTS, 'boundaries/files': [{ category: 'test', pattern: '**/*.test.ts' }, { category: 'code', pattern: '**/*.ts' }] }; // prettier-ignore
    const to = (file: object): object => ({ default: 'allow', checkInternals: true, policies: [{ from: { file: { categories: 'code' } }, disallow: { to: { file } } }] }); // prettier-ignore
    assert.deepEqual(await disallowed(to({ categories: 'test' }), settings), ['3']);
    assert.deepEqual(await disallowed(to({ categories: { allOf: ['test', 'code'] } }), settings), ['3']);
    assert.deepEqual(await disallowed(to({ categories: { noneOf: ['test'] }, path: 'src/shared/**' }), settings), [
      '5',
    ]);
  });

  it('prefer an element that matches by its whole path', async () => {
    const elements = [
      { type: 'whole', mode: 'full', pattern: 'src/*/*/model/*.ts', capture: ['kind', 'feature'] },
      { type: 'end', mode: 'file', pattern: '*/*.ts', capture: ['feature'] },
    ];
    const options = { default: 'allow', rules: [{ from: { type: 'whole', captured: { feature: 'cart' } }, disallow: { to: { type: 'end' } } }] }; // prettier-ignore
    assert.deepEqual(await disallowed(options, { 'boundaries/elements': elements }, '6'), ['0', '1', '3', '5', '8']);
  });

  it('let the last matching policy decide, and within one policy what is disallowed', async () => {
    const from = { element: { type: 'model' } };
    const to = (type: string): object => ({ to: { element: { type } } });
    const later = [
      { from, allow: to('*') },
      { from, disallow: to('shared') },
    ];
    assert.deepEqual(await disallowed({ default: 'disallow', policies: later }, ELEMENTS), ['5']);
    assert.deepEqual(await disallowed({ default: 'disallow', policies: later.toReversed() }, ELEMENTS), []);
    const both = [{ from, allow: to('*'), disallow: to('shared') }];
    assert.deepEqual(await disallowed({ default: 'disallow', policies: both }, ELEMENTS), ['5']);
  });

  it('look at every way to import since version 6', async () => {
    const options = { default: 'disallow', rules: [{ from: 'model', allow: 'shared' }] };
    assert.deepEqual(await disallowed(options, ELEMENTS, '5.4.0'), ['0', '1', '3']);
    assert.deepEqual(await disallowed(options, ELEMENTS, '^6.0.0'), ['0', '1', '3', '8']);
  });

  it('are what holds for the file: severity, options and settings of parts of the configuration', async () => {
    const rule = { default: 'disallow' };
    const parts = [
      { settings: ELEMENTS, rules: { 'boundaries/dependencies': ['error', rule] } },
      { files: ['src/features/**'], rules: { 'boundaries/dependencies': 'warn' } },
      { files: ['src/shared/**'], settings: { 'boundaries/elements': [] } },
    ];
    const config = { ...LAYERS, 'eslint.config.mjs': `export default ${JSON.stringify(parts)};` };
    const own = [0, 1, 3, 5].map((line) => `${String(line)} warning eslint-plugin-boundaries`);
    assert.deepEqual(await found(config, 'src/features/cart/model/cart.ts'), own);
    const rules = { rules: { boundary: 'info' } };
    assert.deepEqual(await found(config, 'src/features/cart/model/cart.ts', rules), own.map((one) => one.replace('warning', 'info'))); // prettier-ignore
  });

  it('are left alone, and said to be, where something is not understood', async () => {
    const withPolicy = (policy: object): object => ({ default: 'disallow', policies: [{ from: { element: { type: 'model' } }, ...policy }] }); // prettier-ignore
    for (const policy of [
      { allow: { to: { element: { type: '{{#if x}}y{{/if}}' } } } },
      { allow: { to: { element: { types: ['model'] } } } },
      { allow: { to: { path: 'src/**' } } },
      { permit: '*' },
    ]) {
      const config = { settings: ELEMENTS, rules: { 'boundaries/dependencies': ['error', withPolicy(policy)] } };
      assert.deepEqual(await crossings({ ...LAYERS, '.eslintrc.json': config }), [
        '.eslintrc.json: Bulkhead does not enforce these rules because it cannot read them: boundaries/dependencies (policy 1).',
      ]);
    }
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

  it('come from texts that are written in pieces', async () => {
    const pieces = rule.replace("'Features are apart.'", "'Features ' +\n  `${word}.`").replace("'^src/features/$1/'", '`^${folder}/$1/`'); // prettier-ignore
    const config = `const word = 'are apart', folder = 'src/features';\nmodule.exports = { forbidden: [${pieces}] };`;
    assert.deepEqual(await crossings({ ...workspace, '.dependency-cruiser.cjs': config }), expected);
  });

  it('leave out a rule that is known in part, and say so', async () => {
    const config = `const apart = ${rule};\nmodule.exports = { forbidden: [{ ...apart, ...more }, apart] };`;
    assert.deepEqual(await crossings({ ...workspace, '.dependency-cruiser.cjs': config }), [
      '.dependency-cruiser.cjs: Bulkhead does not enforce these rules because it cannot read them: apart (a computed value).',
      ...expected,
    ]);
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
    assert.deepEqual(await found('{ exclude: process.env.EXCLUDED }'), [
      '.dependency-cruiser.cjs: Bulkhead does not enforce these rules because it cannot read them: options.exclude.',
    ]);
  });

  const SEEN = { tsPreCompilationDeps: true, tsConfig: { fileName: 'tsconfig.json' } };

  /** Lines of `src/web/page.ts` that a rule speaks of. */
  async function lines(rule: object, options: object = SEEN): Promise<readonly number[]> {
    const content = { forbidden: [{ name: 'rule', severity: 'error', from: {}, ...rule }], options };
    const issues = await boundaryIssues({ ...CRUISED, '.dependency-cruiser.json': content });
    return issues.filter(({ file }) => file === 'src/web/page.ts').map(({ range }) => range.start.line);
  }

  const CRUISED: Files = {
    'package.json': {
      name: 'root',
      imports: { '#top': './src/top.ts' },
      scripts: { lint: 'depcruise src' },
      dependencies: { dep: '1', both: '1' },
      devDependencies: { dev: '1', both: '1' },
      peerDependencies: { peer: '1' },
    },
    'tsconfig.json': { compilerOptions: { paths: { '@db/*': ['./src/db/*'] } } },
    ...Object.fromEntries<string | object>(
      ['dep', 'both', 'dev', 'peer', 'stray'].flatMap((name) => [
        [`node_modules/${name}/package.json`, { name, version: '1.0.0' }],
        [`node_modules/${name}/index.js`, ''],
      ]),
    ),
    'src/web/page.ts': [
      "import fs from 'node:fs';",
      "import dep from 'dep';",
      "import both from 'both';",
      "import dev from 'dev';",
      "import type { Dev } from 'dev';",
      "import peer from 'peer';",
      "import stray from 'stray';",
      "import '../missing';",
      "import '../top';",
      "import '#top';",
      "import '@db/rows';",
      "import('../db/rows');",
      "import { Row } from '../db/types';",
      'export default [fs, dep, both, dev, peer, stray, null as Row, null as Dev];',
    ].join('\n'),
    'src/top.ts': '',
    'src/alone.ts': '',
    'src/db/rows.ts': '',
    'src/db/types.ts': 'export type Row = null;\n',
    'tools/alone.ts': '',
  };

  it('know of which types an import is', async () => {
    const of = (...types: readonly string[]): Promise<readonly number[]> => lines({ to: { dependencyTypes: types } });
    assert.deepEqual(await of('core'), [0]);
    assert.deepEqual(await of('npm'), [1, 2]);
    assert.deepEqual(await of('npm-dev'), [2, 3, 4]);
    assert.deepEqual(await of('npm-peer', 'npm-no-pkg'), [5, 6]);
    assert.deepEqual(await of('unknown'), [7]);
    assert.deepEqual(await of('local'), [8, 9, 10, 11, 12]);
    assert.deepEqual(await of('aliased'), [9, 10]);
    assert.deepEqual(await of('aliased-subpath-import'), [9]);
    assert.deepEqual(await of('aliased-tsconfig-paths'), [10]);
    assert.deepEqual(await of('dynamic-import'), [11]);
    assert.deepEqual(await of('type-only'), [4]);
    assert.deepEqual(
      await lines({ to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only', 'npm'] } }),
      [3],
    );
    assert.deepEqual(await lines({ to: { moreThanOneDependencyType: true } }), [2]);
    assert.deepEqual(await lines({ to: { couldNotResolve: true } }), [7]);
    assert.deepEqual(await lines({ to: { ancestor: true } }), [8, 9]);
    assert.deepEqual(await lines({ to: { path: '^node_modules/d' } }), [1, 3, 4]);
  });

  it('see only dependencies that remain after compilation, unless configured otherwise', async () => {
    const to = { path: 'db|dev' };
    assert.deepEqual(await lines({ to }), [3, 4, 10, 11, 12]);
    assert.deepEqual(await lines({ to }, { tsConfig: {} }), [3, 10, 11]);
    assert.deepEqual(await lines({ to }, {}), [3, 11]);
  });

  it('count the groups of alternatives through', async () => {
    const from = { path: ['^src/(shop)/', '^src/(web)/'] };
    assert.deepEqual(await lines({ from, to: { path: '^src/', pathNot: '^src/$1/' } }), [8, 9, 10, 11, 12]);
    assert.deepEqual(await lines({ from, to: { path: '^src/', pathNot: '^src/$1/|$0' } }), [8, 9, 10, 11, 12]);
  });

  it('have severities of their own', async () => {
    const severity = async (of: object, options: DetectorOptions = {}): Promise<readonly string[]> => {
      const forbidden = [{ name: 'rule', from: {}, to: { path: '^src/top' }, ...of }];
      return found({ ...CRUISED, '.dependency-cruiser.json': { forbidden } }, 'src/web/page.ts', options);
    };
    assert.deepEqual(await severity({}), ['8 warning rule', '9 warning rule']);
    assert.deepEqual(await severity({ severity: 'error' }), ['8 error rule', '9 error rule']);
    assert.deepEqual(await severity({ severity: 'info' }), ['8 info rule', '9 info rule']);
    assert.deepEqual(await severity({ severity: 'ignore' }), []);
    assert.deepEqual(await severity({}, { rules: { boundary: 'hint' } }), ['8 hint rule', '9 hint rule']);
    assert.deepEqual(await severity({}, { rules: { boundary: 'off' } }), []);
  });

  it('forbid what nothing allows', async () => {
    const allowed = [
      { from: {}, to: { dependencyTypes: ['npm', 'core'] } },
      { from: {}, to: { path: '^src/db' } },
    ];
    const config = (more: object): Files => ({
      ...CRUISED,
      '.dependency-cruiser.json': { allowed, options: SEEN, ...more },
    });
    const own = ['3', '4', '5', '6', '7', '8', '9'].map((line) => `${line} warning not-in-allowed`);
    assert.deepEqual(await found(config({}), 'src/web/page.ts'), own);
    assert.deepEqual(await found(config({ allowedSeverity: 'ignore' }), 'src/web/page.ts'), []);
    const unread = [...allowed, { from: {}, to: { license: 'MIT' } }];
    assert.deepEqual(await crossings(config({ allowed: unread })), [
      '.dependency-cruiser.json: Bulkhead does not enforce these rules because it cannot read them: allowed (license).',
    ]);
  });

  it('check orphans and dependents within the folders that a script cruises', async () => {
    const forbidden = [
      { name: 'no-orphans', severity: 'info', from: { orphan: true }, to: {} },
      { name: 'shared', module: { path: '^src/(top|db)', numberOfDependentsLessThan: 1 }, from: { path: '^src/shop' } },
      { name: 'popular', module: { path: '^src/', numberOfDependentsMoreThan: 0 }, from: {} },
    ];
    const config: Files = { ...CRUISED, '.dependency-cruiser.json': { forbidden, options: SEEN } };
    assert.deepEqual(await crossings(config), [
      'src/alone.ts: src/alone.ts is an orphan (no-orphans).',
      'src/db/rows.ts: src/db/rows.ts has 0 dependents (shared).',
      'src/db/rows.ts: src/db/rows.ts has 1 dependents (popular).',
      'src/db/types.ts: src/db/types.ts has 0 dependents (shared).',
      'src/db/types.ts: src/db/types.ts has 1 dependents (popular).',
      'src/top.ts: src/top.ts has 0 dependents (shared).',
      'src/top.ts: src/top.ts has 1 dependents (popular).',
    ]);
    const nobody = { ...config, 'package.json': { name: 'root' } };
    assert.deepEqual((await crossings(nobody))[0], '.dependency-cruiser.json: Bulkhead does not enforce these rules because it cannot read them: no-orphans (orphan: no script in package.json runs depcruise, so its start files are unknown), shared (module: no script in package.json runs depcruise, so its start files are unknown), popular (module: no script in package.json runs depcruise, so its start files are unknown).'); // prettier-ignore
  });

  it('are merged with what they extend', async () => {
    const rule = { name: 'apart', from: {}, to: { path: '^src/top' } };
    const config = (own: object): Files => ({
      ...CRUISED,
      '.dependency-cruiser.json': { extends: './config/base.json', ...own },
      'config/base.json': { forbidden: [{ ...rule, severity: 'error' }], options: { exclude: { path: 'top' } } },
    });
    assert.deepEqual(await found(config({}), 'src/web/page.ts'), []);
    const options = { exclude: { path: 'nothing' } };
    assert.deepEqual(await found(config({ options }), 'src/web/page.ts'), ['8 error apart', '9 error apart']);
    const forbidden = [{ name: 'apart', severity: 'info' }];
    assert.deepEqual(await found(config({ options, forbidden }), 'src/web/page.ts'), ['8 info apart', '9 info apart']);
  });

  it('say which rules are not read', async () => {
    const forbidden = [
      { name: 'no-circular', from: {}, to: { circular: true } },
      { name: 'reach', from: {}, to: { path: 'x', reachable: true } },
      { name: 'stable', from: {}, to: { moreUnstable: true } },
      { name: 'not-held', severity: 'ignore', from: {}, to: { license: 'x' } },
    ];
    const required = [{ name: 'needs', module: {}, to: { path: 'x' } }];
    const issues = await boundaryIssues({ ...CRUISED, '.dependency-cruiser.json': { forbidden, required } });
    assert.deepEqual(
      issues.map(({ severity, message }) => [severity, message]),
      [
        [
          'info',
          'Bulkhead does not enforce these rules because it cannot read them: reach (reachable), stable (moreUnstable), needs (required).',
        ],
      ],
    );
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
