/** Where TypeScript reports an import, the detector does not; everywhere else it does. */
import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { detector } from '../../../workers/detectors/import/index.ts';
import { repository } from '../../support/workspace.ts';
import { runDetector } from '../../support/run-detector.ts';
import { workspaceOf } from '../graph/workspace.ts';

type Files = Readonly<Record<string, string | object>>;

/** `file: specifier`, sorted. @param typescript a package of this repository that is installed as `typescript` */
async function told(files: Files, typescript?: string): Promise<readonly string[]> {
  using workspace = workspaceOf({ 'package.json': { name: 'root', private: true }, ...files });
  if (typescript !== undefined) {
    mkdirSync(path.join(workspace.root, 'node_modules'), { recursive: true });
    symlinkSync(
      path.join(repository, 'node_modules', typescript),
      path.join(workspace.root, 'node_modules/typescript'),
      'junction',
    );
  }
  const { issues } = await runDetector(detector, workspace.root);
  return issues.map(({ file, message }) => `${file}: ${/'([^']+)'/.exec(message)?.[1] ?? message}`).sort();
}

const typesOf = (name: string): Files => ({
  [`node_modules/@types/${name}/package.json`]: { name: `@types/${name}`, version: '1.0.0', types: 'index.d.ts' },
  [`node_modules/@types/${name}/index.d.ts`]: 'export {};',
});

const tsconfig = (compilerOptions: object = {}): object => ({
  compilerOptions: { module: 'esnext', moduleResolution: 'bundler', noEmit: true, ...compilerOptions },
});

describe('silence of the import detector where TypeScript speaks', () => {
  it('tells side-effect imports that the version or the options do not check', async () => {
    const files = (options: object): Files => ({
      'tsconfig.json': tsconfig(options),
      'a.ts': "import './side';\nimport{}from './named';\nimport { x } from './value';\nx;\n",
    });
    assert.deepEqual(await told(files({}), 'typescript5'), ['a.ts: ./side']);
    assert.deepEqual(await told(files({ noUncheckedSideEffectImports: true }), 'typescript5'), []);
    assert.deepEqual(await told(files({}), 'typescript'), []);
    assert.deepEqual(await told(files({ noUncheckedSideEffectImports: false }), 'typescript'), ['a.ts: ./side']);
    assert.deepEqual(await told(files({})), []);
  });

  it('tells what comments and options keep TypeScript from checking', async () => {
    const gone = "import { x } from './gone';\nx;\n";
    const files = {
      'tsconfig.json': tsconfig({ allowJs: true, skipLibCheck: true }),
      'unchecked.ts': `/* license */\n// @ts-nocheck\n${gone}`,
      'checked.js': `// @ts-check\n${gone}`,
      'plain.js': gone,
      'checked.ts': `${gone}// @ts-nocheck comes too late\n`,
      'global.d.ts': "import { X } from './gone';\nexport type Y = X;\n",
    };
    assert.deepEqual(await told(files), ['global.d.ts: ./gone', 'plain.js: ./gone', 'unchecked.ts: ./gone']);
    const strict = { ...files, 'tsconfig.json': tsconfig({ checkJs: true, allowJs: true }) };
    assert.deepEqual(await told(strict), ['unchecked.ts: ./gone']);
  });

  it('tells missing files of which a declaration gives the type', async () => {
    const files = {
      'tsconfig.json': tsconfig(),
      'shims.d.ts': "declare module '*.vue' { const x: unknown; export default x; }\ndeclare module 'remote/*';\n",
      'There.vue': '',
      'a.ts':
        "import one from './There.vue';\nimport two from './Gone.vue';\nimport three from 'remote/x';\none; two; three;\n",
    };
    assert.deepEqual(await told(files), ['a.ts: ./Gone.vue']);
  });

  it('tells packages of which only the types are installed, if they are loaded', async () => {
    const files = {
      'package.json': { name: 'root', private: true, devDependencies: { '@types/express': '*', '@types/estree': '*', '@types/k6': '*' } },
      ...typesOf('express'),
      ...typesOf('estree'),
      ...typesOf('k6'),
      'tsconfig.json': tsconfig(),
      'server.ts': "import express from 'express';\nexpress();\n",
      'types.ts': "import type { A } from 'express';\nimport { Node } from 'estree';\nexport type B = A | Node;\n",
      'guarded.js': "try { require('express'); } catch {}\n",
      'load.ts': "import http from 'k6';\nhttp();\n",
    }; // prettier-ignore
    assert.deepEqual(await told(files), ['server.ts: express']);
    const declared = { ...files, 'package.json': { name: 'root', private: true, dependencies: { express: '*' }, devDependencies: { '@types/express': '*' } } }; // prettier-ignore
    assert.deepEqual(await told(declared), []);
  });

  it('says that packages are not looked at where none is installed, whoever reports the imports', async () => {
    const manifest = { name: 'root', private: true, dependencies: { dep: '*' } };
    const files = { 'package.json': manifest, 'tsconfig.json': tsconfig(), 'a.ts': "import dep from 'dep';\ndep;\n" };
    using workspace = workspaceOf(files);
    const { issues } = await runDetector(detector, workspace.root);
    assert.deepEqual(
      issues.map(({ file, rule, cause }) => [file, rule, cause?.rule]),
      [['package.json', 'unresolved-package', 'not-installed']],
    );
  });

  it('names the submodule that is not checked out as the cause of what would be in it', async () => {
    const files = {
      'package.json': { name: 'root', private: true, workspaces: ['packages/*'] },
      '.gitmodules': '[submodule "common"]\n\tpath = packages/common\n\turl = ../common.git\n',
      'node_modules/there/package.json': { name: 'there', version: '1.0.0' },
      'packages/app/package.json': { name: 'app' },
      'packages/app/a.js': "import '../common/x';\nimport '@s/common';\nimport './gone';\n",
    };
    using workspace = workspaceOf(files);
    const { issues } = await runDetector(detector, workspace.root);
    assert.deepEqual(
      issues.map(({ range, cause }) => [range.start.line, cause?.file, cause?.range.start.line]),
      [
        [0, '.gitmodules', 1],
        [1, '.gitmodules', 1],
        [2, undefined, undefined],
      ],
    );
    // Nothing but a module: no configuration changes.
    workspace.write('packages/common/other.js', '');
    const { issues: partly } = await runDetector(detector, workspace.root);
    assert.deepEqual(
      partly.map(({ cause }) => cause),
      partly.map(() => undefined),
    );
    workspace.write('packages/common/package.json', '{ "name": "@s/common" }');
    const { issues: after } = await runDetector(detector, workspace.root);
    assert.deepEqual(
      after.map(({ message, cause }) => [/'([^']+)'/.exec(message)?.[1], cause]),
      [
        ['../common/x', undefined],
        ['./gone', undefined],
      ],
    );
  });

  it('tells what is outside of every project', async () => {
    const files = {
      'tsconfig.json': { ...tsconfig(), include: ['src'] },
      'src/a.ts': "import './gone';\n",
      'other/b.ts': "import './gone';\n",
    };
    assert.deepEqual(await told(files), ['other/b.ts: ./gone']);
  });
});
